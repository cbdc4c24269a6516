"""Text of others, without the secrets that it may repeat."""

from __future__ import annotations

import re

__all__ = ["redacted"]

_SECRETS = (
    (re.compile(r"(https?://)[^\s/@]+@"), r"\1***@"),
    (re.compile(r"(https?://[^\s?\"'<>]*)\?[^\s\"'<>]*"), r"\1?***"),
    (
        re.compile(
            r"((?:api[_-]?key|(?:access|refresh|id)_token|password|secret(?:_?access_?key)?)[\"']?\s*[:=]\s*[\"']?)"
            r"(?!\*)[^\s\"'&,;<>}]+",
            re.IGNORECASE,
        ),
        r"\1***",
    ),
    (re.compile(r"((?:Credential|Signature)=)[^\s,&\"'<>]+"), r"\1***"),
    (re.compile(r"(X-Amz-[A-Za-z-]+=)[^\s&\"'<>]+", re.IGNORECASE), r"\1***"),
    (re.compile(r"\b(Bearer|apikey|Basic)([\s=:]+)[^\s\"'&,]+", re.IGNORECASE), r"\1\2***"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_.-]+"), "***"),
)


def redacted(text: str) -> str:
    """Text in which queries of URLs, signatures, tokens and keys are starred out.

    >>> redacted("GET https://s3/b/k?X-Amz-Signature=abc failed, Authorization: Bearer abc.def")
    'GET https://s3/b/k?*** failed, Authorization: Bearer ***'
    """
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text

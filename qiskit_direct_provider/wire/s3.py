"""Failures of an S3 store: XML with a code and a message."""

from __future__ import annotations

import re

__all__ = ["read_code"]


def read_code(body: bytes) -> str:
    """The code of a failure, or nothing.

    >>> read_code(b"<?xml version='1.0'?><Error><Code>NoSuchKey</Code><Message>m</Message></Error>")
    'NoSuchKey'
    >>> read_code(b"Bad Gateway")
    ''
    """
    found = re.search(rb"<Code>([A-Za-z0-9]{1,64})</Code>", body[:10_000])
    return found.group(1).decode("ascii") if found else ""

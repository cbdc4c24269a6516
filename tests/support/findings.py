"""What the doctor found, as tests ask for it."""

from __future__ import annotations

from collections.abc import Callable

from qiskit_direct_provider.doctor import Finding, culprit

__all__ = ["Check", "blamed", "named"]

Check = Callable[..., list[Finding]]


def blamed(findings: list[Finding]) -> tuple[str, str, str]:
    guilty = culprit(findings)
    assert guilty is not None, findings
    return guilty.check, guilty.text, guilty.advice


def named(findings: list[Finding], check: str) -> Finding:
    return next(finding for finding in findings if finding.check == check)

"""A verification as a page."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from qiskit_direct_provider.verification.outcome import rows

if TYPE_CHECKING:
    from qiskit_direct_provider.verification.outcome import Check
    from qiskit_direct_provider.verification.verification import Verification

__all__ = ["as_html"]

_COLOURS = {"consistent": "#1a7f37", "degraded": "#9a6700", "wrong": "#cf222e"}


def as_html(verification: Verification) -> str:
    """A heading and one table a circuit; every text in it is escaped."""
    head = (
        f"<h3>{escape(verification.backend_name)}: {_coloured(verification.verdict)}</h3>"
        f"<p>p = {verification.p_value:.3g}; calibration of {escape(verification.calibrated or 'never')}"
        f"{_job(verification)}</p>"
    )
    return f"<div>{head}{''.join(_table(check) for check in verification.checks)}</div>"


def _job(verification: Verification) -> str:
    return f"; job {escape(verification.job_id)}" if verification.job_id else ""


def _table(check: Check) -> str:
    lines = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(str(value))}</td></tr>" for name, value in rows(check)
    )
    verdict = _coloured(check.verdict.value)
    caption = f"{escape(check.name)}: {verdict}, p = {check.p_value:.3g}, {check.shots} shots"
    return f"<table><caption>{caption}</caption>{lines}</table>"


def _coloured(verdict: str) -> str:
    return f'<b style="color:{_COLOURS[verdict]}">{verdict}</b>'

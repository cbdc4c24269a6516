"""A verification as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qiskit_direct_provider.verification.outcome import rows
from qiskit_direct_provider.views.markup import card, dot, escaped, facts

if TYPE_CHECKING:
    from qiskit_direct_provider.verification.outcome import Check
    from qiskit_direct_provider.verification.verification import Verification

__all__ = ["as_html"]

_DOTS = {"consistent": "good", "degraded": "warning", "wrong": "bad"}


def as_html(verification: Verification) -> str:
    """A heading and one table a circuit; every text in it is escaped."""
    job = f"; job {verification.job_id}" if verification.job_id else ""
    calibrated = verification.calibrated or "never"
    said = f"{verification.verdict}, p = {verification.p_value:.3g}; calibration of {calibrated}{job}"
    head = f"<div>{dot(_DOTS[verification.verdict], said)}</div>"
    return card(
        f"{verification.backend_name}: {verification.verdict}", head, *map(_table, verification.checks)
    )


def _table(check: Check) -> str:
    verdict = check.verdict.value
    said = f"{check.name}: {verdict}, p = {check.p_value:.3g}, {check.shots} shots"
    found: dict[str, list[str]] = {}
    for name, value in rows(check):
        found.setdefault(name, []).append(escaped(value))
    lines = facts({name: "<br>".join(values) for name, values in found.items()})
    return f'<div style="margin-top:10px">{dot(_DOTS[verdict], said)}{lines}</div>'

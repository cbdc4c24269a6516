"""A verification as a page."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

from qiskit_direct_provider.verification.outcome import rows
from qiskit_direct_provider.views.markup import card, dot, escaped, facts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from qiskit_direct_provider.verification.outcome import Check
    from qiskit_direct_provider.verification.verification import Verification

__all__ = ["as_html", "as_svg"]

_DOTS = {"consistent": "good", "degraded": "warning", "wrong": "bad"}


def as_html(verification: Verification, pictures: Mapping[int, str] | None = None) -> str:
    """A heading and one table a circuit; every text in it is escaped.

    Args:
        verification: What was found.
        pictures: HTML to put below the tables of circuits, by their index.
    """
    job = f"; job {verification.job_id}" if verification.job_id else ""
    calibrated = verification.calibrated or "never"
    said = f"{verification.verdict}, p = {verification.p_value:.3g}; calibration of {calibrated}{job}"
    head = f"<div>{dot(_DOTS[verification.verdict], said)}</div>"
    below = pictures or {}
    tables = (_table(check) + below.get(index, "") for index, check in enumerate(verification.checks))
    return card(f"{verification.backend_name}: {verification.verdict}", head, *tables)


def as_svg(figure: Figure) -> str:
    """A figure as an element of a page."""
    text = io.StringIO()
    figure.savefig(text, format="svg")
    found = text.getvalue()
    return found[found.index("<svg") :]


def _table(check: Check) -> str:
    verdict = check.verdict.value
    said = f"{check.name}: {verdict}, p = {check.p_value:.3g}, {check.shots} shots"
    found: dict[str, list[str]] = {}
    for name, value in rows(check):
        found.setdefault(name, []).append(escaped(value))
    lines = facts({name: "<br>".join(values) for name, values in found.items()})
    return f'<div style="margin-top:10px">{dot(_DOTS[verdict], said)}{lines}</div>'

"""A job as a table of what is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from qiskit_direct_provider.views.markup import card, dot, escaped, facts
from qiskit_direct_provider.views.units import moment_text, seconds_text

__all__ = ["job_html", "job_rows"]

_COLOURS = {"DONE": "good", "ERROR": "bad", "CANCELLED": "idle"}


def job_rows(known: Mapping[str, Any]) -> dict[str, str]:
    """Names and values, for a table in a terminal or a notebook; what is not known is left out."""
    times = {name: value for name, value in known.items() if isinstance(value, datetime)}
    usage = known.get("quantum_seconds")
    rows = {
        **known,
        **{name: moment_text(value) for name, value in times.items()},
        "tags": ", ".join(known.get("tags") or ()) or None,
        "quantum_seconds": None if usage is None else seconds_text(usage),
    }
    rows["quantum time"] = rows.pop("quantum_seconds")
    return {name.replace("_", " "): str(value) for name, value in rows.items() if value is not None}


def job_html(known: Mapping[str, Any]) -> str:
    """A job, as far as it is known without asking."""
    rows = {name: escaped(value) for name, value in job_rows(known).items() if name != "job id"}
    status = str(known["status"])
    rows["status"] = dot(_COLOURS.get(status, "busy"), status)
    return card(f"job {known['job_id']}", facts(rows))

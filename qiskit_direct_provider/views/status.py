"""The status of a backend."""

from __future__ import annotations

from qiskit_direct_provider.views.markup import card, dot, escaped, facts

__all__ = ["state_cell", "status_html"]

_COLOURS = {"online": "good", "paused": "warning", "offline": "bad"}


def state_cell(state: str, *, locked: bool | None) -> str:
    """A backend's state as a dot and a word."""
    text = f"{state or 'unknown'}{', reserved' if locked else ''}"
    return dot("warning" if locked else _COLOURS.get(state, "idle"), text)


def status_html(
    name: str, state: str, *, message: str | None, version: str, pending_jobs: int, locked: bool | None
) -> str:
    """The status of one backend."""
    rows = {"state": state_cell(state, locked=locked)}
    if message:
        rows["message"] = escaped(message)
    if version:
        rows["version"] = escaped(version)
    if pending_jobs:
        rows["jobs that wait"] = escaped(pending_jobs)
    return card(name, facts(rows))

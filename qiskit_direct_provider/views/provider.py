"""An account and its backends."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from qiskit_direct_provider.views.markup import card, dot, escaped, facts, table
from qiskit_direct_provider.views.status import state_cell

__all__ = ["provider_html"]


def provider_html(account: dict[str, Any], statuses: Iterable[Any], problem: str | None) -> str:
    """An account, its secrets masked, and its backends, or why they cannot be listed.

    Args:
        account: As ``provider.active_account()`` gives it.
        statuses: A `BackendStatus` for each backend.
        problem: Why there are none.
    """
    shown = ("channel", "url", "instance", "source")
    rows = {name: escaped(account[name]) for name in shown if account.get(name)}
    backends = [
        [
            f"<code>{escaped(each.backend_name)}</code>",
            state_cell(each.state, locked=each.locked),
            escaped(each.message or ""),
        ]
        for each in statuses
    ]
    listed = table(("backend", "state", "message"), backends) if backends else ""
    return card("DirectProvider", facts(rows), dot("bad", problem) if problem else listed)

"""Where each dialect lives on the one port."""

from __future__ import annotations

__all__ = ["LEGACY", "LEGACY_INSTANCE", "RUNTIME", "is_legacy"]

RUNTIME = "/api/v1"
LEGACY = "/runtime"
LEGACY_INSTANCE = "legacy"
"""All hubs, groups and projects are one here."""


def is_legacy(path: str) -> bool:
    """Whether a path belongs to the legacy platform.

    >>> is_legacy("/runtime/jobs"), is_legacy("/api/users/logout"), is_legacy("/api/v1/jobs")
    (True, True, False)
    """
    return path.startswith((LEGACY + "/", "/api/users/", "/api/Network"))

"""Where each dialect lives on the one port."""

from __future__ import annotations

__all__ = ["LEGACY", "LEGACY_INSTANCE", "LEGACY_PLACE", "RUNTIME", "is_legacy"]

RUNTIME = "/api/v1"
LEGACY = "/runtime"
LEGACY_INSTANCE = "legacy"
"""All hubs, groups and projects are one here."""
LEGACY_PLACE = "local"
"""The name of the one hub, of its group and of its project."""


def is_legacy(path: str) -> bool:
    """Whether a path belongs to the legacy platform.

    >>> is_legacy("/runtime/jobs"), is_legacy("/api/users/logout"), is_legacy("/api/v1/jobs")
    (True, True, False)
    """
    return path.startswith((LEGACY + "/", "/api/users/", "/api/Network", "/api/jobs/"))

"""Where each dialect has its routes."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["APIS", "Api"]


@dataclass(frozen=True)
class Api:
    """Paths of one dialect; ``header`` is the one that carries the access token."""

    jobs: str
    backends: str
    login: str = "/identity/token"
    header: str = "authorization"


APIS = {
    "direct_access": Api("/v1/jobs", "/v1/backends"),
    "runtime": Api("/api/v1/jobs", "/api/v1/backends"),
    "legacy": Api("/runtime/jobs", "/runtime/backends", "/api/users/loginWithToken", "x-access-token"),
}

"""Bodies of the legacy platform (quantum-computing.ibm.com) that today's Runtime API does not have."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["LOGIN_PATH", "LOGOUT_PATH", "LoginAnswer", "LoginBody"]

LOGIN_PATH = "/api/users/loginWithToken"
LOGOUT_PATH = "/api/users/logout"


class LoginBody(Struct, kw_only=True):
    """``POST /api/users/loginWithToken``."""

    apiToken: str  # noqa: N815 - the wire's spelling

    def __repr__(self) -> str:
        return "LoginBody(apiToken='***')"


class LoginAnswer(Struct, kw_only=True):
    """The access token, good for ``x-access-token``; its life in seconds, if the server tells."""

    id: str
    ttl: int | float | None = None

    def __repr__(self) -> str:
        return "LoginAnswer(id='***')"

"""Access tokens of the legacy platform: given at login, gone at logout."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from qiskit_direct_provider.service.failures import RequestRefusedError
from qiskit_direct_provider.service.paths import is_legacy

if TYPE_CHECKING:
    from fastapi import Request

    from qiskit_direct_provider.service.tokens import Tokens

__all__ = ["ACCESS_TOKEN", "Logins", "check_client_application"]

ACCESS_TOKEN = "x-access-token"  # noqa: S105 - the name of a header
APPLICATION = "x-qx-client-application"

_LENGTH = 48


class Logins:
    """Who is logged in. The API token itself is accepted in place of an access token, as there."""

    def __init__(self, tokens: Tokens, ttl_s: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._tokens = tokens
        self._ttl_s = ttl_s
        self._clock = clock
        self._ends: dict[str, float] = {}

    def log_in(self, api_token: str) -> str | None:
        """A new access token; None for a wrong API token."""
        if not self._tokens.accepts_key(api_token):
            return None
        now = self._clock()
        self._ends = {token: end for token, end in self._ends.items() if end > now}
        token = secrets.token_urlsafe(_LENGTH)
        self._ends[token] = now + self._ttl_s
        return token

    def log_out(self, token: str) -> bool:
        """Forget an access token; whether there was one."""
        return self._ends.pop(token, None) is not None

    def subject_of(self, token: str) -> str | None:
        """Whom a token belongs to; None when it is not known (any more)."""
        is_live = self._ends.get(token, 0.0) > self._clock()
        return self._tokens.subject if token and (is_live or self._tokens.accepts_key(token)) else None


def check_client_application(request: Request) -> None:
    """Refuse a new job of the legacy platform that does not name its client in the way that was asked for."""
    application = request.headers.get(APPLICATION, "")
    if is_legacy(request.url.path) and not application.startswith(("qiskit-version-2/", "qiskit/")):
        raise RequestRefusedError(
            400,
            "1337",
            f"{APPLICATION} does not begin with qiskit-version-2/.",
            target=APPLICATION,
            target_kind="header",
        )

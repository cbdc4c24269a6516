"""Bearer tokens: made from the API key, checked on every call."""

from __future__ import annotations

import hashlib
import hmac
import math
import secrets
import time
from typing import TYPE_CHECKING

import jwt

from qiskit_direct_provider.wire.iam import TokenAnswer

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Tokens", "same_text"]

_ALGORITHM = "HS256"


def same_text(left: str, right: str) -> bool:
    """Equality in a time that does not depend on where the two differ."""
    return hmac.compare_digest(left.encode(), right.encode())


class Tokens:
    """Issues and checks tokens. Their secret is random per start, so that none outlives the service."""

    def __init__(self, api_key: str, ttl_s: int, now: Callable[[], float] = time.time) -> None:
        self._api_key = api_key
        self._ttl_s = ttl_s
        self._now = now
        self._secret = secrets.token_bytes(32)
        self.subject = "iam-" + hashlib.sha256(api_key.encode()).hexdigest()[:16]

    def accepts_key(self, api_key: str) -> bool:
        """Whether that is the API key."""
        return same_text(api_key, self._api_key)

    def issue(self) -> TokenAnswer:
        """A fresh token."""
        now = self._now()
        issued = int(now)
        expiration = math.ceil(now) + self._ttl_s  # never earlier than expires_in says
        # jti keeps two tokens of the same second apart
        claims = {"sub": self.subject, "iat": issued, "exp": expiration, "jti": secrets.token_hex(8)}
        token = jwt.encode(claims, self._secret, algorithm=_ALGORITHM)
        return TokenAnswer(
            access_token=token,
            expires_in=self._ttl_s,
            expiration=expiration,
            refresh_token="not_supported",  # noqa: S106 - what IAM says
            scope="ibm_openid",
        )

    def subject_of(self, token: str) -> str | None:
        """Whom the token was issued to; None when it is malformed, expired or not ours."""
        options = {"require": ["sub", "exp", "iat"]}
        try:
            claims = jwt.decode(token, self._secret, algorithms=[_ALGORITHM], options=options)  # type: ignore[arg-type]  # a plain dict is documented
        except jwt.InvalidTokenError:
            return None
        return str(claims["sub"])

"""Bodies of the token endpoint: an API key is exchanged for a bearer token.

``POST {iam}/identity/token``, form-encoded.
"""

from __future__ import annotations

from msgspec import Struct

__all__ = ["GRANT_TYPE", "TOKEN_PATH", "TokenAnswer", "TokenFailure"]

TOKEN_PATH = "/identity/token"  # noqa: S105 - a path
GRANT_TYPE = "urn:ibm:params:oauth:grant-type:apikey"


class TokenAnswer(Struct, kw_only=True):
    """A token. ``expires_in`` counts seconds from now, ``expiration`` is a Unix time in seconds."""

    access_token: str
    expires_in: int | float | str | None = 3600
    expiration: int | float | str | None = None
    token_type: str | None = "Bearer"  # noqa: S105 - the kind of token
    refresh_token: str | None = None
    scope: str | None = None

    def __repr__(self) -> str:
        return f"TokenAnswer(access_token='***', expires_in={self.expires_in})"

    @property
    def life_s(self) -> float | None:
        """Seconds that the token lives; None when the endpoint does not say so in a readable way."""
        try:
            life = float(self.expires_in or 0)
        except (ValueError, OverflowError):
            return None
        return life if 0 < life < float("inf") else None


class TokenFailure(Struct, kw_only=True):
    """Why no token was given (HTTP 400)."""

    errorCode: str  # noqa: N815 - the wire's spelling
    errorMessage: str  # noqa: N815 - the wire's spelling
    errorDetails: str | None = None  # noqa: N815 - the wire's spelling

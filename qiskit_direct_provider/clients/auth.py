"""Bearer tokens for an API key, renewed before they end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote_plus, urlencode

from qiskit_direct_provider.accounts import Secret
from qiskit_direct_provider.clients._http import Request, Sender
from qiskit_direct_provider.clients.records import liberally
from qiskit_direct_provider.errors import (
    ApiError,
    AuthenticationError,
    AuthorizationError,
    DirectError,
    InvalidInputError,
    ProtocolError,
    TransportError,
)
from qiskit_direct_provider.forking import ThreadLock
from qiskit_direct_provider.wire.iam import GRANT_TYPE, TOKEN_PATH, TokenAnswer

if TYPE_CHECKING:
    from qiskit_direct_provider.accounts import HttpOptions
    from qiskit_direct_provider.clients.deadline import Deadline

__all__ = ["USUAL_LIFE_S", "IamTokens", "Token", "sendable"]

RENEW_AFTER = 0.96  # of its life; should it end early, a refusal renews it
LONGEST_EXCHANGE_S = 30.0
LONGEST_LIFE_S = 86_400.0 * 365
USUAL_LIFE_S = 3600.0


@dataclass(frozen=True)
class Token:
    """What goes into the header, and when it is to be replaced, on the keeper's clock."""

    header: Secret
    renew_at: float


class IamTokens:
    """Exchanges an API key at the token endpoint. The key is sent there and nowhere else.

    One thread renews, the others wait for it. A token's age is counted on the monotonic clock from
    ``expires_in``, so a wrong wall clock does no harm.
    """

    header_name: ClassVar[str] = "Authorization"

    def __init__(
        self,
        iam_url: str,
        api_key: Secret,
        options: HttpOptions,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sender = Sender(iam_url, options)
        self._api_key = api_key
        self._clock = clock
        self._lock = ThreadLock()
        self._token: Token | None = None

    def headers(self, deadline: Deadline) -> dict[str, Secret]:
        """The Authorization header of a token that is good for a while."""
        token = self._token
        if token is None or self._clock() >= token.renew_at:
            token = self._replace(token, deadline)
        return {self.header_name: token.header}

    def renew(self, refused: Mapping[str, Secret], deadline: Deadline) -> bool:
        """Replace a token that the API refused, unless another thread did so already."""
        token = self._token
        if token is not None and token.header == refused.get(self.header_name):
            self._replace(token, deadline)
        return True

    def close(self) -> None:
        """Close idle connections to the token endpoint."""
        self._sender.close()

    def _replace(self, stale: Token | None, deadline: Deadline) -> Token:
        if not self._lock.acquire(deadline.remaining()):
            raise TransportError(f"{self._sender.host} gave no token within the time limit", retryable=True)
        try:
            if self._token is None or self._token is stale:
                self._token = self._fetch(deadline.sooner(LONGEST_EXCHANGE_S))
            return self._token
        finally:
            self._lock.release()

    def _fetch(self, deadline: Deadline) -> Token:
        asked_at = self._clock()
        request = Request(
            "POST",
            TOKEN_PATH,
            self._form,
            "application/x-www-form-urlencoded",
            in_body=(self._api_key, Secret(quote_plus(self._api_key.reveal()))),
            repeatable=False,  # whoever needs the token tries again
        )
        try:
            answer = self._sender.send(request, deadline, liberally(TokenAnswer))
        except (ApiError, AuthorizationError, InvalidInputError) as error:
            if not _is_refusal(error):
                raise
            raise AuthenticationError(
                f"{self._sender.host} gave no token for this API key: {error} - check the token and iam_url",
                status=error.status,
                code=error.code,
                trace=error.trace,
            ) from error
        return self._aged(_bearer(answer, self._sender.host), answer.life_s or USUAL_LIFE_S, asked_at)

    def _aged(self, header: Secret, life_s: float, asked_at: float) -> Token:
        return Token(header, asked_at + RENEW_AFTER * min(max(life_s, 1.0), LONGEST_LIFE_S))

    def _form(self) -> bytes:
        return urlencode({"grant_type": GRANT_TYPE, "apikey": self._api_key.reveal()}).encode("ascii")


def _is_refusal(error: DirectError) -> bool:
    """Whether the key was not accepted: documented is HTTP 400, but any final answer with a code counts."""
    return isinstance(error, InvalidInputError) or (error.code is not None and not error.retryable)


def _bearer(answer: TokenAnswer, host: str) -> Secret:
    bearer = Secret(f"Bearer {answer.access_token.strip()}")
    if not sendable(bearer):
        raise ProtocolError(f"{host} answered with a token that cannot be sent in a header")
    return bearer


def sendable(bearer: Secret) -> bool:
    """Whether a token can travel in a header."""
    text = bearer.reveal()
    return len(text) > len("Bearer ") and text.isascii() and text.isprintable()

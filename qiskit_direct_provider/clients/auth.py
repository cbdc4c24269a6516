"""Bearer tokens for an API key, renewed before they end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from qiskit_direct_provider.clients._http import Request, Sender, as_json
from qiskit_direct_provider.errors import AuthenticationError, DirectError, InvalidInputError
from qiskit_direct_provider.wire.iam import GRANT_TYPE, TOKEN_PATH, TokenAnswer

if TYPE_CHECKING:
    from qiskit_direct_provider.accounts import HttpOptions, Secret
    from qiskit_direct_provider.clients.deadline import Deadline

__all__ = ["IamTokens"]

RENEW_AFTER = 0.8
LONGEST_EXCHANGE_S = 30.0


@dataclass(frozen=True)
class _Token:
    header: str
    renew_at: float


class IamTokens:
    """Exchanges an API key at the token endpoint. The key is sent there and nowhere else.

    One thread renews, the others wait for it. A token's age is counted on the monotonic clock from
    ``expires_in``, so a wrong wall clock does no harm.
    """

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
        self._lock = threading.Lock()
        self._token: _Token | None = None

    def headers(self, deadline: Deadline) -> dict[str, str]:
        """The Authorization header of a token that is good for a while."""
        token = self._token
        if token is None or self._clock() >= token.renew_at:
            token = self._replace(token, deadline)
        return {"Authorization": token.header}

    def renew(self, refused: Mapping[str, str], deadline: Deadline) -> bool:
        """Replace a token that the API refused, unless another thread did so already."""
        token = self._token
        if token is not None and token.header == refused.get("Authorization"):
            self._replace(token, deadline)
        return True

    def close(self) -> None:
        """Close idle connections to the token endpoint."""
        self._sender.close()

    def _replace(self, stale: _Token | None, deadline: Deadline) -> _Token:
        with self._lock:
            if self._token is None or self._token is stale:
                self._token = self._fetch(deadline.sooner(LONGEST_EXCHANGE_S))
            return self._token

    def _fetch(self, deadline: Deadline) -> _Token:
        asked_at = self._clock()
        form = urlencode({"grant_type": GRANT_TYPE, "apikey": self._api_key.reveal()}).encode("ascii")
        request = Request("POST", TOKEN_PATH, form, "application/x-www-form-urlencoded")
        try:
            answer = self._sender.send(request, deadline, as_json(TokenAnswer))
        except InvalidInputError as error:
            raise _refused(error, self._sender.host) from error
        if not answer.access_token:
            raise AuthenticationError(f"{self._sender.host} answered without a token")
        return _Token(f"Bearer {answer.access_token}", asked_at + RENEW_AFTER * max(answer.expires_in, 1))


def _refused(error: DirectError, host: str) -> AuthenticationError:
    """The token endpoint answers HTTP 400 to a wrong key."""
    return AuthenticationError(
        f"{host} gave no token for this API key: {error} - check the token and the iam_url",
        status=error.status,
        code=error.code,
        trace=error.trace,
    )

"""The one place from which requests leave."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import urlsplit

import msgspec

from qiskit_direct_provider.clients.bodies import ENCODINGS, UnreadableBody, read_body
from qiskit_direct_provider.clients.refusals import error_for
from qiskit_direct_provider.clients.retrying import retried
from qiskit_direct_provider.errors import DirectError, ProtocolError, TransportError
from qiskit_direct_provider.wire.failures import read_failure

if TYPE_CHECKING:
    import requests

    from qiskit_direct_provider.accounts import HttpOptions, Secret
    from qiskit_direct_provider.clients.deadline import Deadline

__all__ = ["Answer", "Authorization", "NoAuthorization", "Request", "Sender", "as_json"]

logger = logging.getLogger(__name__)

T = TypeVar("T")

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 20.0
MAX_ANSWER_BYTES = 8 * 1024 * 1024
_UNAUTHORIZED = 401
_NO_CONTENT = 204
_FIRST_REDIRECT = 300
_FIRST_FAILURE = 400
_SHORTEST_SECRET = 8


@dataclass(frozen=True)
class Request:
    """One request.

    ``repeatable`` says that sending it twice does no harm; only then is it retried when its fate is
    unknown. ``secrets`` are headers that are secret. A body with a secret is given as a function, and
    ``in_body`` says what is secret in it: a refusal may repeat it. ``patience_s`` is the longest silence.
    """

    method: str
    path: str
    body: bytes | Callable[[], bytes] | None = field(default=None, repr=False)
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: Mapping[str, Secret] = field(default_factory=dict, repr=False)
    in_body: tuple[Secret, ...] = field(default=(), repr=False)
    repeatable: bool = True
    patience_s: float = READ_TIMEOUT_S

    def __str__(self) -> str:
        return f"{self.method} {self.path.partition('?')[0]}"  # a query may be a signature

    def __repr__(self) -> str:
        return f"Request({str(self)!r})"


@dataclass(frozen=True)
class Answer:
    """An answer, read to its end."""

    request: Request
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def json(self, shape: type[T]) -> T:
        """The body as a typed value; `document` and `accepted` are other ways to read it.

        Raises:
            ProtocolError: It is not JSON, or has another shape.
        """
        return self.decoded(lambda document: msgspec.json.decode(document, type=shape))

    def decoded(self, decode: Callable[[bytes], T]) -> T:
        """What ``decode`` makes of the document. Its own failure is not chained: its frames hold the body.

        Raises:
            ProtocolError: It is not JSON, or has another shape.
        """
        self.document()
        try:
            return decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            why = str(error)
        raise self.broken(why)

    def document(self) -> bytes:
        """The body, if it calls itself JSON."""
        kind = self.headers.get("Content-Type", "application/json")
        if "json" not in kind.lower():
            raise self.broken(f"content type {kind[:80]!r}: {read_failure(self.body).message[:200]!r}")
        return self.body

    def accepted(self) -> None:
        """Nothing is to be read, but neither a page of a gateway nor half an answer is an acceptance.

        Raises:
            ProtocolError: The body is something else than JSON, or the answer may have been cut.
        """
        if self.body:
            self.document()
        elif self.status != _NO_CONTENT and self.headers.get("Content-Length") != "0":
            raise self.broken("it has neither content nor a length")

    def broken(self, why: str, *, retryable: bool = True) -> ProtocolError:
        """The error that says that this answer breaks the API's rules."""
        return ProtocolError(
            f"{self.request}: the answer (HTTP {self.status}) is not what the API promises: {why}. "
            "Is the url that of the API, without a proxy page in between?",
            status=self.status,
            retryable=retryable,
        )


def as_json(shape: type[T]) -> Callable[[Answer], T]:
    """A reader of bodies of one shape, for `Sender.send`."""
    return lambda answer: answer.json(shape)


class Authorization(Protocol):
    """Headers that say who asks, and a way to renew them once they are refused."""

    def headers(self, deadline: Deadline) -> Mapping[str, Secret]:
        """Headers for the next request."""

    def renew(self, refused: Mapping[str, Secret], deadline: Deadline) -> bool:
        """Get new headers in place of the refused ones; False when there are no others to be had."""


class NoAuthorization:
    """For requests that need none."""

    def headers(self, deadline: Deadline) -> Mapping[str, Secret]:  # noqa: ARG002 - Authorization's signature
        """No headers."""
        return {}

    def renew(self, refused: Mapping[str, Secret], deadline: Deadline) -> bool:  # noqa: ARG002 - the interface's parameters
        """There is nothing to renew."""
        return False


class Sender:
    """Sends requests to one origin, with one policy; safe to share between threads.

    No redirect is followed and no cookie is kept. ``~/.netrc`` and ``REQUESTS_CA_BUNDLE`` are not read:
    what was said explicitly holds. A forked child opens connections of its own.
    """

    def __init__(
        self,
        base_url: str,
        options: HttpOptions,
        authorization: Authorization | None = None,
        headers: Mapping[str, str] | None = None,
        refusal: Callable[[Answer, str], DirectError] = error_for,
        advice: str = "is the url right, and the service up?",
    ) -> None:
        self.base_url = base_url
        self._options = options
        self._authorization = authorization or NoAuthorization()
        self._headers = {"Accept": "application/json", "Accept-Encoding": ENCODINGS, **(headers or {})}
        self._refusal = refusal
        self._advice = advice
        self._sessions: dict[int, requests.Session] = {}

    @property
    def host(self) -> str:
        """Host and port, for messages."""
        return urlsplit(self.base_url).netloc

    def send(
        self,
        request: Request,
        deadline: Deadline,
        read: Callable[[Answer], T],
        max_bytes: int = MAX_ANSWER_BYTES,
    ) -> T:
        """What ``read`` makes of the successful answer to a request, after retries where they are harmless.

        Raises:
            DirectError: Of the class that fits the failure; `TransportError` when nothing came back.
        """
        for attempt in retried(request.repeatable, deadline):
            with attempt:
                return read(self._authorized(request, deadline, max_bytes))
        raise AssertionError

    def _authorized(self, request: Request, deadline: Deadline, max_bytes: int) -> Answer:
        """One attempt; a refused token is renewed once."""
        headers = self._credentials(None, deadline) or {}
        answer = self._exchange(request, headers, deadline, max_bytes)
        if answer.status == _UNAUTHORIZED:
            renewed = self._credentials(headers, deadline)
            if renewed is not None:
                answer = self._exchange(request, renewed, deadline, max_bytes)
        if answer.status >= _FIRST_FAILURE:
            raise self._refusal(answer, self.host)
        if answer.status >= _FIRST_REDIRECT:
            raise answer.broken("a redirect, which is never followed", retryable=False)
        return answer

    def _credentials(
        self, refused: Mapping[str, Secret] | None, deadline: Deadline
    ) -> Mapping[str, Secret] | None:
        """Headers that say who asks; None when there are no others than the refused ones.

        Without them the request itself is not sent, and one that was refused did nothing.
        """
        try:
            if refused is not None and not self._authorization.renew(refused, deadline):
                return None
            return self._authorization.headers(deadline)
        except DirectError as error:
            error.unsent = True
            raise

    def _exchange(
        self, request: Request, authorization: Mapping[str, Secret], deadline: Deadline, max_bytes: int
    ) -> Answer:
        """One request and its answer.

        What the libraries below raise is not chained, and no frame of what is raised here holds a body:
        both may hold secrets, which a traceback with variables would show.
        """
        if deadline.expired():
            late = TransportError(f"{request} to {self.host}: no time was left to send it", retryable=True)
            late.unsent = True
            raise late
        outcome = self._outcome(request, authorization, deadline, max_bytes)
        if isinstance(outcome, DirectError):
            logger.debug("%s", outcome)
            raise outcome
        logger.debug("%s %s: HTTP %d, %d bytes", self.host, request, outcome.status, len(outcome.body))
        return outcome

    def _outcome(
        self, request: Request, authorization: Mapping[str, Secret], deadline: Deadline, max_bytes: int
    ) -> Answer | DirectError:
        """The answer, or why there is none."""
        import requests
        import urllib3

        from qiskit_direct_provider.clients.guard import guarded
        from qiskit_direct_provider.clients.silence import never_left, reason

        status = None
        secrets = {**authorization, **request.secrets}
        try:
            with guarded(deadline), self._open(request, secrets, deadline) as response:
                status = response.status_code
                body = read_body(response, deadline, max_bytes)
            told = secrets if status >= _FIRST_FAILURE else authorization
            body = _without(body, (*told.values(), *request.in_body))
        except UnreadableBody as error:
            late = deadline.expired()
            kind = TransportError if late else ProtocolError
            text = f"{request} to {self.host}: the answer cannot be read: {error.why}"
            return kind(text, status=None if late else status, retryable=not error.large)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            why, retryable = reason(error, self._advice, late=deadline.expired())
            silence = TransportError(f"{request} to {self.host}: {why}", retryable=retryable)
            silence.unsent = never_left(error)
            return silence
        if deadline.expired():
            return TransportError(
                f"{request} to {self.host}: no answer within the time limit", retryable=True
            )
        return Answer(request, status, response.headers, body)

    def _open(self, request: Request, secrets: Mapping[str, Secret], deadline: Deadline) -> requests.Response:
        headers = {**self._headers, **request.headers}
        if request.body is not None:
            headers["Content-Type"] = request.content_type
        left = max(deadline.remaining(), 0.001)
        return self._session().request(
            request.method,
            self.base_url + request.path,
            data=request.body() if callable(request.body) else request.body,
            headers=headers,
            auth=_Signed(secrets, self._options.ntlm),
            timeout=(min(CONNECT_TIMEOUT_S, left), min(request.patience_s, left)),
            allow_redirects=False,
            stream=True,
            verify=self._options.verify is not False,  # a bundle is in the adapter's context
            cert=self._options.cert,
        )

    def _proxies(self) -> dict[str, str]:
        """The proxies that were said, else those that the environment names when the first request leaves."""
        import requests

        if self._options.proxies is not None:
            return {scheme: url.reveal() for scheme, url in self._options.proxies.items()}
        found: dict[str, str] = requests.utils.get_environ_proxies(self.base_url)
        return found

    def _session(self) -> requests.Session:
        """This process' session: sockets must not be shared with a forked child."""
        from http.cookiejar import DefaultCookiePolicy

        import requests

        from qiskit_direct_provider.clients.guard import GuardedAdapter
        from qiskit_direct_provider.clients.trust import trusted

        session = self._sessions.get(os.getpid())
        if session is None:
            session = requests.Session()
            session.trust_env = False
            session.mount("http://", GuardedAdapter())
            session.mount("https://", GuardedAdapter(trusted(self._options.verify)))
            session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
            session.proxies = self._proxies()
            self._sessions = {os.getpid(): session}
        return session

    def close(self) -> None:
        """Close idle connections. Another request opens new ones."""
        for session in self._sessions.values():
            session.close()
        self._sessions = {}


class _Signed:
    """Puts secret headers on a request at the last moment, so that no frame of ours holds their text."""

    def __init__(self, headers: Mapping[str, Secret], ntlm: tuple[str, Secret] | None = None) -> None:
        self._headers = headers
        self._ntlm = ntlm

    def __call__(self, prepared: Any) -> Any:
        for name, secret in self._headers.items():
            prepared.headers[name] = secret.reveal()
        if self._ntlm is not None:
            from requests_ntlm import HttpNtlmAuth

            return HttpNtlmAuth(self._ntlm[0], self._ntlm[1].reveal())(prepared)
        return prepared


def _without(body: bytes, secrets: Iterable[Secret]) -> bytes:
    """A body in which the secrets that were sent are starred out: some servers repeat what they refuse."""
    for secret in secrets:
        word = secret.reveal().rpartition(" ")[2].encode()
        if len(word) >= _SHORTEST_SECRET:
            body = body.replace(word, b"***")
    return body

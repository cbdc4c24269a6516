"""The legacy platform (quantum-computing.ibm.com): the Runtime API of its time, behind a login of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec

from qiskit_direct_provider import errors
from qiskit_direct_provider.accounts import Secret
from qiskit_direct_provider.clients._http import Request
from qiskit_direct_provider.clients.auth import USUAL_LIFE_S, IamTokens, Token, sendable
from qiskit_direct_provider.clients.runtime import RuntimeClient
from qiskit_direct_provider.wire import tolerant
from qiskit_direct_provider.wire.legacy import LOGIN_PATH, LOGOUT_PATH, LoginAnswer, LoginBody

if TYPE_CHECKING:
    from qiskit_direct_provider.accounts import HttpOptions
    from qiskit_direct_provider.clients._http import Answer, Sender
    from qiskit_direct_provider.clients.deadline import Deadline
    from qiskit_direct_provider.clients.interface import SessionRequest, Submission
    from qiskit_direct_provider.wire.runtime import JobBody, SessionBody

__all__ = ["LegacyClient", "LegacyTokens", "client_application"]

_PREFIX = "qiskit-version-2/0.39.2/"  # the platform asks for it
_PARTS = 3


def client_application(name: str | None) -> str:
    """The header by which the platform knows where jobs come from.

    >>> client_application("my-lab")
    'qiskit-version-2/0.39.2/my-lab'
    """
    return _PREFIX + (name or "qiskit-direct-provider")


def _login_answer(answer: Answer) -> LoginAnswer:
    """The access token. An answer that cannot be read is not quoted, for it may hold a part of one."""
    try:
        return tolerant.read(answer.body, LoginAnswer, [])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    raise answer.broken("it is not that of a login")


class LegacyTokens(IamTokens):
    """Logs in with an API token, which is sent nowhere else, and out again."""

    header_name: ClassVar[str] = "x-access-token"

    def log_out(self, deadline: Deadline) -> None:
        """Invalidate the access token, if there is one. The next request logs in again."""
        token = self._token
        if token is None:
            return
        request = Request("POST", LOGOUT_PATH, secrets={self.header_name: token.header}, repeatable=True)
        try:
            self._sender.send(request, deadline, lambda answer: answer.status)
        except errors.AuthenticationError:
            return  # it had ended by itself
        finally:
            self._token = None

    def _fetch(self, deadline: Deadline) -> Token:
        asked_at = self._clock()
        request = Request("POST", LOGIN_PATH, self._form, in_body=(self._api_key,), repeatable=False)
        try:
            answer = self._sender.send(request, deadline, _login_answer)
        except (errors.InvalidInputError, errors.AuthenticationError) as error:
            raise errors.AuthenticationError(
                f"{self._sender.host} did not accept this API token: {error} - check the token and iam_url",
                status=error.status,
                code=error.code,
            ) from error
        header = Secret(answer.id.strip())
        if not sendable(header):
            raise errors.ProtocolError(f"{self._sender.host} answered with a token that cannot be sent")
        return self._aged(header, answer.ttl or USUAL_LIFE_S, asked_at)

    def _form(self) -> bytes:
        return msgspec.json.encode(LoginBody(apiToken=self._api_key.reveal()))


class LegacyClient(RuntimeClient):
    """Speaks the Runtime API of the legacy platform: hub, group and project in place of an instance."""

    def __init__(self, sender: Sender, tokens: LegacyTokens, http: HttpOptions, instance: str | None) -> None:
        super().__init__(sender, tokens, http)
        self._login = tokens
        self._instance = _instance(instance)

    def log_out(self, deadline: Deadline) -> None:
        """Invalidate the access token."""
        self._login.log_out(deadline)

    def _job_body(self, submission: Submission, tags: list[str]) -> JobBody:
        body = super()._job_body(submission, tags)
        if self._instance:
            body.hub, body.group, body.project = self._instance
        return body

    def _session_body(self, request: SessionRequest) -> SessionBody:
        body = super()._session_body(request)
        body.instance = "/".join(self._instance) if self._instance else None
        return body


def _instance(text: str | None) -> tuple[str, str, str] | None:
    """Hub, group and project.

    Raises:
        InvalidInputError: Not three names.
    """
    if text is None:
        return None
    parts = text.split("/")
    if len(parts) != _PARTS or not all(parts):
        raise errors.InvalidInputError(f"instance must be 'hub/group/project' here, not {text!r}")
    hub, group, project = parts
    return hub, group, project

"""The Cloud Transpiler API: a task is sent, and asked about until it is over."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec

from qiskit_direct_provider import errors
from qiskit_direct_provider.accounts import Secret
from qiskit_direct_provider.clients._http import Request, Sender, as_json
from qiskit_direct_provider.clients.paths import path_of
from qiskit_direct_provider.clients.storage import MAX_OBJECT_BYTES
from qiskit_direct_provider.wire.redaction import redacted
from qiskit_direct_provider.wire.transpiler import (
    FAILURE,
    SUCCESS,
    TaskCreated,
    TaskState,
    TranspileBody,
    TranspiledCircuit,
)

if TYPE_CHECKING:
    from qiskit_direct_provider.accounts import HttpOptions
    from qiskit_direct_provider.clients.deadline import Deadline

__all__ = ["TranspilerClient"]

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
GROWTH = 1.5
LONGEST_REASON = 500


class _ApiToken:
    """The API token itself, as this service wants it; there is nothing to renew."""

    def __init__(self, token: Secret) -> None:
        self._header = Secret(f"Bearer {token.reveal()}")

    def headers(self, deadline: Deadline) -> dict[str, Secret]:  # noqa: ARG002 - Authorization's signature
        """The Authorization header."""
        return {"Authorization": self._header}

    def renew(self, refused: Mapping[str, Secret], deadline: Deadline) -> bool:  # noqa: ARG002 - the interface's parameters
        """False: there is no other."""
        return False


@contextlib.contextmanager
def _in_time(deadline: Deadline, state: str) -> Iterator[None]:
    """A request that the deadline cut off is a wait that ended too early, not an outage.

    Raises:
        JobTimeoutError: That is what happened.
    """
    try:
        yield
    except errors.TransportError as error:
        if not deadline.expired():
            raise
        raise errors.JobTimeoutError(
            f"the time was over before the transpiler service was: {state}"
        ) from error


class TranspilerClient:
    """Speaks to one transpiler service."""

    def __init__(self, url: str, token: Secret, http: HttpOptions) -> None:
        headers = {"X-Caller": "qiskit-direct-provider"}
        self._sender = Sender(url, http, _ApiToken(token), headers)

    def begin(self, body: TranspileBody, parameters: Mapping[str, str], deadline: Deadline) -> str:
        """Send circuits; the id of the task. Sent twice, they would be transpiled twice, and no more."""
        path = "/transpile?" + urlencode(parameters)
        request = Request("POST", path, msgspec.json.encode(body))
        with _in_time(deadline, "it was not even sent"):
            return self._sender.send(request, deadline, as_json(TaskCreated)).task_id

    def result(self, task_id: str, deadline: Deadline) -> list[TranspiledCircuit]:
        """The result of a task, waited for.

        Raises:
            ApiError: The task failed; the service does not say why.
            JobTimeoutError: The deadline came first.
        """
        pause = FIRST_PAUSE_S
        while True:
            request = Request("GET", path_of("/transpile", task_id))
            with _in_time(deadline, f"task {task_id} did not end"):
                state = self._sender.send(request, deadline, as_json(TaskState), MAX_OBJECT_BYTES)
            if state.state == SUCCESS and isinstance(state.result, list):
                return state.result
            if state.state == FAILURE or isinstance(state.result, str):
                said = redacted(state.result[:LONGEST_REASON]) if isinstance(state.result, str) else ""
                raise errors.ApiError(
                    f"the transpiler service could not transpile (task {task_id}), "
                    f"{f'and says {said!r}' if said else 'and does not say why'}: "
                    "check that the circuits fit the backend"
                )
            if pause >= deadline.remaining():
                raise errors.JobTimeoutError(
                    f"the time was over before the transpiler service was: task {task_id} is {state.state}"
                )
            time.sleep(pause)
            pause = min(GROWTH * pause, LONGEST_PAUSE_S)

    def close(self) -> None:
        """Close idle connections."""
        self._sender.close()

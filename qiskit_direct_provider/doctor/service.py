"""The API: login, instance, version and backends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from qiskit_direct_provider import errors
from qiskit_direct_provider.clients._http import Answer, Request, Sender
from qiskit_direct_provider.clients.auth import IamTokens
from qiskit_direct_provider.clients.deadline import Deadline
from qiskit_direct_provider.device import DeviceDocuments, read_device
from qiskit_direct_provider.doctor.finding import Finding, State, failed, note, ok
from qiskit_direct_provider.selection import concurrently
from qiskit_direct_provider.wire.direct_access import VersionDocument

if TYPE_CHECKING:
    from qiskit_direct_provider.accounts import Account
    from qiskit_direct_provider.clients.interface import Client
    from qiskit_direct_provider.wire.direct_access import BackendItem

__all__ = ["backend_findings", "login_finding", "version_finding"]

LIMIT_S = 20.0
_NOT_THERE = frozenset({404, 405})


def login_finding(account: Account) -> Finding:
    """Whether the token endpoint takes the key."""
    if account.channel == "legacy":
        return Finding("login", State.SKIPPED, "tried with the backends, since this channel has its own")
    tokens = IamTokens(account.iam_url, account.token, account.http)
    try:
        tokens.headers(Deadline.after(LIMIT_S))
    except (errors.AuthenticationError, errors.AuthorizationError):
        return failed(
            "login",
            f"{account.iam_url} does not accept the API key",
            "check the key (a space, a missing end, one that was replaced?) and iam_url",
        )
    except errors.DirectError as error:
        return failed("login", str(error), "check iam_url: is that where keys are exchanged for tokens?")
    finally:
        tokens.close()
    return ok("login", f"{account.iam_url} gives a token for the key")


def version_finding(account: Account) -> Finding:
    """Whether this is the API, and which version of it."""
    if account.channel != "direct_access":
        return ok("API version", f"not asked for: the channel is {account.channel}")
    sender = Sender(account.url, account.http)
    try:
        request = Request("GET", "/version", repeatable=False)
        found = sender.send(request, Deadline.after(LIMIT_S), _version)
    except errors.DirectError as error:
        if error.status in _NOT_THERE:
            return note("API version", f"{account.url} does not tell", "is the url that of the API?")
        return failed("API version", str(error), "check that the url is that of the API, and its channel")
    finally:
        sender.close()
    return ok("API version", found)


def _version(answer: Answer) -> str:
    """The version; some servers put the document into a text, or send nothing else than the version."""
    found = answer.json(VersionDocument | str)  # type: ignore[arg-type]
    if isinstance(found, str):
        try:
            return msgspec.json.decode(found, type=VersionDocument).version
        except msgspec.DecodeError:
            return found
    return found.version


def backend_findings(account: Account, client: Client) -> Iterator[Finding]:
    """Whether the instance is accepted, which backends it has, and whether they work."""
    if not account.instance:
        advice = "most systems want the CRN of the service instance: instance="
        yield note("instance", "none is said", advice)
    try:
        found = client.backends(Deadline.after(LIMIT_S))
    except (errors.AuthenticationError, errors.AuthorizationError) as error:
        if account.channel == "legacy":
            yield failed("login", str(error), "check the key, and the address at which it is exchanged")
            return
        text = f"the key is good, but not for this instance (HTTP {error.status})"
        yield failed("instance", text, "check the CRN, and that the key's owner has access to this instance")
        return
    except errors.DirectError as error:
        yield failed("backends", str(error), "ask the operators of the system; the url may be another API's")
        return
    if account.instance:
        yield ok("instance", "accepted")
    if not found:
        yield failed("backends", "the account sees none", "check the CRN, and which devices its instance has")
        return
    yield from _states(found)
    yield from _documents(client, [item.name for item in found])


def _states(found: list[BackendItem]) -> Iterator[Finding]:
    """A device that takes no jobs is a failure only where no other takes any."""
    idle = [item for item in found if item.status != "online" or item.locked]
    ready = [item.name for item in found if item not in idle]
    if ready:
        yield ok("backends", f"online: {', '.join(ready)}")
    state = State.NOTE if ready else State.FAILED
    for item in idle:
        word = "reserved" if item.locked and item.status == "online" else item.status or "of unknown state"
        said = f": {item.message}" if item.message else ""
        yield Finding(
            "backends",
            state,
            f"{item.name} is {word}{said}",
            "wait, or ask the operators of the system: jobs that are sent now wait, or are refused",
        )


def _documents(client: Client, names: list[str]) -> Iterator[Finding]:
    problems = {
        name: problem
        for name, problem in zip(names, concurrently(lambda name: _problem(client, name), names), strict=True)
        if problem
    }
    for name, problem in problems.items():
        yield note("documents", f"{name}: {problem}", "the backend cannot be used; tell its operators")
    if len(problems) < len(names):
        yield ok("documents", f"{len(names) - len(problems)} of {len(names)} backends can be read")


def _problem(client: Client, name: str) -> str | None:
    """Why the documents of a device cannot be read."""
    deadline = Deadline.after(LIMIT_S)
    try:
        configuration = client.configuration(name, deadline)
        read_device(DeviceDocuments(configuration, client.properties(name, deadline)))
    except errors.DirectError as error:
        return str(error)
    return None

"""All checks in order; what depends on a failed one is skipped."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from qiskit_direct_provider import errors
from qiskit_direct_provider.accounts import CHANNELS, resolve
from qiskit_direct_provider.accounts.urls import origin
from qiskit_direct_provider.clients.connect import connect
from qiskit_direct_provider.doctor.finding import Finding, State, failed, note, ok, skipped
from qiskit_direct_provider.doctor.network import host_findings
from qiskit_direct_provider.doctor.places import account_file_finding, data_folder_finding, key_file_findings
from qiskit_direct_provider.doctor.probe import probe_finding
from qiskit_direct_provider.doctor.service import backend_findings, login_finding, version_finding
from qiskit_direct_provider.doctor.store import SERVICE_SIDE, store_findings

if TYPE_CHECKING:
    from qiskit_direct_provider.accounts import Account

__all__ = ["examine"]

_API, _LOGIN, _STORE = "API", "token endpoint", "object store"


def examine(arguments: Mapping[str, Any], *, probe: bool = False) -> Iterator[Finding]:
    """Findings, in the order of the way from this machine to the backends and the object store.

    Args:
        arguments: As for `DirectProvider`.
        probe: Also send a job that fails on purpose, and so tells whether the service reaches the store.
    """
    yield account_file_finding(arguments.get("filename"))
    yield data_folder_finding()
    account = None
    for found in _account(arguments):
        if isinstance(found, Finding):
            yield found
        else:
            account = found
    if account is not None:
        yield from _Examination(account, probe=probe).findings()


def _account(arguments: Mapping[str, Any]) -> Iterator[Finding | Account]:
    if arguments.get("channel") in {name for name, channel in CHANNELS.items() if not channel.connects}:
        yield ok("account", "the local service needs none")
        return
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            account = resolve(**arguments)
        except errors.AccountError as error:
            yield failed("account", str(error), "'qiskit-direct accounts list' shows what is saved")
            return
        except errors.InvalidInputError as error:
            yield failed(
                "account", str(error), "correct the account: 'qiskit-direct accounts save --overwrite'"
            )
            return
    yield ok("account", f"{account.channel} at {account.url}, from {account.source}")
    for warning in said:
        yield note("account", str(warning.message), "change it in the account or in the environment")
    secrets = [account.token]
    if account.storage is not None:
        secrets += [account.storage.access_key_id, account.storage.secret_access_key]
    yield from key_file_findings(dict(secret.place) for secret in secrets if secret.place)
    yield account


class _Examination:
    """The checks of one account, and which of them failed."""

    def __init__(self, account: Account, *, probe: bool) -> None:
        self._account = account
        self._probe = probe
        self._failed: dict[str, str] = {}

    def findings(self) -> Iterator[Finding]:
        """All findings that need the network."""
        account = self._account
        for role, url in self._hosts():
            yield from self._noted(role, host_findings(role, url, account.http))
        yield from self._after([_LOGIN], "login", lambda: iter([login_finding(account)]))
        yield from self._after([_API], "API version", lambda: iter([version_finding(account)]))
        yield from self._after([_API, "login", "API version"], "backends", self._backends)
        if account.storage is not None:
            storage = account.storage
            yield from self._after([_STORE], "object store", lambda: store_findings(storage, account.http))
        elif account.channel == "direct_access":
            advice = "inputs and results travel through one: storage=, or accounts save --s3-endpoint"
            yield failed("object store", "the account has none, so that no job can be sent", advice)
        if self._probe:
            yield from self._after(["backends", "object store"], SERVICE_SIDE, self._sent)

    def _hosts(self) -> Iterator[tuple[str, str]]:
        """Each host once, under its first role."""
        account = self._account
        store = account.storage
        hosts = [(_API, account.url), (_LOGIN, account.iam_url), (_STORE, store.endpoint if store else None)]
        first: dict[str | None, str] = {}
        for role, url in hosts:
            if url is not None and first.setdefault(origin(url), role) == role:
                yield role, url
            elif url is not None and first[origin(url)] in self._failed:
                self._failed[role] = self._failed[first[origin(url)]]

    def _noted(self, role: str, found: Iterator[Finding]) -> Iterator[Finding]:
        for finding in found:
            if finding.state is State.FAILED:
                self._failed.setdefault(role, finding.check)
            yield finding

    def _after(self, needs: list[str], role: str, check: Any) -> Iterator[Finding]:
        """A check, unless something that it needs has failed."""
        missing = next((self._failed[need] for need in needs if need in self._failed), None)
        if missing is not None:
            self._failed[role] = missing
            yield skipped(role, missing)
            return
        yield from self._noted(role, check())

    def _backends(self) -> Iterator[Finding]:
        try:
            client = connect(self._account)
        except errors.AccountError as error:
            yield failed("account", str(error), "'qiskit-direct accounts save --overwrite' completes it")
            return
        try:
            yield from backend_findings(self._account, client)
        finally:
            client.close()

    def _sent(self) -> Iterator[Finding]:
        client = connect(self._account)
        try:
            yield probe_finding(client)
        finally:
            client.close()

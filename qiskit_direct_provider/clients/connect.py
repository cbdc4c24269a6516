"""From an account to the client that speaks its dialect: the only place that asks which one it is."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from qiskit_direct_provider.clients._http import Sender
from qiskit_direct_provider.clients.auth import IamTokens
from qiskit_direct_provider.errors import AccountError

if TYPE_CHECKING:
    from qiskit_direct_provider.accounts import Account
    from qiskit_direct_provider.clients.interface import Client

__all__ = ["connect"]


def connect(account: Account) -> Client:
    """The client for an account; no request is sent yet.

    Raises:
        AccountError: The account lacks what its channel needs.
    """
    return {"direct_access": _direct_access, "runtime": _runtime, "legacy": _legacy}[account.channel](account)


def _direct_access(account: Account) -> Client:
    from qiskit_direct_provider.clients.direct_access import DirectAccessClient
    from qiskit_direct_provider.clients.storage import ObjectStore

    tokens = IamTokens(account.iam_url, account.token, account.http)
    headers = {"Service-CRN": account.instance} if account.instance else {}
    sender = Sender(account.url, account.http, tokens, headers)
    store = ObjectStore(account.storage, account.http) if account.storage else None
    return DirectAccessClient(sender, tokens, store, account.http.timeout)


def _runtime(account: Account) -> Client:
    from qiskit_direct_provider.clients.runtime import RuntimeClient
    from qiskit_direct_provider.wire.runtime import API_VERSION

    if not account.instance:
        raise AccountError("no instance: pass DirectProvider(instance=...), the CRN of your service instance")
    tokens = IamTokens(account.iam_url, account.token, account.http)
    headers = {"Service-CRN": account.instance or "", "IBM-API-Version": API_VERSION}
    sender = Sender(_rooted(account.url, "/api/v1"), account.http, tokens, headers)
    return RuntimeClient(sender, tokens, account.http)


def _legacy(account: Account) -> Client:
    from qiskit_direct_provider.clients.legacy import LegacyClient, LegacyTokens, client_application

    tokens = LegacyTokens(account.iam_url, account.token, account.http)
    headers = {"x-qx-client-application": client_application(account.client_application)}
    sender = Sender(_rooted(account.url, "/runtime"), account.http, tokens, headers)
    return LegacyClient(sender, tokens, account.http, account.instance)


def _rooted(url: str, root: str) -> str:
    """A URL of a host alone, with the usual root of the API."""
    return url if urlsplit(url).path else url + root

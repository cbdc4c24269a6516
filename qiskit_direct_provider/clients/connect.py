"""From an account to the client that speaks its dialect: the only place that asks which one it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qiskit_direct_provider.clients._http import Sender
from qiskit_direct_provider.clients.auth import IamTokens
from qiskit_direct_provider.clients.direct_access import DirectAccessClient
from qiskit_direct_provider.clients.storage import ObjectStore
from qiskit_direct_provider.errors import UnsupportedError

if TYPE_CHECKING:
    from qiskit_direct_provider.accounts import Account
    from qiskit_direct_provider.clients.interface import Client

__all__ = ["connect"]


def connect(account: Account) -> Client:
    """The client for an account; no request is sent yet.

    Raises:
        UnsupportedError: The account's channel is not spoken.
    """
    if account.channel != "direct_access":
        raise UnsupportedError(f"there is no client for the channel {account.channel!r} yet")
    tokens = IamTokens(account.iam_url, account.token, account.http)
    headers = {"Service-CRN": account.instance} if account.instance else {}
    sender = Sender(account.url, account.http, tokens, headers)
    store = ObjectStore(account.storage, account.http) if account.storage else None
    return DirectAccessClient(sender, tokens, store, account.http.timeout)

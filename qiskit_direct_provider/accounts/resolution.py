"""Which account holds: arguments, then a named account, then the environment, then the default account."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from typing import Any

from qiskit_direct_provider.accounts.account import Account, AccountFields, checked_account, merged
from qiskit_direct_provider.accounts.channels import channel_named
from qiskit_direct_provider.accounts.environment import Variables, cluster_fields, ibm_fields, own_fields
from qiskit_direct_provider.accounts.file import AccountFile, account_file
from qiskit_direct_provider.accounts.foreign import ibm_account_file, ibm_saved_fields
from qiskit_direct_provider.accounts.saved import chosen_fields
from qiskit_direct_provider.accounts.secret import SecretLike, checked_secret
from qiskit_direct_provider.accounts.transport import Proxies, http_options
from qiskit_direct_provider.accounts.urls import checked_url
from qiskit_direct_provider.errors import AccountError, InvalidInputError

__all__ = ["environment_account", "explicit_fields", "resolve"]


def explicit_fields(*, token: SecretLike = None, proxies: Any = None, **others: Any) -> AccountFields:
    """What a user says in a call; everything that is said is checked, whether or not it comes to be used.

    Raises:
        InvalidInputError: Something cannot be right.
    """
    blank = token is not None
    token, proxies = checked_secret(token, "the token"), Proxies.of(proxies)
    if blank and not token:
        raise AccountError("no token: the one that was passed is blank")
    fields = AccountFields(token=token or None, proxies=proxies, **others)
    channel_named(fields.channel)
    if fields.url is not None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it is warned of where it is used
            checked_url(fields.url, "the url")
    verify = True if fields.verify is False else fields.verify  # which is warned of where it is used
    http_options(verify=verify, cert=fields.cert, timeout=fields.timeout, proxies=proxies)
    return fields


def resolve(
    *,
    name: str | None = None,
    filename: str | os.PathLike[str] | None = None,
    variables: Mapping[str, str] | None = None,
    **explicit: Any,
) -> Account:
    """The account that holds.

    What is said in the call comes first. With ``name``, a saved account gives the rest. Otherwise the
    environment does; and when token or address are still missing, the default account: the one that was
    saved here, or else what qiskit-ibm-runtime's variables or file say.

    Raises:
        AccountError: The token or the URL is missing; the text lists what was looked at.
        InvalidInputError: Something cannot be right.
    """
    fields = explicit_fields(**explicit)
    given = Variables(os.environ if variables is None else variables)
    search = _Search(fields, given, filename or given.get("QISKIT_DIRECT_CONFIG"))
    if name is None and not (fields.token and fields.url):
        name = given.get("QISKIT_DIRECT_NAME") or None
    if name is not None:
        search.named(name)
    else:
        search.environment()
        if not search.complete:
            search.default()
    return search.account()


def environment_account(
    resource: str | None = None, variables: Mapping[str, str] | None = None, **explicit: Any
) -> Account:
    """The account of the environment alone; no file is read.

    Args:
        resource: A device of the cluster's job.
        variables: The environment; by default that of this process.
        **explicit: What comes before it.

    Raises:
        AccountError: The environment describes none.
    """
    given = Variables(os.environ if variables is None else variables)
    search = _Search(explicit_fields(**explicit), given, None)
    search.environment(resource)
    if not search.complete and resource is None:
        search.add(ibm_fields(given))
    return search.account()


class _Search:
    """Sources, as far as they were looked at."""

    def __init__(
        self, fields: AccountFields, variables: Mapping[str, str], filename: str | os.PathLike[str] | None
    ) -> None:
        self._layers = [fields]
        self._variables = variables
        self._chosen_file = AccountFile(account_file(filename)) if filename else None
        self._empty: list[str] = []

    @property
    def _file(self) -> AccountFile:
        """The saved accounts; the usual place matters only when it is needed: some users have no home."""
        return self._chosen_file or AccountFile(account_file(None))

    @property
    def fields(self) -> AccountFields:
        """What all sources say together."""
        return merged(self._layers)

    @property
    def complete(self) -> bool:
        """Whether token and address are known."""
        fields = self.fields
        return bool(fields.token and _address(fields))

    def add(self, fields: AccountFields | None, otherwise: str = "") -> None:
        """Another source."""
        if fields is None or fields.says_nothing:
            self._empty.append(otherwise or (fields.source if fields else ""))
        else:
            self._layers.append(fields)

    def named(self, name: str) -> None:
        """A saved account, of this package or of IBM's."""
        if not isinstance(name, str) or not name:
            raise InvalidInputError(f"name must be the name of a saved account, not {name!r}")
        found = chosen_fields(self._file, name, channel=None, url=None)
        found = found or ibm_saved_fields(name, channel=None, url=None)
        if found is None:
            names = sorted(self._file.read().accounts)
            raise AccountError(
                f"there is no saved account {name!r} in {self._file.path}; "
                f"there is: {', '.join(names) or 'none'}"
            )
        self.add(found)

    def environment(self, resource: str | None = None) -> None:
        """Variables of this package, then those of a cluster. A resource that is asked for comes first."""
        if resource is not None:
            self.add(cluster_fields(self._variables, resource))
        self.add(own_fields(self._variables))
        if resource is None:
            self.add(self._cluster(), "the variables of a cluster's job (..._QRMI_IBM_QS_*, IBMQRUN_*)")

    def _cluster(self) -> AccountFields | None:
        """What a cluster's variables say; what is wrong with them matters only when they are needed."""
        try:
            return cluster_fields(self._variables)
        except AccountError:
            if self.complete:
                return None
            raise

    def default(self) -> None:
        """The default account: saved here, or else IBM's."""
        fields = self.fields
        where = {"channel": fields.channel, "url": fields.url}
        there = self._file.path.exists()
        self.add(
            chosen_fields(self._file, None, **where),
            f"{self._file.path} ({'no account in it fits' if there else 'not there'})",
        )
        if not self.complete:
            self.add(ibm_fields(self._variables))
        if not self.complete:
            self.add(ibm_saved_fields(None, **where), f"{ibm_account_file()}")

    def account(self) -> Account:
        """The account.

        Raises:
            AccountError: Token or address are missing.
        """
        fields = self.fields
        missing = [] if fields.token else ["no token"]
        missing += [] if _address(fields) else ["no url"]
        if missing:
            looked = f" Nothing was found in: {'; '.join(filter(None, self._empty))}." if self._empty else ""
            raise AccountError(
                f"{' and '.join(missing)}: pass DirectProvider(token=..., url=...), the API key and the "
                "address of your system, or save them once with DirectProvider.save_account(token, url=...)."
                f"{looked} DirectProvider.local() needs neither."
            )
        return checked_account(fields)


def _address(fields: AccountFields) -> str | None:
    return fields.url or channel_named(fields.channel).default_url

"""Saved accounts, as methods of the provider."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from qiskit_direct_provider.accounts import Proxies, S3Storage, Secret, SecretLike, explicit_fields, saved

if TYPE_CHECKING:
    from qiskit_direct_provider.accounts import Account

__all__ = ["AccountMethods"]


class AccountMethods:
    """Save, list and delete accounts; show the one that is in use."""

    _account: Account

    @staticmethod
    def save_account(  # noqa: PLR0913 - the parts of an account, all by name
        token: SecretLike,
        url: str | None = None,
        *,
        instance: str | None = None,
        name: str | None = None,
        channel: str | None = None,
        iam_url: str | None = None,
        storage: S3Storage | None = None,
        proxies: Mapping[str, Any] | None = None,
        verify: bool | str = True,
        cert: str | tuple[str, str] | None = None,
        timeout: float | None = None,
        client_application: str | None = None,
        set_as_default: bool = False,
        overwrite: bool = False,
        filename: str | os.PathLike[str] | None = None,
    ) -> None:
        """Save an account in a file that only its owner can read. Sends no request.

        Args:
            token: The API key, or where it is kept (``{"keyring": "service/user"}``, ``{"command": text}``,
                ``{"file": path}``), of which only that is saved.
            url: As for `DirectProvider`; so are all that are not listed here.
            instance: CRN of the service instance.
            name: A name for the account; default ``"default"``.
            channel: The API's kind.
            iam_url: Where the key is exchanged for a token.
            storage: The object store.
            proxies: Proxy URL by scheme.
            verify: True, or the path of a CA bundle.
            cert: Client certificate.
            timeout: Longest time for one call, in seconds.
            client_application: Name of the program that uses this package.
            set_as_default: Take it where no name is said. The first account that is saved is taken anyway.
            overwrite: Replace the account of that name.
            filename: File of the accounts; default ``QISKIT_DIRECT_CONFIG``, or
                ``~/.qiskit/qiskit-direct.json``.

        Raises:
            InvalidInputError: An argument cannot be right.
            AccountError: There is an account of that name; or the file cannot be written.
        """
        # No traceback shows them as they were given.
        token = None if token is None else Secret.of(token)
        checked_proxies, proxies = Proxies.of(proxies), None
        fields = explicit_fields(
            token=token,
            url=url,
            instance=instance,
            channel=channel,
            iam_url=iam_url,
            storage=storage,
            proxies=checked_proxies,
            verify=verify,
            cert=cert,
            timeout=timeout,
            client_application=client_application,
        )
        saved.save(fields, name=name, set_as_default=set_as_default, overwrite=overwrite, filename=filename)

    @staticmethod
    def saved_accounts(
        name: str | None = None, filename: str | os.PathLike[str] | None = None
    ) -> dict[str, dict[str, Any]]:
        """The saved accounts by name, or the one of that name; their secrets are masked."""
        return saved.listed(name, filename)

    @staticmethod
    def delete_account(name: str | None = None, filename: str | os.PathLike[str] | None = None) -> bool:
        """Forget a saved account, by default the default one; whether there was one."""
        return saved.delete(name, filename)

    def active_account(self) -> dict[str, Any]:
        """The account that this provider uses, and where it was found; its secrets are masked."""
        return {**saved.masked(saved.entry_of(self._account)), "source": self._account.source}

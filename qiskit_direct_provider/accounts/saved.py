"""Accounts as they are saved, listed and read again."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from typing import Any

import msgspec

from qiskit_direct_provider.accounts.account import Account, AccountFields, checked_account
from qiskit_direct_provider.accounts.channels import DEFAULT_CHANNEL, channel_named
from qiskit_direct_provider.accounts.file import USUAL_NAME, AccountFile, Saved, account_file
from qiskit_direct_provider.accounts.secret import Secret
from qiskit_direct_provider.accounts.storage import S3Storage
from qiskit_direct_provider.accounts.transport import Proxies
from qiskit_direct_provider.accounts.urls import origin
from qiskit_direct_provider.errors import AccountError, InvalidInputError

__all__ = ["chosen_fields", "delete", "entry_of", "fields_of", "listed", "masked", "save"]

LONGEST_NAME = 128
MASK = "***"
_PLAIN = ("url", "instance", "channel", "iam_url", "timeout", "client_application", "verify", "cert")


def save(
    fields: AccountFields,
    *,
    name: str | None = None,
    set_as_default: bool = False,
    overwrite: bool = False,
    filename: str | os.PathLike[str] | None = None,
) -> None:
    """Save an account. The first one that is saved is the default one.

    Raises:
        InvalidInputError: A field, or the name, cannot be right.
        AccountError: There is an account of that name, or the file cannot be written.
    """
    wanted = USUAL_NAME if name is None else name
    if (
        not isinstance(wanted, str)
        or not wanted.strip()
        or not wanted.isprintable()
        or len(wanted) > LONGEST_NAME
    ):
        raise InvalidInputError("an account's name must be printable text")
    channel = channel_named(fields.channel)
    if not channel.connects:
        raise InvalidInputError(f"there is nothing to save of the channel {channel.name}")
    if not fields.token:
        raise AccountError("no token: an account is saved with the API key of your system")
    if not (fields.url or channel.default_url):
        raise AccountError("no url: an account is saved with the address of your system")
    entry = msgspec.Raw(msgspec.json.encode(entry_of(checked_account(fields))))

    def edit(saved: Saved) -> None:
        if wanted in saved.accounts and not overwrite:
            raise AccountError(f"there is an account {wanted!r} already; overwrite=True replaces it")
        if set_as_default or not saved.accounts:
            saved.default = wanted
        saved.accounts[wanted] = entry

    AccountFile(account_file(filename)).change(edit)


def delete(name: str | None = None, filename: str | os.PathLike[str] | None = None) -> bool:
    """Forget an account, by default the default one; whether there was one."""
    file = AccountFile(account_file(filename))
    if not file.read().accounts:
        return False

    def edit(saved: Saved) -> bool:
        gone = _default_name(saved, list(saved.accounts)) if name is None else name
        if saved.default == gone:
            saved.default = None
        return gone is not None and saved.accounts.pop(gone, None) is not None

    return bool(file.change(edit))


def listed(
    name: str | None = None, filename: str | os.PathLike[str] | None = None
) -> dict[str, dict[str, Any]]:
    """All accounts, or the one of that name, without their secrets."""
    saved = AccountFile(account_file(filename)).read()
    default = _default_name(saved, list(saved.accounts), strict=False)
    found = {}
    for each in saved.accounts if name is None else {name} & saved.accounts.keys():
        try:
            entry = masked(saved.entry(each))
        except AccountError as error:
            entry = {"problem": str(error)}
        found[each] = {**entry, "is_default": each == default}
    return found


def chosen_fields(
    file: AccountFile, name: str | None, *, channel: str | None, url: str | None
) -> AccountFields | None:
    """The account of that name; or else the default one among those of this channel and address.

    Raises:
        AccountError: There is none of that name; or there are several, and none is the default one.
    """
    saved = file.read()
    if name is None:
        candidates = [each for each in saved.accounts if _fits(saved, each, channel, url)]
        name = _default_name(saved, candidates)
        if name is None:
            return None
    elif name not in saved.accounts:
        return None
    return fields_of(saved.entry(name), f"the account {name!r} of {file.path}")


def _fits(saved: Saved, name: str, channel: str | None, url: str | None) -> bool:
    try:
        entry = saved.entry(name)
    except AccountError:
        return channel is None and url is None
    same_channel = channel in {None, entry.get("channel", DEFAULT_CHANNEL)}
    return same_channel and (url is None or origin(entry.get("url")) == origin(url))


def _default_name(saved: Saved, candidates: list[str], *, strict: bool = True) -> str | None:
    for name in (saved.default, USUAL_NAME):
        if name in candidates:
            return name
    if len(candidates) > 1 and strict:
        raise AccountError(
            f"there are several accounts ({', '.join(sorted(candidates))}) and none is the default one: "
            "pass name=..."
        )
    return candidates[0] if len(candidates) == 1 else None


# -- one account as a JSON object ------------------------------------------------------------------------


def entry_of(account: Account) -> dict[str, Any]:
    """An account as it is saved. A secret that is kept elsewhere is saved by its place alone."""
    http, storage = account.http, account.storage
    plain = {
        "channel": account.channel,
        "url": account.url,
        "token": _written(account.token),
        "instance": account.instance,
        "iam_url": account.iam_url,
        "storage": storage and {**vars(storage), **{key: _written(getattr(storage, key)) for key in _KEYS}},
        "verify": None if http.verify is True else http.verify,
        "cert": http.cert,
        "proxies": _written_proxies(http.proxies, http.ntlm),
        "timeout": http.timeout,
        "client_application": account.client_application,
    }
    return {key: value for key, value in plain.items() if value is not None}


_KEYS = ("access_key_id", "secret_access_key")


def _written(secret: Secret) -> Any:
    return dict(secret.place) if secret.place else secret.reveal()


def _written_proxies(urls: Mapping[str, Secret] | None, ntlm: tuple[str, Secret] | None) -> Any:
    if urls is None:
        return None
    login = {"username_ntlm": ntlm[0], "password_ntlm": _written(ntlm[1])} if ntlm else {}
    return {"urls": {scheme: _written(url) for scheme, url in urls.items()}, **login}


def fields_of(entry: Mapping[str, Any], source: str) -> AccountFields:
    """What a saved account says; secrets that are kept elsewhere are fetched.

    Raises:
        AccountError: It is damaged, or a secret is not to be had.
    """
    cert = entry.get("cert")
    try:
        plain = {name: entry[name] for name in _PLAIN if entry.get(name) is not None}
        return AccountFields(
            source=source,
            token=Secret.of(entry.get("token") or ""),
            storage=_storage(entry.get("storage")),
            proxies=Proxies.of(entry.get("proxies")),
            **{**plain, "cert": tuple(cert) if isinstance(cert, list) else cert},
        )
    except (InvalidInputError, TypeError) as error:
        why = str(error)
    # Not chained: the frames below may hold secrets.
    raise AccountError(f"{source} cannot be used: {why}")


def _storage(given: Any) -> S3Storage | None:
    """The object store as it is saved."""
    if not given:
        return None
    members = [field.name for field in dataclasses.fields(S3Storage)]
    needed = ("endpoint", "bucket", *_KEYS)
    if not isinstance(given, Mapping) or not set(needed) <= given.keys() <= set(members):
        raise InvalidInputError(
            f"its storage must have {', '.join(needed)}, and may have {', '.join(members[len(needed) :])}"
        )
    return S3Storage(**given)


def masked(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An account as it may be shown: of a secret only that there is one, and where it is kept."""
    found = dict(entry)
    if "token" in found:
        found["token"] = _mask(found["token"])
    if isinstance(found.get("storage"), dict):
        storage = found["storage"]
        found["storage"] = {key: _mask(value) if key in _KEYS else value for key, value in storage.items()}
    if isinstance(found.get("proxies"), dict):
        found["proxies"] = {
            key: {scheme: _without_login(url) for scheme, url in value.items()}
            if key == "urls"
            else (_mask(value) if key == "password_ntlm" else value)
            for key, value in found["proxies"].items()
        }
    return found


def _mask(value: Any) -> str:
    return f"{MASK} (kept in a {next(iter(value))})" if isinstance(value, dict) and value else MASK


def _without_login(url: Any) -> str:
    before, at, after = str(url).rpartition("@")
    return f"{before.partition('://')[0]}://{MASK}@{after}" if at else str(url)

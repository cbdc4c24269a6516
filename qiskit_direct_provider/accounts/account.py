"""An account: everything that a client needs in order to connect."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from qiskit_direct_provider.accounts.channels import DEFAULT_CHANNEL, DEFAULT_IAM_URL, channel_named
from qiskit_direct_provider.accounts.secret import Secret, checked_secret, checked_text
from qiskit_direct_provider.accounts.storage import S3Storage
from qiskit_direct_provider.accounts.transport import HttpOptions, Proxies, check_ntlm, http_options
from qiskit_direct_provider.accounts.urls import checked_url, is_loopback, origin
from qiskit_direct_provider.errors import InvalidInputError

__all__ = ["DEFAULT_IAM_URL", "Account", "AccountFields", "checked_account", "merged"]


@dataclass(frozen=True)
class Account:
    """Everything that a client needs in order to connect. Secrets are masked in its repr.

    Attributes:
        resources: Names of the devices that a cluster's job was given at this address; empty when no
            cluster said so.
        source: Where the account was found.
    """

    channel: str
    url: str
    token: Secret
    instance: str | None
    iam_url: str
    storage: S3Storage | None
    http: HttpOptions = dataclasses.field(default_factory=HttpOptions)
    client_application: str | None = None
    resources: tuple[str, ...] = ()
    source: str = "the arguments"


@dataclass(frozen=True, kw_only=True)
class AccountFields:
    """What one source says of an account, unchecked; None where it says nothing.

    Attributes:
        verify: True says nothing: it is what holds without a word.
        source: The source in words, for messages.
    """

    source: str = "the arguments"
    token: Secret | None = None
    url: str | None = None
    instance: str | None = None
    channel: str | None = None
    iam_url: str | None = None
    storage: S3Storage | None = None
    resources: tuple[str, ...] = ()
    proxies: Proxies | None = None
    verify: Any = True
    cert: Any = None
    timeout: Any = None
    client_application: str | None = None

    @property
    def says_nothing(self) -> bool:
        """Whether nothing at all is said."""
        return dataclasses.replace(self, source="") == AccountFields(source="")


_OF_THE_SYSTEM = ("token", "instance", "iam_url", "storage", "resources")
_NO_CRN = re.compile(r"\s|^https?:|^[^:/]+/[^:/]+/[^:/]+$")
_OF_THE_NETWORK = ("proxies", "cert", "timeout", "client_application")


def merged(layers: Iterable[AccountFields]) -> AccountFields:
    """What several sources say together, the first one first.

    A key and what belongs to it go only to the system that their source names: a source that names another
    address or channel than the one that is taken adds none of them. How to reach the network is taken from
    any source.
    """
    first, *others = layers
    found = {field.name: getattr(first, field.name) for field in dataclasses.fields(AccountFields)}
    for layer in others:
        same_channel = None in {found["channel"], layer.channel} or found["channel"] == layer.channel
        same_place = None in {found["url"], layer.url} or origin(found["url"]) == origin(layer.url)
        if same_channel and same_place:
            for name in ("url", "channel", *_OF_THE_SYSTEM):
                found[name] = found[name] or getattr(layer, name)
            if found["source"] == AccountFields().source and layer.token and found["token"] is layer.token:
                found["source"] = layer.source
        for name in _OF_THE_NETWORK:
            found[name] = getattr(layer, name) if found[name] is None else found[name]
        found["verify"] = layer.verify if found["verify"] is True else found["verify"]
    return AccountFields(**found)


def checked_account(fields: AccountFields) -> Account:
    """The account that complete fields describe.

    Without ``iam_url``, a service on this machine's loopback is asked for its own token; for any other
    the token comes from IBM Cloud.

    Raises:
        InvalidInputError: One of them cannot be right.
        AccountError: A proxy's login cannot be used for one of the addresses.
    """
    channel = channel_named(fields.channel)
    if fields.storage is not None and not isinstance(fields.storage, S3Storage):
        raise InvalidInputError("storage must be an S3Storage(...)")
    url = checked_url(fields.url or channel.default_url, "the url")
    parts = urlsplit(url)
    own = f"{parts.scheme}://{parts.netloc}" if is_loopback(parts.hostname or "") else channel.login_url
    iam_url = checked_url(fields.iam_url or own, "the iam_url")
    http = http_options(
        verify=fields.verify, cert=fields.cert, proxies=fields.proxies, timeout=fields.timeout
    )
    check_ntlm(http, (url, iam_url, *([fields.storage.endpoint] if fields.storage else [])))
    return Account(
        channel=channel.name,
        url=url,
        token=checked_secret(fields.token, "the token"),
        instance=_instance(fields.instance, channel.name),
        iam_url=iam_url,
        storage=fields.storage,
        http=http,
        client_application=checked_text(fields.client_application, "client_application"),
        resources=fields.resources,
        source=fields.source,
    )


def _instance(given: object, channel: str) -> str | None:
    """The CRN of an instance; other channels also know names, or hub/group/project."""
    text = checked_text(given, "the instance")
    if text is None:
        return None
    if channel == DEFAULT_CHANNEL and _NO_CRN.search(text):
        raise InvalidInputError(
            f"the instance must be the service's CRN, such as crn:v1:bluemix:public:..., not {text[:80]!r}"
        )
    return text

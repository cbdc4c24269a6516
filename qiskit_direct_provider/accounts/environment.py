"""Accounts in environment variables: this package's own, and those that clusters set.

Names of the second kind are those of the QRMI and SPANK plugins for Slurm, today's and earlier ones:
https://github.com/qiskit-community/spank-plugins
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from qiskit_direct_provider.accounts.account import AccountFields
from qiskit_direct_provider.accounts.channels import ibm_channel
from qiskit_direct_provider.accounts.secret import Secret
from qiskit_direct_provider.accounts.storage import S3Storage
from qiskit_direct_provider.accounts.transport import Proxies
from qiskit_direct_provider.accounts.urls import origin
from qiskit_direct_provider.errors import AccountError, InvalidInputError

__all__ = ["Variables", "cluster_fields", "ibm_fields", "own_fields", "resource_names"]

_Get = Callable[[str], str | None]


class Variables(Mapping[str, str]):
    """The environment. No traceback shows what is in it."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


# -- this package's own ----------------------------------------------------------------------------------


def own_fields(variables: Mapping[str, str]) -> AccountFields:
    """What ``QISKIT_DIRECT_*`` say."""

    def get(name: str) -> str | None:
        return _said(variables, f"QISKIT_DIRECT_{name}")

    proxy, cert = get("PROXY"), get("CERT")
    return AccountFields(
        source="the variables QISKIT_DIRECT_*",
        token=_own_token(get),
        url=get("URL"),
        instance=get("INSTANCE"),
        channel=get("CHANNEL"),
        iam_url=get("IAM_URL"),
        storage=_own_storage(get),
        proxies=Proxies.of({"http": proxy, "https": proxy}) if proxy else None,
        verify=get("CA_BUNDLE") or True,
        cert=tuple(cert.split(",")) if cert and "," in cert else cert,
        timeout=_number(get("TIMEOUT"), "QISKIT_DIRECT_TIMEOUT"),
        client_application=get("CLIENT_APPLICATION"),
    )


def _own_token(get: _Get) -> Secret | None:
    if get("TOKEN"):
        return _secret(get, "TOKEN")
    for kind in ("file", "command", "keyring"):
        where = get(f"TOKEN_{kind.upper()}")
        if where:
            return Secret.of({kind: where})
    return None


def _own_storage(get: _Get) -> S3Storage | None:
    values = {
        "endpoint": get("S3_ENDPOINT"),
        "bucket": get("S3_BUCKET"),
        "access_key_id": _secret(get, "S3_ACCESS_KEY_ID"),
        "secret_access_key": _secret(get, "S3_SECRET_ACCESS_KEY"),
    }
    further = {
        "region": get("S3_REGION"),
        "endpoint_for_service": get("S3_ENDPOINT_FOR_SERVICE"),
        "prefix": get("S3_PREFIX"),
    }
    return _storage(values, further, lambda name: f"QISKIT_DIRECT_S3_{name.upper()}")


def _number(text: str | None, name: str) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError as error:
        raise InvalidInputError(f"{name} must be a number of seconds, not {text!r}") from error


# -- variables of a cluster ------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Family:
    """Variables of one kind: ``<resource>_<prefix>_<name>``, or ``<prefix>_<name>`` without a resource."""

    prefix: str
    endpoint: str = "ENDPOINT"
    channel: str = "direct_access"
    per_resource: bool = True


_FAMILIES = (
    _Family("QRMI_IBM_QS"),
    _Family("QRMI_IBM_DA"),
    _Family("QRMI_IBM_QCS", channel="runtime"),
    _Family("QRMI_IBM_QRS", channel="runtime"),
    _Family("QRMI_IBM"),
    _Family("IBMQRUN", endpoint="DAAPI_ENDPOINT", per_resource=False),
)
_RESOURCE = re.compile(r"(.+?)_(QRMI_IBM_(?:QS|DA|QCS|QRS))_(?:DAAPI_)?ENDPOINT")


def resource_names(variables: Mapping[str, str]) -> tuple[str, ...]:
    """Names of the devices that the cluster's job was given, in its order."""
    for name in ("QRMI_JOB_QPU_RESOURCES", "SLURM_JOB_QPU_RESOURCES"):
        if name in variables:
            delimiter = variables.get("QRMI_LIST_DELIMITER") or ","
            return tuple(part.strip() for part in variables[name].split(delimiter) if part.strip())
    single = variables.get("QRMI_RESOURCE_ID") or variables.get("IBMQRUN_BACKEND")
    found = [match[1] for match in map(_RESOURCE.fullmatch, variables) if match]
    return tuple(dict.fromkeys([*([single] if single else []), *sorted(found)]))


def cluster_fields(variables: Mapping[str, str], resource: str | None = None) -> AccountFields | None:
    """What a cluster's variables say; None when they say nothing.

    Args:
        variables: The environment.
        resource: The device that is wanted; by default the first one of the job that can be connected to.

    Raises:
        AccountError: The plugin that sets the variables failed, or the resource is none of the job's.
    """
    names = resource_names(variables)
    if resource is not None and resource not in names:
        there = f"there is: {', '.join(names)}" if names else "the job has none"
        raise AccountError(f"this job was given no resource {resource!r}; {there}")
    found = [
        fields for name in ([resource] if resource else names) for fields in _of_resource(variables, name)
    ]
    found += [fields for family in _FAMILIES if (fields := _fields(variables, family, "")) is not None]
    if found:
        shared = [
            name for name in names for fields in _of_resource(variables, name) if _alike(fields, found[0])
        ]
        return replace(found[0], resources=tuple(dict.fromkeys(shared)) or found[0].resources)
    if variables.get("QRMI_PLUGIN_ERROR"):
        raise AccountError(f"the cluster's QPU plugin failed: {variables['QRMI_PLUGIN_ERROR']}")
    return None


def _alike(one: AccountFields, other: AccountFields) -> bool:
    return (origin(one.url), one.token, one.instance) == (origin(other.url), other.token, other.instance)


def _of_resource(variables: Mapping[str, str], name: str) -> Iterator[AccountFields]:
    for family in _FAMILIES:
        if family.per_resource:
            fields = _fields(variables, family, f"{name}_")
            if fields is not None:
                yield replace(fields, resources=(name,))


def _fields(variables: Mapping[str, str], family: _Family, before: str) -> AccountFields | None:
    start = f"{before}{family.prefix}_"

    def get(name: str) -> str | None:
        return _said(variables, start + name)

    url, key = get(family.endpoint), _secret(get, "IAM_APIKEY")
    if not url and not key:
        return None
    single = variables.get("QRMI_RESOURCE_ID") or variables.get("IBMQRUN_BACKEND")
    return AccountFields(
        source=f"the variables {start}*",
        token=key,
        url=url,
        instance=get("SERVICE_CRN"),
        channel=family.channel,
        iam_url=get("IAM_ENDPOINT"),
        storage=_cluster_storage(get, start),
        resources=(single,) if single and not before else (),
    )


def _cluster_storage(get: _Get, start: str) -> S3Storage | None:
    named = {
        "endpoint": "S3_ENDPOINT",
        "bucket": "S3_BUCKET",
        "access_key_id": "AWS_ACCESS_KEY_ID",
        "secret_access_key": "AWS_SECRET_ACCESS_KEY",
    }
    further = {"region": get("S3_REGION"), "endpoint_for_service": get("S3_ENDPOINT_FOR_QSAPI")}
    values = {
        name: (_secret if variable.startswith("AWS") else _plain)(get, variable)
        for name, variable in named.items()
    }
    return _storage(values, further, lambda name: start + named[name])


def _storage(
    values: dict[str, Any], further: dict[str, str | None], variable: Callable[[str], str]
) -> S3Storage | None:
    """The store that variables describe; all of the needed ones, or none of them.

    Raises:
        AccountError: Some are missing.
    """
    missing = [variable(name) for name, text in values.items() if not text]
    if len(missing) == len(values):
        return None
    if missing:
        raise AccountError(f"the object store is described by half: set {', '.join(missing)}, too")
    return S3Storage(**values, **{name: text for name, text in further.items() if text})


# -- IBM's own -------------------------------------------------------------------------------------------


def ibm_fields(variables: Mapping[str, str]) -> AccountFields:
    """What the variables of qiskit-ibm-runtime say. Without a channel they speak of the Runtime API."""

    def get(name: str) -> str | None:
        return _said(variables, f"QISKIT_IBM_{name}")

    token, url, named = _secret(get, "TOKEN"), get("URL"), get("CHANNEL")
    if not token:
        return AccountFields(source="the variables QISKIT_IBM_*")
    channel = ibm_channel(named or "ibm_quantum_platform")
    if channel is None:
        return AccountFields(source="the variables QISKIT_IBM_*")
    return AccountFields(
        source="the variables QISKIT_IBM_*",
        token=token,
        url=None if channel.default_url and url == "https://cloud.ibm.com" else url,
        instance=get("INSTANCE"),
        channel=channel.name,
        iam_url=get("IAM_API_URL"),
    )


def _secret(get: _Get, name: str) -> Secret | None:
    """A variable that holds a key; no frame of ours holds its text."""
    secret = Secret(get(name) or "")
    return secret or None


def _plain(get: _Get, name: str) -> str | None:
    return get(name)


def _said(variables: Mapping[str, str], name: str) -> str | None:
    return (variables.get(name) or "").strip() or None

"""The kinds of API, and what an account of each needs."""

from __future__ import annotations

from dataclasses import dataclass

from qiskit_direct_provider.errors import InvalidInputError

__all__ = ["CHANNELS", "DEFAULT_CHANNEL", "DEFAULT_IAM_URL", "Channel", "channel_named", "ibm_channel"]

DEFAULT_IAM_URL = "https://iam.cloud.ibm.com"


@dataclass(frozen=True)
class Channel:
    """One kind of API.

    Attributes:
        default_url: Where it is, unless an account says so; None when there is no such place.
        login_url: Where keys are exchanged for tokens, unless an account says so.
        connects: Whether there is a service to connect to; ``local`` starts one.
        ibm_names: What qiskit-ibm-runtime and its forks call it in their account file.
    """

    name: str
    default_url: str | None = None
    login_url: str = DEFAULT_IAM_URL
    connects: bool = True
    ibm_names: tuple[str, ...] = ()


DEFAULT_CHANNEL = "direct_access"

CHANNELS = {
    channel.name: channel
    for channel in (
        Channel("direct_access", ibm_names=("ibm_direct_access",)),
        Channel(
            "runtime",
            default_url="https://quantum.cloud.ibm.com/api/v1",
            ibm_names=("ibm_quantum_platform", "ibm_cloud"),
        ),
        Channel(
            "legacy",
            default_url="https://api.quantum-computing.ibm.com/runtime",
            login_url="https://auth.quantum-computing.ibm.com",
            ibm_names=("ibm_quantum",),
        ),
        Channel("local", connects=False),
    )
}


def channel_named(name: object) -> Channel:
    """One of `CHANNELS`; None gives the default one.

    Raises:
        InvalidInputError: There is no such channel.
    """
    wanted = DEFAULT_CHANNEL if name is None else name
    found = CHANNELS.get(wanted) if isinstance(wanted, str) else None
    if found is None:
        raise InvalidInputError(f"channel must be one of {', '.join(CHANNELS)}, not {name!r}")
    return found


def ibm_channel(name: object) -> Channel | None:
    """The channel that goes by a name of qiskit-ibm-runtime; None when it is none of ours.

    >>> ibm_channel("ibm_quantum_platform").name
    'runtime'
    """
    return next((channel for channel in CHANNELS.values() if name in channel.ibm_names), None)

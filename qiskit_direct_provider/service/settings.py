"""Everything that can be set about one local service."""

from __future__ import annotations

import os
import re
import secrets
import uuid
from typing import Annotated

from msgspec import Meta, Struct, field

from qiskit_direct_provider.service.faults import FaultPlan

__all__ = ["DEFAULT_DEVICES", "DEFAULT_PORT", "PROCESSES", "ServiceSettings", "is_loopback"]

DEFAULT_DEVICES = ("fake_torino", "fake_brisbane", "fake_nairobi")
DEFAULT_PORT = 8290

PROCESSES = "processes"
"""The default executor: processes of this machine, each within limits, killed when a job is cancelled."""

_ORIGIN = re.compile(r"https?://[^/\s@]+(/\S*)?")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def is_loopback(host: str) -> bool:
    """True for an address that only this machine can reach."""
    return host in _LOOPBACK


def _made_up_key() -> str:
    return secrets.token_urlsafe(32)


def _made_up_crn() -> str:
    account = uuid.uuid4().hex
    return f"crn:v1:bluemix:public:quantum-computing:local:a/{account}:{uuid.uuid4()}::"


def _made_up_access_key() -> str:
    return "LOCAL" + secrets.token_hex(8).upper()


def _processors() -> int:
    return os.cpu_count() or 1


class ServiceSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to run one local service. Secrets that are not given are made up.

    Attributes:
        host: Address to listen on.
        port: TCP port; 0 takes a free one.
        api_key: Key that the token endpoint accepts.
        crn: Service instance named to clients; another one in a request is only logged.
        devices: Snapshot names such as ``fake_torino``, or paths of JSON files with ``configuration``
            and ``properties``.
        paused: Devices under maintenance: jobs are accepted, and wait.
        max_lanes: Stored jobs per device.
        seed: Makes results repeatable: the same input gives the same counts.
        workers: Worker processes, thus jobs simulated at once.
        executor: What runs jobs: ``processes`` of this machine, ``dask://HOST:PORT``, the scheduler of a Dask
            cluster, or ``MODULE:CALLABLE``, whose result is a ``concurrent.futures.Executor``.
        state: Folder for jobs and objects; None takes a temporary one.
        storage_origins: Object stores other than its own that jobs may name, as ``https://host:port``.
        s3_access_key: Access key of the service's own object store.
        s3_secret_key: Secret key of the same.
        s3_bucket: Its only bucket.
        s3_region: Region named to clients; signatures for any region are accepted.
        noise: Whether the devices' noise is simulated.
        token_ttl_s: Life of a bearer token.
        simulation_limit_s: Wall-clock time after which a simulation is given up.
        drift_s: Seconds between two calibrations of the devices; None leaves them as their snapshots are.
        faults: What is to go wrong.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    api_key: str = field(default_factory=_made_up_key)
    crn: str = field(default_factory=_made_up_crn)
    devices: tuple[str, ...] = DEFAULT_DEVICES
    paused: tuple[str, ...] = ()
    max_lanes: int = 5
    seed: int | None = None
    workers: int = field(default_factory=_processors)
    executor: str = PROCESSES
    state: str | None = None
    storage_origins: tuple[str, ...] = ()
    s3_access_key: str = field(default_factory=_made_up_access_key)
    s3_secret_key: str = field(default_factory=_made_up_key)
    s3_bucket: str = "direct-access"
    s3_region: str = "us-east-1"
    noise: bool = True
    token_ttl_s: int = 3600
    simulation_limit_s: float = 600.0
    drift_s: Annotated[float, Meta(gt=0)] | None = None
    faults: FaultPlan | None = None

    def __post_init__(self) -> None:
        for origin in self.storage_origins:
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(f"a storage origin is an address such as https://s3:9000, not {origin!r}")

    def __repr__(self) -> str:
        return f"ServiceSettings(host={self.host!r}, port={self.port}, devices={self.devices!r}, ...)"

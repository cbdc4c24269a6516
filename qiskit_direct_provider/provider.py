"""The entrance: an account's backends and jobs."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from qiskit_direct_provider import errors
from qiskit_direct_provider.account_methods import AccountMethods
from qiskit_direct_provider.accounts import (
    Account,
    Proxies,
    S3Storage,
    Secret,
    SecretLike,
    environment_account,
    resolve,
    resource_names,
)
from qiskit_direct_provider.accounts.slurm import SlurmJob
from qiskit_direct_provider.archive import CalibrationArchive, archive_folder
from qiskit_direct_provider.clients.connect import connect
from qiskit_direct_provider.discovery import Discovery
from qiskit_direct_provider.job_service import JobService
from qiskit_direct_provider.journal import Journal, journal_folder
from qiskit_direct_provider.launch_policy import LaunchPolicy
from qiskit_direct_provider.termination import Termination, termination_of_environment, termination_policy
from qiskit_direct_provider.waiting import Poller
from qiskit_direct_provider.workspace import Workspace

if TYPE_CHECKING:
    from qiskit_direct_provider.clients.interface import Client
    from qiskit_direct_provider.service.process import LocalService

__all__ = ["DirectProvider"]

logger = logging.getLogger(__name__)

DEFAULT_LOCAL_DEVICES = ("fake_torino", "fake_brisbane", "fake_nairobi")


class DirectProvider(AccountMethods, Discovery, JobService):
    """The quantum computers that an account can reach. Making one sends no request.

    What is said here comes first. With ``name``, a saved account gives the rest; otherwise the environment
    does, and when token or url are still missing, the default account (see docs/howto/accounts.md).

    Args:
        token: API key of the system, or where it is kept: ``{"keyring": "service/user"}``,
            ``{"command": text}`` or ``{"file": path}``.
        url: Address of its API.
        instance: CRN of the service instance.
        name: A saved account.
        filename: File of the saved accounts; default ``~/.qiskit/qiskit-direct.json``.
        channel: The API's kind: ``"direct_access"`` (the Direct Access or Quantum System API, the default),
            ``"runtime"`` (the Qiskit Runtime REST API) or ``"legacy"`` (that of quantum-computing.ibm.com);
            ``"local"`` starts a service, as `local` does.
        iam_url: Where the key is exchanged for a token; IBM Cloud unless the service is on this machine.
        storage: The object store through which inputs and results travel.
        proxies: Proxy URL by scheme; None takes the environment's.
        verify: True, or the path of a CA bundle, which is trusted beside the public authorities; False
            switches certificate checks off, with a warning.
        cert: Client certificate: a path, or a pair of certificate and key paths.
        timeout: Longest time for one call, its retries included, in seconds; default 120.
        client_application: Name of the program that uses this package, for the operators.

    Raises:
        AccountError: The token or the URL is missing; the text says what was looked at.
        InvalidInputError: An argument cannot be right.
    """

    _service: LocalService | None = None
    _forget: weakref.finalize[..., Any] | None = None
    _termination: Termination | None = None
    _alone = False
    _view_limit_s = 5.0
    _others: list[DirectProvider] | None = None

    def __init__(  # noqa: PLR0913 - the parts of an account, all by name
        self,
        token: SecretLike = None,
        url: str | None = None,
        *,
        instance: str | None = None,
        name: str | None = None,
        filename: str | os.PathLike[str] | None = None,
        channel: str | None = None,
        iam_url: str | None = None,
        storage: S3Storage | None = None,
        proxies: Mapping[str, Any] | None = None,
        verify: bool | str = True,
        cert: str | tuple[str, str] | None = None,
        timeout: float | None = None,
        client_application: str | None = None,
    ) -> None:
        if channel == "local":
            self._start_local()
            return
        # No traceback shows them as they were given.
        token = None if token is None else Secret.of(token)
        checked_proxies, proxies = Proxies.of(proxies), None
        account = resolve(
            name=name,
            filename=filename,
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
        self._open(account, on_sigterm=termination_of_environment())

    @classmethod
    def from_environment(
        cls, resource: str | None = None, *, on_sigterm: str | None = None
    ) -> DirectProvider:
        """A provider from environment variables alone; no file is read.

        They are ``QISKIT_DIRECT_*``; those that the QRMI and SPANK plugins set in a job of Slurm
        (``<resource>_QRMI_IBM_QS_*``, ``QRMI_IBM_*``, ``IBMQRUN_*``); and ``QISKIT_IBM_*``.

        Args:
            resource: The device of the job to connect to, by name; default the first.
            on_sigterm: What SIGTERM, by which schedulers end a job, does to the jobs that this process sent:
                ``"cancel"`` them, or ``"detach"``, which names them in the log; default
                ``QISKIT_DIRECT_ON_SIGTERM``, or nothing at all. The process ends as it would anyway.

        Raises:
            AccountError: The variables describe no account; the text says which ones were looked at.
        """
        provider = cls.__new__(cls)
        wanted = on_sigterm or termination_of_environment()
        provider._open(environment_account(resource), on_sigterm=wanted)  # noqa: SLF001 - of this class
        provider._alone = resource is not None  # noqa: SLF001 - of this class
        return provider

    @classmethod
    def local(
        cls,
        devices: Iterable[str | os.PathLike[str]] = DEFAULT_LOCAL_DEVICES,
        *,
        channel: str = "direct_access",
        seed: int | None = None,
        noise: bool = True,
        faults: str | os.PathLike[str] | Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> DirectProvider:
        """A provider over a local service that simulates devices, started here and stopped with this process.

        Use it in a ``with`` block, or call `close`, in order to stop the service earlier. Needs the extra
        ``service`` (``pip install 'qiskit-direct-provider[service]'``).

        Args:
            devices: Names of snapshots that qiskit-ibm-runtime ships, such as ``"fake_torino"``, or files
                that ``backend.save_snapshot`` wrote.
            channel: The API to speak.
            seed: Makes counts reproducible.
            noise: Simulate the device's errors.
            faults: What is to go wrong: a list of rules such as ``{"kind": "expired_token", "times": 1}``, a
                mapping of ``faults`` and ``seed``, or a JSON or TOML file of it.

        Raises:
            InvalidInputError: A device is not known, or the faults are not described as documented.
        """
        if isinstance(devices, str | bytes) or not isinstance(devices, Iterable):
            raise errors.InvalidInputError(f"devices must be a list of names or files, not {devices!r}")
        names = tuple(devices)
        if odd := [name for name in names if not isinstance(name, str | os.PathLike)]:
            raise errors.InvalidInputError(f"a device is a name or a file, not {odd[0]!r}")
        provider = cls.__new__(cls)
        provider._start_local(  # noqa: SLF001 - of this class
            tuple(os.fspath(name) for name in names), channel, seed=seed, noise=noise, faults=faults
        )
        return provider

    def _start_local(
        self,
        devices: tuple[str, ...] = DEFAULT_LOCAL_DEVICES,
        channel: str = "direct_access",
        **settings: Any,
    ) -> None:
        from qiskit_direct_provider.service.process import LocalService

        service = LocalService.start(devices, **settings)
        # Devices and jobs that end with this process are of no interest to the next one.
        folder = Path(tempfile.mkdtemp(prefix="qiskit-direct-"))
        try:
            account = resolve(
                token=service.api_key,
                url=service.url,
                instance=None if channel == "legacy" else service.crn,
                iam_url=service.iam_url,
                channel=channel,
                storage=S3Storage(**service.storage),
                variables={},
            )
            self._open(account, journal=Journal(folder), archive=CalibrationArchive(), policy=LaunchPolicy())
        except BaseException:
            service.close()
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self._service = service
        self._forget = weakref.finalize(self, _remove, folder, os.getpid())

    def _open(
        self,
        account: Account,
        *,
        journal: Journal | None = None,
        archive: CalibrationArchive | None = None,
        policy: LaunchPolicy | None = None,
        on_sigterm: str | None = None,
    ) -> None:
        """Everything that an account's work needs; no request."""
        self._account = account
        self._issues: dict[str, errors.DirectError] = {}
        client = connect(account)
        journal = journal or Journal(journal_folder(client.url))
        action = termination_policy(on_sigterm)
        if action is not None:
            self._termination = Termination(action, lambda: connect(account), journal.discard)
        self._workspace = Workspace(
            client=client,
            journal=journal,
            poller=Poller(client),
            archive=archive or CalibrationArchive(archive_folder(client.url)),
            policy=policy
            or LaunchPolicy.within(
                SlurmJob.of(os.environ),
                every_rank=os.environ.get("QISKIT_DIRECT_RANKS") == "all",
                note=self._termination.note if self._termination else None,
            ),
        )

    def _other_systems(self) -> list[Discovery]:
        """Providers of the devices that this cluster's job was given at other addresses."""
        if self._others is None:
            self._others = []
            for name in () if self._alone or not self.resources else resource_names(os.environ):
                if all(name not in system.resources for system in (self, *self._others)):
                    with contextlib.suppress(errors.AccountError):  # a device of another maker
                        self._others.append(self.from_environment(name))
        return [*self._others]

    def logout(self) -> None:
        """Invalidate the access token, where the API offers that; the next request gets a new one."""
        self._client.log_out(self._client.deadline())

    def close(self) -> None:
        """Close connections, and stop the local service if this provider started one."""
        for other in self._others or ():
            other.close()
        self._workspace.closed.set()
        self._client.close()
        if self._termination is not None:
            self._termination.close()
        if self._service is not None:
            self._workspace.poller.give_up()
            self._service.close()
        if self._forget is not None:
            self._forget()

    def __enter__(self) -> DirectProvider:  # noqa: PYI034 - typing.Self needs Python 3.11
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.logout()
        except errors.DirectError as silence:
            logger.warning("the access token was not invalidated: %s", silence)
        finally:
            self.close()

    def __repr__(self) -> str:
        account = getattr(self, "_account", None)  # not there yet when making one failed
        where = f"{account.channel} at {account.url}" if account else "without an account"
        return f"<DirectProvider {where}>"

    def _repr_html_(self) -> str:
        """The account and its backends, for a notebook; one request, which takes a few seconds at most."""
        from qiskit_direct_provider.views.provider import provider_html

        problem, found = None, []
        try:
            found = self._statuses(self._client.deadline(self._view_limit_s))
        except errors.DirectError as error:
            problem = str(error)
        return provider_html(self.active_account(), found, problem)

    @property
    def account(self) -> Account:
        """Where and as whom this provider connects; secrets do not show themselves."""
        return self._account

    @property
    def client(self) -> Client:
        """The connection; for the parts of this package that build upon providers."""
        return self._workspace.client

    @property
    def _client(self) -> Client:
        return self._workspace.client


def _remove(folder: Path, process: int) -> None:
    """Remove a folder of this process; a forked child that ends leaves it to its parent."""
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)

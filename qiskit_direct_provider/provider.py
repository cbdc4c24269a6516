"""The entrance: an account's backends."""

from __future__ import annotations

import dataclasses
import difflib
import logging
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from qiskit_direct_provider import errors
from qiskit_direct_provider.accounts import Account, S3Storage, Secret, proxy_urls, resolve
from qiskit_direct_provider.archive import CalibrationArchive, archive_folder
from qiskit_direct_provider.backend import DirectBackend
from qiskit_direct_provider.clients.connect import connect
from qiskit_direct_provider.job import DirectJob, as_completed
from qiskit_direct_provider.job_search import JobQuery, found_entries, known_entry, settled
from qiskit_direct_provider.journal import Journal, journal_folder
from qiskit_direct_provider.waiting import Poller
from qiskit_direct_provider.workspace import Workspace

if TYPE_CHECKING:
    from qiskit.providers.jobstatus import JobStatus

    from qiskit_direct_provider.clients.interface import Client
    from qiskit_direct_provider.journal import JobEntry
    from qiskit_direct_provider.service.process import LocalService

__all__ = ["DirectProvider"]

logger = logging.getLogger(__name__)

_NOT_FOUND = 404

DEFAULT_LOCAL_DEVICES = ("fake_torino", "fake_brisbane", "fake_nairobi")


class DirectProvider:
    """The quantum computers that an account can reach. Making one sends no request.

    Args:
        token: API key of the system.
        url: Address of its API.
        instance: CRN of the service instance.
        channel: The API's kind: ``"direct_access"`` (the Direct Access or Quantum System API, the default),
            ``"runtime"`` (the Qiskit Runtime REST API) or ``"legacy"`` (that of quantum-computing.ibm.com).
        iam_url: Where the key is exchanged for a token; IBM Cloud unless the service is on this machine.
        storage: The object store through which inputs and results travel.
        proxies: Proxy URL by scheme; None takes the environment's.
        verify: True, or the path of a CA bundle; False switches certificate checks off, with a warning.
        cert: Client certificate: a path, or a pair of certificate and key paths.
        timeout: Longest time for one call, its retries included, in seconds; default 120.

    Raises:
        AccountError: The token or the URL is missing.
        InvalidInputError: An argument cannot be right.
    """

    def __init__(  # noqa: PLR0913 - the parts of an account, all by name
        self,
        token: str | Secret | None = None,
        url: str | None = None,
        *,
        instance: str | None = None,
        channel: str | None = None,
        iam_url: str | None = None,
        storage: S3Storage | None = None,
        proxies: Mapping[str, Any] | None = None,
        verify: bool | str = True,
        cert: str | tuple[str, str] | None = None,
        timeout: float | None = None,
    ) -> None:
        # No traceback shows them as they were given.
        token, proxies = Secret.of(token or ""), proxy_urls(proxies)
        self._account: Account = resolve(
            token=token,
            url=url,
            instance=instance,
            channel=channel,
            iam_url=iam_url,
            storage=storage,
            proxies=proxies,
            verify=verify,
            cert=cert,
            timeout=timeout,
        )
        client = connect(self._account)
        self._workspace = Workspace(
            client=client,
            journal=Journal(journal_folder(client.url)),
            poller=Poller(client),
            archive=CalibrationArchive(archive_folder(client.url)),
        )
        self._service: LocalService | None = None
        self._forget: weakref.finalize[..., Any] | None = None

    @classmethod
    def local(
        cls,
        devices: Iterable[str] = DEFAULT_LOCAL_DEVICES,
        *,
        channel: str = "direct_access",
        seed: int | None = None,
        noise: bool = True,
    ) -> DirectProvider:
        """A provider over a local service that simulates devices, started here and stopped with this process.

        Use it in a ``with`` block, or call `close`, in order to stop the service earlier. Needs the extra
        ``service`` (``pip install 'qiskit-direct-provider[service]'``).

        Args:
            devices: Names of snapshots that qiskit-ibm-runtime ships, such as ``"fake_torino"``.
            channel: The API to speak.
            seed: Makes counts reproducible.
            noise: Simulate the device's errors.
        """
        from qiskit_direct_provider.service.process import LocalService

        service = LocalService.start(tuple(devices), seed=seed, noise=noise)
        try:
            provider = cls(
                token=service.api_key,
                url=service.url,
                instance=None if channel == "legacy" else service.crn,
                iam_url=service.iam_url,
                channel=channel,
                storage=S3Storage(**service.storage),
            )
        except BaseException:
            service.close()
            raise
        provider._service = service
        # Devices and jobs that end with this process are of no interest to the next one.
        folder = tempfile.mkdtemp(prefix="qiskit-direct-")
        provider._forget = weakref.finalize(provider, shutil.rmtree, folder, ignore_errors=True)
        provider._workspace = dataclasses.replace(
            provider._workspace,
            journal=Journal(Path(folder)),
            archive=CalibrationArchive(),
        )
        return provider

    def backends(
        self, name: str | None = None, *, filters: Callable[[DirectBackend], bool] | None = None
    ) -> list[DirectBackend]:
        """The backends of the account; one request, their documents follow when they are used.

        Args:
            name: Only the backend of this name.
            filters: Only the backends for which it returns true.
        """
        items = self._client.backends(self._client.deadline())
        found = [self._backend(item.name) for item in items if name in {None, item.name}]
        return [backend for backend in found if filters is None or filters(backend)]

    def get_backend(self, name: str, *, use_fractional_gates: bool = False) -> DirectBackend:
        """One backend, with its documents.

        Args:
            name: Its name.
            use_fractional_gates: Offer ``rx`` and ``rzz`` where the device has them.

        Raises:
            BackendNotFoundError: The account has no backend of that name.
        """
        if not isinstance(name, str) or not name:
            raise errors.InvalidInputError("get_backend() takes the name of a backend")
        try:
            return self._backend(name, use_fractional_gates=use_fractional_gates).load()
        except (errors.BackendNotFoundError, errors.ApiError) as error:
            if error.status != _NOT_FOUND:
                raise
            raise self._not_found(name, error) from error

    # -- jobs ----------------------------------------------------------------------------------------

    def retrieve_job(self, job_id: str) -> DirectJob:
        """A job by its id: of this process or another, of this machine or another, running or long over.

        What a process left half done is finished: a job that was written down and never arrived is sent.

        Raises:
            JobNotFoundError: Neither is it on record here, nor does the server know it.
        """
        if not isinstance(job_id, str) or not job_id:
            raise errors.InvalidInputError("retrieve_job() takes the id of a job")
        return self._job(known_entry(self._workspace, job_id))

    job = retrieve_job

    def jobs(  # noqa: PLR0913 - Qiskit users' filters, all by name
        self,
        limit: int | None = 10,
        skip: int = 0,
        *,
        backend_name: str | None = None,
        status: JobStatus | str | Iterable[JobStatus | str] | None = None,
        job_tags: Iterable[str] | None = None,
        start_datetime: datetime | None = None,
        end_datetime: datetime | None = None,
        descending: bool = True,
    ) -> list[DirectJob]:
        """Jobs of the account, newest first: those on record here and those that the server holds.

        What a process left half done is finished, as `retrieve_job` does it.

        Args:
            limit: Most jobs to return; None for all.
            skip: Leave out the first ones.
            backend_name: Only of this backend.
            status: Only in this state, or in one of these: `JobStatus`, or its name.
            job_tags: Only with all of these tags.
            start_datetime: Only created since.
            end_datetime: Only created until.
            descending: Newest first.
        """
        query = JobQuery.of(
            backend_name=backend_name,
            status=status,
            job_tags=job_tags,
            start=start_datetime,
            end=end_datetime,
            descending=descending,
        )
        end = None if limit is None else skip + limit
        found = islice(found_entries(self._workspace, query, end), skip, end)
        return [self._job(settled(self._workspace, entry)) for entry in found]

    def wait(self, jobs: Iterable[DirectJob], timeout: float | None = None) -> list[DirectJob]:
        """Wait until all jobs have ended, with one request a turn for all of them; the jobs.

        Raises:
            JobTimeoutError: Some have not ended in time; they go on.
        """
        waiting = list(jobs)
        for _ in self.as_completed(waiting, timeout):
            pass
        return waiting

    def as_completed(self, jobs: Iterable[DirectJob], timeout: float | None = None) -> Iterator[DirectJob]:
        """The jobs, each as soon as it has ended, with one request a turn for all of them.

        Raises:
            JobTimeoutError: Some have not ended in time; they go on.
        """
        return as_completed(list(jobs), self._workspace.poller, timeout)

    def logout(self) -> None:
        """Invalidate the access token, where the API offers that; the next request gets a new one."""
        self._client.log_out(self._client.deadline())

    def close(self) -> None:
        """Close connections, and stop the local service if this provider started one."""
        self._client.close()
        if self._service is not None:
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

    def _backend(self, name: str, *, use_fractional_gates: bool = False) -> DirectBackend:
        return DirectBackend(self._workspace, name, provider=self, use_fractional_gates=use_fractional_gates)

    def _job(self, entry: JobEntry) -> DirectJob:
        return DirectJob(self._backend(entry.backend_name), self._workspace, entry)

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

    def _not_found(self, name: str, cause: errors.DirectError) -> errors.BackendNotFoundError:
        names = sorted(item.name for item in self._client.backends(self._client.deadline()))
        close = difflib.get_close_matches(name, names, n=1)
        guess = f" did you mean {close[0]!r}?" if close else ""
        return errors.BackendNotFoundError(
            f"this account has no backend {name!r};{guess} there is: {', '.join(names) or 'none'}",
            status=cause.status,
            code=cause.code,
            trace=cause.trace,
        )

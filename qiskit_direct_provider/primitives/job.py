"""A job of a primitive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qiskit.primitives import BasePrimitiveJob

from qiskit_direct_provider.job import DirectJob

if TYPE_CHECKING:
    from qiskit.primitives import PrimitiveResult

__all__ = ["PrimitiveJob"]


class PrimitiveJob(DirectJob, BasePrimitiveJob):
    """Pubs that were sent to a backend.

    Everything that a `DirectJob` does, with the result as a PrimitiveResult: ``provider.retrieve_job(id)``
    gives the DirectJob of the same id, and its ``primitive_result()`` is this job's ``result()``.
    """

    @classmethod
    def of(cls, job: DirectJob) -> PrimitiveJob:
        """The same job, seen as that of a primitive."""
        found = cls(job.backend(), job._workspace, job._entry)  # noqa: SLF001 - its own kind
        found._parts = job._parts  # noqa: SLF001 - the job under another face
        return found

    def result(self, timeout: float | str | None = None, wait: float | str | None = None) -> PrimitiveResult:
        """Wait for the job's end; entry ``i`` of the result belongs to pub ``i``.

        A sampler's ``result[i].data.<register>`` is a BitArray of shape ``pub.shape``; an estimator's
        ``result[i].data.evs`` and ``.stds`` are arrays of shape ``pub.shape``.

        Args:
            timeout: Longest time to wait, in seconds or as text; None waits as long as it takes.
            wait: Time between two questions to the server, in seconds or as text; None asks at a tenth of
                the job's age, at least every 30 s.

        Raises:
            JobTimeoutError: The job is still running; it goes on.
            JobFailedError: The job failed; the text says why.
            JobCancelledError: The job was cancelled.
            StorageError: The result cannot be fetched from the object store.
            ProtocolError: The result is damaged, or is not that of these pubs.
        """
        return self.primitive_result(timeout, wait)

    def _quiet_result(
        self, timeout: float | str | None = None, wait: float | str | None = None
    ) -> PrimitiveResult:
        return self.primitive_result(timeout, wait)

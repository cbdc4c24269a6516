"""What the place where a process runs adds to its jobs: tags, a time limit, and who may send them."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qiskit_direct_provider.errors import UnsupportedError
from qiskit_direct_provider.job_settings import DEFAULT_TIMEOUT_S, JobSettings

if TYPE_CHECKING:
    from qiskit_direct_provider.accounts.slurm import SlurmJob

__all__ = ["LaunchPolicy"]


@dataclass(frozen=True)
class LaunchPolicy:
    """Applied to every job before it is sent; the empty policy changes nothing.

    Attributes:
        tags: Put behind the job's own.
        ends_at: When this process will be ended, in seconds since the epoch; None when nobody said so.
        refusal: Why this process sends no jobs.
        note: Told the id of every job that is about to be sent.
    """

    tags: tuple[str, ...] = ()
    ends_at: float | None = None
    refusal: str | None = None
    note: Callable[[str], object] | None = None

    @classmethod
    def within(
        cls, job: SlurmJob | None, *, every_rank: bool = False, note: Callable[[str], object] | None = None
    ) -> LaunchPolicy:
        """The policy inside a job of Slurm, or outside of any."""
        if job is None:
            return cls(note=note)
        refusal = (
            f"this is task {job.rank} of {job.tasks} of Slurm job {job.job_id}, and only task 0 sends jobs: "
            "send there, and hand the job's id to the others; QISKIT_DIRECT_RANKS=all lets every task send"
        )
        return cls(
            tags=job.tags,
            ends_at=job.ends_at,
            refusal=refusal if job.rank > 0 and not every_rank else None,
            note=note,
        )

    def applied(self, settings: JobSettings, *, now: float | None = None) -> JobSettings:
        """The settings of a job that is about to be sent, as this place wants them.

        Raises:
            UnsupportedError: This process sends no jobs.
        """
        if self.refusal is not None:
            raise UnsupportedError(self.refusal)
        if self.note is not None:
            self.note(settings.job_id)
        return self.previewed(settings, now=now)

    def previewed(self, settings: JobSettings, *, now: float | None = None) -> JobSettings:
        """The same for a job that is not sent: nothing is refused, and nobody is told.

        A time limit that nobody chose ends with this process.
        """
        timeout_s = settings.timeout_s
        if self.ends_at is not None and timeout_s == DEFAULT_TIMEOUT_S:
            left = int(self.ends_at - (time.time() if now is None else now))
            timeout_s = max(1, min(timeout_s, left))
        tags = tuple(dict.fromkeys((*settings.tags, *self.tags)))
        return dataclasses.replace(settings, timeout_s=timeout_s, tags=tags)

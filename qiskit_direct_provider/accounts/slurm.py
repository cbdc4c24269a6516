"""The Slurm job in which this process runs, from its variables."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["SlurmJob"]

UNLIMITED_S = 4_294_967_295  # how the plugin writes a job without a time limit


@dataclass(frozen=True)
class SlurmJob:
    """One job of the cluster.

    Attributes:
        job_id: Slurm's id.
        array: Id of the array and number in it, as ``1200_7``; None outside an array.
        rank: Number of this task in its step, from 0.
        tasks: Number of tasks of the step.
        ends_at: When the job's time is over, in seconds since the epoch; None when it has no limit.
    """

    job_id: str
    array: str | None = None
    rank: int = 0
    tasks: int = 1
    ends_at: float | None = None

    @classmethod
    def of(cls, variables: Mapping[str, str], *, now: float | None = None) -> SlurmJob | None:
        """The job that the variables tell of; None outside of Slurm."""
        job_id = variables.get("SLURM_JOB_ID") or variables.get("QRMI_JOB_ID")
        if not job_id:
            return None
        array, task = variables.get("SLURM_ARRAY_JOB_ID"), variables.get("SLURM_ARRAY_TASK_ID")
        return cls(
            job_id=job_id,
            array=f"{array}_{task}" if array and task else None,
            rank=_first(variables, _RANKS) or 0,
            tasks=_first(variables, _SIZES) or 1,
            ends_at=_ends_at(variables, time.time() if now is None else now),
        )

    @property
    def tags(self) -> tuple[str, ...]:
        """Tags by which jobs of a device are found again: ``slurm:<id>``, ``slurm-array:<array>_<task>``."""
        return (f"slurm:{self.job_id}", *((f"slurm-array:{self.array}",) if self.array else ()))


# Those of MPI come first: mpirun starts tasks that Slurm counts as one.
_RANKS = ("OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID")
_SIZES = ("OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS", "SLURM_NTASKS")
_LIMITS = re.compile(r"(.+_)?(QRMI_JOB_TIMEOUT_SECONDS|QRMI_IBM_\w+_TIMEOUT_SECONDS)|IBMQRUN_TIMEOUT_SECONDS")


def _ends_at(variables: Mapping[str, str], now: float) -> float | None:
    """The sooner of the end that Slurm names and the one that follows from the plugin's limits.

    A job that runs out of time is killed, so the shortest limit of several resources counts.
    """
    ends: list[float | None] = [_whole(variables.get("SLURM_JOB_END_TIME"))]
    started = _whole(variables.get("SLURM_JOB_START_TIME")) or now
    limits = [_whole(value) for name, value in variables.items() if _LIMITS.fullmatch(name)]
    ends += [started + limit for limit in limits if limit]
    known = [end for end in ends if end and end - started < UNLIMITED_S // 2]
    return min(known) if known else None


def _first(variables: Mapping[str, str], names: tuple[str, ...]) -> int | None:
    return next((number for name in names if (number := _whole(variables.get(name))) is not None), None)


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None

"""What the workers get of a job, and its owner gets back, where the job is of an older program or version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from qiskit_direct_provider.service.circuit_runners import RUNNER, RUNNERS, named_result, sampler_params
from qiskit_direct_provider.service.legacy_programs import V1, V2, is_v1, v1_results, v2_params
from qiskit_direct_provider.wire.primitives import SAMPLER

if TYPE_CHECKING:
    from qiskit_direct_provider.service.runtime_jobs import RunRequest, StoredRun

__all__ = ["Given", "as_version_2", "checked_form", "shown_results"]


@dataclass(frozen=True)
class Given:
    """A program that there is, and its input document; ``counts`` and ``memory`` are those of a task."""

    program: str
    document: bytes
    counts: bool = False
    memory: bool = False


def checked_form(params: dict[str, Any], program_id: str) -> str:
    """Of which kind an input is.

    Raises:
        InvalidV1Error: It is of an older kind, and does not fit together.
    """
    if program_id in RUNNERS:
        sampler_params(params)
        return RUNNER
    if not is_v1(params):
        return V2
    v2_params(params, program_id)
    return V1


def as_version_2(document: bytes, request: RunRequest) -> Given:
    """A stored input for a worker."""
    if request.form == V2:
        return Given(request.program, document)
    params = msgspec.json.decode(document)
    if request.form == RUNNER:
        text = msgspec.json.encode(sampler_params(params))
        return Given(SAMPLER, text, counts=True, memory=params.get("memory") is True)
    # Formerly they were stored as what they became.
    return Given(
        request.program,
        msgspec.json.encode(v2_params(params, request.program)) if is_v1(params) else document,
    )


def shown_results(results: bytes, run: StoredRun, params: bytes, version: str) -> bytes:
    """A stored result in the form of the job's input; ``version`` is that of the device."""
    if run.request.form == RUNNER:
        return named_result(results, run.id, version)
    if run.request.form == V1:
        return v1_results(results, run.request.program, bits=_has_objects(params))
    return results


def _has_objects(params: bytes) -> bool:
    """Whether circuits were sent as objects, as IBM's client does, and not as text."""
    circuits = msgspec.json.decode(params).get("circuits")
    return isinstance(circuits[0] if isinstance(circuits, list) and circuits else circuits, dict)

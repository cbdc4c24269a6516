"""Run Qiskit circuits on an IBM Quantum system of your own.

Names are imported when they are first used, so that this import costs hardly anything.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qiskit_direct_provider import errors
    from qiskit_direct_provider.accounts import S3Storage
    from qiskit_direct_provider.backend import DirectBackend
    from qiskit_direct_provider.cloud_transpiler import CloudTranspiler
    from qiskit_direct_provider.job import DirectJob
    from qiskit_direct_provider.monitoring import job_monitor
    from qiskit_direct_provider.primitives import EstimatorV2, SamplerV2
    from qiskit_direct_provider.provider import DirectProvider
    from qiskit_direct_provider.ranking import least_busy
    from qiskit_direct_provider.session import Batch, Session

__all__ = [
    "Batch",
    "CloudTranspiler",
    "DirectBackend",
    "DirectJob",
    "DirectProvider",
    "EstimatorV2",
    "S3Storage",
    "SamplerV2",
    "Session",
    "errors",
    "job_monitor",
    "least_busy",
]

_HOMES = {
    "Batch": "session",
    "CloudTranspiler": "cloud_transpiler",
    "DirectBackend": "backend",
    "DirectJob": "job",
    "DirectProvider": "provider",
    "EstimatorV2": "primitives",
    "S3Storage": "accounts",
    "SamplerV2": "primitives",
    "Session": "session",
    "job_monitor": "monitoring",
    "least_busy": "ranking",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("qiskit-direct-provider")
    if name == "errors":
        return importlib.import_module(f"{__name__}.errors")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

"""What tests of code that uses this package need: a proxy that fails on purpose, a clock, pytest fixtures.

Names are imported when they are first used: pytest loads `pytest_plugin` in every run of everybody who has
this package installed.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qiskit_direct_provider.testing.clock import VirtualClock
    from qiskit_direct_provider.testing.exchanges import Exchange
    from qiskit_direct_provider.testing.faults import ALL_FAULTS, Fault, FaultSettings
    from qiskit_direct_provider.testing.providers import provider_for
    from qiskit_direct_provider.testing.proxy import FaultProxy
    from qiskit_direct_provider.testing.routes import Match, api, iam, objects

__all__ = [
    "ALL_FAULTS",
    "Exchange",
    "Fault",
    "FaultProxy",
    "FaultSettings",
    "Match",
    "VirtualClock",
    "api",
    "iam",
    "objects",
    "provider_for",
]

_HOMES = {
    "ALL_FAULTS": "faults",
    "Exchange": "exchanges",
    "Fault": "faults",
    "FaultProxy": "proxy",
    "FaultSettings": "faults",
    "Match": "routes",
    "VirtualClock": "clock",
    "api": "routes",
    "iam": "routes",
    "objects": "routes",
    "provider_for": "providers",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

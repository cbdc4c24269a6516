"""What jobs need of their surroundings: client, journal, poller, earlier calibrations, a launch policy."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qiskit_direct_provider.launch_policy import LaunchPolicy

if TYPE_CHECKING:
    from qiskit_direct_provider.archive import CalibrationArchive
    from qiskit_direct_provider.clients.interface import Client
    from qiskit_direct_provider.journal import Journal
    from qiskit_direct_provider.waiting import Poller

__all__ = ["Workspace"]


@dataclass(frozen=True)
class Workspace:
    """One system, as one process works with it."""

    client: Client
    journal: Journal
    poller: Poller
    archive: CalibrationArchive
    policy: LaunchPolicy = field(default_factory=LaunchPolicy)

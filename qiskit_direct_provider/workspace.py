"""What jobs need of their surroundings: the client, the journal, the poller and earlier calibrations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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

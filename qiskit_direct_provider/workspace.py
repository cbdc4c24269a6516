"""What jobs need of their surroundings: client, journal, poller, earlier calibrations, a launch policy."""

from __future__ import annotations

import threading
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
    """One system, as one process works with it.

    Attributes:
        closed: Set when nothing more is to be sent.
    """

    client: Client
    journal: Journal
    poller: Poller
    archive: CalibrationArchive
    closed: threading.Event = field(default_factory=threading.Event)
    policy: LaunchPolicy = field(default_factory=LaunchPolicy)

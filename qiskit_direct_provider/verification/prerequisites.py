"""Whether a job can be verified here."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import Any

from qiskit_direct_provider.errors import InvalidInputError, UnsupportedError

__all__ = ["check_verifiable", "require_aer"]


def require_aer(what: str) -> None:
    """Refuse what needs Aer where it is not installed.

    Raises:
        UnsupportedError: It is not.
    """
    if importlib.util.find_spec("qiskit_aer") is None:
        raise UnsupportedError(
            f"{what} needs Qiskit Aer, which is not installed here: "
            "python -m pip install 'qiskit-direct-provider[aer]'"
        )


def check_verifiable(options: Mapping[str, Any]) -> None:
    """Refuse ``verify=True`` where it cannot work, before anything is sent.

    Args:
        options: Of the sampler program.

    Raises:
        UnsupportedError: Aer is not installed.
        InvalidInputError: There would be no counts.
    """
    require_aer("verify=True")
    if "meas_type" in options.get("execution", {}):
        raise InvalidInputError("verify=True compares counts: it needs meas_level=2")

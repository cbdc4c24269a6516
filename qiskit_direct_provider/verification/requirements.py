"""Whether Aer is there."""

from __future__ import annotations

import importlib.util

from qiskit_direct_provider.errors import UnsupportedError

__all__ = ["require_aer"]


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

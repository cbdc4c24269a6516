"""One service without noise for the tests of the primitives; its shots are seeded."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from qiskit_direct_provider import DirectBackend, DirectProvider


@pytest.fixture(scope="session")
def quiet() -> Iterator[DirectProvider]:
    with DirectProvider.local(["fake_nairobi", "fake_fez"], noise=False, seed=11) as provider:
        yield provider


@pytest.fixture(scope="session")
def seven(quiet: DirectProvider) -> DirectBackend:
    """A device of 7 qubits."""
    return quiet.get_backend("fake_nairobi")


@pytest.fixture(scope="session")
def wide(quiet: DirectProvider) -> DirectBackend:
    """A device of 156 qubits with fractional gates."""
    return quiet.get_backend("fake_fez", use_fractional_gates=True)

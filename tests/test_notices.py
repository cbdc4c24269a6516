"""Warnings point at the user's line, whichever part of the package they come from."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from offline import documents_of, offline_backend
from qiskit import QuantumCircuit

from qiskit_direct_provider import DirectProvider, errors, least_busy

URL = "http://system.example"


def loose(folder: Path, name: str, text: str) -> Path:
    """A file that others can read."""
    file = folder / name
    file.write_text(text)
    file.chmod(0o644)
    return file


def test_those_of_accounts(tmp_path: Path) -> None:
    damaged, key = loose(tmp_path, "accounts.json", "{not json"), loose(tmp_path, "key", "key-12345")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        DirectProvider.save_account("key-12345", URL, filename=damaged)
        DirectProvider("key-12345", URL, verify=False).close()
        DirectProvider({"file": str(key)}, "https://system.example").close()
    texts = " ".join(str(each.message) for each in caught)
    for words in (
        "others could read the account file",
        "was damaged",
        "plain http",
        "checks are off",
        "others can read the secret",
    ):
        assert words in texts
    assert {each.filename for each in caught} == {__file__}


def test_those_of_circuits() -> None:
    """A coupling that is reported broken; the backend came out of a pickle, so nothing is sent."""
    backend = offline_backend(documents_of("torino"), "fake_torino")
    pair = next(place for place, known in backend.target["cz"].items() if known.error == 1)
    circuit = QuantumCircuit(133, 1)
    circuit.cz(*pair)
    circuit.measure(pair[0], 0)
    with pytest.warns(UserWarning, match="reported error of 1") as caught, pytest.raises(errors.DirectError):
        backend.run(circuit)
    assert [each.filename for each in caught] == [__file__]


def test_those_of_backends_that_cannot_be_asked() -> None:
    class Broken:
        name = "broken"

        def status(self) -> None:
            raise errors.ProtocolError("an odd answer")

    with (
        pytest.warns(UserWarning, match="broken is left out: an odd answer") as caught,
        pytest.raises(errors.BackendNotFoundError),
    ):
        least_busy([Broken()])  # type: ignore[type-var]
    assert [each.filename for each in caught] == [__file__]

"""The twin of a device beside Aer's own way, in one run: making it, and running a Bell pair on it.

``whole`` is the twin with the noise of every gate of the device, which runs do not need. Each round starts
without anything that an earlier one derived. The last line is what a backend's users call, twice.
"""

from __future__ import annotations

import importlib.util
import statistics
import time
import warnings
from collections.abc import Callable
from pathlib import Path

from qiskit import QuantumCircuit, transpile
from qiskit.providers import BackendV2, Options
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel

from qiskit_direct_provider import DirectProvider
from qiskit_direct_provider.device import Device, DeviceDocuments, read_device
from qiskit_direct_provider.verification import noise
from qiskit_direct_provider.verification.twin import Twin

DEVICES = ("torino", "nairobi")
ROUNDS = 3


class Bare(BackendV2):
    """As little of a backend as ``from_backend`` needs."""

    def __init__(self, device: Device) -> None:
        super().__init__(name="bare")
        self._target = device.target

    @property
    def target(self) -> object:
        """The device's."""
        return self._target

    @property
    def max_circuits(self) -> None:
        """Any number."""
        return

    @classmethod
    def _default_options(cls) -> Options:
        return Options()

    def run(self, *_: object, **__: object) -> None:
        """Nothing runs here."""
        raise NotImplementedError


def device_of(name: str) -> Device:
    """A device from the documents that qiskit-ibm-runtime ships."""
    spec = importlib.util.find_spec("qiskit_ibm_runtime")
    assert spec is not None
    assert spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0], "fake_provider", "backends", name)
    documents = next(folder.glob("conf_*.json")).read_bytes(), min(folder.glob("props_*.json")).read_bytes()
    return read_device(DeviceDocuments(*documents))


def seconds(call: Callable[[], object], rounds: int = 1) -> float:
    """Median over some rounds, each with cold caches; one is enough for what takes seconds."""
    found = []
    for _ in range(rounds):
        noise._error.cache_clear()  # noqa: SLF001 - to start cold
        started = time.perf_counter()
        call()
        found.append(time.perf_counter() - started)
    return statistics.median(found)


def main() -> None:
    """Print one row a device."""
    warnings.simplefilter("ignore")
    print(
        f"{'device':10}{'qubits':>7}{'twin':>10}{'whole':>9}{'from_backend':>14}{'ratio':>9}"
        f"{'+ Bell':>10}{'theirs':>10}{'ratio':>8}"
    )
    for name in DEVICES:
        device = device_of(name)
        bare = Bare(device)
        bell = QuantumCircuit(2)
        bell.h(0)
        bell.cx(0, 1)
        bell.measure_all()
        isa = transpile(bell, bare, seed_transpiler=1)

        def ours(device: Device = device, isa: QuantumCircuit = isa) -> None:
            Twin(device, "device").run(isa, shots=1000).result().get_counts()

        def theirs(bare: Bare = bare, isa: QuantumCircuit = isa) -> None:
            AerSimulator.from_backend(bare).run(isa, shots=1000).result().get_counts()

        made = seconds(lambda device=device: Twin(device, "device"), ROUNDS)  # type: ignore[misc]  # of this round
        whole = seconds(lambda device=device: Twin(device, "device").noise_model)  # type: ignore[misc]  # of this round
        model = seconds(lambda bare=bare: NoiseModel.from_backend(bare))  # type: ignore[misc]  # of this round
        both, other = seconds(ours, ROUNDS), seconds(theirs)
        print(  # flushed, as a device can take a minute
            f"{name:10}{device.target.num_qubits:7}{made * 1e3:8.2f} ms{whole:7.2f} s{model:12.2f} s"
            f"{model / made:8.0f}x{both:8.2f} s{other:8.2f} s{other / both:7.0f}x",
            flush=True,
        )
    print(again("fake_torino"))


def again(name: str) -> str:
    """What ``backend.twin()`` takes, and the same once more for the same calibration."""
    with DirectProvider.local([name]) as provider:
        backend = provider.get_backend(name)
        _ = backend.target  # read before, whether a twin is wanted or not
        times = []
        for _ in range(2):
            started = time.perf_counter()
            backend.twin()
            times.append(1e3 * (time.perf_counter() - started))
    first, second = times
    return f"{name}, backend.twin(): {first:.2f} ms, again: {second:.3f} ms"


if __name__ == "__main__":
    main()

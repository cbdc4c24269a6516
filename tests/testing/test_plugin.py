"""The fixtures that users get, and what they cost those who do not use them."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from qiskit import QuantumCircuit

import qiskit_direct_provider.testing as public
from qiskit_direct_provider.testing import Fault, FaultProxy, VirtualClock, iam, objects, provider_for

if TYPE_CHECKING:
    from pathlib import Path

    from qiskit_direct_provider import DirectBackend, DirectProvider
    from qiskit_direct_provider.service.process import LocalService

PLUGIN = "qiskit_direct_provider.testing.pytest_plugin"


def measured_x() -> QuantumCircuit:
    circuit = QuantumCircuit(1)
    circuit.x(0)
    circuit.measure_all()
    return circuit


def test_a_job_runs_on_the_backend_of_the_fixtures(direct_backend: DirectBackend) -> None:
    assert direct_backend.name == "fake_nairobi"
    counts = direct_backend.run(measured_x(), shots=50).result(timeout=30).get_counts()
    assert sum(counts.values()) == 50


def test_all_requests_of_the_faulty_provider_pass_the_proxy(
    faulty_provider: DirectProvider, fault_proxy: FaultProxy
) -> None:
    """And a lost answer to the submission does not make a second job."""
    fault_proxy.script(("POST", "/v1/jobs"), Fault.RESET_AFTER)
    job = faulty_provider.get_backend("fake_nairobi").run(measured_x(), shots=50)
    assert sum(job.result(timeout=30).get_counts().values()) == 50
    assert fault_proxy.count(iam()) == 1
    assert fault_proxy.count(objects()) >= 2
    assert fault_proxy.count(("POST", "/v1/jobs")) == 1


def test_arguments_of_the_provider_can_differ(direct_service: LocalService) -> None:
    with provider_for(direct_service, url="http://127.0.0.1:1") as provider:
        assert "127.0.0.1:1" in repr(provider)


def test_a_users_test_file(tmp_path: Path) -> None:
    """Fixtures are found without an import; devices and settings can be replaced."""
    tmp_path.joinpath("test_mine.py").write_text(
        """if True:
        import pytest
        from qiskit_direct_provider.testing import Fault

        @pytest.fixture(scope="session")
        def direct_devices():
            return ["fake_manila", "fake_nairobi"]

        @pytest.fixture(scope="session")
        def direct_service_settings():
            return {"max_lanes": 3, "workers": 1}

        def test_backend(direct_backend, direct_provider, direct_data_folder):
            assert direct_backend.name == "fake_manila"
            assert len(direct_provider.backends()) == 2

        def test_faults(faulty_provider, fault_proxy):
            fault_proxy.random(rate=0.3, seed=7, faults=[Fault.LATENCY, Fault.INTERIM])
            assert len(faulty_provider.backends()) == 2
            assert fault_proxy.count() == 2
        """
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", PLUGIN, "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(
        [*command, "-W", "error"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        cwd=tmp_path,
    )
    assert "2 passed" in done.stdout, done.stdout + done.stderr


def test_the_plugin_imports_nothing_heavy() -> None:
    program = f"""if True:
        import sys, pytest
        before = set(sys.modules)
        import {PLUGIN}
        print(*sorted(set(sys.modules) - before))
    """
    command = [sys.executable, "-c", program]
    imported = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.split()
    assert all(name.startswith("qiskit_direct_provider") for name in imported)
    assert len(imported) <= 4


def test_every_public_name_is_there() -> None:
    for name in public.__all__:
        assert getattr(public, name) is not None
    assert set(public.__all__) <= set(dir(public))
    with pytest.raises(AttributeError, match="nonsense"):
        _ = public.nonsense


def test_virtual_hours_pass_at_once() -> None:
    clock = VirtualClock(time=1_000.0)
    clock.sleep(7_200)
    clock.advance(60)
    assert (clock.monotonic(), clock.time(), clock.sleeps) == (7_260.0, 8_260.0, (7_200.0,))
    clock.set_time(5.0)
    assert (clock.monotonic(), clock.time()) == (7_260.0, 5.0)
    with pytest.raises(ValueError, match="non-negative"):
        clock.sleep(-1)

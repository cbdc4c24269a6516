"""The demo, in a process of its own, as a newcomer runs it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

COMMAND = [str(Path(sys.executable).parent / "qiskit-direct")]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=120, check=False)


def test_the_demo_runs_the_main_job() -> None:
    done = run("demo", "--seed", "1")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    for device in ("fake_torino", "fake_brisbane", "fake_nairobi"):
        assert device in done.stdout
    (fidelity,) = re.findall(r"Hellinger fidelity with the ideal distribution: (0\.\d+)", done.stdout)
    assert 0.80 < float(fidelity) < 0.999
    assert "These numbers come from a simulation" in done.stdout


def test_the_demo_takes_another_device() -> None:
    done = run("demo", "--device", "fake_fez", "--shots", "100")
    assert done.returncode == 0, done.stderr
    assert "fake_fez" in done.stdout


def test_an_unknown_device_is_one_sentence() -> None:
    done = run("demo", "--device", "fake_torinno")
    assert done.returncode == 1
    assert "did you mean fake_torino" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert "Traceback" in run("--debug", "demo", "--device", "fake_torinno").stderr


def test_wrong_use_and_help() -> None:
    assert run("demo", "--shots", "0").returncode == 2
    assert run("no-such-command").returncode == 2
    for command in ("demo", "serve"):
        assert run(command, "--help").returncode == 0
    version = run("--version")
    assert version.returncode == 0
    assert re.match(r"qiskit-direct-provider \d+\.\d+", version.stdout)

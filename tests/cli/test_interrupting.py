"""Ctrl-C, and readers that stop reading."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from qiskit_direct_provider import S3Storage
from qiskit_direct_provider.service.process import LocalService

if TYPE_CHECKING:
    import pytest

    from conftest import Done

COMMAND = str(Path(sys.executable).parent / "qiskit-direct")


def test_ctrl_c_ends_the_wait_and_not_the_job(
    cli: Callable[..., Done], bell: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The device is paused, so that the job waits there."""
    service = LocalService.start(("fake_manila",), paused=["fake_manila"], workers=1)
    storage = S3Storage(**service.storage)
    settings = {
        "URL": service.url,
        "TOKEN": service.api_key,
        "INSTANCE": service.crn,
        "DATA": str(tmp_path / "data"),
        "S3_ENDPOINT": storage.endpoint,
        "S3_BUCKET": storage.bucket,
        "S3_ACCESS_KEY_ID": storage.access_key_id.reveal(),
        "S3_SECRET_ACCESS_KEY": storage.secret_access_key.reveal(),
    }
    environment = {**os.environ, **{f"QISKIT_DIRECT_{name}": value for name, value in settings.items()}}
    process = subprocess.Popen(
        [COMMAND, "run", bell, "--backend", "fake_manila"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**environment, "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout is not None
        job_id = process.stdout.readline().split()[1]
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=120)
        assert process.returncode == 130
        assert f"the job goes on: qiskit-direct result {job_id}" in said
        assert "Traceback" not in said
        for name, value in settings.items():
            monkeypatch.setenv(f"QISKIT_DIRECT_{name}", value)
        assert [job["job_id"] for job in cli("jobs", "--json").json] == [job_id]
    finally:
        process.kill()
        process.wait()
        service.close()


def test_a_reader_that_stops_reading_is_no_defect() -> None:
    done = subprocess.run(
        ["bash", "-c", f"{COMMAND} --help | true; {COMMAND} accounts list --json | true"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert "defect" not in done.stderr

"""The command line in this process, over the local service."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from qiskit_direct_provider import S3Storage
    from qiskit_direct_provider.service.process import LocalService

with warnings.catch_warnings():
    # The lowest release of typer imports names that the newest click is about to drop.
    warnings.simplefilter("ignore", DeprecationWarning)
    from qiskit_direct_provider.cli import main

BELL = """OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
h q[0];
cx q[0], q[1];
c = measure q;
"""


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)

    @property
    def failure(self) -> tuple[str, str]:
        """The sentence and the advice; nothing else is said, and nothing is printed."""
        assert self.code == 1
        assert self.out == ""
        lines = [line for line in self.err.splitlines() if not line.startswith("warning: ")]
        assert len(lines) == 2, self.err
        sentence, advice = lines
        assert sentence.startswith("error: ")
        assert advice.startswith("advice: ")
        for words in ("pass ", "Free some", "Verify its"):
            assert words not in sentence
        return sentence, advice


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Runs ``qiskit-direct`` with these arguments."""

    def run(*arguments: object) -> Done:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Done(int(ended.value.code or 0), printed.out, printed.err)

    return run


@pytest.fixture
def connected(service: LocalService, own_storage: S3Storage, monkeypatch: pytest.MonkeyPatch) -> LocalService:
    """The environment says where the service is."""
    settings = {
        "URL": service.url,
        "TOKEN": service.api_key,
        "INSTANCE": service.crn,
        "S3_ENDPOINT": own_storage.endpoint,
        "S3_BUCKET": own_storage.bucket,
        "S3_ACCESS_KEY_ID": own_storage.access_key_id.reveal(),
        "S3_SECRET_ACCESS_KEY": own_storage.secret_access_key.reveal(),
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"QISKIT_DIRECT_{name}", value)
    return service


@pytest.fixture
def bell(tmp_path: Path) -> Path:
    file = tmp_path / "bell.qasm"
    file.write_text(BELL)
    return file

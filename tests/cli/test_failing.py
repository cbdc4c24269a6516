"""What fails ends in one sentence and an advice, with exit code 1, and never in a traceback."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from connecting import free_port

from qiskit_direct_provider.cli import main
from qiskit_direct_provider.cli.failures import Failure
from qiskit_direct_provider.errors import AccountError

if TYPE_CHECKING:
    from conftest import Done
    from qiskit_direct_provider.service.process import LocalService

Cli = Callable[..., "Done"]

COMMAND = str(Path(sys.executable).parent / "qiskit-direct")


def test_no_account(cli: Cli) -> None:
    sentence, advice = cli("backends").failure
    assert sentence == "error: no token and no url"
    assert "qiskit-direct accounts save" in advice


@pytest.mark.parametrize("origin", ["store:9000", "x", "ftp://store", "https://user@store"])
def test_a_storage_origin_that_is_no_address(origin: str) -> None:
    """Served, it would refuse every job that names the store."""
    done = subprocess.run(
        [COMMAND, "serve", "--port", "0", "--device", "fake_lima", "--storage-origin", origin],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: a storage origin is an address such as")


def test_a_wrong_key(cli: Cli, connected: LocalService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QISKIT_DIRECT_TOKEN", "a-wrong-key-1234")
    sentence, advice = cli("backends").failure
    assert "gave no token for this API key" in sentence
    assert "check the key" in advice
    assert "a-wrong-key" not in sentence


def test_a_wrong_url(cli: Cli, connected: LocalService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QISKIT_DIRECT_TIMEOUT", "2")
    monkeypatch.setenv("QISKIT_DIRECT_IAM_URL", connected.url)
    monkeypatch.setenv("QISKIT_DIRECT_URL", f"http://127.0.0.1:{free_port()}")
    sentence, advice = cli("backends").failure
    assert "127.0.0.1" in sentence
    assert "--url" in advice
    assert "qiskit-direct doctor" in advice


@pytest.mark.usefixtures("connected")
def test_names_that_are_not_there(cli: Cli, bell: Path) -> None:
    sentence, advice = cli("backend", "fake_nairobbi").failure
    assert "did you mean 'fake_nairobi'?" in sentence
    assert "qiskit-direct backends" in advice
    sentence, advice = cli("result", "00000000-0000-4000-8000-000000000000").failure
    assert "00000000-0000-4000-8000-000000000000" in sentence
    assert "qiskit-direct jobs" in advice
    bell.write_text("OPENQASM 3.0; nonsense;")
    sentence, _ = cli("run", bell, "-b", "fake_nairobi").failure
    assert "is not OpenQASM that can be read" in sentence


@contextlib.contextmanager
def mounted(folder: Path, options: str) -> Iterator[Path]:
    """A file system of its own; needs the rights to mount one."""
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, check=False
    )
    if done.returncode != 0:
        pytest.skip("mounting is not allowed here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "full", "size=16k") as folder:
        (folder / "accounts").mkdir()
        with contextlib.suppress(OSError), (folder / "filling").open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        yield folder


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "home", "ro,size=16k") as folder:
        yield folder


@pytest.mark.usefixtures("connected")
@pytest.mark.parametrize(
    ("place", "told"), [("full_disk", "make room"), ("read_only", "that you can write to")]
)
def test_a_disk_that_cannot_be_written_to(
    cli: Cli,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    told: str,
    bell: Path,
) -> None:
    """Neither accounts nor jobs can be written down; both say so, and where they could be put."""
    folder = request.getfixturevalue(place)
    monkeypatch.setenv("QISKIT_DIRECT_CONFIG", str(folder / "accounts" / "accounts.json"))
    key = bell.with_name("key")
    key.touch(mode=0o600)
    key.write_text("a-key-1234567890")
    sentence, advice = cli(
        "accounts", "save", "--url", "https://a.example", "--token-from", f"file:{key}"
    ).failure
    assert str(folder) in sentence
    assert told in advice
    assert "QISKIT_DIRECT_CONFIG" in advice
    monkeypatch.setenv("QISKIT_DIRECT_DATA", str(folder / "data"))
    sentence, advice = cli("run", bell, "-b", "fake_nairobi", "-s", 10).failure
    assert told in advice
    assert "QISKIT_DIRECT_DATA" in advice


@pytest.mark.usefixtures("connected")
@pytest.mark.parametrize(
    ("place", "said", "told"),
    [
        ("/dev/full", "No space left on device", "name a file on another one"),
        ("no-such-folder/page", "No such file", "--help"),
    ],
)
def test_a_page_that_cannot_be_written(cli: Cli, place: str, said: str, told: str) -> None:
    sentence, advice = cli("backend", "fake_nairobi", "--save-map", place).failure
    assert f"{place} cannot be written: {said}" in sentence
    assert told in advice


def test_a_file_that_is_no_program(cli: Cli, bell: Path, connected: LocalService) -> None:
    bell.write_bytes(b"\xff\xfe\x00")
    sentence, _ = cli("run", bell, "-b", "fake_nairobi").failure
    assert sentence == f"error: {bell} is not text"


def test_faults_that_cannot_be_read(cli: Cli, tmp_path: Path) -> None:
    """Said before anything is started, whatever runs the jobs."""
    done = cli("serve", "--port", 0, "--executor", "dask://127.0.0.1:9", "--faults", tmp_path / "none.toml")
    assert done.code == 1
    assert done.err.startswith("error: ")
    assert "none.toml" in done.err


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (FileNotFoundError(2, "No such file or directory", "a.qasm"), "a.qasm: No such file or directory"),
        (OSError("broken"), "broken"),
    ],
)
def test_what_the_system_refuses_is_named(error: OSError, sentence: str) -> None:
    failure = Failure.of(error)
    assert (failure.sentence, failure.advice) == (sentence, "check the path and its permissions")


def test_what_nobody_expected_is_a_sentence_too() -> None:
    failure = Failure.of(ZeroDivisionError("division\nby zero"))
    assert failure.sentence == "ZeroDivisionError: division by zero"
    assert "--debug" in failure.advice


def test_debug_shows_the_traceback() -> None:
    environment = {**os.environ, "QISKIT_DIRECT_CONFIG": os.devnull}
    done = subprocess.run(
        [COMMAND, "--debug", "backends"],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        timeout=60,
    )
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "AccountError" in done.stderr


def test_debug_may_follow_the_command() -> None:
    with pytest.raises(AccountError):
        main(["backends", "--debug"])

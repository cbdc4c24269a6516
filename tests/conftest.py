"""What all tests share: one local service, two object stores behind it, and providers over them."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from clearing import clear
from connecting import free_port, provider_for
from recorder import Recorder

from qiskit_direct_provider import DirectBackend, DirectProvider, S3Storage
from qiskit_direct_provider.service.process import LocalService

LONG = (
    "cli.md",
    "is_my_device_telling_the_truth.md",
    "own_tests.md",
    "batch_on_a_cluster.md",
    "test_demo.py",
    "test_example_notebooks.py",
    "test_waiting.py",
    "test_schema.py",
    "test_fuzzed_programs.py",
    "test_target_fuzz.py",
    "test_openqasm_limits.py",
    "test_readout.py",
    "test_foreign_stores.py",
)
DEVICES = (
    *("fake_torino", "fake_nairobi", "fake_brisbane"),
    *("fake_manila", "fake_brooklyn", "fake_nighthawk", "fake_fez"),
)


SHARED = pytest.StashKey[LocalService]()

_FOREIGN = re.compile("^(AWS|SLURM|IBMQRUN|QISKIT_IBM)_|QRMI_")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--campaign", action="store_true", help="run the long campaigns, too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # Files that take a minute or more come first, so that no process is left alone with one at the end.
    items.sort(key=lambda item: item.path.parent.name != "campaigns" and item.path.name not in LONG)
    if not config.getoption("--campaign"):
        skip = pytest.mark.skip(reason="a campaign: run with --campaign")
        for item in items:
            if "campaign" in item.keywords:
                item.add_marker(skip)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither proxies, nor accounts, nor a cluster's job of the machine that runs the tests reach them."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or _FOREIGN.search(name):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True, scope="session")
def _data_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing is written into the home of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QISKIT_DIRECT_DATA", str(tmp_path_factory.mktemp("data")))
        patch.setenv("QISKIT_DIRECT_CONFIG", str(tmp_path_factory.mktemp("config") / "accounts.json"))
        yield


@dataclass(frozen=True)
class ForeignStore:
    """A real S3 server that this project did not write."""

    endpoint: str
    access_key_id: str
    secret_access_key: str
    folder: Path

    def storage(self, bucket: str = "jobs") -> S3Storage:
        (self.folder / bucket).mkdir(exist_ok=True)
        return S3Storage(self.endpoint, bucket, self.access_key_id, self.secret_access_key)


@pytest.fixture(scope="session")
def foreign_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForeignStore]:
    """``rclone serve s3`` on the loopback interface."""
    folder = tmp_path_factory.mktemp("rclone")
    port, key, secret = free_port(), "FOREIGN", secrets.token_hex(16)
    rclone = Path(sys.executable).parent / "rclone"
    process = subprocess.Popen(
        [rclone, "serve", "s3", "--addr", f"127.0.0.1:{port}", "--auth-key", f"{key},{secret}", str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "RCLONE_CONFIG": str(folder / "none.conf")},
    )
    try:
        _wait_for(port)
        yield ForeignStore(f"http://127.0.0.1:{port}", key, secret, folder)
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on port {port}")


@pytest.fixture(scope="session")
def service(request: pytest.FixtureRequest, foreign_store: ForeignStore) -> Iterator[LocalService]:
    """A local service that also accepts jobs whose objects are in the foreign store."""
    service = LocalService.start(
        DEVICES,
        seed=20_261_120,
        workers=1,
        storage_origins=[foreign_store.endpoint],
    )
    request.session.stash[SHARED] = service
    yield service
    service.close()


@pytest.fixture(autouse=True, scope="module")
def _lanes_given_back(request: pytest.FixtureRequest) -> Iterator[None]:
    """Which files share the service's lanes before this one depends on the run: each leaves them free."""
    yield
    shared = request.session.stash.get(SHARED, None)
    if shared is not None:
        clear(shared)


@pytest.fixture(scope="session")
def own_storage(service: LocalService) -> S3Storage:
    return S3Storage(**service.storage)


@pytest.fixture(scope="session")
def provider(service: LocalService, own_storage: S3Storage) -> Iterator[DirectProvider]:
    with provider_for(service, own_storage) as provider:
        yield provider


@pytest.fixture(scope="session", params=["own store", "rclone"])
def any_provider(
    request: pytest.FixtureRequest, service: LocalService, own_storage: S3Storage, foreign_store: ForeignStore
) -> Iterator[DirectProvider]:
    """A provider over each of the two object stores."""
    storage = own_storage if request.param == "own store" else foreign_store.storage()
    with provider_for(service, storage) as provider:
        yield provider


@pytest.fixture(scope="session", params=["direct_access", "runtime", "legacy"])
def channel(request: pytest.FixtureRequest) -> str:
    """Each dialect: whoever asks for it runs over all of them."""
    found: str = request.param
    return found


@pytest.fixture(scope="session")
def channel_provider(channel: str, service: LocalService, own_storage: S3Storage) -> Iterator[DirectProvider]:
    """A provider over each dialect; only Direct Access has a use for the object store."""
    storage = own_storage if channel == "direct_access" else None
    instance = None if channel == "legacy" else service.crn
    with provider_for(service, storage, channel=channel, instance=instance) as provider:
        yield provider


@pytest.fixture(scope="session")
def channel_nairobi(channel_provider: DirectProvider) -> DirectBackend:
    return channel_provider.get_backend("fake_nairobi")


@pytest.fixture(scope="session")
def nairobi(provider: DirectProvider) -> DirectBackend:
    return provider.get_backend("fake_nairobi")


@pytest.fixture
def recorder(service: LocalService) -> Iterator[Recorder]:
    """A proxy before the service that sees every request, and can be told to fail."""
    recorder = Recorder(service.url)
    yield recorder
    recorder.close()


@pytest.fixture(scope="session")
def torino(provider: DirectProvider) -> DirectBackend:
    return provider.get_backend("fake_torino")

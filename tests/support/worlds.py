"""A service, a foreign object store, and a proxy before each of them; both can be killed and restarted."""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from connecting import free_port
from recorder import Recorder
from service_client import Service

__all__ = ["World"]

_COUNTER = """
CREATE TABLE arrivals (id TEXT);
CREATE TABLE ends (id TEXT, status TEXT);
CREATE TRIGGER arrived AFTER INSERT ON jobs BEGIN INSERT INTO arrivals VALUES (NEW.id); END;
CREATE TRIGGER ended AFTER UPDATE OF status ON jobs
    BEGIN INSERT INTO ends VALUES (NEW.id, NEW.status); END;
"""
_NAMED = (
    "SELECT IFNULL(SUBSTR(tag, 5), '') AS own, {} FROM runs"
    " LEFT JOIN tags ON tags.number = runs.number AND tag LIKE 'qdp-%' GROUP BY own"
)


class World:
    """One system.

    Runs over Direct Access are counted in the service's own database, by triggers: every row of a job is one
    run, since that is where the service starts it, and what was counted outlives kills and deletions.
    """

    def __init__(self, folder: Path, **settings: Any) -> None:
        self._bucket = folder / "store" / "jobs"
        self._bucket.mkdir(parents=True)
        self._store_port, self._service_port = free_port(), free_port()
        self.store_url = f"http://127.0.0.1:{self._store_port}"
        self.database = folder / "state" / "jobs.sqlite3"
        self._settings = {
            "devices": ["fake_manila"],
            "workers": 1,
            "noise": False,
            "state": str(folder / "state"),
            "api_key": "key-of-this-world",
            "crn": "crn:world",
            "storage_origins": [self.store_url],
            "s3_access_key": "A",
            "s3_secret_key": "B",
            **settings,
        }
        self.start_store()
        self.start_service()
        self.api, self.objects = Recorder(self.service.url), Recorder(self.store_url)
        with self._connected() as connection:
            connection.executescript(_COUNTER)

    # -- processes -----------------------------------------------------------------------------------

    def start_service(self) -> None:
        self.service = Service(**{**self._settings, "port": self._service_port})

    def start_store(self) -> None:
        rclone, root = Path(sys.executable).parent / "rclone", self._bucket.parent
        address = f"127.0.0.1:{self._store_port}"
        self.store = subprocess.Popen(
            [rclone, "serve", "s3", "--addr", address, "--auth-key", "FOREIGN,SECRET", str(root)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "RCLONE_CONFIG": str(root / "none.conf")},
        )
        for _ in range(500):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._store_port), 1):
                return
            time.sleep(0.02)
        raise AssertionError("the store does not answer")

    def kill_service(self) -> None:
        self.service.process.kill()
        self.service.wait()

    def kill_store(self) -> None:
        self.store.kill()
        self.store.wait()

    def close(self) -> None:
        self.api.close()
        self.objects.close()
        self.store.kill()
        self.store.wait()
        self.service.stop()

    # -- ways in -------------------------------------------------------------------------------------

    def account(
        self,
        api_url: str | None = None,
        store_url: str | None = None,
        channel: str = "direct_access",
        tenant: str = "crn:world",
    ) -> dict[str, Any]:
        """Arguments of a provider, as JSON can hold them; by default past the proxies.

        The tenant matters to the Runtime API alone, where jobs stay.
        """
        url = api_url or self.service.url
        known = {"token": "key-of-this-world", "url": url, "iam_url": url, "channel": channel}
        if channel != "direct_access":
            return {**known, "instance": tenant if channel == "runtime" else None}
        storage = {
            "endpoint": store_url or self.store_url,
            "bucket": "jobs",
            "access_key_id": "FOREIGN",
            "secret_access_key": "SECRET",
            "endpoint_for_service": self.store_url,
        }
        return {**known, "instance": "crn:world", "storage": storage}

    # -- what happened -------------------------------------------------------------------------------

    def runs(self) -> dict[str, int]:
        """How often the service began to run each job, ever."""
        with self._connected() as connection:
            return dict(connection.execute("SELECT id, COUNT(*) FROM arrivals GROUP BY id"))

    def made(self) -> dict[str, int]:
        """How many jobs the service made of each of ours, over any dialect; without our tag, of ``""``."""
        with self._connected("runtime.sqlite3") as connection:
            return {**self.runs(), **dict(connection.execute(_NAMED.format("COUNT(*)")))}

    def held(self) -> dict[str, str]:
        """The jobs that hold a lane now, or are in a queue's way, and their status."""
        with self._connected() as connection, self._connected("runtime.sqlite3") as named:
            waiting = named.execute(_NAMED.format("status") + " HAVING status IN ('Queued', 'Running')")
            return {**dict(connection.execute("SELECT id, status FROM jobs")), **dict(waiting)}

    @contextlib.contextmanager
    def _connected(self, name: str = "jobs.sqlite3") -> Any:
        file = self.database.with_name(name)
        with contextlib.closing(sqlite3.connect(file, timeout=30)) as connection, connection:
            yield connection

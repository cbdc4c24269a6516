"""The processes of a service, from /proc."""

from __future__ import annotations

from pathlib import Path

__all__ = ["cpu_ticks", "fork_server_of", "workers_of"]


def fork_server_of(server: int) -> int:
    """The process from which a server's workers are forked."""
    (found,) = (pid for pid in _children(server) if "forkserver" in _command_line(pid))
    return found


def workers_of(server: int) -> list[int]:
    """Process ids of a server's workers."""
    return _children(fork_server_of(server))


def cpu_ticks(pid: int) -> int:
    """Processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _children(pid: int) -> list[int]:
    lists = [path.read_text().split() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    return [int(child) for children_of_thread in lists for child in children_of_thread]


def _command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()

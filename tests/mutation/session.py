"""A pytest plugin that runs, for each mutant, the tests that reach it."""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from _pytest.runner import runtestprotocol
from coverage import Coverage
from operators import Mutant, mutants
from transplanting import transplant

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["MutationSession"]

LEAST_LIMIT_S = 60
LIMIT_FACTOR = 20
MEMORY_BYTES = 12 << 30


@dataclass(eq=False)
class MutationSession:
    """Runs all tests once, to see which lines each reaches; then every mutant in a fork of its own.

    Args:
        modules: Names of the modules to be mutated.
        part: Which of the mutants to take, and of how many shares.
        only: Take mutants with this text in their name.
        killed: Names of mutants that are not tried again.
        out: A line of JSON for each mutant goes here.
    """

    modules: tuple[str, ...]
    part: tuple[int, int]
    only: str
    killed: frozenset[str]
    out: Path
    seconds: dict[str, float] = field(default_factory=dict)
    reached: dict[str, dict[int, list[str]]] = field(default_factory=dict)

    def pytest_configure(self) -> None:
        """The same examples each time, and no search for the smallest one."""
        from hypothesis import Phase, settings  # after pytest, which rewrites its asserts

        settings.register_profile(
            "mutation",
            derandomize=True,
            database=None,
            deadline=None,
            phases=(Phase.explicit, Phase.generate),
        )
        settings.load_profile("mutation")
        os.environ.setdefault("LONGEST_WAIT_S", "15")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """In place of pytest's own loop."""
        loaded = {name: importlib.import_module(name) for name in self.modules}
        items = self._baseline(session.items, [str(module.__file__) for module in loaded.values()])
        alive = self._forked(None, None, items, items)
        if alive["verdict"] != "survived":
            pytest.exit(f"without any mutant, a test fails when it runs once more: {alive['by']}", 3)
        own, shares = self.part
        with self.out.open("a") as out:
            number = 0
            for name, module in loaded.items():
                for mutant in mutants(Path(str(module.__file__)).read_text(), str(module.__file__), name):
                    if self.only not in mutant.name or mutant.name in self.killed:
                        continue
                    number += 1
                    if number % shares == own:
                        answer = self._tried(mutant, module, items)
                        out.write(json.dumps({"name": mutant.name, "line": mutant.line, **answer}) + "\n")
                        out.flush()
        return True

    def _baseline(self, items: list[pytest.Item], files: list[str]) -> list[pytest.Item]:
        """The tests that ran, the fastest first; all fixtures of the session stay as they are."""
        coverage = Coverage(data_file=None, config_file=False, include=files)
        ran = []
        for item, following in zip(items, [*items[1:], items[0]], strict=True):
            coverage.start()
            coverage.switch_context(item.nodeid)
            began = time.perf_counter()
            reports = runtestprotocol(item, log=False, nextitem=following)
            self.seconds[item.nodeid] = time.perf_counter() - began
            coverage.stop()
            failed = [report for report in reports if report.failed]
            if failed:
                pytest.exit(f"without any mutant, {item.nodeid} fails: {failed[0].longreprtext}", 3)
            if not any(report.skipped for report in reports):
                ran.append(item)
        data = coverage.get_data()
        self.reached = {file: data.contexts_by_lineno(file) for file in files}
        return sorted(ran, key=lambda item: self.seconds[item.nodeid])

    def _tried(self, mutant: Mutant, module: ModuleType, items: list[pytest.Item]) -> dict[str, Any]:
        reached = self.reached[str(module.__file__)]
        wanted = {name for line in mutant.lines for name in reached.get(line, ())}
        everywhere = mutant.function is None or mutant.in_default or mutant.at_import
        chosen = [item for item in items if everywhere or item.nodeid in wanted]
        if not chosen:
            return {"verdict": "survived", "by": "no test reaches it", "seconds": 0.0}
        return self._forked(mutant, module, chosen, items)

    def _forked(
        self,
        mutant: Mutant | None,
        module: ModuleType | None,
        chosen: list[pytest.Item],
        items: list[pytest.Item],
    ) -> dict[str, Any]:
        limit_s = int(LEAST_LIMIT_S + LIMIT_FACTOR * sum(self.seconds[item.nodeid] for item in chosen))
        began = time.perf_counter()
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            _live(mutant, module, chosen, items, limit_s, writing)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            by = pipe.read()
        _, status = os.waitpid(child, 0)
        verdict = "killed"
        if os.WIFSIGNALED(status):
            verdict = "hung" if os.WTERMSIG(status) == signal.SIGALRM else "killed"
            by = f"signal {os.WTERMSIG(status)} {by}"
        elif os.WEXITSTATUS(status) == 0:
            verdict = "survived"
            by = f"{len(chosen)} tests"
        return {"verdict": verdict, "by": by, "seconds": round(time.perf_counter() - began, 2)}


def _live(
    mutant: Mutant | None,
    module: ModuleType | None,
    chosen: list[pytest.Item],
    items: list[pytest.Item],
    limit_s: int,
    writing: int,
) -> None:
    """In the fork: be the mutant, until a test notices. Never returns."""
    status = 1
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(limit_s)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stderr__.fileno() if sys.__stderr__ else 2)
        if mutant is not None and module is not None:
            transplant(mutant, module)
        chosen[0].session._setupstate.teardown_exact(chosen[0])
        other = items[0] if chosen[-1] is not items[0] else items[1]
        for item, following in zip(chosen, [*chosen[1:], other], strict=True):
            reports = runtestprotocol(item, log=False, nextitem=following)
            failed = [report for report in reports if report.failed]
            if failed:
                os.write(writing, f"{item.nodeid}: {failed[0].longreprtext[-1000:]}".encode())
                break
        else:
            status = 0
    except BaseException as error:  # noqa: BLE001 - such as a mutant that ends the process
        os.write(writing, repr(error).encode())
    os._exit(status)

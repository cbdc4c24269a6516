"""Console blocks of documents: their commands are run, and their output is compared.

One shell runs all blocks of a document, with a home of its own, so that variables and files stay. Numbers
and ids may differ, and so may the number of spaces. ``...`` stands for anything, alone on a line for any
number of lines.
With ``WRITE_CONSOLE_BLOCKS`` in the environment, blocks that differ are written anew into the document.

``qiskit-direct`` with words alone runs in this process, since to start one for each takes seconds.
"""

from __future__ import annotations

import contextlib
import difflib
import io
import os
import re
import subprocess
import sys
import tempfile
import uuid
import warnings
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

from sybil.parsers.markdown import CodeBlockParser

if TYPE_CHECKING:
    from sybil import Example

__all__ = ["ConsoleBlockParser", "close_console"]

_ID = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_NUMBER = re.compile(r"\d+(\.\d+)?(e[+-]?\d+)?")
_RULE = re.compile("[─━]+")
_WORDS_ALONE = re.compile(r"qiskit-direct [^|<>&;\n]*")
_SESSION = "console session"


class _Shell:
    """A bash that keeps its state between commands."""

    def __init__(self) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="console-")
        self._kept = kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("QISKIT_", "XDG_"))
        }
        kept["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
        kept["HOME"] = self._home.name
        self._bash = subprocess.Popen(
            ["bash", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self._home.name,
            env=kept,
        )

    def run(self, command: str) -> list[str]:
        """What a command prints, on either stream; the home is written as ``~``."""
        if not _WORDS_ALONE.fullmatch(command):
            return self._in_bash(command)
        words = "\n".join(self._in_bash(f"printf '%s\\n' {command}")).split("\n")
        printed, code = self._in_this_process(words[1:])
        self._in_bash(f"(exit {code})")
        return printed.rstrip("\n").split("\n") if printed.strip() else []

    def _in_this_process(self, arguments: list[str]) -> tuple[str, int]:
        from qiskit_direct_provider.cli import main

        printed, before = io.StringIO(), Path.cwd()
        with (
            mock.patch.dict(os.environ, self._kept, clear=True),
            warnings.catch_warnings(),
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(printed),
        ):
            warnings.simplefilter("default")
            os.chdir(self._home.name)
            try:
                main(arguments)
            except SystemExit as ended:
                lines = [line.rstrip() for line in printed.getvalue().split("\n")]
                return "\n".join(lines).replace(self._home.name, "~"), int(ended.code or 0)
            finally:
                os.chdir(before)
        raise AssertionError

    def _in_bash(self, command: str) -> list[str]:
        mark = f"end-{uuid.uuid4()}"
        assert self._bash.stdin is not None
        assert self._bash.stdout is not None
        self._bash.stdin.write(f"{command}\n(code=$?; echo; echo {mark}; exit $code)\n")
        self._bash.stdin.flush()
        lines = []
        for line in self._bash.stdout:
            if line.rstrip("\n") == mark:
                break
            lines.append(line.rstrip().replace(self._home.name, "~"))
        return "\n".join(lines).rstrip("\n").split("\n") if any(lines) else []

    def close(self) -> None:
        assert self._bash.stdin is not None
        with contextlib.suppress(OSError):
            self._bash.stdin.close()
        self._bash.wait(10)
        assert self._bash.stdout is not None
        self._bash.stdout.close()
        self._home.cleanup()


class ConsoleBlockParser:
    """Finds fenced blocks of the language ``console``; those with commands are examples."""

    def __init__(self) -> None:
        self._blocks = CodeBlockParser(language="console", evaluator=_evaluated)

    def __call__(self, document: object) -> object:
        return self._blocks(document)


def close_console(namespace: dict[str, object]) -> None:
    """End the shell of a document, if it had one."""
    shell = namespace.pop(_SESSION, None)
    if isinstance(shell, _Shell):
        shell.close()


def _evaluated(example: Example) -> str | None:
    """Why a block is not what its commands print; None when it is."""
    namespace = example.namespace
    shell = namespace.setdefault(_SESSION, None) or _Shell()
    namespace[_SESSION] = shell
    found: list[str] = []
    same = True
    for command, expected in _commands(str(example.parsed)):
        printed = shell.run(command)
        alike = _alike(expected, printed)
        same = same and alike
        prompt = "$ " + command.replace("\n", "\n> ")
        found += [prompt, *(expected if alike else printed)]
    if same:
        return None
    text = "\n".join(found)
    if os.environ.get("WRITE_CONSOLE_BLOCKS"):
        file = Path(example.path)
        file.write_text(file.read_text().replace(str(example.parsed).rstrip("\n"), text, 1))
        return None
    before = str(example.parsed).splitlines()
    return "\n".join(difflib.unified_diff(before, text.splitlines(), "document", "printed"))


def _commands(text: str) -> list[tuple[str, list[str]]]:
    """Commands and the output that they are expected to have."""
    found: list[tuple[str, list[str]]] = []
    for line in text.rstrip("\n").split("\n"):
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif (line == ">" or line.startswith("> ")) and not found[-1][1]:
            found[-1] = (f"{found[-1][0]}\n{line[2:]}", [])
        else:
            found[-1][1].append(line)
    return found


def _alike(expected: list[str], printed: list[str]) -> bool:
    pattern = "\n".join(
        ".*" if line.strip() == "..." else _pattern(line) for line in expected if line.strip()
    )
    text = "\n".join(_plain(line) for line in printed if line.strip())
    # Dots alone on a line also stand for no line at all.
    return re.fullmatch(pattern.replace("\n.*\n", "\n(.*\n)?"), text, re.DOTALL) is not None


def _pattern(line: str) -> str:
    return "[^\n]*".join(re.escape(_plain(part)) for part in line.split("..."))


def _plain(line: str) -> str:
    """A line without what may differ."""
    return " ".join(_NUMBER.sub("0", _RULE.sub("─", _ID.sub("<id>", line))).split())

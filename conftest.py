"""Runs the Python and console blocks of README and docs, away from accounts and jobs of whoever runs them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from console_blocks import ConsoleBlockParser, close_console
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), ConsoleBlockParser(), SkipParser()],
    patterns=["*.md"],
    excludes=["changelog.d/*"],
    teardown=close_console,
).pytest()

_home = tempfile.TemporaryDirectory(prefix="qiskit-direct-docs-")
os.environ["QISKIT_DIRECT_CONFIG"] = str(Path(_home.name, "accounts.json"))
os.environ["QISKIT_DIRECT_DATA"] = str(Path(_home.name, "data"))

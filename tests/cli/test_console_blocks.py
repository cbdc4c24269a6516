"""The console blocks of documents: what differs is noticed, what may differ is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from console_blocks import ConsoleBlockParser, close_console
from sybil import Sybil
from sybil.example import SybilFailure


def check(folder: Path, block: str) -> None:
    file = folder / "page.md"
    file.write_text(f"```console\n{block}\n```\n")
    document = Sybil(parsers=[ConsoleBlockParser()], pattern="*.md").parse(file)
    (example,) = document.examples()
    try:
        example.evaluate()
    finally:
        close_console(document.namespace)


@pytest.mark.parametrize(
    "block",
    [
        "$ echo took 3.5 s\ntook 17 s",
        "$ X='a   b'\n$ echo $X $?\na b 0",
        "$ printf 'one\\ntwo\\nthree\\n'\none\n...\nthree",
        "$ cat <<'END'\n> one\n>\n> two\n> END\none\ntwo",
        "$ echo secret-abc\nsecret-...",
        "$ qiskit-direct accounts list\nno account is saved: ...\n$ echo $HOME $?\n~ 0",
        "$ qiskit-direct accounts delete x >/dev/null 2>&1; echo $?\n1",
    ],
)
def test_what_may_differ(tmp_path: Path, block: str) -> None:
    check(tmp_path, block)


@pytest.mark.parametrize(
    "block",
    [
        "$ echo took 3.5 s\ntook 17 minutes",
        "$ echo one",
        "$ true\none",
        "$ printf 'one\\ntwo\\n'\none",
        "$ qiskit-direct accounts delete x\ndeleted",
        "$ false; echo $?\nyes",
    ],
)
def test_what_may_not(tmp_path: Path, block: str) -> None:
    with pytest.raises(SybilFailure):
        check(tmp_path, block)

"""Public names: their signatures are on record, and each says what it is."""

from __future__ import annotations

import difflib
import inspect
import re
from pathlib import Path
from typing import Any

import pytest
from api_snapshot import PACKAGE, SNAPSHOT, described, fragments, members, public_objects, rewrite, split


def test_public_names_and_signatures_are_those_on_record() -> None:
    """A change has a fragment; then ``python tests/support/api_snapshot.py`` writes it down."""
    recorded, _ = split(SNAPSHOT.read_text())
    now = described()
    differences = difflib.unified_diff(recorded.splitlines(), now.splitlines(), "on record", "now", n=0)
    assert recorded == now, "\n".join(["see CONTRIBUTING.md", *differences])


def test_a_change_is_written_down_with_a_fragment_only(tmp_path: Path) -> None:
    file, folder = tmp_path / "api.txt", tmp_path / "changelog.d"
    folder.mkdir()
    (folder / "README.md").write_text("how")
    (folder / "old.added.md").write_text("A name.")
    (folder / "gone.added.md").write_text("Another name.")
    assert "anew" in rewrite(file, "name()\n", fragments(folder))
    assert split(file.read_text()) == ("name()\n", fragments(folder))
    assert "up to date" in rewrite(file, "name()\n", fragments(folder))

    (folder / "README.md").write_text("how else")
    (folder / "gone.added.md").unlink()
    with pytest.raises(SystemExit, match="fragment"):
        rewrite(file, "name(parameter)\n", fragments(folder))
    assert split(file.read_text())[0] == "name()\n"

    (folder / "old.added.md").write_text("A name with a parameter.")
    assert "anew" in rewrite(file, "name(parameter)\n", fragments(folder))
    (folder / "new.changed.md").write_text("No parameter any more.")
    assert "anew" in rewrite(file, "name()\n", fragments(folder))


def undocumented() -> list[str]:
    """Public names, and members of public classes, that do not say what they are."""
    found = []
    for module, name, value in public_objects():
        if not (inspect.isclass(value) or inspect.isroutine(value) or inspect.ismodule(value)):
            continue
        if not (value.__doc__ or "").strip():
            found.append(f"{module}.{name}")
        if inspect.isclass(value):
            undone = [member for member, what in members(value).items() if not is_told(value, member, what)]
            found += [f"{module}.{name}.{member}" for member in undone]
    return found


def is_told(owner: type, member: str, what: Any) -> bool:
    """By a docstring, its own or the one that follows its value, or by that of its class."""
    if member.startswith("__"):
        return True
    function = getattr(what, "__func__", what)
    if inspect.isfunction(function) or hasattr(what, "__get__"):
        return bool((function.__doc__ or "").strip())
    ours = [part for part in owner.__mro__ if part.__module__.startswith(PACKAGE)]
    return any(
        re.search(rf"^ +{member}: ", part.__doc__ or "", re.MULTILINE)
        or re.search(rf"^ +{member} = .*\n +\"\"\"\S", inspect.getsource(part), re.MULTILINE)
        for part in ours
    )


def test_every_public_name_says_what_it_is() -> None:
    assert not undocumented(), "\n".join(undocumented())

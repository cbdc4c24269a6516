"""Secrets that must turn up nowhere, and everywhere that they could turn up."""

from __future__ import annotations

import logging
import pickle
import re
import secrets
import traceback
from pathlib import Path
from typing import Any

__all__ = ["Everything", "canary"]


def canary(kind: str) -> str:
    """Text that is nowhere by chance."""
    return f"canary{kind}{secrets.token_hex(8)}"


class Everything(logging.Handler):
    """Collects what a person, a log or a file may come to see."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.texts: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.note(f"log of {record.name}", record.getMessage())
        self.note(f"arguments in the log of {record.name}", repr(record.args))
        if record.exc_info and record.exc_info[1]:
            self.error(record.exc_info[1], f"log of {record.name}")

    def note(self, where: str, text: str) -> None:
        self.texts.append((where, text))

    def thing(self, thing: Any, where: str) -> None:
        """What an object shows of itself, and of what it is made of."""
        self.note(f"repr of {where}", f"{thing!r} {thing}")
        members = getattr(thing, "__dict__", {})
        self.note(f"vars of {where}", repr(members))
        for name, member in members.items():
            self.note(f"vars of {where}.{name}", repr(getattr(member, "__dict__", member)))
        try:
            self.note(f"pickle of {where}", pickle.dumps(thing).decode("latin-1"))
        except Exception as error:  # noqa: BLE001 - whatever cannot be pickled leaks nothing, but its error may
            self.note(f"refused pickle of {where}", repr(error))

    def error(self, error: BaseException, where: str) -> None:
        """An error, all that it is chained to, and the variables of all of its frames."""
        seen: list[BaseException] = []
        waiting: list[BaseException | None] = [error]
        while waiting:
            found = waiting.pop()
            if found is None or found in seen:
                continue
            seen.append(found)
            waiting += [found.__cause__, found.__context__]
            kind = f"{type(found).__name__} in {where}"
            self.note(f"repr of {kind}", f"{found!r} {found} {found.args!r} {vars(found)!r}")
            shown = traceback.TracebackException.from_exception(found, capture_locals=True, limit=None)
            # Its first frame is the test itself, which knows the secrets.
            shown.stack = traceback.StackSummary.from_list(
                [frame for frame in shown.stack if "/tests/" not in frame.filename]
            )
            for frame in shown.stack:
                place = f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
                self.note(f"variables at {place} of {kind}", repr(frame.locals))
        try:
            self.note(f"pickle of {where}", pickle.dumps(error).decode("latin-1"))
        except Exception as refused:  # noqa: BLE001 - whatever is raised is searched
            self.note(f"refused pickle of {where}", repr(refused))

    def folder(self, folder: Path) -> None:
        for file in folder.rglob("*"):
            if file.is_file():
                self.note(f"name of {file}", str(file))
                self.note(f"file {file.name}", file.read_bytes().decode("latin-1"))

    def hits(self, canaries: dict[str, str]) -> set[str]:
        """Where which canary was found."""
        pattern = re.compile("|".join(map(re.escape, canaries.values())))
        names = {text: name for name, text in canaries.items()}
        return {
            f"{names[match]}: {where}" for where, text in self.texts for match in set(pattern.findall(text))
        }

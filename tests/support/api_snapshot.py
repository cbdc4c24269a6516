"""The public names and their signatures as a text, which is kept in ``tests/data/api.txt``.

``python tests/support/api_snapshot.py`` writes it anew. It refuses to do so when names or signatures changed
and no fragment of ``changelog.d`` was added or changed since the text was written: its last lines say which
fragments there were.
"""

from __future__ import annotations

import enum
import hashlib
import importlib
import inspect
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

__all__ = ["PACKAGE", "SNAPSHOT", "described", "fragments", "members", "public_objects", "rewrite", "split"]

ROOT = Path(__file__).parents[2]
SNAPSHOT = ROOT / "tests" / "data" / "api.txt"
PACKAGE = "qiskit_direct_provider"
MODULES = (PACKAGE, f"{PACKAGE}.errors", f"{PACKAGE}.testing")
PURE_FUNCTIONS = {
    f"{PACKAGE}.programs": ["sampler_payload"],
    f"{PACKAGE}.results": ["primitive_result_from_json"],
    f"{PACKAGE}.target": ["target_from_json"],
}
PROTOCOLS = {"__aenter__", "__await__", "__call__", "__enter__", "__getitem__", "__iter__", "__len__"}
METHODS = (FunctionType, property, cached_property, staticmethod, classmethod)
HEADING = "fragments of changelog.d at that time"


def public_objects() -> Iterator[tuple[str, str, Any]]:
    """Module, name and object of all that is public."""
    for module in MODULES:
        home = importlib.import_module(module)
        for name in sorted(home.__all__):
            yield module, name, getattr(home, name)
    for module, names in PURE_FUNCTIONS.items():
        for name in names:
            yield module, name, getattr(importlib.import_module(module), name)


def members(owner: type) -> dict[str, Any]:
    """Public members that modules of this package define, as they are in the class; fields are their types.

    What a public base has is left out, since it is told there.
    """
    told = {part for part in owner.__mro__[1:] if part in _public_classes()}
    kept = [
        part
        for part in owner.__mro__
        if part.__module__.startswith(PACKAGE) and not any(issubclass(base, part) for base in told)
    ]
    foreign = [part for part in owner.__mro__ if not part.__module__.startswith(PACKAGE)]
    fields: dict[str, Any] = {}
    values: dict[str, Any] = {}
    for part in reversed(kept):
        values.update(vars(part))
        fields.update((name, _Field(words)) for name, words in inspect.get_annotations(part).items())
    methods = {name: value for name, value in values.items() if isinstance(value, METHODS)}
    fields = {
        name: words for name, words in fields.items() if not any(name in vars(part) for part in foreign)
    }
    found = {**values, **fields, **methods}
    return {name: found[name] for name in sorted(found) if not name.startswith("_") or name in PROTOCOLS}


def _public_classes() -> set[type]:
    return {value for _, _, value in public_objects() if inspect.isclass(value)}


class _Field(str):
    """The type of an attribute, as it was written."""

    __slots__ = ()


def described() -> str:
    """All public names with their signatures, one a line."""
    lines, last = [], ""
    for module, name, value in public_objects():
        if module != last:
            lines += ["", module]
        last = module
        lines += _described(name, value)
    return "\n".join(lines).strip() + "\n"


def _described(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, ModuleType):
        yield f"  module {name}"
    elif inspect.isclass(value):
        yield f"  class {name}{_constructor(value)}{_bases(value)}"
        for member, what in members(value).items():
            yield f"    {_member(member, what)}"
    elif callable(value):
        yield f"  {name}{_signature(value)}"
    else:
        yield f"  {name}: {type(value).__name__}"


def _member(name: str, what: Any) -> str:
    if isinstance(what, _Field):
        return f"{name}: {what}"
    if isinstance(what, property | cached_property):
        getter = what.func if isinstance(what, cached_property) else what.fget
        settable = isinstance(what, property) and what.fset
        return f"{name}: {inspect.signature(getter).return_annotation}{' (can be set)' if settable else ''}"
    if isinstance(what, staticmethod | classmethod):
        return f"{type(what).__name__} {name}{_signature(what.__func__)}"
    if inspect.isfunction(what):
        return f"{'async ' if inspect.iscoroutinefunction(what) else ''}{name}{_signature(what)}"
    return f"{name} = {what.value!r}" if isinstance(what, enum.Enum) else f"{name}: {type(what).__name__}"


def _constructor(owner: type) -> str:
    """The signature of a constructor, if it is one of ours that no public base has."""
    author = next(part for part in owner.__mro__ if "__init__" in vars(part))
    ours = author.__module__.startswith(PACKAGE) and not issubclass(owner, enum.Enum)
    told = author is not owner and author in _public_classes()
    return _signature(author.__init__).removesuffix(" -> None") if ours and not told else ""


def _bases(owner: type) -> str:
    """The nearest bases that users know: public ones, and those of other packages."""
    found = [
        part
        for part in owner.__mro__[1:-1]
        if part in _public_classes() or not part.__module__.startswith((PACKAGE, "typing"))
    ]
    nearest = [
        part for part in found if not any(part is not other and issubclass(other, part) for other in found)
    ]
    return f", a {' and '.join(part.__name__ for part in nearest)}" if nearest else ""


def _signature(function: Any) -> str:
    """Parameters without ``self``, and what is returned; annotations as they were written."""
    signature = inspect.signature(function)
    words: list[str] = []
    star = False
    for number, parameter in enumerate(signature.parameters.values()):
        if number == 0 and parameter.name in {"self", "cls"}:
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not star:
            words.append("*")
        star = star or parameter.kind in {parameter.KEYWORD_ONLY, parameter.VAR_POSITIONAL}
        words.append(_parameter(parameter))
        if parameter.kind is parameter.POSITIONAL_ONLY:
            words.append("/")
    returned = signature.return_annotation
    return f"({', '.join(words)})" + (f" -> {_words(returned)}" if returned is not signature.empty else "")


def _parameter(parameter: inspect.Parameter) -> str:
    stars = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
    typed = "" if parameter.annotation is parameter.empty else f": {_words(parameter.annotation)}"
    default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
    return f"{stars}{parameter.name}{typed}{default}"


def _words(annotation: Any) -> str:
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)


def fragments(folder: Path) -> set[str]:
    """Names and digests of the fragments in a folder."""
    files = sorted(file for file in folder.glob("*.*.md"))
    return {f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()[:12]}" for file in files}


def split(snapshot: str) -> tuple[str, set[str]]:
    """What a snapshot says of the names, and of the fragments."""
    names, _, known = snapshot.partition(f"\n{HEADING}\n")
    return names, {line.strip() for line in known.splitlines()}


def rewrite(file: Path, names: str, present: set[str]) -> str:
    """Write the snapshot anew, and say what was done.

    Raises:
        SystemExit: Names or signatures changed, but no fragment says so to users.
    """
    before, known = split(file.read_text()) if file.exists() else ("", set())
    if before == names:
        return f"{file.name} is up to date"
    if before and not present - known:
        raise SystemExit(
            "public names or signatures changed, and no fragment of changelog.d: say there what changed"
        )
    file.write_text(f"{names}\n{HEADING}\n" + "".join(f"  {line}\n" for line in sorted(present)))
    return f"{file.name} is written anew"


if __name__ == "__main__":
    sys.stdout.write(rewrite(SNAPSHOT, described(), fragments(ROOT / "changelog.d")) + "\n")

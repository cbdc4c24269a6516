"""Groups of options: attributes that are checked when they are set, and sent only if they are."""

from __future__ import annotations

import difflib
import enum
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from typing import TYPE_CHECKING, Any, Final

from qiskit_direct_provider.errors import InvalidInputError

if TYPE_CHECKING:
    from qiskit_direct_provider.primitives.checks import Check

__all__ = ["OptionGroup", "Unset", "UnsetType", "group", "option", "rows"]


class UnsetType(enum.Enum):
    """The type of `Unset`."""

    UNSET = enum.auto()

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "Unset"


Unset: Final = UnsetType.UNSET
"""The value of an option that is left to the server."""


def option(check: Check, *, default: str, meaning: str, unit: str = "") -> Any:
    """An option that is not set.

    Args:
        check: What it may be.
        default: What the server takes when it is not set.
        meaning: What it is, in a line.
        unit: Of the value, if it has one.
    """
    return field(
        default=Unset, metadata={"check": check, "default": default, "meaning": meaning, "unit": unit}
    )


def group(kind: type[OptionGroup]) -> Any:
    """Options under a name of their own."""
    return field(default_factory=kind, metadata={"group": kind})


@dataclass(init=False, repr=False)
class OptionGroup:
    """Options by name, checked when they are set. None un-sets an option for which it has no other meaning.

    >>> from qiskit_direct_provider.primitives import SamplerOptions
    >>> options = SamplerOptions(default_shots=1000)
    >>> options.dynamical_decoupling.enable = True
    >>> options.update(twirling={"enable_measure": True})
    >>> sorted(options.to_dict())
    ['default_shots', 'dynamical_decoupling', 'twirling']
    """

    def __init__(self, **values: Any) -> None:
        for each in fields(self):
            factory = each.default_factory
            object.__setattr__(self, each.name, each.default if factory is MISSING else factory())
        self.update(**values)

    def update(self, **values: Any) -> None:
        """Set options; a dictionary for a group sets those that it names, and leaves the others.

        Raises:
            InvalidInputError: There is no such option, or it cannot have this value.
        """
        for name, value in values.items():
            inner = getattr(self, self._field(name).name)
            if isinstance(inner, OptionGroup) and isinstance(value, Mapping):
                inner.update(**value)
            else:
                setattr(self, name, value)

    def to_dict(self) -> dict[str, Any]:
        """The options that are set, groups as dictionaries."""
        found = {each.name: getattr(self, each.name) for each in fields(self)}
        plain = {
            name: value.to_dict() if isinstance(value, OptionGroup) else value
            for name, value in found.items()
            if value is not Unset
        }
        return {
            name: value
            for name, value in plain.items()
            if value != {} or not isinstance(found[name], OptionGroup)
        }

    @classmethod
    def of(cls, given: Any) -> Any:
        """A copy of options, from options, a dictionary, qiskit-ibm-runtime's own class, or None.

        Raises:
            InvalidInputError: Something else, or an option in it is refused.
        """
        if given is None:
            return cls()
        if isinstance(given, cls):
            return cls(**given.to_dict())
        if is_dataclass(given) and not isinstance(given, type | OptionGroup):
            return cls(**_foreign(given))
        if isinstance(given, Mapping):
            return cls(**given)
        raise InvalidInputError(
            f"options must be {cls.__name__} or a dictionary, not a {type(given).__name__}"
        )

    def __setattr__(self, name: str, value: Any) -> None:
        known = self._field(name)
        if value is not Unset or "group" in known.metadata:
            value = self._checked(known, value)
        object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        inside = ", ".join(
            f"{each.name}={value!r}"
            for each in fields(self)
            if (value := getattr(self, each.name)) is not Unset
            and (not isinstance(value, OptionGroup) or value.to_dict())
        )
        return f"{type(self).__name__}({inside})"

    def _field(self, name: str) -> Field[Any]:
        known: dict[str, Field[Any]] = {each.name: each for each in fields(self)}
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            advice = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
            raise InvalidInputError(f"{type(self).__name__} has no option {name!r}; {advice}")
        return known[name]

    def _checked(self, known: Field[Any], value: Any) -> Any:
        if kind := known.metadata.get("group"):
            return kind.of(value)
        check: Check = known.metadata["check"]
        try:
            return check(value)
        except InvalidInputError as error:
            if value is None:
                return Unset
            raise InvalidInputError(f"{type(self).__name__}.{known.name} must be {error}") from error


def rows(kind: type[OptionGroup], prefix: str = "") -> Iterator[tuple[str, str, str, str, str]]:
    """All options of a group and of those inside it: name, values, unit, the server's default, meaning."""
    for each in fields(kind):
        inner = each.metadata.get("group")
        if inner:
            yield from rows(inner, f"{prefix}{each.name}.")
        else:
            about = each.metadata
            yield (
                prefix + each.name,
                about["check"].words,
                about["unit"],
                about["default"],
                about["meaning"],
            )


def _foreign(options: Any) -> dict[str, Any]:
    """Options of qiskit-ibm-runtime's classes that are set, as a dictionary."""
    found = {}
    for each in fields(options):
        value = getattr(options, each.name)
        if each.name.startswith("_") or type(value).__name__ == "UnsetType":
            continue
        if is_dataclass(value) and not isinstance(value, type):
            value = _foreign(value)
        found[each.name] = value
    return found

"""Options that commands share: where to connect, and how to answer."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qiskit_direct_provider.cli.completion import account_names, channels

if TYPE_CHECKING:
    from qiskit_direct_provider.accounts import SecretLike
    from qiskit_direct_provider.provider import DirectProvider

__all__ = ["AsJson", "Where", "behaviour", "secret_from", "with_account"]

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
SECRET_PLACES = "file:PATH, command:TEXT, keyring:SERVICE/USER, or stdin"  # noqa: S105 - how one is named


@dataclass
class _Behaviour:
    """How this run of the command behaves; ``main`` reads it once a command has failed."""

    debug: bool = False


behaviour = _Behaviour()


@dataclass(frozen=True)
class Where:
    """Which account a command works with. What is not said comes from the environment, then the files."""

    account: Annotated[
        str | None, typer.Option("--account", "-a", help="A saved account.", autocompletion=account_names)
    ] = None
    url: Annotated[str | None, typer.Option("--url", help="Address of the API.")] = None
    token_from: Annotated[
        str | None, typer.Option("--token-from", metavar="PLACE", help=f"The API key: {SECRET_PLACES}.")
    ] = None
    instance: Annotated[str | None, typer.Option("--instance", help="CRN of the instance.")] = None
    channel: Annotated[
        str | None, typer.Option("--channel", help="Kind of the API.", autocompletion=channels)
    ] = None

    @property
    def arguments(self) -> dict[str, Any]:
        """The same as arguments of `DirectProvider`."""
        return {
            "token": secret_from(self.token_from, "--token-from"),
            "url": self.url,
            "instance": self.instance,
            "name": self.account,
            "channel": self.channel,
        }

    def provider(self) -> DirectProvider:
        """A provider, to be closed; no request yet."""
        from qiskit_direct_provider.provider import DirectProvider

        return DirectProvider(**self.arguments)


def secret_from(place: str | None, option: str) -> SecretLike:
    """A secret from the place that an option names; a secret itself is never an option, which others can see.

    Raises:
        BadParameter: It names no place.
    """
    if place is None:
        return None
    if place == "stdin":
        return sys.stdin.readline().strip() or None
    kind, colon, where = place.partition(":")
    if kind not in {"file", "command", "keyring"} or not colon or not where:
        # Not repeated: it may be the key itself.
        raise typer.BadParameter(f"a place is written as {SECRET_PLACES}", param_hint=option)
    return {kind: where}


def with_account(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of `Where`, which it takes as its first argument, and ``--debug``."""
    own = inspect.signature(command, eval_str=True)
    hints = inspect.get_annotations(Where, eval_str=True)
    shared = {field.name: field.default for field in fields(Where)}

    def wrapped(*, debug: bool, **given: Any) -> None:
        behaviour.debug = behaviour.debug or debug
        where = Where(**{name: given.pop(name) for name in shared})
        command(where, **given)

    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [
        *(parameter.replace(kind=keyword) for parameter in list(own.parameters.values())[1:]),
        *(
            inspect.Parameter(name, keyword, default=default, annotation=hints[name])
            for name, default in shared.items()
        ),
        inspect.Parameter("debug", keyword, default=False, annotation=_DEBUG),
    ]
    _describe(wrapped, command, parameters)
    return wrapped


_DEBUG = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


def _describe(
    wrapped: Callable[..., None], command: Callable[..., None], parameters: list[inspect.Parameter]
) -> None:
    """Make a function look as if it had these parameters, which is what typer reads."""
    annotations: Mapping[str, Any] = {each.name: each.annotation for each in parameters}
    wrapped.__name__, wrapped.__doc__ = command.__name__, command.__doc__
    wrapped.__annotations__ = {**annotations, "return": None}
    wrapped.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # functions may have one

"""A mutant's code put into the functions of a module that is loaded already."""

from __future__ import annotations

import ast
import gc
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from operators import Mutant

__all__ = ["transplant"]


def transplant(mutant: Mutant, module: ModuleType) -> None:
    """Change the loaded module as the mutant says; there is no way back."""
    if mutant.function is not None:
        _set_code(mutant, mutant.function, module)
    for name in filter(None, [mutant.assigned, *mutant.at_import]):
        _set_constant(mutant, name, module)
    for found in _functions_and_caches(module):
        if hasattr(found, "cache_clear"):
            found.cache_clear()


def _set_constant(mutant: Mutant, constant: str, module: ModuleType) -> None:
    """Wherever the constant was imported by its name, or is what a parameter has by default."""
    fresh = ModuleType(module.__name__)
    vars(fresh).update(__file__=module.__file__, __package__=module.__package__)
    sys.modules[module.__name__], held = fresh, sys.modules[module.__name__]
    try:
        exec(mutant.code, vars(fresh))  # noqa: S102 - our own source
    finally:
        sys.modules[module.__name__] = held
    before, after = vars(module)[constant], vars(fresh)[constant]
    for name, other in list(sys.modules.items()):
        if name.startswith("qiskit_direct_provider") and vars(other).get(constant) is before:
            setattr(other, constant, after)
    for name, other in vars(fresh).items():
        if type(other) is FunctionType and type(vars(module).get(name)) is FunctionType:
            vars(module)[name].__defaults__ = other.__defaults__
            vars(module)[name].__kwdefaults__ = other.__kwdefaults__


def _set_code(mutant: Mutant, function: ast.FunctionDef, module: ModuleType) -> None:
    first = min([function.lineno, *(each.lineno for each in function.decorator_list)])
    key = (first, function.name)
    (code,) = (each for each in _codes(mutant.code) if (each.co_firstlineno, each.co_name) == key)
    owners = [
        each
        for each in gc.get_objects()
        if type(each) is FunctionType
        and each.__code__.co_filename == module.__file__
        and (each.__code__.co_firstlineno, each.__code__.co_name) == key
    ]
    assert owners, mutant.name
    for owner in owners:
        if mutant.in_default:
            _set_defaults(mutant, owner)
        else:
            owner.__code__ = code


def _set_defaults(mutant: Mutant, owner: Any) -> None:
    assert mutant.function is not None
    arguments = mutant.function.args

    def value(default: ast.expr) -> Any:
        return eval(  # noqa: S307 - our own source
            compile(ast.Expression(default), "<default>", "eval"), owner.__globals__
        )

    owner.__defaults__ = tuple(map(value, arguments.defaults)) or None
    owner.__kwdefaults__ = {
        each.arg: value(default)
        for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if default is not None
    } or None


def _codes(code: CodeType) -> Iterator[CodeType]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each
            yield from _codes(each)


def _functions_and_caches(module: ModuleType) -> Iterator[Any]:
    for value in vars(module).values():
        yield value
        if isinstance(value, type):
            yield from vars(value).values()

"""Small changes of a module's source, each of which some test should notice."""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType
from typing import Any, TypeAlias

__all__ = ["Mutant", "mutants"]

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.Pow: ast.Mult,
}
_Place: TypeAlias = "tuple[Any, str, int | None]"


@dataclass(frozen=True)
class Mutant:
    """One change.

    Attributes:
        name: What is changed, where, and into what; stays the same while other lines come and go.
        line: Of the change.
        lines: Of the innermost statement around it, or of that statement's head.
        function: The outermost function around it; None for a constant of the module.
        assigned: The constant's name.
        in_default: Whether it is a default of the function's parameters.
        at_import: Names of constants that the module makes by calling the function.
        code: The changed module, compiled.
    """

    name: str
    line: int
    lines: range
    function: ast.FunctionDef | None
    assigned: str | None
    in_default: bool
    at_import: tuple[str, ...]
    code: CodeType


def mutants(source: str, file: str, module: str) -> Iterator[Mutant]:
    """All mutants of a module, in the order of its text.

    Left alone are what only type checkers and readers see, imports, texts of errors and of the log, the
    fields of classes, and what tells Python where an error came from.
    """
    tree = ast.parse(source, file)
    seen: Counter[str] = Counter()
    for trail, place in _places(tree):
        node = _at(place)
        function, assigned = _home(trail)
        if function is None and assigned is None:
            continue
        for change in _changes(node, trail):
            name = f"{module}:{_path(trail) or assigned}: {_shown(node)} -> {_shown(change)}"
            seen[name] += 1
            _put(place, ast.fix_missing_locations(ast.copy_location(change, node)))
            yield Mutant(
                name=name if seen[name] == 1 else f"{name} #{seen[name]}",
                line=node.lineno,
                lines=_lines(trail, node),
                function=function,
                assigned=assigned if function is None else None,
                in_default=function is not None and _is_default(function, node),
                at_import=() if function is None else _made_by(function.name, tree),
                code=compile(tree, file, "exec", dont_inherit=True),
            )
            _put(place, node)


# -- where ---------------------------------------------------------------------------------------------


def _places(tree: ast.Module) -> Iterator[tuple[list[ast.AST], _Place]]:
    """Every node that may be changed, with the nodes around it and its place in its parent."""

    def walk(parent: ast.AST, trail: list[ast.AST]) -> Iterator[tuple[list[ast.AST], _Place]]:
        for field, value in ast.iter_fields(parent):
            if field in {"annotation", "returns", "decorator_list", "type_params"}:
                continue
            for index, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if not isinstance(node, ast.AST) or _is_left_alone(node, parent, field):
                    continue
                if isinstance(node, ast.stmt | ast.expr | ast.excepthandler):
                    yield trail, (parent, field, index)
                yield from walk(node, [*trail, node])

    return walk(tree, [])


def _is_left_alone(node: ast.AST, parent: ast.AST, field: str) -> bool:
    return (
        isinstance(node, ast.Import | ast.ImportFrom | ast.Assert | ast.JoinedStr | ast.expr_context)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))  # a docstring
        or (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
        or (isinstance(parent, ast.Raise) and field == "cause")
        or (isinstance(parent, ast.Call) and _is_for_readers(node, parent, field))
        or (isinstance(parent, ast.Module) and _is_no_value(node))
    )


def _is_for_readers(node: ast.AST, call: ast.Call, field: str) -> bool:
    called = ast.unparse(call.func)
    return field != "func" and (called.startswith("logger.") or (called == "cast" and node is call.args[0]))


def _is_no_value(node: ast.AST) -> bool:
    """Whether it is an assignment that nothing at run time depends on."""
    return isinstance(node, ast.Assign | ast.AnnAssign) and (
        _target(node) in {None, "__all__", "logger"} or "Type" in ast.unparse(node)
    )


def _target(node: ast.AST) -> str | None:
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return targets[0].id if isinstance(targets[0], ast.Name) else None


def _home(trail: list[ast.AST]) -> tuple[ast.FunctionDef | None, str | None]:
    """The outermost function around a place, or else the constant of the module that is assigned there."""
    for node in trail:
        if isinstance(node, ast.FunctionDef):
            return node, None
    if trail and isinstance(trail[0], ast.Assign | ast.AnnAssign):
        return None, _target(trail[0])
    return None, None


def _path(trail: list[ast.AST]) -> str:
    return ".".join(node.name for node in trail if isinstance(node, ast.FunctionDef | ast.ClassDef))


def _lines(trail: list[ast.AST], node: ast.AST) -> range:
    """Lines whose run means that a change matters: those of the innermost statement, without its body."""
    inner = next(each for each in [node, *reversed(trail)] if isinstance(each, ast.stmt | ast.excepthandler))
    body = getattr(inner, "body", None)
    end = body[0].lineno - 1 if isinstance(body, list) and body[0].lineno > inner.lineno else inner.end_lineno
    return range(inner.lineno, (end or inner.lineno) + 1)


def _is_default(function: ast.FunctionDef, node: ast.AST) -> bool:
    defaults = [*function.args.defaults, *filter(None, function.args.kw_defaults)]
    return any(node in ast.walk(default) for default in defaults)


def _made_by(function: str, tree: ast.Module) -> tuple[str, ...]:
    return tuple(
        str(_target(each))
        for each in tree.body
        if isinstance(each, ast.Assign | ast.AnnAssign)
        and any(isinstance(call, ast.Call) and ast.unparse(call.func) == function for call in ast.walk(each))
    )


def _at(place: _Place) -> Any:
    parent, field, index = place
    value = getattr(parent, field)
    return value if index is None else value[index]


def _put(place: _Place, node: ast.AST) -> None:
    parent, field, index = place
    if index is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[index] = node


def _shown(node: ast.AST) -> str:
    text = ast.unparse(node).split("\n")[0]
    return text if len(text) <= 100 else text[:97] + "..."


# -- what ----------------------------------------------------------------------------------------------


def _changes(node: ast.AST, trail: list[ast.AST]) -> Iterator[Any]:
    """What a node may be changed into."""
    for kind, changed in _CHANGES.items():
        if isinstance(node, kind):
            yield from changed(node)
    if isinstance(node, ast.expr) and trail:
        yield from _forced(node, trail[-1])
    if isinstance(node, ast.Constant) and not any(isinstance(each, ast.Raise) for each in trail):
        yield from _constants(node)


def _comparison(node: ast.Compare) -> Iterator[ast.expr]:
    for index, operator in enumerate(node.ops):
        for kind in _COMPARISONS[type(operator)]:
            changed = copy.deepcopy(node)
            changed.ops[index] = kind()
            yield changed


def _boolean(node: ast.BoolOp) -> Iterator[ast.expr]:
    yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)


def _unary(node: ast.UnaryOp) -> Iterator[ast.expr]:
    if isinstance(node.op, ast.Not | ast.USub | ast.Invert):
        yield node.operand


def _binary(node: ast.BinOp) -> Iterator[ast.expr]:
    if type(node.op) in _OPERATORS and not _is_text(node.left):
        yield ast.BinOp(node.left, _OPERATORS[type(node.op)](), node.right)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _augmented(node: ast.AugAssign) -> Iterator[ast.stmt]:
    if type(node.op) in _OPERATORS:
        yield ast.AugAssign(node.target, _OPERATORS[type(node.op)](), node.value)
    yield ast.Pass()


def _removed(_: ast.AST) -> Iterator[ast.stmt]:
    yield ast.Pass()


def _unassigned(node: ast.Assign) -> Iterator[ast.stmt]:
    """Only what is kept in an object is left out: without a local name nothing would run."""
    if any(isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets):
        yield ast.Pass()


def _unraised(node: ast.Raise) -> Iterator[ast.stmt]:
    if node.exc is None or ast.unparse(node.exc) != "AssertionError":
        yield ast.Pass()


def _returned(node: ast.Return) -> Iterator[ast.stmt]:
    if node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None):
        yield ast.Return(ast.Constant(None))


def _left(_: ast.AST) -> Iterator[ast.stmt]:
    yield ast.Pass()


def _caught(node: ast.ExceptHandler) -> Iterator[ast.excepthandler]:
    """Nothing is caught, or one kind of error less."""
    yield ast.ExceptHandler(ast.Tuple([], ast.Load()), node.name, node.body)
    if isinstance(node.type, ast.Tuple):
        for index in range(len(node.type.elts)):
            rest = [each for place, each in enumerate(node.type.elts) if place != index]
            yield ast.ExceptHandler(ast.Tuple(rest, ast.Load()), node.name, node.body)


def _unasked(node: ast.Call) -> Iterator[ast.expr]:
    """Without one of its keywords, or one kind of error that is suppressed less."""
    for index, keyword in enumerate(node.keywords):
        if keyword.arg is not None:
            yield ast.Call(node.func, node.args, [*node.keywords[:index], *node.keywords[index + 1 :]])
    if ast.unparse(node.func) == "contextlib.suppress":
        for index in range(len(node.args)):
            yield ast.Call(node.func, [*node.args[:index], *node.args[index + 1 :]], node.keywords)


def _constants(node: ast.Constant) -> Iterator[ast.expr]:
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
        if value > 0:
            yield ast.Constant(value - 1)
    elif isinstance(value, float):
        yield ast.Constant(value * 2 + 1)
    elif isinstance(value, str):
        yield ast.Constant("XX" + value)
    elif isinstance(value, bytes):
        yield ast.Constant(b"XX" + value)


def _forced(node: ast.expr, parent: ast.AST) -> Iterator[ast.expr]:
    """A condition that always or never holds."""
    if isinstance(parent, ast.If | ast.IfExp | ast.While) and parent.test is node:
        if not isinstance(parent, ast.While):
            yield ast.Constant(True)  # noqa: FBT003 - the field has no name
        elif isinstance(node, ast.Constant):
            return
        yield ast.Constant(False)  # noqa: FBT003 - the same
    elif isinstance(parent, ast.comprehension) and node in parent.ifs:
        yield ast.Constant(True)  # noqa: FBT003 - the same
        yield ast.Constant(False)  # noqa: FBT003 - the same


_CHANGES: dict[type[ast.AST], Callable[[Any], Iterator[Any]]] = {
    ast.Compare: _comparison,
    ast.BoolOp: _boolean,
    ast.UnaryOp: _unary,
    ast.BinOp: _binary,
    ast.AugAssign: _augmented,
    ast.Expr: _removed,
    ast.Assign: _unassigned,
    ast.Raise: _unraised,
    ast.Return: _returned,
    ast.Break: _left,
    ast.Continue: _left,
    ast.ExceptHandler: _caught,
    ast.Call: _unasked,
}

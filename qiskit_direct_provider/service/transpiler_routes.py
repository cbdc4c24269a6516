"""Routes of the Cloud Transpiler API. Its errors are FastAPI's: ``{"detail": "..."}``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from fastapi import APIRouter, HTTPException, Request, Response

from qiskit_direct_provider.service.context import Service, answer, read_body, service_of
from qiskit_direct_provider.service.transpiler_tasks import TranspilationRequest
from qiskit_direct_provider.wire.transpiler import TaskCreated, TranspileBody

if TYPE_CHECKING:
    from qiskit_direct_provider.service.devices import Device

__all__ = ["router"]

router = APIRouter(prefix="/transpile", include_in_schema=False)

_TRUE, _FALSE = frozenset({"true", "1", "yes"}), frozenset({"false", "0", "no", ""})
_DEFAULT_LEVEL = 3
_HIGHEST_LEVEL = 3
_LAYOUT_MODES = frozenset({"keep", "optimize", "improve"})
_OPTIONS = frozenset(
    {
        *("initial_layout", "layout_method", "routing_method", "seed_transpiler", "approximation_degree"),
        *("scheduling_method", "optimization_method", "basis_gates"),
    }
)


@router.post("")
async def create_task(request: Request) -> Response:
    """Begin to transpile. Parameters are in the query or in the body; the query wins."""
    service = service_of(request)
    _authenticate(service, request)
    try:
        body = msgspec.json.decode(await read_body(request), type=TranspileBody)
    except (msgspec.DecodeError, RecursionError) as error:
        raise HTTPException(422, str(error)) from None
    return answer(TaskCreated(task_id=service.transpilations.begin(_checked(service, request, body))))


@router.get("/{task_id}")
async def get_task(task_id: str, request: Request) -> Response:
    """How a task is doing, and its result."""
    service = service_of(request)
    _authenticate(service, request)
    state = service.transpilations.state(task_id)
    if state is None:
        raise HTTPException(404, f"There is no task {task_id}.")
    return answer(state)


def _authenticate(service: Service, request: Request) -> None:
    """The API token itself, as the service wants it, or an access token."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    known = service.tokens.accepts_key(token) or service.tokens.subject_of(token)
    if scheme.lower() != "bearer" or not (known or service.logins.subject_of(token)):
        raise HTTPException(401, "Invalid authentication credentials.")


def _checked(service: Service, request: Request, body: TranspileBody) -> TranspilationRequest:
    query = request.query_params
    level = query.get("optimization_level", body.optimization_level)
    level = _DEFAULT_LEVEL if level is None else level
    if str(level) not in {str(each) for each in range(_HIGHEST_LEVEL + 1)}:
        raise HTTPException(422, f"optimization_level is not 0 to {_HIGHEST_LEVEL}.")
    mode = str(query.get("ai_layout_mode", body.ai_layout_mode) or "optimize").lower()
    if mode not in _LAYOUT_MODES:
        raise HTTPException(422, "ai_layout_mode is not keep, optimize or improve.")
    # There is no model here: with AI or without, Qiskit's own passes do the work.
    for name in ("ai", "use_ai"):
        _flag(query.get(name, getattr(body, name)), name, also="auto")
    qasm = [body.qasm_circuits] if isinstance(body.qasm_circuits, str) else body.qasm_circuits or []
    if not qasm and not body.qpy_circuits:
        raise HTTPException(422, "There are no circuits.")
    options = body.qiskit_transpile_options or {}
    if unknown := set(options) - _OPTIONS:
        raise HTTPException(422, f"qiskit_transpile_options has no {min(unknown)}.")
    device = _device(service, query.get("backend", body.backend), body)
    pairs = [tuple(pair) for pair in body.backend_coupling_map or []]
    if any(len(pair) != 2 or min(pair) < 0 or max(pair) > 9999 for pair in pairs):  # noqa: PLR2004 - pairs of qubits
        raise HTTPException(422, "backend_coupling_map is not a list of pairs of qubits.")
    return TranspilationRequest(
        qasm=tuple(qasm),
        qpy=body.qpy_circuits,
        snapshot=device.snapshot if device and not pairs else None,
        coupling_map=tuple((first, second) for first, second in pairs) or None,
        optimization_level=int(level),
        use_fractional_gates=_flag(
            query.get("use_fractional_gates", body.use_fractional_gates), "use_fractional_gates"
        ),
        options=options,
    )


def _device(service: Service, name: str | None, body: TranspileBody) -> Device | None:
    if name is None:
        if not body.backend_coupling_map:
            raise HTTPException(422, "Neither backend nor backend_coupling_map is there.")
        return None
    device = service.devices.get(name)
    if device is None:
        raise HTTPException(404, f"There is no backend {name}.")
    return device


def _flag(given: object, name: str, also: str | None = None) -> bool:
    text = "" if given is None else str(given).lower()
    if text in _TRUE or text == also:
        return True
    if text in _FALSE:
        return False
    raise HTTPException(422, f"{name} is neither true nor false.")

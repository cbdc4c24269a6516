"""``qiskit-direct serve``: run the local service."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from qiskit_direct_provider.service.server import Endpoint

__all__ = ["serve"]

_Many = list[str] | None


def serve(  # noqa: PLR0913, PLR0917 - one parameter per option of the command
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="TCP port; 0 takes a free one.", min=0, max=65535)] = 8290,
    api_key: Annotated[str | None, typer.Option(help="API key; made up when not given.")] = None,
    crn: Annotated[str | None, typer.Option(help="Service CRN; made up when not given.")] = None,
    device: Annotated[
        _Many,
        typer.Option(help="Device snapshot such as fake_fez, or a JSON file of one. Repeatable."),
    ] = None,
    max_lanes: Annotated[int, typer.Option(help="Stored jobs per device.", min=1)] = 5,
    seed: Annotated[int | None, typer.Option(help="Make results repeatable.")] = None,
    workers: Annotated[
        int | None, typer.Option(help="Worker processes; default: one per processor.", min=1)
    ] = None,
    executor: Annotated[
        str | None,
        typer.Option(help="What runs jobs: processes (default), dask://HOST:PORT, or MODULE:CALLABLE."),
    ] = None,
    state: Annotated[
        str | None, typer.Option(help="Folder that keeps jobs and objects; default: temporary.")
    ] = None,
    storage_origin: Annotated[
        _Many,
        typer.Option(help="Another object store that jobs may name, such as https://s3:9000. Repeatable."),
    ] = None,
    s3_access_key: Annotated[str | None, typer.Option(help="Access key of the object store.")] = None,
    s3_secret_key: Annotated[str | None, typer.Option(help="Secret key of the object store.")] = None,
    s3_bucket: Annotated[str | None, typer.Option(help="Bucket of the object store.")] = None,
    drift: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="Calibrate the devices anew so often.", min=0.1)
    ] = None,
    faults: Annotated[
        str | None, typer.Option(metavar="FILE", help="What is to go wrong, as JSON or TOML.")
    ] = None,
    *,
    noise: Annotated[
        bool, typer.Option("--noise/--no-noise", help="Simulate the noise of the devices.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON line when ready.")] = False,
    stop_on_eof: Annotated[bool, typer.Option("--stop-on-eof", hidden=True)] = False,
) -> None:
    """Run a local service with simulated devices, its object store included."""
    given: dict[str, Any] = {
        "host": host,
        "port": port,
        "api_key": api_key,
        "crn": crn,
        "devices": tuple(device) if device else None,
        "max_lanes": max_lanes,
        "seed": seed,
        "workers": workers,
        "executor": executor,
        "state": state,
        "storage_origins": tuple(storage_origin) if storage_origin else None,
        "s3_access_key": s3_access_key,
        "s3_secret_key": s3_secret_key,
        "s3_bucket": s3_bucket,
        "drift_s": drift,
        "faults": faults,
        "noise": noise,
    }
    _run(
        {name: value for name, value in given.items() if value is not None},
        as_json=as_json,
        stop_on_eof=stop_on_eof,
    )


def _run(given: dict[str, Any], *, as_json: bool, stop_on_eof: bool) -> None:
    try:
        from qiskit_direct_provider.service import fork_server, settings

        if given.get("executor", settings.PROCESSES) == settings.PROCESSES:
            fork_server.start()
        from qiskit_direct_provider.service import server
        from qiskit_direct_provider.service.faults import read_fault_plan
    except ModuleNotFoundError as error:
        _fail(f"{error}; the service needs more: pip install 'qiskit-direct-provider[service]'", error)
    if not settings.is_loopback(given["host"]):
        text = f"warning: {given['host']} is reachable by other machines, and the connection is not encrypted"
        typer.echo(text, err=True)

    def announce(endpoint: Endpoint) -> None:
        _write_json(endpoint) if as_json else _write_text(endpoint, given)

    try:
        if "faults" in given:
            given["faults"] = read_fault_plan(given["faults"])
        chosen = settings.ServiceSettings(**given)
        server.serve(chosen, announce, stop_on_eof=stop_on_eof)
    except (server.ServiceStartError, ValueError, OSError) as error:
        _fail(str(error), error)


def _write_json(endpoint: Endpoint) -> None:
    import msgspec

    _write_line(msgspec.json.encode(endpoint).decode())


def _write_text(endpoint: Endpoint, given: dict[str, Any]) -> None:
    """The ready line, then what a person needs to connect; secrets that were given are not repeated."""
    _write_line(f"listening on {endpoint.url}")
    _write_line(f"  devices     {', '.join(endpoint.devices)} (simulated)")
    made_up = {
        "api_key": ("API key", endpoint.api_key),
        "crn": ("CRN", endpoint.crn),
        "s3_access_key": ("S3 access", endpoint.s3.access_key_id),
        "s3_secret_key": ("S3 secret", endpoint.s3.secret_access_key),
    }
    for name, (title, value) in made_up.items():
        if name not in given:
            _write_line(f"  {title:<11} {value}")
    _write_line(f"  S3 bucket   {endpoint.s3.bucket} at {endpoint.s3.endpoint}, region {endpoint.s3.region}")
    _write_line(f"  status page {endpoint.url}/")
    _write_line(f"  API         {endpoint.url}/docs")
    _write_line("Stop with Ctrl-C.")


def _write_line(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _fail(message: str, cause: Exception) -> None:
    typer.echo(f"error: {message}", err=True)
    raise typer.Exit(1) from cause

"""``qiskit-direct accounts``: save, list and delete accounts."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qiskit_direct_provider.cli.completion import account_names, channels
from qiskit_direct_provider.cli.options import SECRET_PLACES, AsJson, secret_from
from qiskit_direct_provider.cli.output import rows, table, write_json

if TYPE_CHECKING:
    from qiskit_direct_provider.accounts import S3Storage, SecretLike

__all__ = ["app"]

app = typer.Typer(name="accounts", help="Save, list and delete accounts.", no_args_is_help=True)

_Text = str | None
_ACCOUNT, _NETWORK, _STORE = "Account", "Network", "Object store"


def _option(name: str, text: str, panel: str, **more: Any) -> Any:
    return typer.Option(name, help=text, rich_help_panel=panel, **more)


@app.command()
def save(  # noqa: PLR0913, PLR0917 - one parameter per option of the command
    name: Annotated[str, typer.Argument(help="Name of the account.")] = "default",
    url: Annotated[_Text, _option("--url", "Address of the API.", _ACCOUNT)] = None,
    token_from: Annotated[
        _Text,
        _option(
            "--token-from", f"The API key: {SECRET_PLACES}. Asked for otherwise.", _ACCOUNT, metavar="PLACE"
        ),
    ] = None,
    instance: Annotated[_Text, _option("--instance", "CRN of the instance.", _ACCOUNT)] = None,
    channel: Annotated[
        _Text, _option("--channel", "Kind of the API.", _ACCOUNT, autocompletion=channels)
    ] = None,
    iam_url: Annotated[_Text, _option("--iam-url", "Where keys are exchanged for tokens.", _ACCOUNT)] = None,
    s3_endpoint: Annotated[_Text, _option("--s3-endpoint", "URL of the object store.", _STORE)] = None,
    s3_bucket: Annotated[_Text, _option("--s3-bucket", "An existing bucket.", _STORE)] = None,
    s3_access_key: Annotated[_Text, _option("--s3-access-key", "Access key id.", _STORE)] = None,
    s3_secret_from: Annotated[
        _Text,
        _option("--s3-secret-from", "The secret key: as for --token-from.", _STORE, metavar="PLACE"),
    ] = None,
    s3_region: Annotated[str, _option("--s3-region", "Region that is signed for.", _STORE)] = "us-east-1",
    s3_endpoint_for_service: Annotated[
        _Text, _option("--s3-endpoint-for-service", "The store as the service sees it.", _STORE)
    ] = None,
    s3_prefix: Annotated[str, _option("--s3-prefix", "Put before the names of objects.", _STORE)] = "",
    ca_bundle: Annotated[
        _Text, _option("--ca-bundle", "Certificates to trust beside the public ones.", _NETWORK)
    ] = None,
    proxy: Annotated[_Text, _option("--proxy", "Proxy for http and https.", _NETWORK)] = None,
    timeout: Annotated[
        float | None, _option("--timeout", "Longest time for one call, in seconds.", _NETWORK)
    ] = None,
    *,
    set_as_default: Annotated[
        bool, typer.Option("--default", help="Take it where no account is named.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the account of that name.")] = False,
) -> None:
    """Save an account, in a file that only you can read. Sends no request.

    No secret is an option, since others can see the options of a process.
    """
    from qiskit_direct_provider.account_methods import AccountMethods

    token = secret_from(token_from, "--token-from") or _asked_for("API key", "--token-from")
    store = {
        "endpoint": s3_endpoint,
        "bucket": s3_bucket,
        "access_key_id": s3_access_key,
        "endpoint_for_service": s3_endpoint_for_service,
    }
    AccountMethods.save_account(
        token,
        url,
        name=name,
        instance=instance,
        channel=channel,
        iam_url=iam_url,
        storage=_storage({**store, "region": s3_region, "prefix": s3_prefix}, s3_secret_from),
        proxies={"http": proxy, "https": proxy} if proxy else None,
        verify=ca_bundle or True,
        timeout=timeout,
        set_as_default=set_as_default,
        overwrite=overwrite,
    )
    typer.echo(f"saved the account {name!r}; 'qiskit-direct doctor --account {name}' tries it")


def _storage(store: dict[str, Any], secret_place: str | None) -> S3Storage | None:
    needed = {"endpoint": "--s3-endpoint", "bucket": "--s3-bucket", "access_key_id": "--s3-access-key"}
    missing = [option for name, option in needed.items() if not store[name]]
    if len(missing) == len(needed) and secret_place is None:
        return None
    if missing:
        raise typer.BadParameter(f"an object store needs {' and '.join(missing)}, too")
    from qiskit_direct_provider.accounts import S3Storage

    secret = secret_from(secret_place, "--s3-secret-from") or _asked_for("secret key", "--s3-secret-from")
    return S3Storage(**store, secret_access_key=secret or "")


def _asked_for(what: str, option: str) -> SecretLike:
    if not sys.stdin.isatty():
        raise typer.BadParameter(f"no {what}: pass {option} {SECRET_PLACES}", param_hint=option)
    found: str = typer.prompt(what, hide_input=True)
    return found


@app.command("list")
def list_(
    name: Annotated[
        _Text, typer.Argument(help="Only this account, in full.", autocompletion=account_names)
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List the saved accounts. Secrets are masked."""
    from qiskit_direct_provider.account_methods import AccountMethods
    from qiskit_direct_provider.errors import AccountError

    found = AccountMethods.saved_accounts(name)
    if name is not None and not found:
        raise AccountError(f"there is no saved account {name!r}")
    if as_json:
        write_json(found)
    elif name is not None:
        rows(name, {key: _text(value) for key, value in _flat(found[name]).items()})
    elif not found:
        typer.echo("no account is saved: qiskit-direct accounts save --url URL")
    else:
        cells = [
            (
                "*" if entry["is_default"] else "",
                each,
                entry.get("channel", ""),
                entry.get("url") or _text(entry),
            )
            for each, entry in found.items()
        ]
        table({"default": False, "name": False, "channel": False, "url": False}, cells)


def _flat(entry: dict[str, Any], before: str = "") -> dict[str, Any]:
    """Nested members under names such as ``storage.bucket``."""
    found: dict[str, Any] = {}
    for key, value in entry.items():
        inner = isinstance(value, dict)
        found.update(_flat(value, f"{before}{key}.") if inner else {f"{before}{key}": value})
    return {key: value for key, value in found.items() if value not in {None, ""}}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value.get("problem", "")) if isinstance(value, dict) else str(value)


@app.command()
def delete(
    name: Annotated[str, typer.Argument(help="Name of the account.", autocompletion=account_names)],
) -> None:
    """Forget a saved account."""
    from qiskit_direct_provider.account_methods import AccountMethods
    from qiskit_direct_provider.errors import AccountError

    if not AccountMethods.delete_account(name):
        raise AccountError(f"there is no saved account {name!r}")
    typer.echo(f"deleted the account {name!r}")

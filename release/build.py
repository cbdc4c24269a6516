"""Builds source distribution and wheel, twice; both times must give the same bytes, and the right files.

What is built is in ``dist``, and can be published as it is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"
PACKAGE = "qiskit_direct_provider"
NOT_SHIPPED = (".ci/", ".github/")


def tracked() -> set[str]:
    """Files of the repository."""
    return set(output("git", "ls-files").splitlines())


def output(*command: str) -> str:
    """What a command prints, run in the repository."""
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def build(folder: Path) -> dict[str, bytes]:
    """Build the source distribution, and the wheel out of it; contents by name."""
    moment = output("git", "log", "-1", "--format=%ct").strip()
    command = [sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, env={**os.environ, "SOURCE_DATE_EPOCH": moment})
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def source_files(file: Path) -> set[str]:
    """Files in a source distribution, without its top folder."""
    with tarfile.open(file) as archive:
        return {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}


def wheel_files(file: Path) -> set[str]:
    """Files in a wheel, without its metadata."""
    with zipfile.ZipFile(file) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def differences(kind: str, found: set[str], wanted: set[str]) -> list[str]:
    """What is missing or too much."""
    missing = [f"{kind} lacks {name}" for name in sorted(wanted - found)]
    return missing + [f"{kind} has {name}, which it should not" for name in sorted(found - wanted)]


def main() -> None:
    """Build, compare, check."""
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        built, again = build(Path(first)), build(Path(second))
        shutil.rmtree(DIST, ignore_errors=True)
        DIST.mkdir()
        for name, content in built.items():
            (DIST / name).write_bytes(content)
    wrong = [f"{name} is not the same when built again" for name in built if built[name] != again.get(name)]
    (source,), (wheel,) = DIST.glob("*.tar.gz"), DIST.glob("*.whl")
    files = tracked()
    shipped = {name for name in files if not name.startswith(NOT_SHIPPED)} | {"PKG-INFO"}
    wrong += differences("the source distribution", source_files(source), shipped)
    wrong += differences(
        "the wheel", wheel_files(wheel), {name for name in files if name.startswith(PACKAGE + "/")}
    )
    if wrong:
        raise SystemExit("\n".join(wrong))
    print(f"{source.name} and {wheel.name}: the same bytes twice, {len(shipped)} files")


if __name__ == "__main__":
    main()

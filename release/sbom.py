"""Writes what the wheel in ``dist`` installs with it, as a bill of materials: ``dist/sbom.cdx.json``."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"


def main() -> None:
    """Install the wheel with the local service into an environment of its own, and list what is in there."""
    wheels = list(DIST.glob("*.whl"))
    if len(wheels) != 1:
        raise SystemExit(f"{DIST} holds {len(wheels)} wheels: build one with tox -e build")
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = str(Path(folder, "bin", "python"))
        subprocess.run([python, "-m", "pip", "install", "--quiet", f"{wheels[0]}[service]"], check=True)
        subprocess.run(
            [python, "-m", "pip", "uninstall", "--quiet", "--yes", "pip", "setuptools"], check=True
        )
        command = [Path(sys.executable).parent / "cyclonedx-py", "environment", "--output-reproducible"]
        options = ["--pyproject", ROOT / "pyproject.toml", "--output-file", DIST / "sbom.cdx.json"]
        subprocess.run([*command, *options, python], check=True)
    print(f"{DIST / 'sbom.cdx.json'} is written")


if __name__ == "__main__":
    main()

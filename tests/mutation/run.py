"""Mutation testing: how many small changes of the code are noticed by the tests.

``python tests/mutation/run.py`` tries all mutants of all groups, and prints those that no test noticed;
``python tests/mutation/run.py journal --only Journal.advance`` tries some of them. It ends with 1 when the
tests kill less than 90 % of a group.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
LEAST_SHARE = 0.9


def main() -> int:
    """The command."""
    sys.path.insert(0, str(HERE))
    from groups import GROUPS

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("groups", nargs="*", help=f"of {', '.join(GROUPS)}; all by default")
    parser.add_argument("--only", default="", help="only mutants with this text in their name")
    parser.add_argument("--processes", type=int, default=2, help="at a time")
    parser.add_argument(
        "--keep", type=Path, help="a folder that keeps the verdicts on all mutants, line by line"
    )
    parser.add_argument(
        "--survivors", type=Path, help="such a folder: what was killed then is not tried again"
    )
    parser.add_argument("--part", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    unknown = set(asked.groups) - set(GROUPS)
    if unknown:
        parser.error(f"no such group: {', '.join(sorted(unknown))}")
    if asked.part:
        return _part(asked)
    shares = [_group(name, asked) for name in asked.groups or GROUPS]
    return 0 if all(share >= LEAST_SHARE for share in shares) else 1


def _part(asked: argparse.Namespace) -> int:
    import pytest
    from groups import GROUPS
    from session import MutationSession

    (name,) = asked.groups
    own, shares = map(int, asked.part.split("/"))
    killed = frozenset(each["name"] for each in _kept(asked.survivors) if each["verdict"] == "killed")
    plugin = MutationSession(GROUPS[name].module_names, (own, shares), asked.only, killed, asked.out)
    return int(
        pytest.main(["-q", "--tb=line", "-p", "no:cacheprovider", *GROUPS[name].tests], plugins=[plugin])
    )


def _kept(folder: Path | None) -> list[dict[str, Any]]:
    """The verdicts of an earlier run."""
    files = sorted(folder.iterdir()) if folder else []
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def _group(name: str, asked: argparse.Namespace) -> float:
    """Try one group's mutants; the share of those killed."""
    from equivalent import EQUIVALENT

    with tempfile.TemporaryDirectory() as folder:
        outs = [Path(asked.keep or folder, f"{name}-{number}") for number in range(asked.processes)]
        for out in outs:
            out.write_text("")
        parts = [
            subprocess.Popen(
                [
                    *(sys.executable, __file__, name, "--only", asked.only),
                    *(("--survivors", str(asked.survivors)) if asked.survivors else ()),
                    *("--part", f"{number}/{asked.processes}", "--out", str(out)),
                ],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                text=True,
            )
            for number, out in enumerate(outs)
        ]
        said = [part.communicate()[0] for part in parts]
        if any(part.returncode for part in parts):
            sys.exit("\n".join(said))
        found = [json.loads(line) for out in outs for line in out.read_text().splitlines()]
    return _told(name, found, EQUIVALENT)


def _told(name: str, found: list[dict[str, Any]], equivalent: dict[str, str]) -> float:
    for each in found:
        if each["verdict"] == "survived" and each["name"] in equivalent:
            each["verdict"] = "equivalent"
    tally = Counter(each["verdict"] for each in found)
    for each in sorted(found, key=lambda each: (each["name"].split(":")[0], each["line"])):
        if each["verdict"] in {"survived", "hung"}:
            print(f"{each['verdict']}: line {each['line']}: {each['name']} ({each['by']})")
    total = len(found) - tally["equivalent"]
    killed = tally["killed"] + tally["hung"]
    share = killed / total if total else 1.0
    print(
        f"{name}: {len(found)} mutants, {tally['equivalent']} of them equivalent; of {total} the tests kill "
        f"{killed} ({share:.1%}), {tally['hung']} by hanging; {tally['survived']} survive",
        flush=True,
    )
    return share


if __name__ == "__main__":
    sys.exit(main())

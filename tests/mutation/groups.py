"""What is mutated, and the tests that concern it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["GROUPS", "Group"]

_PACKAGE = "qiskit_direct_provider"


@dataclass(frozen=True)
class Group:
    """Modules, and arguments for pytest that choose their tests."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]

    @property
    def module_names(self) -> tuple[str, ...]:
        """In full."""
        return tuple(f"{_PACKAGE}.{name}" for name in self.modules)


# seconds each, which is too long for a thousand mutants
QUICK = ("-k", "not bomb and not as_large and not counted_together and not 2000000 and not does_not_compress")

GROUPS = {
    "decoder": Group(
        (
            "results.reading",
            "results.tagged",
            "results.plain",
            "results.values",
            "results.building",
            "results.version1",
            "results.checking",
            "results.words",
            "results.formatted",
            "wire.codec",
        ),
        (
            "tests/test_result_values.py",
            "tests/test_result_forms.py",
            "tests/wire/test_codec.py",
            "tests/test_result_formats.py",
            "tests/test_results.py",
            "tests/test_result_checks.py",
            "tests/test_result_hardening.py",
            "tests/oracle/test_results.py",
            *QUICK,
        ),
    ),
    "journal": Group(("journal",), ("tests/jobs/test_journal.py", "tests/jobs/test_journal_files.py")),
    "waiting": Group(
        ("waiting", "job_waiting", "tracked_job"),
        tuple(
            f"tests/jobs/test_{name}.py"
            for name in ("polling", "outages", "vigil", "tracked_job", "final_records")
        ),
    ),
    "submission": Group(("submission",), ("tests/jobs/test_submission.py", "tests/jobs/test_recovery.py")),
}

"""How users annotate: checked by mypy --strict, never run."""

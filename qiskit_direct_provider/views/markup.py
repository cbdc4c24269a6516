"""Small pieces of HTML (pure). Whatever comes from a server is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

__all__ = ["card", "dot", "escaped", "facts", "page", "table"]

_STYLE = (
    "font-family:system-ui,sans-serif;font-size:13px;line-height:1.5;color:#1f2328;background:#fff;"
    "border:1px solid #d0d7de;border-radius:6px;padding:10px 14px;display:inline-block;max-width:100%;"
    "box-sizing:border-box;overflow-x:auto"
)
_CELL = "text-align:left;padding:2px 14px 2px 0;border:0;color:#1f2328;background:#fff"
COLOURS = {"good": "#1a7f37", "warning": "#9a6700", "bad": "#cf222e", "idle": "#6e7781", "busy": "#0969da"}


def escaped(value: object) -> str:
    """Text for HTML; None is a dash."""
    return "–" if value is None else escape(str(value))  # noqa: RUF001 - an empty cell


def card(title: str, *parts: str) -> str:
    """A frame with a title; the parts are HTML."""
    heading = f"<div><b>{escaped(title)}</b></div>"
    return f'<div class="qiskit-direct" style="{_STYLE}">{heading}{"".join(parts)}</div>'


def dot(colour: str, text: object) -> str:
    """A coloured dot before a word, which says the same without colour."""
    return f'<span style="color:{COLOURS[colour]}">&#9679;</span> {escaped(text)}'


def facts(rows: Mapping[str, str]) -> str:
    """Names and values, a row each; the values are HTML."""
    body = "".join(
        f'<tr><th style="{_CELL};font-weight:normal;color:#57606a">{escaped(name)}</th>'
        f'<td style="{_CELL}">{value}</td></tr>'
        for name, value in rows.items()
    )
    return f'<table style="border-collapse:collapse;margin:4px 0">{body}</table>'


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the cells are HTML."""
    head = "".join(f'<th style="{_CELL}">{escaped(heading)}</th>' for heading in headings)
    body = "".join(
        "<tr>" + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in row) + "</tr>" for row in rows
    )
    return f'<table style="border-collapse:collapse;margin:4px 0"><tr>{head}</tr>{body}</table>'


def page(title: str, body: str) -> str:
    """A whole document, for a file that a browser opens."""
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escaped(title)}</title></head>'
        f'<body style="margin:16px;background:#f6f8fa">{body}</body></html>\n'
    )

"""How Sphinx builds the documents: ``tox -e docs``, or ``sphinx-build -W docs docs/_build``."""

from __future__ import annotations

from importlib.metadata import version as installed_version

project = "qiskit_direct_provider"
author = "The qiskit_direct_provider developers"
project_copyright = author
release = version = installed_version("qiskit-direct-provider")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns = ["_build", "tutorials/*.ipynb", "examples/*.ipynb"]
source_suffix = {".md": "markdown"}
language = "en"

html_theme = "furo"
html_title = "qiskit-direct-provider"
html_show_copyright = False
highlight_language = "none"
pygments_style = "friendly"
pygments_dark_style = "monokai"
copybutton_prompt_text = r"[$>] ?"
copybutton_prompt_is_regexp = True

myst_heading_anchors = 3

default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
maximum_signature_line_length = 100
napoleon_google_docstring = True
napoleon_numpy_docstring = False
python_use_unqualified_type_names = True

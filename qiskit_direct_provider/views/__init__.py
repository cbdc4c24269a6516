"""How backends, jobs and accounts look in a notebook or a terminal.

Values come in, text goes out: nothing here sends a request, and nothing here is imported before something
is to be shown.
"""

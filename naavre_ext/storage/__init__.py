"""Notebook files, run records and kept results."""

from naavre_ext.startup import defer_slow_imports

defer_slow_imports()  # before any module here imports nbformat

"""The command line ``naavre-ext``. Importing it is light; each command imports what it needs."""

from naavre_ext.cli.entry import main

__all__ = ["main"]

"""Line magics without their ``%``: IPython takes a cell of one line as such where no name hides the magic."""

from __future__ import annotations

import builtins
import keyword
import re

#: The line magics of IPython 9 that work without ``%``.
LINE_MAGICS = frozenset(
    {"alias", "alias_magic", "autoawait", "autocall", "automagic", "autoreload", "bookmark", "cat", "cd",
     "code_wrap", "colors", "conda", "config", "cp", "debug", "dhist", "dirs", "doctest_mode", "ed", "edit",
     "env", "gui", "hist", "history", "killbgscripts", "ldir", "less", "lf", "lk", "ll", "load", "load_ext",
     "loadpy", "logoff", "logon", "logstart", "logstate", "logstop", "ls", "lsmagic", "lx", "macro", "magic",
     "mamba", "man", "matplotlib", "micromamba", "mkdir", "more", "mv", "notebook", "page", "pastebin", "pdb",
     "pdef", "pdoc", "pfile", "pinfo", "pinfo2", "pip", "popd", "pprint", "precision", "prun", "psearch",
     "psource", "pushd", "pwd", "pycat", "pylab", "quickref", "recall", "rehashx", "reload_ext", "rep", "rerun",
     "reset", "reset_selective", "rm", "rmdir", "run", "save", "sc", "set_env", "store", "sx", "system", "tb",
     "time", "timeit", "unalias", "unload_ext", "uv", "who", "who_ls", "whos", "xdel", "xmode"}
)  # fmt: skip
_WORD = re.compile(r"\s*([A-Za-z_]\w*)(?!\s*=[^=])(?=\s|\Z)")


def automagic(source: str) -> tuple[str, str] | None:
    """The name of the magic, and the cell with its ``%``; None when the cell is no such line."""
    line = source.strip()
    match = _WORD.match(line) if "\n" not in line else None
    if match is None or match.group(1) not in LINE_MAGICS:
        return None
    name = match.group(1)
    if keyword.iskeyword(name) or hasattr(builtins, name):
        return None
    return name, source.replace(line, f"%{line}", 1)

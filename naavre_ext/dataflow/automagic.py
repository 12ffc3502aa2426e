"""Line magics without their ``%``: IPython takes a cell of one line as such where no name hides the magic."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable
from dataclasses import dataclass

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


#: What gives a line magic a name, as text: the name is the group.
_NAMING = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        r"^\s*%?alias[ \t]+(\w+)[ \t]",
        r"^\s*%?alias_magic[ \t]+(?:-\w[ \t]+|--\w+[ \t]+)*(\w+)[ \t]",
        r"@(?:\w+\.)*(?:register_)?line(?:_cell)?_magic(?:\(\s*\))?\s*(?:@[^\n]*\s*)*(?:async\s+)?def\s+(\w+)",
        r"@(?:\w+\.)*(?:register_)?line(?:_cell)?_magic\(\s*['\"](\w+)",
        r"\.register_magic_function\([^)]*['\"](\w+)['\"]\s*\)",
        r"\.register_magic_function\(\s*(\w+)\s*(?:,[^)]*)?\)",
        r"\.(?:define_magic|define_alias)\(\s*['\"](\w+)",
    )
)
#: What may bring magics whose names only it knows.
_BRINGING = re.compile(
    r"^\s*%?(?:rehashx|(?:re)?load_ext[ \t]+(?!autoreload\b))|register_magics\(|magics_class",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class OwnMagics:
    """The line magics that a notebook adds to IPython's: ``names``, and others if there are ``unseen`` ones."""

    names: frozenset[str] = frozenset()
    unseen: bool = False

    def may_be(self, name: str) -> bool:
        """Whether a line that begins with the name, and isn't Python, may be one of these magics."""
        return self.unseen or name in self.names


def own_magics(sources: Iterable[str]) -> OwnMagics:
    """The line magics that these cells add, as their text looks."""
    text = "\n".join(source for source in sources if _may_name(source))
    names = {name for pattern in _NAMING for name in pattern.findall(text)}
    return OwnMagics(frozenset(names), bool(_BRINGING.search(text)))


def _may_name(source: str) -> bool:
    return "magic" in source or "alias" in source or "load_ext" in source or "rehashx" in source


def automagic(source: str, own: OwnMagics) -> tuple[str, str] | None:
    """The name of the magic, and the cell with its ``%``; None when the cell is no such line."""
    line = source.strip()
    match = _WORD.match(line) if "\n" not in line else None
    if match is None or (match.group(1) not in LINE_MAGICS and not own.may_be(match.group(1))):
        return None
    name = match.group(1)
    if keyword.iskeyword(name) or hasattr(builtins, name):
        return None
    return name, source.replace(line, f"%{line}", 1)

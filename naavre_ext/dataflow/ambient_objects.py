"""Objects that are settings of the whole process, whatever name they go by, as data."""

from __future__ import annotations

#: Dotted names of module attributes that are such objects; a trailing ``*`` matches the rest.
SETTINGS = ("os.environ", "sys.path", "warnings.filters", "matplotlib.rcParams", "matplotlib.pyplot.rcParams",
            "pylab.rcParams", "pandas.options*", "seaborn.plotting_context", "logging.root")  # fmt: skip
#: Modules whose attributes are functions, classes or constants, so that a name for one is like an import of it.
PLAIN_MODULES = frozenset(
    {"numpy", "math", "cmath", "scipy", "pandas", "random", "itertools", "functools", "operator", "time",
     "statistics"}
)  # fmt: skip
#: What is assigned to in these is carried to other workers; other modules are changed in their process only.
_CARRIED = (
    "os.environ", "matplotlib.rcParams", "matplotlib.pyplot.rcParams", "matplotlib.pylab.rcParams",
    "pylab.rcParams", "pandas.options", "sys.path",
    "IPython.core.interactiveshell.InteractiveShell.ast_node_interactivity",
)  # fmt: skip


def is_setting(path: str) -> bool:
    """Whether what has this dotted path goes along to other workers."""
    return any(path == name or path.startswith(f"{name}.") for name in _CARRIED)


def is_settings_object(path: str) -> bool:
    """Whether the module attribute of this dotted name is a settings object."""
    return any(
        path == name or (name.endswith("*") and path.startswith(name[:-1])) for name in SETTINGS
    )


def is_like_import(path: str) -> bool:
    """Whether giving the attribute a name is as good as importing it under that name."""
    return path.split(".")[0] in PLAIN_MODULES and "." in path and not is_settings_object(path)

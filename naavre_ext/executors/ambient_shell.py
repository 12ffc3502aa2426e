"""Settings of the IPython shell that runs the cells."""

from __future__ import annotations
import __future__

import codeop
import functools
import operator
import sys
from typing import Any

from naavre_ext.executors.class_homes import home_of

#: Who holds each setting (None: the shell; else its formatter of plain text), and its name.
_TRAITS: tuple[tuple[str | None, str], ...] = (
    (None, "ast_node_interactivity"),
    (None, "autoawait"),
    (None, "colors"),
    (None, "xmode"),
    (None, "automagic"),
    (None, "show_rewritten_input"),
    ("plain", "float_precision"),
    ("plain", "pprint"),
    ("plain", "max_width"),
    ("plain", "max_seq_length"),
    ("plain", "verbose"),
)

_INLINE_TRAITS = ("figure_formats", "print_figure_kwargs", "close_figures", "rc")


#: The compiler's flags for what cells import from ``__future__``; some are on in every shell.
_FEATURES = functools.reduce(
    operator.or_, (getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
)
_FRESH_FLAGS = codeop.Compile().flags


@functools.cache
def _defaults(shell: Any, plain: Any) -> tuple[tuple[str | None, str, Any], ...]:
    """The settings that these classes of a shell and a formatter have, and what they are in the beginning."""
    owners = {None: shell, "plain": plain}
    return tuple(
        (part, name, owners[part].class_traits()[name].default())
        for part, name in _TRAITS
        if owners[part].class_traits().get(name) is not None
    )


def read_settings(shell: Any) -> dict[str, Any]:
    """Settings of the shell that aren't the default, such as ``%precision``."""
    if shell is None:
        return {}
    found = {}
    owners = {part: _owner(shell, part) for part in (None, "plain")}
    for part, name, default in _defaults(*map(type, owners.values())):
        value = getattr(owners[part], name)
        if value is not default and value != default:
            found[name] = value
    if shell.InteractiveTB.mode != "Context":
        found["traceback mode"] = shell.InteractiveTB.mode
    features = shell.compile.flags & _FEATURES & ~_FRESH_FLAGS
    if features:
        found["features"] = features
    return found


def write_settings(value: dict[str, Any] | None, shell: Any) -> None:
    """Sets the shell's settings; those not listed become the default."""
    if shell is None:
        return
    wanted = dict(value or {})
    mode = wanted.pop("traceback mode", "Context")
    shell.compile.flags &= ~_FEATURES | _FRESH_FLAGS
    shell.compile.flags |= wanted.pop("features", 0)
    if shell.InteractiveTB.mode != mode:
        shell.InteractiveTB.set_mode(mode)
    for part, name in _TRAITS:
        owner = _owner(shell, part)
        if owner.has_trait(name):
            setting = wanted.get(name, owner.traits()[name].default())
            if getattr(owner, name) != setting:
                setattr(owner, name, setting)


def _owner(shell: Any, part: str | None) -> Any:
    return shell if part is None else shell.display_formatter.formatters["text/plain"]


def read_inline(shell: Any) -> dict[str, Any]:
    """How figures are shown, where it isn't the default (``%config InlineBackend...``)."""
    if shell is None:
        return {}
    backend = _inline_backend()
    if backend is None:
        # Set before the first figure: kept in the configuration until the backend is made.
        configured = dict(shell.config.get("InlineBackend", {}))
        if "figure_format" in configured:
            configured["figure_formats"] = {configured.pop("figure_format")}
        values = {name: configured[name] for name in _INLINE_TRAITS if name in configured}
    else:
        values = {name: getattr(backend, name) for name in _INLINE_TRAITS}
    return {
        name: value.copy() if hasattr(value, "copy") else value
        for name, value in values.items()
        if value != _inline_default(name)
    }


def follow(leader: Any, shell: Any) -> None:
    """Gives a shell the settings of another one in the same process."""
    write_settings(read_settings(leader), shell)
    write_inline(read_inline(leader), shell)


def _inline_backend() -> Any:
    module = sys.modules.get("matplotlib_inline.config")
    if module is None or not module.InlineBackend.initialized():
        return None
    return module.InlineBackend.instance()


def _inline_default(name: str) -> Any:
    return {
        "figure_formats": {"png"},
        "print_figure_kwargs": {"bbox_inches": "tight"},
        "close_figures": True,
        "rc": {},
    }[name]


def write_inline(value: dict[str, Any] | None, shell: Any) -> None:
    """Sets how figures are shown; the backend needn't be loaded."""
    if shell is None:
        return
    shell.config.pop("InlineBackend", None)
    if value:
        shell.config.InlineBackend.update(value)
    backend = _inline_backend()
    if backend is not None:
        for name in _INLINE_TRAITS:
            setting = (value or {}).get(name, _inline_default(name))
            if getattr(backend, name) != setting:
                setattr(backend, name, setting)
        # What it was configured with acts only where that changes: a cell must find it unset.
        backend.config.pop("InlineBackend", None)
        backend._trait_values.pop("figure_format", None)


def read_extensions(shell: Any) -> Any:
    """Loaded extensions, and magics, transformers and aliases of the notebook's own."""
    if shell is None:
        return None
    manager = shell.input_transformer_manager
    found = (
        tuple(sorted(shell.extension_manager.loaded - {"storemagic"})),
        _own_magics(shell),
        # A running split cell has a transformer of ours, which no cell put there.
        sum(1 for t in shell.ast_transformers if not home_of(type(t)).startswith("naavre_ext.")),
        len(shell.input_transformers_post),
        len(manager.cleanup_transforms) + len(manager.line_transforms),
    )
    fresh = _fresh.setdefault("extensions", found)
    return found if found != fresh else None


def _own_magics(shell: Any) -> tuple[str, ...]:
    magics = [shell.magics_manager.magics[kind] for kind in ("line", "cell")]
    seen, found = _seen_magics.get(id(shell), ([{}, {}], ()))
    if seen == magics:
        return found
    own = {
        name
        for known, before in zip(magics, seen, strict=True)
        for name, magic in known.items()
        # A shell that is reset makes its aliases anew, but no other magics.
        if (
            name in found
            if before.get(name) is magic
            else getattr(magic, "__module__", None) == "__main__"
        )
    }
    _seen_magics[id(shell)] = [dict(known) for known in magics], tuple(sorted(own))
    return _seen_magics[id(shell)][1]


#: The magics that a shell (by its id) had when it was last looked at, and which of them were the notebook's.
_seen_magics: dict[int, tuple[Any, tuple[str, ...]]] = {}


#: What a shell has before any cell ran, by what it is; one process has one session.
_fresh: dict[str, Any] = {}


def read_formatters(shell: Any) -> Any:
    """The types for which display functions were registered, except by matplotlib."""
    if shell is None:
        return None
    formatters = shell.display_formatter.formatters
    known = [(m, f.type_printers, f.deferred_printers) for m, f in formatters.items()]
    seen, found = _seen_printers.get(id(shell), (None, ()))
    if seen != known:
        found = tuple(
            (mime, *sorted(_registered(formatter)))
            for mime, formatter in sorted(formatters.items())
        )
        copies = [(mime, dict(types), dict(deferred)) for mime, types, deferred in known]
        _seen_printers[id(shell)] = copies, found
    fresh = _fresh.setdefault("formatters", found)
    return found if found != fresh else None


def _registered(formatter: Any) -> set[str]:
    """Each type with the function that shows it, as a cell may replace the function of a known type.

    The one for floats follows from ``%precision``, which is a setting of its own.
    """
    printers = {
        f"{kind.__module__}.{kind.__qualname__}": printer
        for kind, printer in formatter.type_printers.items()
        if kind is not float
    }
    printers |= {".".join(key): printer for key, printer in formatter.deferred_printers.items()}
    return {
        f"{name} {getattr(printer, '__module__', '')}.{getattr(printer, '__qualname__', printer)}"
        for name, printer in printers.items()
        if not name.startswith("matplotlib.")
    }


#: What the formatters of a shell (by its id) knew when they were last looked at, and what that was called.
_seen_printers: dict[int, tuple[Any, tuple[Any, ...]]] = {}

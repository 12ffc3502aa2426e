"""Effects of an iteration on what others see (files, settings, figures, generators) that keep a loop whole."""

from __future__ import annotations

import ast

from naavre_ext.dataflow.arguments import IF_MISSING
from naavre_ext.dataflow.restored_settings import is_of_block
from naavre_ext.dataflow.table_lookup import matches
from naavre_ext.dataflow.tables import (
    FILE_FORMATS,
    FILE_QUESTIONS,
    FILE_READERS,
    FOLDER_MAKERS,
    FOLDER_READERS,
    INTO_OPEN_FILES,
    WATCHED_FILES,
)
from naavre_ext.model.dataflow import CellDataflow, Effect
from naavre_ext.planning.bindings import bindings_in, names_of
from naavre_ext.planning.loops import (
    Loop,
)
from naavre_ext.planning.refusal import LoopRefused
from naavre_ext.planning.seeding import is_as_seeded

#: What to do where iterations draw from one generator.
GENERATOR_PER_ITEM = "Use a generator per item: rng = np.random.default_rng([seed, index])."


def check_effects(
    facts: CellDataflow,
    loop: Loop,
    rng_seeded: str | None,
    seeds: frozenset[str],
    *,
    draws: bool = False,
) -> bool:
    """Refuse effects that others see in an order; returns whether draws from global generators are watched.

    ``seeds`` are the generators that each iteration seeds first: it is watched that it draws from no other one. It
    may be one that ``draws`` figures of its own.
    """
    remedies = {
        "opaque": "Take that out of the loop.",
        "star-import": "Import by name, before the loop.",
        "history": "Use a name of your own.",
        "monkeypatch": "Use a function of your own.",
        "settings": "Change settings before the loop.",
        "figure": "Close each figure in the loop (plt.close(fig)), or compute in the loop and draw after it.",
        "ambient": "Take that out of the loop.",
        "rng-seed": GENERATOR_PER_ITEM,
    }
    own = _item_names(loop)
    unwatched = _read_beside_writes(facts)
    for effect in facts.effects:
        if _makes_folder(effect, facts) or is_as_seeded(effect, seeds) or is_of_block(effect):
            continue
        if effect.kind == "figure" and draws:
            continue
        if effect.kind in remedies:
            raise LoopRefused(
                effect.line, _effect_reason(effect.kind, effect.what), remedies[effect.kind]
            )
        opened = matches(effect.what, INTO_OPEN_FILES)
        if effect.kind == "outside-write" and not opened and not effect.names & own:
            raise LoopRefused(
                effect.line,
                f"{effect.what} writes to the same place in every iteration",
                "Write to a file of its own per item, or after the loop.",
            )
        if effect.kind == "outside-write" and unwatched is not None:
            raise LoopRefused(effect.line, *_of_unwatched(*unwatched))
        if effect.kind == "rng-draw" and rng_seeded == "surely":
            raise LoopRefused(
                effect.line,
                f"{effect.what}() draws from the global random number generator, which is seeded",
                GENERATOR_PER_ITEM,
            )
    may_draw = any(effect.kind in ("unknown", "rng-draw") for effect in facts.effects)
    return bool(seeds) or (rng_seeded is not None and may_draw)


def _read_beside_writes(facts: CellDataflow) -> tuple[str, str, str] | None:
    """What the iteration writes and reads that may be one file, by a function whose files can't be watched.

    None where there is no such function.
    """
    for effect in facts.effects:
        for other in facts.effects if effect.kind == "outside-write" else ():
            if other.kind == "outside-read":
                unseen = _unwatched(effect.what, other.what)
                if unseen:
                    return effect.what, other.what, unseen
    return None


def _unwatched(writes: str, reads: str) -> str:
    formats = {FILE_FORMATS.get(what) for what in (writes, reads)}
    if len(formats) == 2 and None not in formats:
        return ""
    if matches(_function(writes), FOLDER_MAKERS) and matches(reads, FILE_QUESTIONS):
        return writes
    both = (what for what in (reads, writes) if not matches(_function(what), WATCHED_FILES))
    return next(both, "")


def _function(what: str) -> str:
    return what.removesuffix(IF_MISSING)


def _of_unwatched(writes: str, reads: str, unseen: str) -> tuple[str, str]:
    """The reason why a loop that writes and reads files runs whole, and what to do."""
    if matches(_function(unseen), FOLDER_MAKERS):
        return (
            f"it makes folders ({_function(unseen)}) and looks for files ({reads}), perhaps for the same",
            "Make the folders before the loop.",
        )
    if matches(unseen, FOLDER_READERS):
        return (
            f"it writes files ({writes}) and looks for files ({unseen}), perhaps for the same",
            "Look which files there are in a loop before it, and write those that are missing in this one.",
        )
    return (
        f"it writes files ({writes}) and reads them ({reads}), perhaps the same, and which ones {unseen} uses "
        "can't be watched",
        "Read in the loop, collect the results, and write them after it; or use functions of Python or NumPy.",
    )


def _makes_folder(effect: Effect, facts: CellDataflow) -> bool:
    """Whether it makes a folder unless there is one, which no iteration can tell from another's doing."""
    return effect.what.endswith(IF_MISSING) and all(
        matches(e.what, FILE_READERS) and not matches(e.what, FOLDER_READERS)
        for e in facts.effects
        if e.kind == "outside-read"
    )


def _item_names(loop: Loop) -> frozenset[str]:
    """Names whose values depend on the item: the target's, and what is computed from them."""
    names = names_of(loop.target)
    for bound, value in bindings_in(loop.node) if isinstance(loop.node, ast.For) else ():
        if names_of(value) & names:
            names |= bound
    return frozenset(names)


def _effect_reason(kind: str, what: str) -> str:
    reasons = {
        "settings": f"{what} changes settings that later code sees",
        "figure": f"{what} draws on figures that later code sees",
        "rng-seed": f"{what}() seeds the global random number generator",
        "history": f"'{what}' means the notebook's output history",
        "ambient": f"it uses state of the process that later code sees ({what})",
        "monkeypatch": f"it changes a module ({what})",
        "star-import": f"it imports names that can't be seen ({what})",
    }
    return reasons.get(kind, f"{what} may do anything to the notebook's names")

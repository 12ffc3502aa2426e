"""Effects of an iteration on what others see (files, settings, figures, generators) that keep a loop whole."""

from __future__ import annotations

import ast

from naavre_ext.dataflow.arguments import IF_MISSING, matches
from naavre_ext.dataflow.tables import FILE_READERS, FOLDER_READERS
from naavre_ext.model.dataflow import CellDataflow, Effect
from naavre_ext.planning.loops import (
    Loop,
)
from naavre_ext.planning.refusal import LoopRefused


def check_effects(facts: CellDataflow, loop: Loop, rng_seeded: str | None) -> bool:
    """Refuse effects that others see in an order; returns whether draws from global generators are watched."""
    remedies = {
        "opaque": "Take that out of the loop.",
        "star-import": "Import by name, before the loop.",
        "history": "Use a name of your own.",
        "monkeypatch": "Use a function of your own.",
        "settings": "Change settings before the loop.",
        "figure": "Compute in the loop and draw after it.",
        "ambient": "Take that out of the loop.",
        "rng-seed": "Use a generator per item: rng = np.random.default_rng([seed, index]).",
    }
    own = _item_names(loop)
    reading = next((e for e in facts.effects if e.kind == "outside-read"), None)
    for effect in facts.effects:
        if _makes_folder(effect, facts):
            continue
        if effect.kind in remedies:
            raise LoopRefused(
                effect.line, _effect_reason(effect.kind, effect.what), remedies[effect.kind]
            )
        if effect.kind == "outside-write" and not effect.names & own:
            raise LoopRefused(
                effect.line,
                f"{effect.what} writes to the same place in every iteration",
                "Write to a file of its own per item, or after the loop.",
            )
        if effect.kind == "outside-write" and reading is not None:
            raise LoopRefused(
                effect.line,
                f"it writes files ({effect.what}) and reads them ({reading.what}), perhaps the same",
                "Read in the loop, collect the results, and write them after it.",
            )
        if effect.kind == "rng-draw" and rng_seeded == "surely":
            raise LoopRefused(
                effect.line,
                f"{effect.what}() draws from the global random number generator, which is seeded",
                "Use a generator per item: rng = np.random.default_rng([seed, index]).",
            )
    return rng_seeded is not None and any(
        effect.kind in ("unknown", "rng-draw") for effect in facts.effects
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
    names = {n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)}
    statements = loop.node.body if isinstance(loop.node, ast.For) else []
    for statement in statements:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
            used = {n.id for n in ast.walk(statement.value) if isinstance(n, ast.Name)}
            if isinstance(target, ast.Name) and used & names:
                names.add(target.id)
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

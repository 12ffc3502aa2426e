"""An ``# over`` cell as a splitter, a batch function and a merger, for the program that ``plan --code`` prints."""

from __future__ import annotations

import ast

from naavre_ext.dataflow.source import parse_cell
from naavre_ext.model.workflow import Split, Step
from naavre_ext.planning.over_rewriting import divide

#: How many batches the program makes where a run sizes them while it goes.
_AUTO_BATCHES = 4


def over_parts(step: Step, split: Split, suffix: str) -> str:
    """The three functions, named ``split``, ``batch`` and ``merge`` with the suffix, and the cell that calls them."""
    body, tail = divide(parse_cell(step.source).tree)
    outputs = [clause.name for clause in split.merges]
    wanted = _AUTO_BATCHES if split.batches == "auto" else split.batches
    lines = [
        "import math",
        "from naavre_ext.executors.cutting import OverSource",
        "from naavre_ext.executors.joining import join as join_outputs",
        "",
        "",
        f"def split{suffix}():",
        f"    source = OverSource({_dict(split.over)})",
        f"    size = max(1, math.ceil(source.count() / {wanted}))",
        "    yield source.take(size).values",
        "    while source.left:",
        "        yield source.take(size).values",
        "",
        "",
        f"def batch{suffix}({', '.join(split.over)}):{_reads(split)}",
    ]
    if split.private:
        lines.append(f"    global {', '.join(split.private)}")
    text = ast.unparse(ast.Module(body, []))
    lines += ["    " + line if line else line for line in text.split("\n")]
    lines += [f"    return {_dict(outputs)}", "", "", f"def merge{suffix}(batches):"]
    lines += ["    made = list(batches)"]
    for clause in split.merges:
        pieces = f"[(n, outputs[{clause.name!r}]) for n, outputs in enumerate(made, 1)]"
        lines.append(f"    {clause.name} = join_outputs({clause.method!r}, {pieces})")
    call = f"merge{suffix}(batch{suffix}(*part) for part in split{suffix}())"
    targets = f"[{', '.join(outputs)}] = " if outputs else ""
    lines += [f"    return [{', '.join(outputs)}]", "", "", targets + call]
    lines += [ast.unparse(statement) for statement in tail]
    return "\n".join(lines)


def _reads(split: Split) -> str:
    return f"  # reads {', '.join(split.shared)}" if split.shared else ""


def _dict(names: tuple[str, ...] | list[str]) -> str:
    return "{" + ", ".join(f"{name!r}: {name}" for name in names) + "}"

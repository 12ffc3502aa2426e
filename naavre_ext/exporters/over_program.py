"""An ``# over`` cell as a splitter, a batch function and a merger, for the program that ``plan --code`` prints."""

from __future__ import annotations

import ast
import inspect

from naavre_ext.dataflow.source import parse_cell
from naavre_ext.exporters import over_program_helpers
from naavre_ext.model.workflow import Split, Step
from naavre_ext.planning.over_rewriting import divide

#: How many batches the program makes where a run sizes them while it goes.
_AUTO_BATCHES = 4


def over_helpers() -> str:
    """The functions that the parts of all ``# over`` cells call, as text."""
    module = inspect.getsource(over_program_helpers)
    lines = module[module.index("import functools") :].rstrip("\n").split("\n")
    return "\n".join(lines)


def over_parts(step: Step, split: Split, suffix: str) -> str:
    """The three functions, their names ending in the suffix, and the cell that calls them."""
    body, tail = divide(parse_cell(step.source).tree)
    outputs = [clause.name for clause in split.merges]
    wanted = _AUTO_BATCHES if split.batches == "auto" else split.batches
    lines = [
        f"def split{suffix}():",
        f"    return slices([{', '.join(split.over)}], {wanted})",
        "",
        "",
        f"def batch{suffix}({', '.join(split.over)}):{_reads(split)}",
    ]
    if split.private:
        lines.append(f"    global {', '.join(split.private)}")
    text = ast.unparse(ast.Module(body, []))
    lines += ["    " + line if line else line for line in text.split("\n")]
    lines += [f"    return [{', '.join(outputs)}]", "", "", f"def merge{suffix}(batches):"]
    lines.append(f"    [{', '.join(outputs)}] = zip(*batches)" if outputs else "    list(batches)")
    lines += [f"    {c.name} = joined({c.method!r}, list({c.name}))" for c in split.merges]
    call = f"merge{suffix}(batch{suffix}(*values) for values in split{suffix}())"
    targets = f"[{', '.join(outputs)}] = " if outputs else ""
    lines += [f"    return [{', '.join(outputs)}]", "", "", targets + call]
    lines += [ast.unparse(statement) for statement in tail]
    return "\n".join(lines)


def _reads(split: Split) -> str:
    return f"  # reads {', '.join(split.shared)}" if split.shared else ""

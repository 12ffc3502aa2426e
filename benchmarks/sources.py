"""The notebooks that the benchmarks run, made in memory."""

from __future__ import annotations

from pathlib import Path

import nbformat


def notebook(*sources: str) -> nbformat.NotebookNode:
    """A notebook of code cells whose ids count from ``c0``."""
    cells = [
        nbformat.v4.new_code_cell(source, id=f"c{index}") for index, source in enumerate(sources)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


def stored(folder: Path, name: str, *sources: str) -> Path:
    """The path of such a notebook in ``folder``."""
    path = folder / f"{name}.ipynb"
    nbformat.write(notebook(*sources), path)
    return path


def sleeping(items: int) -> tuple[str, ...]:
    """A split loop of ``items`` sleeps of one second; the loop is in cell ``c1``."""
    return (
        f"import time\nitems = list(range({items}))",
        "# split: sleep\n"
        f"# batches: {items}\n"
        "done = []\n"
        "for item in items:\n"
        "    time.sleep(1)\n"
        "    done.append(item)",
        "assert done == items",
    )


def counting(items: int, steps: int) -> tuple[str, ...]:
    """A split loop of ``items`` pure-Python computations; the loop is in cell ``c1``."""
    return (
        "def collatz(start, steps):\n"
        "    value, ups = start, 0\n"
        "    for _ in range(steps):\n"
        "        if value % 2:\n"
        "            value, ups = 3 * value + 1, ups + 1\n"
        "        else:\n"
        "            value //= 2\n"
        "    return ups\n"
        f"starts = list(range(27, 27 + {items}))",
        f"# split: count\nups = []\nfor start in starts:\n    ups.append(collatz(start, {steps}))",
        "assert len(ups) == len(starts)",
    )


def appending(batches: int) -> tuple[str, ...]:
    """A split loop of ``batches`` batches with next to no work; the loop is in cell ``c1``."""
    return (
        f"items = list(range({batches}))",
        "# split: append\n"
        f"# batches: {batches}\n"
        "out = []\n"
        "for item in items:\n"
        "    out.append(item)",
    )


def analysis(cells: int) -> tuple[str, ...]:
    """``cells`` cells such as a long notebook has: imports, functions, values, loops, changes."""
    kinds = (
        "def scale_{i}(values, factor={i}):\n    return [value * factor for value in values]",
        "values_{i} = scale_{before}(values_{last}) if {i} % 2 else list(range({i}))",
        "# split: sum {i}\ntotal_{i} = 0\nfor value in values_{last}:\n    total_{i} += value",
        "table_{i} = {{'total': total_{before}, 'count': len(values_{last})}}\n"
        "table_{i}['mean'] = table_{i}['total'] / max(1, table_{i}['count'])",
        "print(f'{{table_{before}[\"mean\"]:.2f}}')\nvalues_{i} = values_{last}[:10]",
    )
    sources = ["import math\nvalues_0 = [1, 2, 3]\ntotal_0 = 0"]
    last = 0
    for index in range(1, cells):
        kind = (index - 1) % len(kinds)
        sources.append(kinds[kind].format(i=index, before=index - 1, last=last))
        last = index if kind in (1, 4) else last
    return tuple(sources)

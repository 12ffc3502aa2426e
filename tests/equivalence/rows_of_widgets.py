"""Widgets: what they are like in the end is part of the outputs that show them."""

from __future__ import annotations

from notebook_row import row, sampled, split

IMPORT = (
    "import ipywidgets as w\nfrom IPython.display import display, clear_output\nxs = list(range(7))"
)
TQDM = "from tqdm.auto import tqdm, trange\nxs = list(range(7))"

BARS = {
    "a bar around a split loop": row(
        TQDM,
        split("out = []\nfor x in tqdm(xs, desc='all'):\n    out.append(x * x)\nprint(out)"),
        splits=1,
    ),
    "a bar that goes": row(
        TQDM,
        split("out = []\nfor x in tqdm(xs, leave=False):\n    out.append(x)"),
        "print(out)",
        splits=1,
    ),
    "bars in batches": row(
        TQDM,
        split(
            "out = []\nfor x in xs:\n    for y in tqdm(range(x), desc=f'of {x}'):\n        out.append(y)"
        ),
        "print(out)",
        splits=1,
    ),
    "bars in batches that go": row(
        TQDM,
        split("out = []\nfor x in xs:\n    out.append(sum(tqdm(range(x), leave=False)))"),
        "print(out)",
        splits=1,
    ),
    "an error under a bar": row(TQDM, split("for x in tqdm(xs):\n    print(1 / (4 - x))")),
    "postfix": row(
        TQDM,
        split(
            "bar = tqdm(xs)\nfor x in bar:\n    bar.set_postfix(x=x)\n    bar.set_description(f'at {x}')"
        ),
    ),
}

WIDGETS = {
    "values": row(
        IMPORT,
        "s = w.IntSlider(3, description='n')\ns",
        "s.value = 7\nbox = w.VBox([s, w.HTML('<b>x</b>')])\nbox",
        "print(s.value, box.children[0] is s)",
    ),
    "a value that batches read": row(
        IMPORT,
        "s = w.IntSlider(3)\nk = s.value",
        split("out = []\nfor x in xs:\n    out.append(x * k)\nprint(out)"),
        splits=1,
    ),
    "one that a loop moves": row(
        IMPORT,
        "p = w.IntProgress(max=7)\np",
        split("total = 0\nfor x in xs:\n    p.value += 1\n    total += x"),
        "print(total, p.value)",
        splits=0,
    ),
    "made in batches": row(
        IMPORT, split("for x in xs:\n    display(w.Label(f'label {x}'))\n    print(x)"), splits=1
    ),
    "binary parts": row(IMPORT, "i = w.Image(value=b'abc')\ni", "i.value = b'xyz'\nprint(i.value)"),
    "callbacks": row(
        IMPORT,
        "seen = []\ns = w.IntText(1)\ns.observe(lambda change: seen.append(change['new']), 'value')",
        "s.value = 5\ns.value = 6",
        "print(seen)",
    ),
    "closed": row(IMPORT, "s = w.IntSlider(3)\ns", "s.close()\nprint(s.comm)"),
}

OUTPUTS = {
    "output": row(
        IMPORT,
        "out = w.Output()\nout",
        "print('before')\nwith out:\n    print('in', end='side')\n    print()\n    display(3)\nprint('after')",
        "with out:\n    clear_output()\n    print('again')",
        "with out:\n    1 / 0",
        "print(len(out.outputs), out.outputs[0]['text'])",
    ),
    "output around a split loop": row(
        IMPORT,
        "out = w.Output()",
        "# split: part\n# batches: 3\nwith out:\n    for x in xs:\n        print('item', x)",
        "out",
        "print([o['output_type'] for o in out.outputs])",
    ),
    "outputs in batches": row(
        IMPORT,
        split(
            "for x in xs:\n    out = w.Output()\n    with out:\n        print('item', x)\n    display(out)"
        ),
    ),
    "output that a function captures": row(
        IMPORT,
        "out = w.Output()\n@out.capture(clear_output=True, wait=True)\ndef f(x):\n    print('x', x)\n    return x",
        "f(1)\nprint(f(2))",
        "out",
    ),
    "output in an output": row(
        IMPORT,
        "a, b = w.Output(), w.Output()\nwith a:\n    print(1)\n    with b:\n        print(2)\n    print(3)",
        "display(a, b)",
    ),
    "interact": row(
        "from ipywidgets import interact",
        "def f(x):\n    print('x is', x)\n    return x * x",
        "interact(f, x=(0, 10));",
        "@interact(y=3)\ndef g(y):\n    print(y)",
    ),
}

ROWS = sampled(
    {**BARS, **WIDGETS, **OUTPUTS},
    "a bar around a split loop",
    "bars in batches",
    "bars in batches that go",
    "made in batches",
    "one that a loop moves",
    "output",
    "output around a split loop",
    "outputs in batches",
)

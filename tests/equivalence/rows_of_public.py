"""What ordinary public notebooks do, and a workflow once did otherwise."""

from __future__ import annotations

from notebook_row import Row, row, split

ROWS: dict[str, Row] = {
    "the process's own number": row(
        "import os",
        "one = os.getpid()",
        split("same = []\nfor _ in range(4):\n    same.append(os.getpid() == one)"),
        "print(same)\ndel one",
    ),
    "warnings of a library": row(
        "import numpy as np\nimport warnings\nwarnings.simplefilter('default')",
        split("means = []\nfor n in range(6):\n    means.append(np.mean(np.zeros(n % 2)))"),
        split("means = [np.mean(np.zeros(0)) for _ in range(6)]"),
        "print(len(means))",
        in_process=False,
    ),
    "functions in a table": row(
        "def half(n):\n    return n / SIZES[0]\nSIZES = (10, 100, 1000, 10000)\n"
        "growth = (('1', lambda n: 1), ('n', lambda n: n / SIZES[0]), ('half', half))",
        split("for n in SIZES:\n    for name, f in growth:\n        print(name, f(n))"),
        split("rows = [[f[1](n) for f in growth] for n in SIZES]"),
        "print(rows)",
        splits=2,
    ),
    "a library's function is replaced": row(
        "import math\nold = math.sqrt\nmath.sqrt = lambda x: 'replaced'",
        split("a = [math.sqrt(k) for k in range(6)]"),
        "math.sqrt = old\nprint(a)",
        splits=0,
    ),
    "what is printed goes elsewhere for some cells": row(
        "import io, sys\nshown, sys.stdout = sys.stdout, io.StringIO()",
        "print('one')",
        split("for k in range(4):\n    print('two', k)"),
        "sys.stdout, kept = shown, sys.stdout\ndel shown",
        "print(kept.getvalue())",
        splits=1,
    ),
    "a module beside the notebook keeps something": row(
        "!rm -f own_helper.py",
        "%%writefile own_helper.py\nSEEN, SCALE = [], 1\ndef note(x):\n    SEEN.append(x)\n    return x\n"
        "def rescale(k):\n    global SCALE\n    SCALE = k\ndef scaled(x):\n    return x * SCALE",
        "import own_helper",
        split("a = [own_helper.scaled(x) for x in range(6)]"),
        split("b = [own_helper.note(x) for x in range(6)]"),
        "own_helper.rescale(10)",
        split("c = [own_helper.scaled(x) for x in range(6)]"),
        "print(a, b, c, own_helper.SEEN)",
        splits=1,
        in_process=False,
    ),
    "every expression is shown": row(
        "from IPython.core.interactiveshell import InteractiveShell as shell\n"
        "own = vars(shell)['ast_node_interactivity']\nshell.ast_node_interactivity = 'all'\n"
        "def busy(n):\n    return sum(i % 7 for i in range(n))",
        "a = busy(90_000)\na\na + 1",
        "b = busy(80_000)\nb\nb + 1",
        "shell.ast_node_interactivity = own\ndel own",
        in_process=False,
    ),
}

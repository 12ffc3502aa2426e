"""What cells show, and in which order."""

from __future__ import annotations

from notebook_row import row, split

ROWS = {
    "order of prints": row(
        split("for x in range(6):\n    print('item', x)\nprint('after')"), splits=1
    ),
    "stderr between": row(
        "import sys",
        split(
            "for x in range(4):\n    print(x)\n    print(-x, file=sys.stderr)\n    print(x, end=' ')"
        ),
        splits=1,
    ),
    "written to the streams": row(
        "import sys",
        split(
            "for x in range(6):\n    sys.stdout.write(f'{x + 1}/6 ')\n    sys.stdout.flush()\n    if x == 4:\n"
            "        sys.stderr.write('nearly\\n')"
        ),
        splits=1,
    ),
    "written by what would be computed once more": row(
        "import sys\ndef f(x):\n    sys.stdout.write(f'f({x}) ')\n    return x * 37 % 11\nbest = 99",
        split("for x in range(6):\n    if f(x) < best:\n        best = f(x)"),
        splits=0,
    ),
    "display in order": row(
        "from IPython.display import display, HTML",
        split("for x in range(5):\n    display(HTML(f'<b>{x}</b>'))\n    print(x)"),
        splits=1,
    ),
    "prints around an error in the merge": row(
        "acc = [0]",
        split(
            "for x in [1, 2, 'three', 4]:\n    print('at', x)\n    acc[0] += x\n    print('past', x)"
        ),
        "print(acc)",
    ),
    "execute result": row("a = 2", "a\na + 1", "a;"),
    "last value": row("3", "print(_ + 1)\nOut[1]"),
    "warnings once per place": row(
        "import warnings\nwarnings.simplefilter('default')",
        split("for x in range(4):\n    warnings.warn('old thing')\n    print(x)"),
        "warnings.warn('other')",
    ),
    "warnings of a library, by what they say": row(
        "import numpy as np\nimport warnings\nwarnings.simplefilter('default')",
        split("out = []\nfor x in range(6):\n    out.append(np.float64(x - 3) / 0)\nprint(out)"),
        split("out = []\nfor x in range(6):\n    out.append(np.log(np.float64(x - 3)))"),
        "np.log(np.float64(-1))\nprint(out)",
    ),
    "figures": row(
        "%matplotlib inline\nimport matplotlib.pyplot as plt",
        "plt.plot([1, 2])\nplt.title('one')",
        split("for x in range(2):\n    fig, ax = plt.subplots()\n    ax.plot([x])\n    plt.show()"),
        "fig, ax = plt.subplots()\nprint('before')",
        "ax.plot([3, 4])\nfig",
        in_process=False,
    ),
    "time": row("xs = []", "%%time\nfor i in range(3):\n    xs.append(i)", "xs"),
    "capture": row(
        "%%capture seen\nprint('hidden')",
        "print(seen.stdout)\nseen.show()",
        "%%capture more\n# split: captured\n# batches: 2\nfor i in range(4):\n    print('c', i)",
        "print(more.stdout)",
    ),
    "clear output": row(
        "from IPython.display import clear_output\nprint('gone')\nclear_output()\nprint('stays')"
    ),
    "display updated": row(
        "h = display('first', display_id='one')", "h.update('second')\nprint('x')"
    ),
    "displays of batches, updated": row(
        "from IPython.display import display, update_display",
        split("for i in range(4):\n    display(f'it {i}', display_id=f'i{i}')"),
        "update_display('changed', display_id='i2')\nprint('x')",
        "update_display('changed again', display_id='i2')\nprint('y')",
        splits=1,
    ),
    "logged where a handler keeps the stream": row(
        "import logging, sys\nlog = logging.getLogger('own')\nlog.propagate = False\nlog.setLevel('INFO')\n"
        "log.addHandler(logging.StreamHandler(sys.stdout))",
        split(
            "for x in range(6):\n    log.info('item %s', x)\n    print(x, file=sys.stderr)\n    print(x)"
        ),
        "log.info('after')\nlog.handlers.clear()",
    ),
    "settings of printing": row(
        "import numpy as np\nnp.set_printoptions(precision=2)",
        split("for x in range(4):\n    print(np.array([x / 3]))"),
        "print(np.array([1 / 3]))",
        splits=1,
    ),
}

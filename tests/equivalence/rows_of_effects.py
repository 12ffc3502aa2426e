"""What cells do to the world outside, in which order, and what an error keeps from happening."""

from __future__ import annotations

from notebook_row import written

#: Each notebook starts in an empty folder, as the one before it may have left files.
FRESH = """
import os, shutil, time, warnings
warnings.simplefilter('ignore', ResourceWarning)
shutil.rmtree('d', ignore_errors=True)
os.mkdir('d')
def slow(x):
    time.sleep(0.02)
    return x
---
"""


def effects(text: str, **facts: object):
    """A notebook that begins in an empty folder ``d``."""
    return written(f"{FRESH.strip()}\n{text}", **facts)


ROWS = {
    "settings that a with puts back": written(
        """
        import warnings
        import numpy as np
        import pandas as pd
        from warnings import catch_warnings as caught
        def quiet(x):
            with warnings.catch_warnings(), np.errstate(divide="ignore"):
                warnings.simplefilter("ignore")
                return float(np.log(np.float64(x)))
        np.log(np.float64(-1))
        ---
        # split:
        out = []
        for i in range(6):
            np.log(np.float64(-1))
            with caught():
                warnings.simplefilter("ignore")
                out.append(float(np.log(np.float64(-i))))
            np.sqrt(np.float64(-1))
            np.sqrt(np.float64(-1))
        np.log(np.float64(-1))
        print(out)
        ---
        # split:
        more = [quiet(-i) for i in range(6)]
        ---
        # split:
        for i in range(3):
            with np.printoptions(precision=i), pd.option_context("display.precision", i):
                print(np.array([1 / 3]), pd.Series([1 / 3]))
        ---
        # split:
        raised = []
        for i in range(6):
            with np.errstate(all="raise"):
                try:
                    raised.append(float(np.float64(1) / np.float64(i % 2)))
                except FloatingPointError:
                    raised.append(-1)
            raised.append(float(np.float64(1) / np.float64(i % 2)))
        print(more, raised, np.array([1 / 3]), np.geterr())
        np.log(np.float64(-1))
        """,
        splits=4,
        on_ray=True,
    ),
    "a file is read after it is written": effects(
        "open('d/a', 'w').write('one')\n---\nx = slow(open('d/a').read())\n---\ny = slow(2)\n---\nprint(x, y)",
        on_ray=True,
    ),
    "and before it is written again": effects(
        "open('d/a', 'w').write('one')\n---\nx = slow(open('d/a').read())\n---\ny = slow(2)\n---\n"
        "open('d/a', 'w').write('two')\n---\nz = slow(open('d/a').read())\n---\nprint(x, y, z)",
    ),
    "in a chain": effects(
        "open('d/a', 'w').write('1')\n---\nx = slow(int(open('d/a').read()) + 1)\n---\n"
        "open('d/b', 'w').write(str(x))\n---\ny = slow(int(open('d/b').read()) + 1)\n---\n"
        "z = slow(3)\n---\nprint(x, y, z, sorted(os.listdir('d')))",
    ),
    "in a diamond": effects(
        "open('d/a', 'w').write('1')\n---\nx = slow(open('d/a').read() + 'x')\n---\n"
        "y = slow(open('d/a').read() + 'y')\n---\nopen('d/b', 'w').write(x + y)\n---\nprint(open('d/b').read())",
    ),
    "a folder is listed between": effects(
        "open('d/a', 'w').write('1')\n---\nx = slow(os.listdir('d'))\n---\ny = slow(1)\n---\n"
        "open('d/b', 'w').write('2')\n---\nz = slow(sorted(os.listdir('d')))\n---\nprint(x, z)",
    ),
    "each item's file in a folder made when missing": effects(
        "from pathlib import Path\n---\n# split:\nmade = []\nfor k in range(7):\n    folder = Path('d') / 'out'\n"
        "    folder.mkdir(parents=True, exist_ok=True)\n    (folder / f'{k}.txt').write_text(str(k))\n"
        "    made.append(f'{k}.txt')\n---\nprint(made == sorted(os.listdir('d/out')))",
        splits=1,
        on_ray=True,
    ),
    "tables": effects(
        "import pandas as pd\n---\npd.DataFrame({'a': [1, 2]}).to_csv('d/a.csv')\n---\n"
        "x = slow(pd.read_csv('d/a.csv'))\n---\ny = slow(1)\n---\n"
        "pd.DataFrame({'a': [3]}).to_csv('d/a.csv')\n---\nz = slow(pd.read_csv('d/a.csv'))\n---\nprint(x, z)",
    ),
    "arrays, whose files get an ending": effects(
        "import numpy as np\n---\nnp.save('d/a', np.arange(3))\n---\nx = slow(np.load('d/a.npy') + 0)\n---\n"
        "y = slow(1)\n---\nnp.save('d/a', np.arange(5))\n---\nz = slow(np.load('d/a.npy') + 0)\n---\nprint(x, z)",
    ),
    "a file that stays open": effects(
        "f = open('d/a', 'w')\n---\nx = slow(1)\n---\nf.write('text')\n---\ny = slow(open('d/a').read())\n---\n"
        "f.close()\n---\nz = slow(open('d/a').read())\n---\nprint(repr(y), z)",
    ),
    "a file that is closed when its name is bound anew": effects(
        "f = open('d/a', 'w')\nn = f.write('text')\n---\nx = slow(open('d/a').read())\n---\ny = slow(1)\n---\n"
        "f = None\n---\nz = slow(open('d/a').read())\n---\nprint(repr(x), z)",
    ),
    "commands": effects(
        "!echo one > d/a\n---\nx = slow(open('d/a').read())\n---\ny = slow(1)\n---\n!echo two >> d/a\n---\n"
        "z = slow(open('d/a').read())\n---\nout = !cat d/a\n---\nprint(x, z, out)",
        on_ray=True,
    ),
    "commands use variables": effects(
        "name = slow('d/a')\n---\ny = slow(1)\n---\n!echo $name {y} > $name\n---\nprint(open('d/a').read())",
    ),
    "a file written by a magic": effects(
        "name = slow('d/a')\n---\ny = slow(1)\n---\n%%writefile $name\ntext\n---\n"
        "z = slow(open('d/a').read())\n---\nprint(z)",
    ),
    "files through functions": effects(
        "def save(text):\n    with open('d/a', 'w') as f:\n        f.write(text)\n"
        "def load():\n    with open('d/a') as f:\n        return slow(f.read())\n---\n"
        "save('one')\n---\nx = load()\n---\ny = slow(1)\n---\nsave('two')\n---\nz = load()\n---\nprint(x, z)",
    ),
    "relative paths follow the folder": effects(
        "open('d/a', 'w').write('in d')\nopen('a', 'w').write('outside')\n---\nx = slow(open('a').read())\n---\n"
        "y = slow(1)\n---\nos.chdir('d')\n---\nz = slow(open('a').read())\n---\nos.chdir('..')\n---\nprint(x, z)",
        on_ray=True, in_process=False,
    ),
    "a figure's file": effects(
        "import matplotlib.pyplot as plt\n---\nplt.plot([1, 2])\nplt.savefig('d/a.png')\nplt.close()\n---\n"
        "x = slow(len(open('d/a.png', 'rb').read()) > 100)\n---\ny = slow(1)\n---\nprint(x)",
    ),
    "a log": effects(
        "import logging\nlog = logging.getLogger('rows')\nlog.handlers[:] = [logging.FileHandler('d/log')]\n---\n"
        "log.warning('one')\n---\nx = slow(open('d/log').read())\n---\ny = slow(1)\n---\nlog.warning('two')\n---\n"
        "z = slow(open('d/log').read())\n---\nlog.handlers.pop().close()\nprint(x, z)",
    ),
    "nothing is written after an error": effects(
        "x = slow(1)\n---\ny = slow(2) / 0\n---\nz = slow(3)\n---\n"
        "open('d/a', 'w').write('x')\n---\nprint('after')",
        on_ray=True,
    ),
    "an error that is allowed holds nothing back": effects(
        "x = slow(1)\n---\nopen('d/a', 'w').write('x')\n---\ny = slow(open('d/a').read())\n---\nprint(x, y)",
    ),
    "prints of threads": effects(
        "import threading\nt = threading.Thread(target=print, args=('from a thread',))\nt.start()\nt.join()\n---\n"
        "x = slow(1)\n---\nprint('main', x)",
        on_ray=True,
    ),
    "a child process writes what a later cell reads": effects(
        "import subprocess, sys\ndef child(code):\n"
        "    return subprocess.run([sys.executable, '-c', code], capture_output=True, text=True).stdout\n---\n"
        "a = child(\"open('d/a', 'w').write('by a child'); print('done')\")\n---\n"
        "x = slow(open('d/a').read())\n---\ny = slow(1)\n---\n"
        "b = child(\"print(open('d/a').read()); open('d/a', 'w').write('again')\")\n---\n"
        "z = slow(open('d/a').read())\n---\nprint(a, x, b, z)",
        on_ray=True,
    ),
    "a thread changes what a later cell reads": effects(
        "import threading\nxs = []\n---\n"
        "t = threading.Thread(target=lambda: [xs.append(slow(n)) for n in range(3)])\nt.start()\n---\n"
        "y = slow(1)\n---\nt.join()\n---\nz = slow(len(xs))\n---\nprint(xs, y, z)",
        on_ray=True,
    ),
    "a temporary folder of one cell": effects(
        "import tempfile\nwith tempfile.TemporaryDirectory() as folder:\n"
        "    open(folder + '/a', 'w').write('in it')\n    x = slow(open(folder + '/a').read())\n---\n"
        "y = slow(os.path.exists(folder))\n---\nfolder = None\nprint(x, y)",
    ),
}  # fmt: skip

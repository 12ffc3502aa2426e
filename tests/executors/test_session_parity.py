"""Every cell shows in a session what it shows in a real kernel run by nbclient."""

import json
import re
import subprocess
import sys
from pathlib import Path

import nbclient
import nbformat
import pytest

pytestmark = pytest.mark.slow

CELLS = {
    "print": "print('one')\nprint('two', end='')",
    "expression": "1 + 1",
    "last result": "_, _2, Out[2]",
    "several results": "a = 3\na\na + 1",
    "semicolon": "a;",
    "none": "None",
    "stderr": "import sys\nprint('oops', file=sys.stderr)",
    "interleaved": ("print('a'); print('b', file=sys.stderr)\nprint('c'); sys.stdout.flush()\n5"),
    "html": "from IPython.display import HTML, Image, Markdown, display\nHTML('<b>x</b>')",
    "display": "display(1, {'b': 2}); print('between'); display(Markdown('*x*'))",
    "raw display": "display({'text/plain': 'p', 'application/x+json': {'k': [1]}}, raw=True)",
    "metadata": "display('x', metadata={'text/plain': {'m': 1}})",
    "image": "Image(data=bytes.fromhex('89504e470d0a1a0a0000000d'), format='png')",
    "display id": "handle = display('first', display_id='one')",
    "update": "handle.update('second')",
    "update in cell": "h = display('x', display_id=True)\nh.update('y')",
    "clear": (
        "from IPython.display import clear_output\nprint('gone')\nclear_output()\nprint('kept')"
    ),
    "clear and wait": "print('gone')\nclear_output(wait=True)\nprint('kept')",
    "repr_html": (
        "class Shown:\n    def _repr_html_(self): return '<i>s</i>'\n"
        "    def __repr__(self): return 'shown'\nShown()"
    ),
    "mimebundle": (
        "class Bundle:\n    def _repr_mimebundle_(self, **kw): return {'text/x': 'b'}\nBundle()"
    ),
    "widgets' messages": (
        "manager = get_ipython().kernel.comm_manager\nmanager.register_target('t', print)\n"
        "sorted(manager.targets)[-1:]"
    ),
    "failing repr": "class Bad:\n    def __repr__(self): raise ValueError('no repr')\nBad()",
    "ipython_display": ("class Own:\n    def _ipython_display_(self): print('own display')\nOwn()"),
    "error": "1 / 0",
    "nested error": (
        "def inner(x):\n    y = x + 1\n    return [][y]\n\n"
        "def outer(x):\n    return inner(x)\n\nouter(1)"
    ),
    "cause": ("try:\n    {}['k']\nexcept KeyError as e:\n    raise RuntimeError('because') from e"),
    "context": "try:\n    {}['k']\nexcept KeyError as e:\n    int('x')",
    "library error": "import json\njson.loads('{')",
    "error after output": "print('before')\nraise ValueError('multi\\nline')",
    "custom error": "class Mine(Exception):\n    pass\nraise Mine(1, 'b')",
    "assertion": "assert a == 4, 'not four'",
    "name error": "undefined_name",
    "syntax error": "x = = 1",
    "indentation error": "if a:\nprint(1)",
    "unclosed": "print((1",
    "system exit": "sys.exit(3)",
    "usage error": "%no_such_magic",
    "magic error": "%cd /no/such/folder",
    "input": "input('name? ')",
    "getpass": "import getpass\ngetpass.getpass()",
    "shell": "!echo out; echo $((1+1))",
    "shell fails": "!exit 3\n_exit_code",
    "shell capture": "names = !echo a; echo b\nnames",
    "shell expansion": "word = 'w'\n!echo {word} $word",
    "bash": "%%bash\necho one\necho two >&2",
    "bash fails": "%%bash\nexit 2",
    "capture": "%%capture caught\nprint('hidden')\ndisplay(1)\n2",
    "captured": "caught.stdout, [o.data for o in caught.outputs]",
    "timeit result": "t = %timeit -o -q -n1 -r1 1\ntype(t).__name__",
    "writefile": "%%writefile made.py\nz = 7\nprint('ran')",
    "run file": "%run made.py\nz",
    "import made": "import made\nmade.z, made.__file__.endswith('made.py')",
    "who": "%who_ls str",
    "precision": "%precision 3\n3.14159265",
    "precision back": "%precision\n3.14159265",
    "pinfo": "len?",
    "history": "%history -n 1-2",
    "await": "import asyncio\nawait asyncio.sleep(0.01)\n'slept'",
    "await value": "async def later():\n    await asyncio.sleep(0)\n    return 4\nawait later()",
    "await error": "async def fails():\n    raise ValueError('async')\nawait fails()",
    "running loop": (
        "asyncio.get_running_loop().is_running(), asyncio.get_event_loop().is_running()"
    ),
    "asyncio run": (
        "c = later()\ntry:\n    asyncio.run(c)\nexcept RuntimeError as e:\n    print(e)\nc.close()"
    ),
    "task": "task = asyncio.create_task(later())\ntask.done()",
    "await task": "await task",
    "async for": (
        "async def gen():\n    for i in range(2):\n        yield i\n"
        "async for i in gen():\n    print(i)"
    ),
    "context variable": "import contextvars\nvar = contextvars.ContextVar('var')\n_t = var.set(5)",
    "context variable kept": "var.get('lost')",
    "decimal": "import decimal\ndecimal.getcontext().prec = 5",
    "decimal kept": "decimal.Decimal(1) / 3",
    "warning": "import warnings\nwarnings.warn('careful')",
    "warning again": "warnings.warn('careful')",
    "warnings off": "warnings.filterwarnings('ignore')\nwarnings.warn('silent')",
    "deprecation": "warnings.resetwarnings()\nwarnings.warn('old', DeprecationWarning)",
    "logging": "import logging\nlogging.warning('logged %s', 1)",
    "basic config": (
        "logging.basicConfig(level=logging.INFO, format='%(message)s', force=True)\n"
        "logging.info('info')"
    ),
    "thread": (
        "import threading\nt = threading.Thread(target=print, args=('from thread',))\n"
        "t.start(); t.join()"
    ),
    "thread error": ("t = threading.Thread(target=lambda: 1 / 0)\nt.start(); t.join()"),
    "pickle by name": (
        "import pickle\nclass Named: pass\ntype(pickle.loads(pickle.dumps(Named()))) is Named"
    ),
    "main module": "import __main__\n__main__.a, __name__, vars(__main__) is globals()",
    "shell class": "type(get_ipython()).__name__, 'IPKernelApp' in get_ipython().config",
    "streams": "sys.stdout.isatty(), sys.stdout.encoding, sys.stdout.name, sys.stdout.writable()",
    "bytes to stdout": "try:\n    sys.stdout.write(b'x')\nexcept TypeError as e:\n    print(e)",
    "stream class": "print(type(sys.stdout))",
    "no buffer": "sys.stdout.buffer",
    "in": "In[1], len(In)",
    "pprint": "{'key%02d' % i: list(range(8)) for i in range(12)}",
    "long": "list(range(1500))",
    "unicode": "'naïve ☃', 'tab\\t'",
    "decorated": "def deco(f): return f\n@deco\ndef g():\n    '''doc'''\ng.__doc__",
    "tqdm": "from tqdm import tqdm\nfor _ in tqdm([1, 2], disable=False, bar_format='{n}'): pass",
    "pandas": "import pandas as pd\ndf = pd.DataFrame({'a': [1, 2]})\ndf",
    "pandas styled text": "print(df)\ndf['a']",
    "figure": "import matplotlib.pyplot as plt\nplt.figure(figsize=(1, 1)); plt.plot([1, 2]);",
    "inline": "%matplotlib inline\nfig, ax = plt.subplots(figsize=(1, 1))\nax.plot([2, 1])",
    "figure object": "fig",
    "figure show": "plt.figure(figsize=(1, 1))\nprint('before')\nplt.show()\nprint('after')",
    "figure closed": "plt.get_fignums()",
    "retina": "%config InlineBackend.figure_format = 'svg'\nplt.figure(figsize=(1, 1))",
    "interactivity": "%config InteractiveShell.ast_node_interactivity = 'all'",
    "all shown": "1\n2",
    "last expr": "%config InteractiveShell.ast_node_interactivity = 'last_expr'",
    "xmode": "%xmode Plain",
    "plain error": "1 / 0",
    "xmode back": "%xmode Context",
    "empty": "",
    "comment": "# nothing",
    "exception hook": "sys.excepthook is sys.__excepthook__",
    "underscores": "7\n",
    "after": "_, __, ___",
}

RUNNER = """
import json, os, sys
from naavre_ext.executors.session import CellSession
cells = json.loads(sys.stdin.read())
seen = []
session = CellSession(seen.append)
sys.path.insert(0, "")
result = []
number = 0
for source in cells:
    del seen[:]
    if source.strip():  # a kernel's client doesn't run empty cells
        number += 1
        session.run(source, execution_count=number)
    result.append([dict(m) for m in seen])
session.close()
print(json.dumps(result))
"""


@pytest.fixture(scope="module")
def in_kernel(tmp_path_factory):
    """The outputs of each cell in a real kernel."""
    folder = tmp_path_factory.mktemp("kernel")
    spec = folder / "jupyter" / "kernels" / "here"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(
        json.dumps({"argv": argv, "display_name": "here", "language": "python"})
    )
    work = folder / "work"
    work.mkdir()
    node = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in CELLS.values()]
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(folder / "jupyter"))
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        client = nbclient.NotebookClient(
            node,
            kernel_name="here",
            allow_errors=True,
            timeout=240,
            iopub_timeout=240,
            resources={"metadata": {"path": str(work)}},
        )
        client.execute()
    return dict(zip(CELLS, (fold(cell.outputs) for cell in node.cells), strict=True))


@pytest.fixture(scope="module")
def in_session(tmp_path_factory):
    """The outputs of each cell in a session, put together as a notebook has them."""
    folder = tmp_path_factory.mktemp("session")
    done = subprocess.run(
        [sys.executable, "-c", RUNNER],
        input=json.dumps(list(CELLS.values())),
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    runs = json.loads(done.stdout.splitlines()[-1])
    notebook = []
    for run in runs:
        notebook.append([])
        apply(run, notebook)
    return dict(zip(CELLS, (fold(outputs) for outputs in notebook), strict=True))


def apply(messages, notebook):
    """Adds messages to the last cell of ``notebook`` as a Jupyter client does."""
    clear = False
    for message in messages:
        kind = message["output_type"]
        display_id = message.get("transient", {}).get("display_id")
        if kind == "clear_output":
            clear = message["wait"]
            if not clear:
                notebook[-1].clear()
            continue
        if kind == "update_display_data":
            for outputs in notebook:
                for output in outputs:
                    if output.get("transient", {}).get("display_id") == display_id:
                        output.update(data=message["data"], metadata=message["metadata"])
            continue
        if clear:
            notebook[-1].clear()
            clear = False
        notebook[-1].append(message)


def fold(outputs):
    """Outputs with each stream's text joined, in the order of their first appearance."""
    folded = []
    for output in outputs:
        output = {k: v for k, v in scrub(dict(output)).items() if k != "transient"}
        if output["output_type"] == "stream":
            same = [o for o in folded if o.get("name") == output["name"]]
            if same:
                same[-1]["text"] += output["text"]
                continue
        folded.append(output)
    return folded


SCRUBBED = (
    (re.compile(r"ipykernel_\d+"), "ipykernel_PID"),
    (re.compile(r"0x[0-9a-f]{6,}"), "0xADDRESS"),
    (re.compile(r"Thread-\d+"), "Thread-N"),
    (re.compile(r"(?s)<svg.*</svg>"), "<svg/>"),
    (re.compile(r"pytest-\d+/(popen-gw\d+/)?(kernel|session)0(/work)?"), "FOLDER"),
)


def scrub(value):
    if isinstance(value, dict):
        return {key: scrub(each) for key, each in value.items()}
    if isinstance(value, list):
        return [scrub(each) for each in value]
    if isinstance(value, str):
        for pattern, text in SCRUBBED:
            value = pattern.sub(text, value)
    return value


@pytest.mark.parametrize("name", CELLS)
def test_cell_shows_what_it_shows_in_a_kernel(name, in_kernel, in_session):
    assert in_session[name] == in_kernel[name]


def test_no_file_of_ours_is_in_a_traceback(in_session):
    assert str(Path("naavre_ext") / "executors") not in json.dumps(in_session)

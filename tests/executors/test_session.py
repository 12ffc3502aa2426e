"""What a session promises beyond showing what a kernel shows."""

import ast
import asyncio
import builtins
import os
import pickle
import subprocess
import sys
import threading
import time
import types
import warnings
from pathlib import Path

import pytest

import naavre_ext
from naavre_ext.executors.cell_outcome import CellError
from naavre_ext.executors.session import CellSession
from naavre_ext.executors.session_process import modules_in


@pytest.fixture
def messages():
    return []


@pytest.fixture
def session(messages):
    filters = list(warnings.filters)
    warnings.simplefilter("default")  # as in a kernel; pytest makes them errors
    warnings.filterwarnings("ignore", message="To exit")
    made = CellSession(messages.append)
    yield made
    made.close()
    warnings.filters[:] = filters


def run(session, source, number=1, **options):
    return session.run(source, execution_count=number, **options)


def text(messages, name="stdout"):
    return "".join(m["text"] for m in messages if m.get("name") == name)


def test_namespace_stays_the_same_dict(session):
    namespace = session.namespace
    run(session, "x = 1")
    session.reset(cwd=None)
    run(session, "y = globals()")
    assert session.namespace is namespace
    assert namespace["y"] is namespace
    assert "x" not in namespace


@pytest.mark.parametrize("number", [1, 3, 40])
def test_prompt_number_is_the_callers(session, messages, number):
    run(session, "6 * 7", number)
    assert messages[-1]["execution_count"] == number
    run(session, f"_ , _{number}, In[{number}], Out[{number}]", number + 1)
    assert messages[-1]["data"]["text/plain"] == "(42, 42, '6 * 7', 42)"


def test_cell_can_run_again_under_its_number(session, messages):
    for _ in range(2):
        run(session, "'again'", 5)
    run(session, "In[5], len(In)", 6)
    assert messages[-1]["data"]["text/plain"] == "(\"'again'\", 7)"


WATCHED = {
    "stdout": lambda: sys.stdout,
    "stderr": lambda: sys.stderr,
    "stdin": lambda: sys.stdin,
    "displayhook": lambda: sys.displayhook,
    "excepthook": lambda: sys.excepthook,
    "prompt": lambda: getattr(sys, "ps1", None),
    "main": lambda: sys.modules["__main__"],
    "input": lambda: builtins.input,
    "exit": lambda: getattr(builtins, "exit", None),
    "display": lambda: getattr(builtins, "display", None),
    "get_ipython": lambda: getattr(builtins, "get_ipython", None),
    "showwarning": lambda: warnings.showwarning,
    "underscore": lambda: getattr(builtins, "_", None),
}


@pytest.mark.parametrize("source", ["1", "1/0", "def f(:", "import sys; sys.exit()", "exit()"])
def test_process_is_as_before_after_a_cell(messages, source):
    before = {name: look() for name, look in WATCHED.items()}
    session = CellSession(messages.append)
    run(session, source)
    after = {name: look() for name, look in WATCHED.items()}
    session.close()
    assert {name for name in WATCHED if after[name] is not before[name]} == set()


@pytest.mark.parametrize("source", ["exit()", "quit()", "exit"])
def test_exit_is_reported_and_the_process_lives(session, source):
    outcome = run(session, source)
    assert outcome.ok
    assert outcome.exit_requested
    assert not run(session, "1", 2).exit_requested


ERRORS = {
    "own line": ("x = 1\n\n1 / 0", "ZeroDivisionError", 3),
    "line in a function": ("def f():\n    return {}['k']\n\nf()", "KeyError", 2),
    "syntax": ("x = 1\ny = = 2", "SyntaxError", 2),
    "awaited": ("import asyncio\nawait asyncio.sleep(0)\nraise OSError", "OSError", 3),
    "interrupt": ("raise KeyboardInterrupt", "KeyboardInterrupt", 1),
    "system exit": ("import sys\nsys.exit(2)", "SystemExit", 2),
    "in a library": ("import json\njson.loads('{')", "JSONDecodeError", 2),
}


@pytest.mark.parametrize(("source", "ename", "line"), ERRORS.values(), ids=ERRORS)
def test_error_has_name_and_line(session, source, ename, line):
    outcome = run(session, source)
    assert not outcome.ok
    assert (outcome.error.ename, outcome.error.line) == (ename, line)
    assert type(outcome.error.exception).__name__ == ename


def test_failing_display_fails_the_cell(session):
    outcome = run(session, "class A:\n    def __repr__(self): raise ValueError('r')\nA()")
    assert not outcome.ok
    assert outcome.error.ename == "ValueError"


def test_error_pickles_without_the_exception():
    error = CellError("E", "v", ("t",), OSError(), 3)
    assert pickle.loads(pickle.dumps(error)) == CellError("E", "v", ("t",), None, 3)


class Doubling(ast.NodeTransformer):
    def visit_Constant(self, node):
        return ast.Constant(node.value * 2) if type(node.value) is int else node


def test_transform_changes_one_run_only(session, messages):
    run(session, "x = 21", transform=Doubling().visit)
    run(session, "y = 21", 2)
    assert (session.namespace["x"], session.namespace["y"]) == (42, 21)


@pytest.mark.parametrize("magic", ["%%time", "%%capture out"])
def test_transform_sees_the_code_inside_a_magic(session, magic):
    outcome = run(session, f"{magic}\nx = 21", transform=Doubling().visit)
    assert outcome.ok
    assert session.namespace["x"] == 42


@pytest.mark.parametrize("source", ["x = 1", "%%time\nx = 1", "await f()"])
def test_error_in_transform_reaches_the_caller(session, messages, source):
    def refuse(module):
        raise LookupError("no")

    with pytest.raises(LookupError, match="no"):
        run(session, source, transform=refuse)
    assert "x" not in session.namespace
    assert messages == []
    assert run(session, "x = 2", 2).ok


def test_small_writes_are_joined_in_order(session, messages):
    run(session, "import sys\nfor i in range(2000): print(i)\nprint('e', file=sys.stderr)\n1")
    assert text(messages) == "".join(f"{i}\n" for i in range(2000))
    assert len(messages) < 500
    assert [m["output_type"] for m in messages[-2:]] == ["stream", "execute_result"]


def test_output_arrives_while_the_cell_runs(session, messages):
    session.namespace["arrived"] = lambda: text(messages) == "one\ntwo\n"
    waits = "while not arrived():\n    time.sleep(0.01)"
    assert run(session, f"import time\nprint('one')\nprint('two')\n{waits}").ok


def test_what_the_receiver_prints_does_not_come_back():
    session = CellSession(print)
    try:
        assert run(session, "print(1)\n2").ok
    finally:
        session.close()


def test_streams_of_all_sessions_are_those_of_the_cell_that_runs(session, messages):
    heard = []
    other = CellSession(heard.append)
    run(session, "import sys\nkept = sys.stdout")
    other.namespace["kept"] = session.namespace["kept"]
    session.namespace["inner"] = lambda: run(other, "print(2)\nprint(3, file=kept)\nprint(4)")
    run(session, "print(1)\n_ = inner()\nprint(5)")
    other.close()
    assert (text(messages), text(heard)) == ("1\n5\n", "2\n3\n4\n")


def test_background_task_goes_on_in_the_next_awaiting_cell(session):
    run(session, "import asyncio\nasync def f():\n    await asyncio.sleep(0.01)\n    return 5")
    run(session, "t = asyncio.create_task(f())", 2)
    run(session, "x = await t", 3)
    assert session.namespace["x"] == 5


def test_session_runs_inside_a_running_loop(messages):
    async def outer():
        session = CellSession(messages.append)
        run(session, "import asyncio\nawait asyncio.sleep(0)\nx = 1")
        value = session.namespace["x"]
        session.close()
        assert asyncio.get_running_loop().is_running()
        return value

    assert asyncio.run(outer()) == 1


@pytest.mark.parametrize(
    "source",
    [
        "while True: pass",
        "import time\ntime.sleep(600)",
        "import asyncio\nawait asyncio.sleep(600)",
    ],
)
def test_interrupt_stops_a_cell(session, source):
    def interrupt():
        while "begun" not in session.namespace:
            time.sleep(0.01)
        time.sleep(0.1)
        session.interrupt()

    threading.Thread(target=interrupt).start()
    outcome = run(session, f"begun = True\n{source}")
    assert not outcome.ok
    assert outcome.error.ename in ("KeyboardInterrupt", "CancelledError")
    assert run(session, "1", 2).ok


def test_interrupt_reaches_a_cell_in_another_thread(session):
    outcomes = []
    source = "begun = True\nwhile True: pass"
    thread = threading.Thread(target=lambda: outcomes.append(run(session, source)))
    thread.start()
    while "begun" not in session.namespace:
        time.sleep(0.01)
    session.interrupt()
    thread.join(240)
    assert outcomes[0].error.ename == "KeyboardInterrupt"


def test_reset_is_a_fresh_kernel_in_the_folder(session, messages, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "helper_of_reset.py").write_text("value = 1")
    session.reset(cwd=tmp_path)
    run(session, "import helper_of_reset as h\nh.value", 1)
    assert messages[-1]["data"]["text/plain"] == "1"
    (tmp_path / "helper_of_reset.py").write_text("value = 22222")
    session.reset(cwd=tmp_path)
    assert "h" not in session.namespace
    run(session, "import helper_of_reset as h\nh.value, len(In), Out", 1)
    assert messages[-1]["data"]["text/plain"] == "(22222, 2, {})"
    assert sys.path.count("") == 1


def test_json_safe_outputs(session, messages):
    source = "display({'text/plain': 'x', 'a/b': b'\\x00', 'c/d+json': {1: (2,)}}, raw=True)"
    run(session, source)
    assert messages[-1]["data"]["a/b"] == "AA=="
    assert messages[-1]["data"]["c/d+json"] == {"1": [2]}


def test_silent_cell_shows_no_result(session, messages):
    run(session, "5", silent=True)
    assert messages == []


def test_libraries_are_not_imported_for_nothing():
    code = (
        "import sys\nfrom naavre_ext.executors.session import CellSession\n"
        "s = CellSession(lambda m: None)\ns.run('1', execution_count=1)\n"
        "print(sorted({'numpy', 'pandas', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
def test_descriptors_are_captured_on_demand():
    code = (
        "from naavre_ext.executors.session import CellSession\nimport os, json\n"
        "seen = []\ns = CellSession(seen.append, capture_fds=True)\n"
        's.run(\'import os, subprocess\\nprint(1)\\nos.system("echo two")\\n'
        'subprocess.run(["sh", "-c", "echo three >&2"])\\nos.write(1, b"four\\\\n");\','
        " execution_count=1)\nos.write(1, b'outside\\n')\n"
        "os.write(2, json.dumps(seen).encode())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "outside\n"
    for word in ("two", "three", "four"):
        assert word in done.stderr


@pytest.mark.slow
def test_figures_show_where_matplotlib_was_loaded_before_and_in_a_second_session():
    code = (
        "import matplotlib\nfrom naavre_ext.executors.session import CellSession\n"
        "for _ in range(2):\n    seen = []\n    s = CellSession(seen.append)\n"
        "    s.run('import matplotlib.pyplot as plt; plt.plot([1]);', execution_count=1)\n"
        "    print(['image/png' in m.get('data', ()) for m in seen])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[True]", "[True]"]


def test_main_is_the_notebook_while_a_cell_runs(session):
    run(session, "import __main__\nfound = __main__.__dict__ is globals()")
    assert session.namespace["found"]
    assert isinstance(sys.modules["__main__"], types.ModuleType)
    assert "found" not in vars(sys.modules["__main__"])


def test_a_fresh_session_forgets_imports_from_the_future(session, tmp_path):
    session.run("from __future__ import annotations", execution_count=1)
    session.reset(cwd=tmp_path)
    session.run("def f(x: undefined): pass", execution_count=1)
    assert "f" not in session.namespace


@pytest.mark.slow
def test_a_fresh_session_knows_of_no_plotting_before_it(tmp_path):
    (tmp_path / "script.py").write_text("x = 1\n")
    code = (
        "from naavre_ext.executors.session import CellSession\nseen = []\ns = CellSession(seen.append)\n"
        "s.run('%matplotlib inline', execution_count=1)\n"
        "s.run('import matplotlib.pyplot as plt; plt.draw_if_interactive()', execution_count=2)\n"
        "s.reset(cwd='.')\nseen.clear()\ns.run('%run script.py', execution_count=1)\nprint(seen)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout == "[]\n"


def test_this_package_stays_loaded_where_a_notebook_lies_beside_it() -> None:
    folder = str(Path(naavre_ext.__file__).parents[1])
    ours = [name for name in modules_in((folder,), frozenset()) if name.startswith("naavre_ext")]
    assert ours == []
    assert "naavre_ext" in sys.modules


def test_pythons_own_modules_stay_loaded_where_a_notebook_lies_above_them() -> None:
    folder = str(Path(os.__file__).parents[2])
    assert not {"json", "decimal"} & modules_in((folder,), frozenset()).keys()


def test_module_whose_file_has_no_whole_path_is_no_file_beside_the_notebook(
    tmp_path, monkeypatch
) -> None:
    made = types.ModuleType("nx_made")
    made.__file__ = "_made.py"  # as torch.ops has it
    monkeypatch.setitem(sys.modules, "nx_made", made)
    monkeypatch.chdir(tmp_path)
    assert "nx_made" not in modules_in((str(tmp_path),), frozenset())

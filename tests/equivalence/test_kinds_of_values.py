"""Every kind of value arrives in another process as it left, and comes back so, or isn't let go."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from kinds_of_values import STAYS, TRAVELS

pytestmark = pytest.mark.slow

#: A process with a notebook namespace, driven through a pipe. What cells write goes to standard error.
PEER = """
import dataclasses, importlib, io, os, pickle, sys, types, warnings
from naavre_ext.executors.packing import PackingError, pack, unpack
warnings.simplefilter("ignore")
answers = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)
sys.modules["__main__"] = types.ModuleType("__main__")
namespace = vars(sys.modules["__main__"])

def info(frame):
    text = io.StringIO()
    frame.info(buf=text)
    return text.getvalue()

def is_frozen(value):
    try:
        value.x = 9
    except dataclasses.FrozenInstanceError:
        return True

def fresh():
    namespace.clear()
    namespace.update(__name__="__main__", __builtins__=__builtins__)

def tools():
    namespace.update(info=info, is_frozen=is_frozen)
    names = {"np": "numpy", "pd": "pandas", "sympy": "sympy", "nx": "networkx", "sys": "sys",
             "logging": "logging"}
    namespace.update((short, importlib.import_module(name)) for short, name in names.items())

def do(wish, what):
    if wish == "make":
        fresh()
        exec(what, namespace)
        tools()
    elif wish == "look":
        return repr(eval(what, namespace))
    elif wish == "pack":
        return pack({"v": namespace["v"]}, namespace)
    elif wish == "unpack":
        fresh()
        tools()
        namespace.update(unpack(what, namespace, writable=True))

while True:
    try:
        request = pickle.load(sys.stdin.buffer)
    except EOFError:
        break
    try:
        answer = do(*request)
    except PackingError as error:
        answer = error
    pickle.dump(answer, answers, protocol=5)
    answers.flush()
"""


class Peer:
    """A process that does what it is asked."""

    def __init__(self, folder: Path) -> None:
        variables = {**os.environ, "PYTHONHASHSEED": "77", "MPLBACKEND": "agg"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", PEER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=folder,
            env=variables,
        )

    def __call__(self, wish: str, what: object = None) -> object:
        pickle.dump((wish, what), self.process.stdin, protocol=5)
        self.process.stdin.flush()
        answer = pickle.load(self.process.stdout)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()


@pytest.fixture(scope="module")
def peers(tmp_path_factory):
    pair = [Peer(tmp_path_factory.mktemp("peer")) for _ in range(2)]
    yield pair
    for peer in pair:
        peer.close()


@pytest.mark.parametrize("kind", TRAVELS.values(), ids=TRAVELS)
def test_value_arrives_as_it_left_and_comes_back_so(kind, peers):
    home, away = peers
    home("make", kind.make)
    away("unpack", home("pack"))
    back = away("pack")
    expected = home("look", kind.look)
    assert away("look", kind.look) == expected
    home("unpack", back)
    assert home("look", kind.look) == expected


@pytest.mark.parametrize("kind", STAYS.values(), ids=STAYS)
def test_value_that_no_copy_would_be_is_found_out(kind, peers):
    from naavre_ext.executors.packing import PackingError

    home, _ = peers
    home("make", kind.make)
    with pytest.raises(PackingError, match=r"can't be (copied|imported)") as caught:
        home("pack")
    assert caught.value.name == "v"
    assert "secret" not in str(caught.value)

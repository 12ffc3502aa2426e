"""Which functions in a function nobody else can call."""

import ast

import pytest

from naavre_ext.dataflow.staying_functions import staying_functions

BODY = "def f(n):\n    parent = list(range(n))\n    def root(k):\n        parent[k] = 0\n        return k\n"


@pytest.mark.parametrize(
    ("rest", "stays"),
    [
        ("    return root(1) + sum(root(k) for k in [2])", False),
        ("    return root(1) + root(2)", True),
        ("    for k in range(n):\n        if root(k) == root(0):\n            return k", True),
        ("    return [root(k) for k in range(n)]", True),
        ("    return root", False),
        ("    return sorted(range(n), key=root)", False),
        ("    return lambda: root(1)", False),
        ("    def other():\n        return root(1)\n    return other", False),
        ("    global root\n    root(1)", False),
        ("    kept = locals()\n    return root(1)", False),
        ("    root = print\n    return root(1)", False),
        ("    return seen.append(root) or root(1)", False),
    ],
)
def test_function_stays_in_the_one_around_it_where_that_only_calls_it(rest, stays):
    tree = ast.parse(BODY + rest)
    inner = next(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == "root")
    assert (id(inner) in staying_functions([tree])) is stays


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    x = []\n    def g():\n        x.append(1)\n        yield 1\n    return g()",
        "class C:\n    def f(self):\n        def g():\n            pass\n        return g()",
        "def f():\n    def middle():\n        def g():\n            pass\n        g()\n    return middle",
        "def f():\n    @keep\n    def g():\n        pass\n    return g()",
        "def f():\n    async def g():\n        pass\n    return g()",
    ],
)
def test_others_may_be_called_or_go_on_elsewhere(source):
    assert not staying_functions([ast.parse(source)])

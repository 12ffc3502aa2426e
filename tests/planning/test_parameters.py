"""Parameters: found, checked, injected; compared with papermill itself."""

from __future__ import annotations

import copy
import itertools
import math
import textwrap

import nbformat
import papermill.cli
import papermill.parameterize
import pytest

from naavre_ext.model.diagnostic import RefusedError
from naavre_ext.model.notebook import Cell, CellId, Notebook
from naavre_ext.planning.parameter_values import from_json
from naavre_ext.planning.parameters import (
    find_parameters,
    inject_parameters,
    nested_parameter_bindings,
    parameter_assignments,
    parse_parameter_text,
    read_parameter_yaml,
    secret_literals,
    workflow_sources,
)
from naavre_ext.storage.notebook_file import read_notebook

INJECTED = ("injected-parameters",)


def notebook(*cells: str | tuple[str, str]) -> Notebook:
    """A notebook of code cells; ``(source, tag)`` for a tagged one. Ids are a, b, c ..."""
    pairs = [(c, None) if isinstance(c, str) else c for c in cells]
    return Notebook(
        tuple(
            Cell(CellId("abcdefghij"[i]), i, "code", source, (tag,) if tag else ())
            for i, (source, tag) in enumerate(pairs)
        )
    )


def sources(nb: Notebook) -> list[str]:
    return [cell.source for cell in nb.cells]


def namespace(nb: Notebook) -> dict[str, object]:
    """What a top-to-bottom run of the notebook leaves."""
    scope: dict[str, object] = {}
    for cell in nb.code_cells:
        exec(cell.source, scope)
    del scope["__builtins__"]
    return scope


FOUND = [
    # source, tag, expected (name, kind, default, type_name, line)
    ("param_n = 3", None, [("param_n", "param", 3, "int", 1)]),
    ("conf_dir = 'data'", None, [("conf_dir", "conf", "data", "str", 1)]),
    ("secret_key = 'abc'", None, [("secret_key", "secret", None, "str", 1)]),
    ("param_x = -1.5", None, [("param_x", "param", -1.5, "float", 1)]),
    ("param_x: float = 1", None, [("param_x", "param", 1, "float", 1)]),
    ("param_x: 'int | None' = None", None, [("param_x", "param", None, "int | None", 1)]),
    ("param_x: Optional[int] = 1", None, [("param_x", "param", 1, "Optional[int]", 1)]),
    ("param_x: int", None, []),
    (
        "param_a, param_b = 1, 'two'",
        None,
        [("param_a", "param", 1, "int", 1), ("param_b", "param", "two", "str", 1)],
    ),
    ("param_a, other = 1, 2", None, [("param_a", "param", 1, "int", 1)]),
    (
        "(param_a, [param_b]) = 1, [2]",
        None,
        [("param_a", "param", 1, "int", 1), ("param_b", "param", 2, "int", 1)],
    ),
    (
        "param_a, param_b = f()",
        None,
        [("param_a", "param", None, "NoneType", 1), ("param_b", "param", None, "NoneType", 1)],
    ),
    (
        "param_a, *param_b = 1, 2, 3",
        None,
        [("param_a", "param", None, "NoneType", 1), ("param_b", "param", None, "NoneType", 1)],
    ),
    (
        "param_a = param_b = 3",
        None,
        [("param_a", "param", 3, "int", 1), ("param_b", "param", 3, "int", 1)],
    ),
    ("param_d = {'a': [1, (2, -3)]}", None, [("param_d", "param", {"a": [1, (2, -3)]}, "dict", 1)]),
    ("import os\n\nparam_d = os.getcwd()", None, [("param_d", "param", None, "NoneType", 3)]),
    ("param_x = float('inf')", None, [("param_x", "param", math.inf, "float", 1)]),
    ("param_s = '\\d'", None, [("param_s", "param", "\\d", "str", 1)]),
    ("x = 1; param_y = 2", None, [("param_y", "param", 2, "int", 1)]),
    ("if c:\n    param_x = 1", None, []),
    ("param_x += 1", None, []),
    ("param_ = 1", None, []),
    ("for param_i in xs: pass", None, []),
    ("x = 1\ny = f()", "parameters", [("x", "param", 1, "int", 1)]),
    ("x = 1", None, []),
    ("param_x = 1", "injected-parameters", []),
    ("param_x = 1", "skip-execution", []),
    ("%matplotlib inline\nparam_x = 1", None, [("param_x", "param", 1, "int", 2)]),
    ("!echo it's (\nparam_x = 1", None, [("param_x", "param", 1, "int", 2)]),
    ("!pip install \\\n  a-b c\nparam_x = 1", None, [("param_x", "param", 1, "int", 3)]),
    ("len?\nparam_x = 1", None, [("param_x", "param", 1, "int", 2)]),
    ("files = !ls\nparam_x = 1", None, [("param_x", "param", 1, "int", 2)]),
    ("if c:\n    !ls\nparam_x = 1", None, [("param_x", "param", 1, "int", 3)]),
    ('!ls\nparam_s = """\n%d\n!\n"""', None, [("param_s", "param", "\n%d\n!\n", "str", 2)]),
    ("await f()\nparam_x = 1", None, [("param_x", "param", 1, "int", 2)]),
    ("%%time\nparam_x = 1", None, [("param_x", "param", 1, "int", 2)]),
    ("%%bash\nparam_x=1", None, []),
    ("%%writefile a.py\nparam_x = 1", None, []),
    ("param_x = 1\ndef f(:", None, []),
    ("param_x = '\0'", None, []),
]


@pytest.mark.parametrize(("source", "tag", "expected"), FOUND)
def test_find_parameters(source, tag, expected):
    found = find_parameters(notebook((source, tag)))
    assert [(p.name, p.kind, p.default, p.type_name, p.line) for p in found] == expected


@pytest.mark.parametrize(
    ("source", "value", "expected"),
    [
        ("param_x = (1, 2)", [3, 4], (3, 4)),
        ("param_x: tuple[int, ...] = None", [3], (3,)),
        ("param_x = [1]", [2], [2]),
        ("param_x = (1, 2)", "text", "text"),
        ("param_x = None", [1], [1]),
    ],
)
def test_a_list_from_json_is_the_tuple_that_the_parameter_takes(source, value, expected):
    (parameter,) = find_parameters(notebook(source))
    assert from_json(parameter, value) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("param_x = [1.0, (2,)]", "[1.0, (2,)]"),
        ("param_x: float = 1", "1"),
        ("param_x = os.cpu_count( )", "os.cpu_count()"),
        ("param_x, y = 1, 2", "1"),
        ("param_x, y = f()", ""),
        ("secret_x = 'abc'", ""),
    ],
)
def test_source_of_a_parameter_is_what_the_notebook_assigns(source, expected):
    assert [parameter.source for parameter in find_parameters(notebook(source))] == [expected]


def test_first_definition_gives_place_default_and_type():
    found = find_parameters(notebook("param_b = 1", "param_a = 'x'", "param_b = 'later'"))
    assert [(p.name, p.default, p.cell_id) for p in found] == [
        ("param_b", 1, "a"),
        ("param_a", "x", "b"),
    ]


def test_markdown_defines_nothing():
    cell = Cell(CellId("a"), 0, "markdown", "param_x = 1")
    assert find_parameters(Notebook((cell,))) == ()


INJECTIONS = [
    # name, cells, values, sources after injection
    ("one", ["param_x = 1", "y = param_x"], {"param_x": 2},
     ["param_x = 1", "# Parameters\nparam_x = 2\n", "y = param_x"]),
    ("nothing given", ["param_x = 1"], {}, ["param_x = 1"]),
    ("given order within a cell", ["param_a = 1\nparam_b = 2"], {"param_b": 3, "param_a": 4},
     ["param_a = 1\nparam_b = 2", "# Parameters\nparam_b = 3\nparam_a = 4\n"]),
    ("two cells", ["param_a = 1", "param_b = 2"], {"param_b": 3, "param_a": 4},
     ["param_a = 1", "# Parameters\nparam_a = 4\n", "param_b = 2", "# Parameters\nparam_b = 3\n"]),
    ("defined again as a literal", ["param_a = 1", "param_a = 2"], {"param_a": 4},
     ["param_a = 1", "# Parameters\nparam_a = 4\n", "param_a = 2", "# Parameters\nparam_a = 4\n"]),
    ("computed from itself later", ["param_a = 1", "param_a = param_a * 2"], {"param_a": 4},
     ["param_a = 1", "# Parameters\nparam_a = 4\n", "param_a = param_a * 2"]),
    ("default not literal", ["param_a = len('abc')"], {"param_a": "x"},
     ["param_a = len('abc')", '# Parameters\nparam_a = "x"\n']),
    ("conf may be set", ["conf_a = 1"], {"conf_a": 2},
     ["conf_a = 1", "# Parameters\nconf_a = 2\n"]),
    ("tagged", [("a = 1", "parameters"), "a = 5"], {"a": 2},
     ["a = 1", "# Parameters\na = 2\n", "a = 5"]),
    ("papermill's cell at the top moves",
     [("# Parameters\nparam_a = 9\n", "injected-parameters"), "x = 1", "param_a = 1"], {},
     ["x = 1", "param_a = 1", "# Parameters\nparam_a = 9\n"]),
    ("explicit wins over papermill's cell",
     [("# Parameters\nparam_a = 9\nparam_b = 8\n", "injected-parameters"),
      "param_a = 1", "param_b = 2"], {"param_a": 7},
     ["param_a = 1", "# Parameters\nparam_a = 7\n", "param_b = 2", "# Parameters\nparam_b = 8\n"]),
    ("unknown names stay",
     [("# Parameters\nparam_a = 9\nmsg = \"hi\"\n", "injected-parameters"), "param_a = 1"], {},
     ['# Parameters\nmsg = "hi"\n', "param_a = 1", "# Parameters\nparam_a = 9\n"]),
    ("only unknown names: untouched",
     [("# Parameters\nmsg   =  'hi'", "injected-parameters"), "param_a = 1"], {},
     ["# Parameters\nmsg   =  'hi'", "param_a = 1"]),
    ("papermill's cell stands right",
     [("a = 1", "parameters"), ("# Parameters\na = float('nan')\n", "injected-parameters")], {},
     ["a = 1", "# Parameters\na = float('nan')\n"]),
    ("unknown names stay beside those that belong there, in papermill's order",
     [("a = 1\nb = (1 +\n2)", "parameters"),
      ("# Parameters\nb = 5\na = 2\nc = 3\n", "injected-parameters")], {"a": 7},
     ["a = 1\nb = (1 +\n2)", "# Parameters\nb = 5\na = 7\nc = 3\n"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "values", "expected"), [row[1:] for row in INJECTIONS], ids=[r[0] for r in INJECTIONS]
)
def test_inject_parameters(cells, values, expected):
    given = notebook(*cells)
    injected, diagnostics = inject_parameters(given, values)
    assert diagnostics == ()
    assert sources(injected) == expected
    numbers = {cell.id: cell.number for cell in given.cells}
    for before, cell in itertools.pairwise(injected.cells):
        assert cell.number == numbers.get(cell.id, before.number)
    ids = [cell.id for cell in injected.cells]
    assert len(set(ids)) == len(ids)
    for cell in injected.cells:
        assert (cell.tags == INJECTED) == cell.source.startswith("# Parameters")
    again, more = inject_parameters(injected, {})
    assert (again, more) == (injected, ())


def test_injection_is_what_a_sequential_run_sees():
    nb = notebook(
        ("# Parameters\nparam_n = 5\n", "injected-parameters"),
        "param_n = 1\nparam_f = 0.5",
        "y = param_n * param_f",
    )
    assert namespace(inject_parameters(nb, {"param_f": 2})[0])["y"] == 10


def test_injected_ids_do_not_depend_on_values_and_avoid_taken_ones():
    nb = notebook("param_a = 1", "param_b = 1")
    one, _ = inject_parameters(nb, {"param_a": 2})
    two, _ = inject_parameters(nb, {"param_a": 3, "param_b": 4})
    assert one.cells[1].id == two.cells[1].id != two.cells[3].id
    taken = Notebook((*nb.cells, Cell(one.cells[1].id, 2, "code", "x = 1")))
    ids = [cell.id for cell in inject_parameters(taken, {"param_a": 2})[0].cells]
    assert len(set(ids)) == len(ids) == 4


def test_injected_cell_that_stands_right_keeps_its_id():
    nb = notebook(("a = 1", "parameters"), ("# Parameters\na = 3\n", "injected-parameters"))
    injected, _ = inject_parameters(nb, {"a": 4})
    assert [(c.id, c.source) for c in injected.cells] == [
        ("a", "a = 1"),
        ("b", "# Parameters\na = 4\n"),
    ]


ERRORS = [
    # cells, values, code, words of the message and remedy
    (["param_x = 1"], {"parm_x": 2}, "NX201", ["'parm_x'", "Did you mean 'param_x'?"]),
    (["param_x = 1", "conf_y = 2"], {"zzz": 2}, "NX201", ["'zzz'", "param_x, conf_y"]),
    (["x = 1"], {"x": 2}, "NX201", ["tagged 'parameters'"]),
    (["param_x = 1"], {"param_x": "a"}, "NX202", ["int", "str", "'a'"]),
    (["param_x = 1"], {"param_x": 1.5}, "NX202", ["int", "float"]),
    (["param_x = 1"], {"param_x": True}, "NX202", ["bool"]),
    (["param_x = True"], {"param_x": 1}, "NX202", ["bool", "int"]),
    (["param_x = 1.0"], {"param_x": True}, "NX202", ["float", "bool"]),
    (["param_x = 'a'"], {"param_x": 1}, "NX202", ["str", "int"]),
    (["param_x = 'a'"], {"param_x": None}, "NX202", ["None"]),
    (["param_x = [1]"], {"param_x": {}}, "NX202", ["list", "dict"]),
    (["param_x: int = None"], {"param_x": "a"}, "NX202", ["int"]),
    (["param_x: Optional[int] = 1"], {"param_x": "a"}, "NX202", ["Optional[int]"]),
    (["param_x: 'int | None' = 1"], {"param_x": 1.5}, "NX202", ["int | None"]),
    (["param_x: Unheard = 1"], {"param_x": "a"}, "NX202", ["Unheard"]),
    (["param_x = None"], {"param_x": object()}, "NX203", ["object"]),
    (["secret_x = ''"], {"secret_x": "k"}, "NX204", ["environment variable secret_x"]),
    ([("secret_x = 'k'", "injected-parameters"), "secret_x = ''"], {}, "NX204", ["secret_x"]),
]  # fmt: skip


@pytest.mark.parametrize(("cells", "values", "code", "words"), ERRORS)
def test_wrong_values_are_errors(cells, values, code, words):
    nb = notebook(*cells)
    unchanged, diagnostics = inject_parameters(nb, values)
    assert unchanged is nb
    assert [(d.code, d.severity) for d in diagnostics] == [(code, "error")]
    for word in words:
        assert word in diagnostics[0].describe()


def test_error_is_located_at_the_definition():
    nb = notebook("x = 0", "y = 0\nparam_x = 1")
    (diagnostic,) = inject_parameters(nb, {"param_x": "a"})[1]
    assert (diagnostic.cell_number, diagnostic.line, diagnostic.cell_id) == (2, 2, "b")


def test_all_errors_are_shown_together():
    _, diagnostics = inject_parameters(notebook("param_x = 1"), {"param_x": "a", "other": 1})
    assert [d.code for d in diagnostics] == ["NX202", "NX201"]


def test_value_that_contains_itself_is_an_error():
    loop: list[object] = []
    loop.append(loop)
    (diagnostic,) = inject_parameters(notebook("param_x = []"), {"param_x": loop})[1]
    assert (diagnostic.code, "contains itself" in diagnostic.message) == ("NX203", True)


def test_secret_value_is_in_no_diagnostic():
    _, diagnostics = inject_parameters(notebook("secret_x = ''"), {"secret_x": "hunter2"})
    assert "hunter2" not in repr(diagnostics)


@pytest.mark.parametrize(
    ("definition", "value"),
    [
        ("param_x = 1", 2),
        ("param_x = 1.5", 2),
        ("param_x = (1, 2)", [3, 4]),
        ("param_x = [1, 2]", (3,)),
        ("param_x = None", "anything"),
        ("param_x = f()", {"a": 1}),
        ("param_x: Any = 1", "a"),
        ("param_x: int = None", None),
        ("param_x: Optional[int] = 1", None),
        ("param_x: typing.Optional[int] = 1", None),
        ("param_x: 'Optional[int]' = 1", None),
        ("param_x: int | None = 1", None),
        ("param_x: 'int | None' = 1", 3),
        ("param_x: Union[int, str] = 1", "a"),
        ("param_x: Literal['a', 'b'] = 'a'", "b"),
        ("param_x: Annotated[float, 'm'] = 1", 1.5),
        ("param_x: float = 1", 2.5),
        ("param_x: List[int] = []", [1]),
        ("param_x: dict[str, int] = {}", {"a": 1}),
        ("param_x: Unheard = 1", 2),
        ("param_x: Unheard | None = None", "x"),
    ],
)
def test_right_values_are_injected(definition, value):
    injected, diagnostics = inject_parameters(notebook(definition), {"param_x": value})
    assert diagnostics == ()
    scope: dict[str, object] = {}
    exec(injected.cells[1].source, scope)
    assert scope["param_x"] == value
    assert type(scope["param_x"]) is type(value)


def test_parameter_used_in_its_own_cell_is_a_warning():
    nb = notebook("param_x = 1\ndef f():\n    return param_x\ny = param_x * 2")
    injected, (diagnostic,) = inject_parameters(nb, {"param_x": 5})
    assert (diagnostic.code, diagnostic.severity, diagnostic.line) == ("NX206", "warning", 4)
    assert len(injected.cells) == 2


def test_injected_cell_with_other_code_stays_with_a_warning():
    nb = notebook(("param_x = 5\nprint(1)", "injected-parameters"), "param_x = 1")
    injected, (diagnostic,) = inject_parameters(nb, {})
    assert (injected, diagnostic.code, diagnostic.severity) == (nb, "NX205", "warning")


VALUES = [
    1, -1, 10**30, 1.5, 1e300, 5e-324, True, False, None, "", "text", 'quo"te', "quo'te",
    "back\\slash", "new\nline\ttab", "ümlaut 漢 😀", "\x00\x7f", math.inf, -math.inf,
    [], [1, "a", [None, True]], {},
    {"a": 1, "b": {"c": [1.5]}}, [math.inf, {"x": -math.inf}],
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_injected_source_is_papermills(value):
    node = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("a = None", metadata={"tags": ["parameters"]})],
        metadata={
            "kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"},
            "papermill": {},
        },
    )
    theirs = papermill.parameterize.parameterize_notebook(copy.deepcopy(node), {"a": value})
    ours, diagnostics = inject_parameters(notebook(("a = None", "parameters")), {"a": value})
    assert diagnostics == ()
    assert sources(ours) == [cell.source for cell in theirs.cells]
    assert namespace(ours)["a"] == value


@pytest.mark.parametrize(
    "value", [(1,), (), {1: "int key"}, {(1, 2): [()]}, {1, 2}, set(), b"x", 1j]
)
def test_what_papermill_would_turn_into_text_keeps_its_value(value):
    ours, _ = inject_parameters(notebook("param_a = None"), {"param_a": value})
    assert namespace(ours)["param_a"] == value


def test_nan_is_injected():
    ours, _ = inject_parameters(notebook("param_a = 1.0"), {"param_a": math.nan})
    assert sources(ours)[1] == "# Parameters\nparam_a = float('nan')\n"


@pytest.mark.parametrize(
    "text",
    ["True", "False", "None", "true", "none", "", "1", "-1", "+1", " 7 ", "1_000", "0x10", "007",
     "1.", ".5", "1e3", "nan", "inf", "-Infinity", "1,5", "[1]", "abc", "٣", "1 2", "9" * 5000],
)  # fmt: skip
def test_parameter_text_is_typed_as_papermill_does(text):
    ours, theirs = parse_parameter_text(text), papermill.cli._resolve_type(text)
    assert type(ours) is type(theirs)
    assert repr(ours) == repr(theirs)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: [x, 2.5, null, true]", {"a": 1, "b": ["x", 2.5, None, True]}),
        ("{a: {b: c}}", {"a": {"b": "c"}}),
        ('{"a": 1}', {"a": 1}),
        ("day: 2024-01-31\nat: 2024-01-31T10:00:00Z",
         {"day": "2024-01-31", "at": "2024-01-31T10:00:00Z"}),
        ("", {}),
        ("# nothing", {}),
    ],
)  # fmt: skip
def test_parameter_yaml(text, expected):
    assert read_parameter_yaml(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [1, 2", ["line 1"]),
        ("a: 1\n\tb: 2", ["line 2"]),
        ("a: !!python/object:os.system x", ["line 1"]),
        ("- 1\n- 2", ["a list, not a mapping"]),
        ("just text", ["a str, not a mapping"]),
        ("1: 2", ["1", "int"]),
        ("? [a]\n: 1", ["line 1"]),
        ("a: \x01", ["aren't YAML"]),
        ("a: 1\n---\nb: 2", ["line 2"]),
        ("[" * 5000, ["aren't YAML"]),
    ],
)
def test_bad_parameter_yaml_is_refused(text, words):
    with pytest.raises(RefusedError) as caught:
        read_parameter_yaml(text)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "NX207"
    for word in words:
        assert word in diagnostic.message


ASSIGNMENTS = [
    ("import os\nparam_a = 1\nx = 2", "\nparam_a = 1\n"),
    ("x = 1; param_a = 2; y = 3", "param_a = 2"),
    ("param_a = 1; x = 2; conf_b = 3  # why", "param_a = 1; conf_b = 3"),
    ("param_a = (1,\n  2); secret_b = 3", "param_a = (1,\n  2); secret_b = 3"),
    ("é = 'ü'; param_a = 'ö'; z = 1", "param_a = 'ö'"),
    ('param_s = """a\n  b\n""" + x\nx = 1', 'param_s = """a\n  b\n""" + x\n'),
    ("param_a: int = 1\nparam_b: int", "param_a: int = 1\n"),
    ("param_a, x = 1, 2", "param_a, x = 1, 2"),
    ("a = param_b = 1", "a = param_b = 1"),
    ("param_a = 1\nparam_a += 1", "param_a = 1\nparam_a += 1"),
    ("if c:\n    param_a = 1", "\n"),
    ("%matplotlib inline\nparam_a = 1", "\nparam_a = 1"),
    ("%%bash\nparam_a=1", "\n"),
    ("def f(:\nparam_a = 1", "\n"),
    ("x.param_a = 1\nd['param_b'] = 2", "\n"),
    ("x = 1\r\nparam_a = 1\r\n", "\nparam_a = 1\n"),
    ("", ""),
    # what a parameter is computed from, and whatever may have changed that before
    ("import os\nimport sys\nconf_a = os.sep", "import os\n\nconf_a = os.sep"),
    ("import os\nos.mkdir('d')\nconf_a = os.sep", "import os\n\nconf_a = os.sep"),
    (
        "a = [1]\nb = a\nb.append(2)\nc = 3\nconf_a = a\na.append(4)",
        "a = [1]\nb = a\nb.append(2)\n\nconf_a = a\n",
    ),
    ("a = 1\nif t:\n    a = 2\nconf_a = a", "a = 1\nif t:\n    a = 2\nconf_a = a"),
    ("t = 0\ndef f():\n    return t\nt = 1\nconf_a = f()", None),
    ("class C:\n    x = 1\nC.x = 2\nparam_a = C.x", None),
    (
        "from m import Vault\nv = Vault()\nprint(v)\nv\nsecret_k = v.get()",
        "from m import Vault\nv = Vault()\n\n\nsecret_k = v.get()",
    ),
    ("param_a = 1\nparam_a.x = 2\nconf_b = param_a", "param_a = 1\n\nconf_b = param_a"),
    ("from m import *\nx = 1", "from m import *\n"),
]


@pytest.mark.parametrize(("source", "expected"), ASSIGNMENTS)
def test_parameter_assignments(source, expected):
    assert parameter_assignments(source) == (source if expected is None else expected)


def test_imports_of_a_cell_that_isnt_containerized_are_kept_where_others_use_them():
    """NaaVRE, too, takes the imports of the whole notebook."""
    cells = [
        ("import os, ast\nimport re\nimport sys\nfrom m import a, b\nx = 1", False),
        ("import shutil\nconf_a = os.sep", False),
        ("%time b()\n!ls {sys.prefix}\nshutil = 1", True),
    ]
    assert workflow_sources(cells) == [
        "import os, ast\n\nimport sys\nfrom m import a, b\n",
        "import shutil\nconf_a = os.sep",
        cells[2][0],
    ]


def test_other_bindings_of_parameters_are_told():
    source = textwrap.dedent("""\
        param_a = 1
        if c:
            param_b = 2
        for param_c in xs:
            del param_d
        def f():
            param_e = 1
        [param_f for param_f in xs]
        with open(p) as param_g: pass
        class A:
            param_h = 1
    """)
    assert nested_parameter_bindings(source) == (
        ("param_b", 3),
        ("param_c", 4),
        ("param_d", 5),
        ("param_g", 9),
    )


def test_secret_literals():
    source = "secret_a = 'x1'\nsecret_b = f()\nparam_c = 'x2'\nsecret_d, secret_e = 'x3', ''"
    assert secret_literals(source) == ("x1", "x3")


def test_values_that_papermill_put_at_the_top_hold():
    """papermill alone ignores ``-p`` here: the cell of the parameter overrides its own."""
    node = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("param_n = 1"), nbformat.v4.new_code_cell("y = param_n")],
        metadata={
            "kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"},
            "papermill": {},
        },
    )
    for cell in node.cells:
        cell.metadata["tags"] = []
    values = {"param_n": 5, "other": "x"}
    theirs = read_notebook(papermill.parameterize.parameterize_notebook(node, values)).notebook
    assert namespace(theirs)["y"] == 1
    ours, diagnostics = inject_parameters(theirs, {})
    assert diagnostics == ()
    assert namespace(ours) == {"param_n": 5, "y": 5, "other": "x"}

"""NaaVRE's YAML comment header."""

from __future__ import annotations

import pytest

from naavre_ext.annotations import ParsedCell, parse_annotations
from naavre_ext.model.annotation import HeaderDeclaration
from naavre_ext.model.notebook import Cell, CellId


def parse(source: str) -> ParsedCell:
    return parse_annotations(Cell(CellId("cell"), 0, "code", source))


FULL = """\
# Count the birds
# ---
# NaaVRE:
#   cell:
#     inputs:
#       - files: List
#       - names
#       - region:
#           type: String
#     outputs:
#       - counts: List
#     params:
#       - param_year: Integer
#       - param_bucket:
#           type: String
#           default_value: "birds"
#       - param_since:
#           type: String
#           default_value: 2020-01-31
#     secrets:
#       - secret_key:
#           type: String
#     confs:
#       - conf_dir:
#           assignation: "conf_dir = '/tmp'"
#     dependencies:
#       - name: numpy
#         asname: np
#       - name: signal
#         module: scipy
#       - pandas
# ...
# split: Count
counts = []
"""


def test_every_section_is_read() -> None:
    parsed = parse(FULL)
    assert parsed.diagnostics == ()
    assert parsed.annotations.title == "Count"
    assert parsed.annotations.header == HeaderDeclaration(
        inputs={"files": "List", "names": "", "region": "String"},
        outputs={"counts": "List"},
        params={
            "param_year": {"type": "Integer"},
            "param_bucket": {"type": "String", "default_value": "birds"},
            "param_since": {"type": "String", "default_value": "2020-01-31"},
        },
        secrets={"secret_key": "String"},
        confs={"conf_dir": {"assignation": "conf_dir = '/tmp'"}},
        dependencies=("numpy", "scipy.signal", "pandas"),
    )


def test_header_after_a_title_and_a_blank_line() -> None:
    parsed = parse(FULL.replace("birds\n", "birds\n\n", 1))
    assert parsed.annotations.header is not None
    assert parsed.annotations.header.outputs == {"counts": "List"}


def test_keys_inside_the_header_are_no_annotations() -> None:
    parsed = parse("# ---\n# NaaVRE:\n#  cell:\n#   outputs:\n#    - image: String\n# ...\nx = 1")
    assert parsed.diagnostics == ()
    assert parsed.annotations.image is None


def test_rules_around_a_title_are_no_header() -> None:
    parsed = parse("# ---\n# Load the data\n# ---\n# split: Load\nx = 1")
    assert (parsed.annotations.title, parsed.diagnostics) == ("Load", ())


CELL = "# ---\n# NaaVRE:\n#  cell:\n"

MALFORMED = [
    ("not closed", f"{CELL}#   inputs:\n#    - a\nx = 1", 1),
    ("not YAML", f"{CELL}#   inputs: [a\n#   outputs: }}\n# ...\nx = 1", 5),
    ("a tab", f"{CELL}#\tinputs: a\n# ...\nx = 1", 4),
    ("an unhashable key", f"{CELL}#   inputs: {{[a]: b}}\n# ...", 4),
    ("an impossible value", f"{CELL}#   inputs: !!bool maybe\n# ...", 1),
    ("an impossible date", f"{CELL}#   inputs: 2020-99-99\n# ...", 1),
    ("no cell", "# ---\n# NaaVRE:\n#  cel:\n#   inputs:\n# ...\nx = 1", 1),
    ("nothing", "# ---\n# NaaVRE:\n# ...\nx = 1", 1),
    ("an unknown section", f"{CELL}#   input:\n#    - a\n# ...\nx = 1", 1),
    ("no list", f"{CELL}#   inputs: a\n# ...\nx = 1", 1),
    ("no name", f"{CELL}#   inputs:\n#    - 3\n# ...\nx = 1", 1),
    ("a name with a space", f"{CELL}#   inputs:\n#    - a b\n# ...\nx = 1", 1),
    ("no type", f"{CELL}#   inputs:\n#    - a: [1]\n# ...\nx = 1", 1),
    ("a nameless dependency", f"{CELL}#   dependencies:\n#    - module: a\n# ...\nx = 1", 1),
]


@pytest.mark.parametrize(
    ("source", "line"), [row[1:] for row in MALFORMED], ids=[row[0] for row in MALFORMED]
)
def test_malformed_header_gives_a_warning(source: str, line: int) -> None:
    (diagnostic,) = parse(source).diagnostics
    assert (diagnostic.code, diagnostic.severity, diagnostic.line) == ("NX120", "warning", line)


def test_what_can_be_read_is_kept() -> None:
    parsed = parse(f"{CELL}#   inputs:\n#    - 3\n#    - a: List\n#   outptus:\n#    - b\n# ...\n")
    assert parsed.annotations.header == HeaderDeclaration(inputs={"a": "List"})
    assert [d.code for d in parsed.diagnostics] == ["NX120", "NX120"]
    assert "did you mean 'outputs'" in parsed.diagnostics[1].message

"""NaaVRE's comment header is checked against the code."""

from __future__ import annotations

import nbformat
import pytest

from naavre_ext import check_notebook

HEADER = """# ---
# NaaVRE:
#   cell:
#     inputs:
#       - {inputs}: Integer
#     outputs:
#       - {outputs}: Integer
# ...
b = a + 1
"""


@pytest.mark.parametrize(
    ("inputs", "outputs", "expected"),
    [
        ("a", "b", []),
        ("x", "b", ["the header declares 'x' among its inputs, but the code doesn't read it."]),
        ("a", "c", ["the header declares 'c' among its outputs, but the code doesn't set it."]),
    ],
)
def test_declared_names_are_compared(inputs: str, outputs: str, expected: list[str]) -> None:
    sources = ["a = 1", HEADER.format(inputs=inputs, outputs=outputs)]
    node = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])
    workflow, diagnostics = check_notebook(node)
    assert workflow is not None
    assert [d.message for d in diagnostics if d.code == "NX303"] == expected

"""Lines that are magics without their ``%``."""

from __future__ import annotations

import pytest

from naavre_ext.dataflow.automagic import own_magics
from naavre_ext.dataflow.source import parse_cell

NAMED = {
    "%alias say echo said": "say",
    "alias say echo said": "say",
    "%alias_magic t timeit": "t",
    "%alias_magic -l t timeit": "t",
    "@register_line_magic\ndef say(line):\n    pass": "say",
    "@magic.register_line_cell_magic\ndef say(line, cell=None):\n    pass": "say",
    "@register_line_magic('say')\ndef f(line):\n    pass": "say",
    "class M(Magics):\n    @line_magic\n    def say(self, line):\n        pass": "say",
    "ip.register_magic_function(f, 'line', 'say')": "say",
    "ip.register_magic_function(say)": "say",
    "ip.define_magic('say', f)": "say",
}


@pytest.mark.parametrize(("source", "name"), NAMED.items())
def test_names_of_a_notebooks_own_magics(source, name):
    own = own_magics(["x = 1", source])
    assert name in own.names
    assert not own.unseen
    assert "run_line_magic" in repr(parse_cell(f"{name} it", own).tree.body[0].value.func.attr)
    assert parse_cell(name, own).automagic is not None


@pytest.mark.parametrize(
    "line", ["print 'a'", "x = = 3", "for x in", "a b = 3\nc", "unknown thing"]
)
def test_lines_that_are_wrong_python_stay_so(line):
    with pytest.raises(SyntaxError):
        parse_cell(line, own_magics(["%load_ext autoreload\n%alias say echo"]))


def test_lines_of_extensions_may_be_magics():
    own = own_magics(["%load_ext watermark"])
    assert parse_cell("watermark -v -p numpy", own).tree.body
    assert parse_cell("watermark", own).automagic is None  # a name, as far as is known
    with pytest.raises(SyntaxError):
        parse_cell("print 'a'", own)

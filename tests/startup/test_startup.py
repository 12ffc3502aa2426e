import os
import subprocess
import sys

import pytest

from naavre_ext.startup import STUBS

IN_PROCESS = "from naavre_ext.startup import defer_slow_imports; defer_slow_imports()"
CHECK = """
import os, sys
import nbformat, jsonschema
assert "rfc3987_syntax.syntax_helpers" not in sys.modules
assert not [entry for entry in sys.path if "stubs" in entry], sys.path
assert os.environ.get("PYTHONPATH") == os.environ["EXPECTED"], os.environ.get("PYTHONPATH")
checker = jsonschema.FormatChecker()
assert checker.conforms("http://example.org/ä", "iri")
assert not checker.conforms("::: no", "iri")
import rfc3987_syntax.utils
from rfc3987_syntax import RFC3987_SYNTAX_TERMS, is_valid_syntax, parse
assert "iri" in RFC3987_SYNTAX_TERMS
assert is_valid_syntax(term="iri", value="http://example.org/")
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("prelude", "python_path"), [(IN_PROCESS, "/elsewhere"), ("", f"{STUBS}{os.pathsep}/elsewhere")]
)
def test_grammar_is_built_on_first_use_and_behaves_the_same(prelude, python_path):
    pytest.importorskip("rfc3987_syntax")
    subprocess.run(
        [sys.executable, "-c", f"{prelude}\n{CHECK}"],
        check=True,
        env={**os.environ, "PYTHONPATH": python_path, "EXPECTED": "/elsewhere"},
    )


def test_absent_package_stays_absent(tmp_path):
    script = "import sys; sys.path[:] = [p for p in sys.path if 'site-packages' not in p]\n"
    script += "try:\n    import rfc3987_syntax\nexcept ImportError:\n    sys.exit(7)"
    command = [sys.executable, "-S", "-c", script]
    assert subprocess.run(command, env={"PYTHONPATH": str(STUBS)}).returncode == 7

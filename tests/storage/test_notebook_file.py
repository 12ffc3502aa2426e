"""Notebook files: what is read, what is refused and how, and writing whole or not at all."""

from __future__ import annotations

import copy
import errno
import json
import os
import shutil
import stat
import tempfile
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from naavre_ext.model.diagnostic import RefusedError
from naavre_ext.planning.parameters import inject_parameters
from naavre_ext.storage.notebook_file import (
    apply_injection,
    check_writable,
    read_notebook,
    write_notebook,
)


def code(source="x = 1", **more):
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": [],
            "execution_count": None, **more}  # fmt: skip


def raw_notebook(*cells, minor=5, **metadata):
    return {"nbformat": 4, "nbformat_minor": minor, "metadata": metadata, "cells": list(cells)}


def refused(call, *args) -> str:
    """The one diagnostic's description of a call that is refused."""
    with pytest.raises(RefusedError) as caught:
        call(*args)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.severity == "error"
    assert diagnostic.remedy
    assert len(diagnostic.describe()) < 450
    return diagnostic.describe()


@pytest.fixture
def folder():
    """A folder in which nobody is root: permission bits count."""
    path = Path(tempfile.mkdtemp())
    path.chmod(0o777)
    was_root = os.geteuid() == 0
    if was_root:
        os.seteuid(65534)
    yield path
    if was_root:
        os.seteuid(0)
    shutil.rmtree(path)


def test_reads_a_file(tmp_path):
    cells = [
        new_code_cell("x = 1\ny = 2", id="one", metadata={"tags": ["parameters"]}),
        new_markdown_cell("# t", id="two"),
    ]
    kernel = {"name": "python3", "display_name": "P"}
    node = new_notebook(cells=cells, metadata={"naavre": {"a": [1]}, "kernelspec": kernel})
    path = tmp_path / "n.ipynb"
    nbformat.write(node, path)
    for source in (path, str(path)):
        read = read_notebook(source)
        assert read.node == node
        assert read.notebook.path == str(path)
        assert (read.notebook.language, read.notebook.kernel_name) == ("python", "python3")
        assert read.notebook.options == {"a": [1]}
        assert [(c.id, c.index, c.kind, c.source, c.tags) for c in read.notebook.cells] == [
            ("one", 0, "code", "x = 1\ny = 2", ("parameters",)),
            ("two", 1, "markdown", "# t", ()),
        ]


def test_reads_a_mapping_without_changing_it():
    data = raw_notebook(code(["a = 1\n", "b = 2"]), minor=2)
    before = copy.deepcopy(data)
    read = read_notebook(data)
    assert data == before
    assert read.notebook.path is None
    assert read.notebook.cells[0].source == "a = 1\nb = 2"
    read.node.cells[0].source = "changed"
    assert data == before


def test_reads_a_node_without_sharing_it():
    node = new_notebook(cells=[new_code_cell("x = 1")])
    read = read_notebook(node)
    read.node.cells[0].metadata["a"] = 1
    assert node.cells[0].metadata == {}


@pytest.mark.parametrize("minor", [0, 1, 2, 3, 4, 5, 6])
def test_every_minor_version_is_read(minor):
    read = read_notebook(raw_notebook(code(), minor=minor))
    assert read.node.nbformat_minor == max(minor, 5)
    nbformat.validate(read.node)


def test_version_3_is_upgraded():
    cells = [{"cell_type": "code", "input": "print 1", "outputs": [], "language": "python",
              "metadata": {}, "collapsed": False},
             {"cell_type": "heading", "source": "T", "level": 2, "metadata": {}}]  # fmt: skip
    data = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""},
            "worksheets": [{"cells": cells, "metadata": {}}]}  # fmt: skip
    one, two = read_notebook(data), read_notebook(data)
    assert [c.source for c in one.notebook.cells] == ["print 1", "## T"]
    assert one == two


IDS = [
    # ids given, which of them stay
    (["a", "b"], [True, True]),
    ([None, None], [False, False]),
    (["a", "a", "b"], [True, False, True]),
    (["a", None, "a"], [True, False, False]),
    (["has space", "x" * 65, "", 7], [False] * 4),
]


@pytest.mark.parametrize("minor", [4, 5])
@pytest.mark.parametrize(("ids", "stay"), IDS)
def test_ids(ids, stay, minor):
    cells = [code(**({} if i is None else {"id": i})) for i in ids]
    one = read_notebook(raw_notebook(*cells, minor=minor)).notebook
    two = read_notebook(raw_notebook(*copy.deepcopy(cells), minor=minor)).notebook
    assert one == two
    assert [c.id == i for c, i in zip(one.cells, ids, strict=True)] == stay
    assert len({c.id for c in one.cells}) == len(ids)


def test_derived_id_is_never_one_that_another_cell_has():
    derived = read_notebook(raw_notebook(code("x"), code("y"))).notebook.cells[0].id
    cells = read_notebook(raw_notebook(code("x"), code("y", id=derived))).notebook.cells
    assert cells[1].id == derived != cells[0].id


def test_what_editors_mend_is_mended():
    markdown = {"cell_type": "markdown", "source": "t", "outputs": [], "execution_count": None}
    bare = {"cell_type": "code", "source": "x = 1"}
    read = read_notebook(raw_notebook(markdown, bare, kernelspec={"name": "python3"}))
    nbformat.validate(read.node)
    assert len(read.notebook.cells) == 2


@pytest.mark.parametrize(
    ("metadata", "language"),
    [
        ({}, "python"),
        ({"language_info": {"name": "python"}}, "python"),
        ({"language_info": {"name": "ipython"}}, "python"),
        ({"kernelspec": {"name": "k", "display_name": "k", "language": "Python"}}, "python"),
    ],
)
def test_python_is_read(metadata, language):
    assert read_notebook(raw_notebook(code(), **metadata)).notebook.language == language


def test_byte_order_mark_is_read(tmp_path):
    path = tmp_path / "n.ipynb"
    path.write_text(json.dumps(raw_notebook(code())), encoding="utf-8-sig")
    assert read_notebook(path).notebook.cells[0].source == "x = 1"


R_KERNEL = {"name": "ir", "display_name": "R", "language": "R"}
BAD_DATA = [
    (raw_notebook(code(), language_info={"name": "julia"}), "NX009", "only Python notebooks can"),
    (raw_notebook(code(), kernelspec=R_KERNEL), "NX009", "written in R;"),
    (raw_notebook(), "NX010", "no code cells"),
    (raw_notebook({"cell_type": "raw", "metadata": {}, "source": ""}), "NX010", "no code cells"),
    ({}, "NX006", "'nbformat' is missing"),
    ({"nbformat": "4", "cells": []}, "NX006", "'nbformat' is missing"),
    ({"nbformat": 4, "nbformat_minor": None, "cells": []}, "NX006", "missing"),
    ({"nbformat": 4, "nbformat_minor": 5, "metadata": {}}, "NX006", "'cells' is missing"),
    ({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": {}}, "NX006", "'cells'"),
    ({"nbformat": 0, "cells": []}, "NX006", "not a notebook"),
    ({"nbformat": 5, "nbformat_minor": 0, "cells": []}, "NX008", "format 5, which is newer"),
    ({"nbformat": 4, "nbformat_minor": 5, "cells": [code()]}, "NX007", "metadata"),
    ({**raw_notebook(code()), "metadata": []}, "NX007", "not a valid notebook"),
    ({**raw_notebook(code()), "metadata": None}, "NX007", "not a valid notebook"),
    (raw_notebook(code(), 7), "NX007", "cell 2"),
    (raw_notebook(code(), None), "NX007", "cell 2"),
    (raw_notebook(code(), {}), "NX007", "cell 2"),
    (raw_notebook(code(), {"cell_type": "code"}), "NX007", "cell 2: "),
    (raw_notebook(code(), {"cell_type": "code"}), "NX007", "'source' is a required property"),
    (raw_notebook(code(3)), "NX007", "in source: 3 is not"),
    (raw_notebook(code(metadata=[])), "NX007", "cell 1"),
    (raw_notebook(code(metadata={"tags": "parameters"})), "NX007", "in metadata.tags"),
    (raw_notebook(code(outputs="none")), "NX007", "in outputs"),
    (raw_notebook(code(outputs=[{"output_type": "stream"}])), "NX007", "in outputs[0]"),
    (raw_notebook(code(outputs=[{"output_type": "x" * 9999}])), "NX007", "cell 1"),
    ({"nbformat": 3, "worksheets": [{"cells": [{}]}]}, "NX007", "not a valid notebook"),
    ({"nbformat": 3, "worksheets": [7], "metadata": {}}, "NX007", "not a valid notebook"),
    ({"nbformat": 2, "worksheets": [], "metadata": {}}, "NX010", "no code cells"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "code_", "words"), BAD_DATA)
def test_bad_notebook_is_refused(data, code_, words, tmp_path):
    text = refused(read_notebook, data)
    assert text.startswith(code_)
    assert words in text
    path = tmp_path / "bad.ipynb"
    path.write_text(json.dumps(data))
    assert f"'{path}'" in refused(read_notebook, path)


BAD_FILES = [
    (b"", "NX005", "is empty"),
    (b" \n", "NX005", "is empty"),
    (b"\xff\xfe{\x00}\x00", "NX004", "byte 0 is 0xff"),
    (b"\x89PNG\r\n", "NX004", "isn't UTF-8"),
    (b'{"nbformat": 4,\n "cells": [}', "NX005", "line 2, column 12"),
    (b"x = 1\n", "NX005", "line 1, column 1"),
    (b'{"a": 1,\n<<<<<<< HEAD\n', "NX005", "git merge"),
    (b"[" * 100_000, "NX005", "nested too deeply"),
    (b'{"nbformat": ' + b"9" * 5000 + b"}", "NX005", "integer"),
    (b"[]", "NX006", "no object"),
    (b"null", "NX006", "no object"),
    (b'"text"', "NX006", "no object"),
]


@pytest.mark.parametrize(("content", "code_", "words"), BAD_FILES)
def test_bad_file_is_refused(content, code_, words, tmp_path):
    path = tmp_path / "bad.ipynb"
    path.write_bytes(content)
    text = refused(read_notebook, path)
    assert text.startswith(code_)
    assert words in text
    assert str(path) in text


def test_bad_path_is_refused(tmp_path):
    assert refused(read_notebook, tmp_path / "no.ipynb").startswith("NX001")
    assert refused(read_notebook, "").startswith("NX001")
    assert refused(read_notebook, tmp_path).startswith("NX002")
    (tmp_path / "file").touch()
    assert refused(read_notebook, tmp_path / "file" / "n.ipynb").startswith("NX003")
    assert refused(read_notebook, "a\0b").startswith("NX003")
    assert refused(read_notebook, tmp_path / ("x" * 300)).startswith("NX003")


def test_unreadable_file_is_refused(folder):
    (folder / "n.ipynb").write_text("{}")
    (folder / "n.ipynb").chmod(0)
    assert "Permission denied" in refused(read_notebook, folder / "n.ipynb")


NODE = read_notebook(raw_notebook(code("s = 'é'", id="a"))).node


def test_written_notebook_is_what_nbformat_writes(tmp_path):
    write_notebook(NODE, tmp_path / "ours.ipynb")
    nbformat.write(NODE, tmp_path / "theirs.ipynb")
    assert (tmp_path / "ours.ipynb").read_bytes() == (tmp_path / "theirs.ipynb").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["ours.ipynb", "theirs.ipynb"]
    assert read_notebook(tmp_path / "ours.ipynb").node == NODE


def test_new_file_follows_umask_and_existing_file_keeps_mode(tmp_path):
    path = tmp_path / "n.ipynb"
    old = os.umask(0o027)
    try:
        write_notebook(NODE, path)
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    path.chmod(0o604)
    write_notebook(NODE, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o604


def test_symbolic_link_stays(tmp_path):
    (tmp_path / "link.ipynb").symlink_to(tmp_path / "real.ipynb")
    write_notebook(NODE, tmp_path / "link.ipynb")
    assert (tmp_path / "link.ipynb").is_symlink()
    assert read_notebook(tmp_path / "real.ipynb").node == NODE


def test_device_is_written_to_and_stays(tmp_path):
    check_writable("/dev/null")
    write_notebook(NODE, "/dev/null")
    assert Path("/dev/null").is_char_device()


def test_lone_surrogate_is_written(tmp_path):
    node = read_notebook(raw_notebook(code("s = '\udc80'"))).node
    write_notebook(node, tmp_path / "n.ipynb")
    assert read_notebook(tmp_path / "n.ipynb").node == node


BAD_OUTPUTS = [
    ("missing/n.ipynb", "NX011", "doesn't exist"),
    ("file/n.ipynb", "NX011", "is a file"),
    ("file/deep/n.ipynb", "NX011", "doesn't exist"),
    ("dir", "NX012", "is a folder"),
    ("x" * 300, "NX013", "too long"),
    ("a\0b", "NX013", "null"),
    ("closed/n.ipynb", "NX013", "Permission denied"),
    ("closed-file", "NX013", "Permission denied"),
]


@pytest.mark.parametrize("call", [check_writable, lambda path: write_notebook(NODE, path)])
@pytest.mark.parametrize(("name", "code_", "words"), BAD_OUTPUTS)
def test_bad_output_is_refused(call, name, code_, words, folder):
    (folder / "dir").mkdir()
    (folder / "file").touch()
    (folder / "closed").mkdir(mode=0o500)
    (folder / "closed-file").touch(mode=0o400)
    text = refused(call, folder / name)
    assert text.startswith(code_)
    assert words in text
    assert sorted(p.name for p in folder.rglob("*")) == ["closed", "closed-file", "dir", "file"]


def test_check_leaves_nothing_behind(tmp_path):
    check_writable(tmp_path / "n.ipynb")
    assert list(tmp_path.iterdir()) == []
    check_writable("relative.ipynb")


def test_full_disk_leaves_the_old_notebook(tmp_path, monkeypatch):
    path = tmp_path / "n.ipynb"
    path.write_text("old")

    def full(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert refused(write_notebook, NODE, path).startswith("NX014")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_injection_is_applied_to_the_node():
    injected_metadata = {"tags": ["injected-parameters"], "jupyter": {"source_hidden": True}}
    stream = {"output_type": "stream", "name": "stdout", "text": "1"}
    data = raw_notebook(
        code("# Parameters\nparam_a = 9\n", id="i", metadata=injected_metadata),
        {"cell_type": "markdown", "id": "m", "metadata": {"k": 1}, "source": "text"},
        code("param_a = 1", id="a", outputs=[stream], execution_count=3),
    )
    read = read_notebook(data)
    new, _ = inject_parameters(read.notebook, {})
    node = apply_injection(read.node, read.notebook, new)
    nbformat.validate(node)
    assert [c.id for c in node.cells] == [c.id for c in new.cells]
    assert node.cells[:2] == read.node.cells[1:]
    assert node.cells[2].source == "# Parameters\nparam_a = 9\n"
    assert node.cells[2].metadata == injected_metadata
    again = read_notebook(node).notebook.cells
    assert again == tuple(replace(cell, index=n) for n, cell in enumerate(new.cells))
    assert apply_injection(node, new, new) == node


def test_changed_injected_cell_loses_its_outputs():
    metadata = {"tags": ["injected-parameters"], "papermill": {"status": "pending"}}
    data = raw_notebook(
        code("a = 1", id="p", metadata={"tags": ["parameters"]}),
        code("# Parameters\na = 2\n", id="i", metadata=metadata, execution_count=4),
    )
    read = read_notebook(data)
    new, _ = inject_parameters(read.notebook, {"a": 3})
    node = apply_injection(read.node, read.notebook, new)
    assert node.cells[1] == {
        **read.node.cells[1],
        "source": "# Parameters\na = 3\n",
        "execution_count": None,
    }

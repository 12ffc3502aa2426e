"""The fold of a run's events into the notebook; outputs compared with nbclient's own handling."""

from __future__ import annotations

import copy
import json
from collections import defaultdict
from dataclasses import replace

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from naavre_ext.model.event import (
    CellOutputReceived,
    CellOutputsDiscarded,
    RunFinished,
    RunStarted,
    StepFailed,
    StepFinished,
    StepNotRun,
    StepRelocated,
    StepStarted,
    event_from_json,
)
from naavre_ext.storage.output_recorder import OutputRecorder
from naavre_ext.storage.widget_states import WIDGET_STATE_MIME, WIDGET_VIEW, saved_models

CELLS = ("a", "b", "c")


def old_notebook() -> nbformat.NotebookNode:
    """Cells a, b, c with a markdown cell between, all with outputs of an earlier run."""
    cells = [
        new_code_cell(f"# {i}", id=i, execution_count=9, outputs=[new_output("stream", text="old")])
        for i in CELLS
    ]
    return new_notebook(cells=[cells[0], new_markdown_cell("text", id="m"), *cells[1:]])


def started(kinds: dict[str, str] | None = None) -> RunStarted:
    steps = tuple(
        {"id": f"s-{i}", "cell_id": i, "cell_number": n, "title": None, "placement": "main",
         "kind": (kinds or {}).get(i, "cell")}
        for n, i in enumerate(CELLS, 1)
    )  # fmt: skip
    return RunStarted(run_id="r1", notebook="n.ipynb", executor="local", slots=1, steps=steps)


def output(cell: str, **message) -> CellOutputReceived:
    return CellOutputReceived(step=f"s-{cell}", cell_id=cell, number=0, output=message)


def stream(cell: str, text: str, name: str = "stdout") -> CellOutputReceived:
    return output(cell, output_type="stream", name=name, text=text)


def display(cell, text, display_id=None, kind="display_data", **more) -> CellOutputReceived:
    transient = {"transient": {"display_id": display_id}} if display_id else {}
    data = {"text/plain": text}
    return output(cell, output_type=kind, data=data, metadata={}, **transient, **more)


def update(cell, text, display_id) -> CellOutputReceived:
    return display(cell, text, display_id, kind="update_display_data")


def clear(cell, wait) -> CellOutputReceived:
    return output(cell, output_type="clear_output", wait=wait)


def widget(cell, model_id, state=None, **more) -> CellOutputReceived:
    told = {} if state is None else {"state": state}
    return output(cell, output_type="widget_state", model_id=model_id, **told, **more)


def made(cell, model_id, **state) -> CellOutputReceived:
    """A widget's first state."""
    model = {"_model_name": "M", "_model_module": "m", "_model_module_version": "1", **state}
    return widget(cell, model_id, model)


def view(cell, model_id) -> CellOutputReceived:
    data = {"text/plain": "W()", WIDGET_VIEW: {"model_id": model_id}}
    return output(cell, output_type="display_data", data=data, metadata={})


def part(data: str, *path) -> dict:
    """A binary part of a widget's state, which says nothing of its content."""
    return {"path": list(path), "encoding": "base64", "data": data}


def discarded(cell) -> CellOutputsDiscarded:
    return CellOutputsDiscarded(step=f"s-{cell}", cell_id=cell)


def finished(cell, count=1, batches=0) -> StepFinished:
    return StepFinished(step=f"s-{cell}", cell_id=cell, execution_count=count, started_at=1.5,
                        duration_s=0.25, worker="main", batches=batches)  # fmt: skip


def failed(cell, **more) -> StepFailed:
    fields = {"ename": "ValueError", "evalue": "no", "traceback": ("line 1", "line 2"), **more}
    return StepFailed(step=f"s-{cell}", cell_id=cell, execution_count=2, started_at=1.5,
                      duration_s=0.25, worker="w1", **fields)  # fmt: skip


def not_run(cell) -> StepNotRun:
    return StepNotRun(step=f"s-{cell}", cell_id=cell, reason="cell 1 failed")


def fold(*events, node=None, kinds=None):
    """The notebook after a run with these events; it is checked to be valid after each."""
    recorder = OutputRecorder(node or old_notebook())
    for event in (started(kinds), *events):
        before = copy.deepcopy(event)
        recorder.apply(event_from_json(event.to_json()))
        recorder.apply(StepStarted(step="x", cell_id="none", placement="main"))
        assert event == before
        nbformat.validate(recorder.node)
    return recorder.node


def cell(node, cell_id):
    return next(c for c in node.cells if c.id == cell_id)


def shown(node, cell_id) -> list[str]:
    """A cell's outputs in short: ``o:text`` for streams, ``d:text`` for displays ..."""
    return [
        f"{o.name[3]}:{o.text}" if o.output_type == "stream"
        else f"E:{o.ename}" if o.output_type == "error"
        else f"{o.output_type[0]}:{o.data['text/plain']}"
        for o in cell(node, cell_id).outputs
    ]  # fmt: skip


OUTPUTS = [
    ("nothing", [], {"a": []}),
    ("same stream is one text", [stream("a", "1\n"), stream("a", "2\n")], {"a": ["o:1\n2\n"]}),
    ("streams by turns", [stream("a", "1"), stream("a", "2", "stderr"), stream("a", "3")],
     {"a": ["o:1", "e:2", "o:3"]}),
    ("a display parts a stream", [stream("a", "1"), display("a", "x"), stream("a", "2")],
     {"a": ["o:1", "d:x", "o:2"]}),
    ("cells don't mix", [stream("a", "1"), stream("b", "2"), stream("a", "3")],
     {"a": ["o:13"], "b": ["o:2"]}),
    ("carriage returns stay", [stream("a", "10%\r"), stream("a", "20%\r\n")],
     {"a": ["o:10%\r20%\r\n"]}),
    ("clear now", [stream("a", "1"), clear("a", False), stream("a", "2")], {"a": ["o:2"]}),
    ("clear now, nothing after", [stream("a", "1"), clear("a", False)], {"a": []}),
    ("clear and wait", [stream("a", "1"), clear("a", True), stream("a", "2")], {"a": ["o:2"]}),
    ("clear and wait, nothing after", [stream("a", "1"), clear("a", True)], {"a": ["o:1"]}),
    ("clear once", [clear("a", True), stream("a", "1"), stream("a", "2")], {"a": ["o:12"]}),
    ("waiting clear is undone by a clear now",
     [stream("a", "1"), clear("a", True), clear("a", False), stream("a", "2"), stream("a", "3")],
     {"a": ["o:23"]}),
    ("clear waits through an update",
     [display("a", "x", "i"), clear("a", True), update("a", "y", "i")], {"a": ["d:y"]}),
    ("clear is the cell's own", [stream("a", "1"), clear("b", True), stream("a", "2")],
     {"a": ["o:12"]}),
    ("update in the same cell", [display("a", "x", "i"), display("a", "z"), update("a", "y", "i")],
     {"a": ["d:y", "d:z"]}),
    ("update across cells", [display("a", "x", "i"), finished("a"), update("b", "y", "i")],
     {"a": ["d:y"], "b": []}),
    ("update of all with the id",
     [display("a", "x", "i"), display("a", "x", "i"), display("b", "z", "j"),
      update("b", "y", "i")],
     {"a": ["d:y", "d:y"], "b": ["d:z"]}),
    ("display with a known id updates too", [display("a", "x", "i"), display("b", "y", "i")],
     {"a": ["d:y"], "b": ["d:y"]}),
    ("update of an unknown id", [stream("a", "1"), update("a", "y", "i"), stream("a", "2")],
     {"a": ["o:12"]}),
    ("update of what was cleared",
     [display("a", "x", "i"), clear("a", False), display("a", "z"), update("b", "y", "i")],
     {"a": ["d:z"]}),
    ("result", [display("a", "42", kind="execute_result", execution_count=1)], {"a": ["e:42"]}),
    ("result with a display id",
     [display("a", "h", "i", kind="execute_result", execution_count=1), update("b", "g", "i")],
     {"a": ["e:g"]}),
    ("error output", [output("a", output_type="error", ename="E", evalue="", traceback=[])],
     {"a": ["E:E"]}),
    ("error takes a waiting clear",
     [stream("a", "1"), clear("a", True),
      output("a", output_type="error", ename="E", evalue="", traceback=[])], {"a": ["E:E"]}),
]  # fmt: skip
NAMES = [row[0] for row in OUTPUTS]


@pytest.mark.parametrize(("events", "expected"), [row[1:] for row in OUTPUTS], ids=NAMES)
def test_outputs(events, expected):
    node = fold(*events)
    assert {i: shown(node, i) for i in expected} == expected


END = RunFinished(status="ok", duration_s=1.0)

#: What cells tell of widgets, the states and binary parts that are kept, the widgets that outputs show in the end.
WIDGETS = [
    ("a widget", [made("a", "w", v=1), view("a", "w")], {"w": ({"v": 1}, [])}, ["w"]),
    ("a later state", [made("a", "w", v=1, u=2), widget("a", "w", {"v": 3})], {"w": ({"v": 3, "u": 2}, [])}, []),
    ("another cell's", [made("a", "w", v=1), widget("b", "w", {"v": 3})], {"w": ({"v": 3}, [])}, []),
    ("two widgets", [made("a", "w", v=1), made("b", "u", c=["IPY_MODEL_w"])],
     {"w": ({"v": 1}, []), "u": ({"c": ["IPY_MODEL_w"]}, [])}, []),
    ("a state of a widget that isn't known", [widget("a", "w", {"v": 3})], {}, []),
    ("closed", [made("a", "w"), view("a", "w"), widget("b", "w", closed=True), END], {}, [""]),
    ("not yet over", [made("a", "w"), view("a", "w"), widget("b", "w", closed=True)], {}, ["w"]),
    ("a discarded attempt", [made("a", "w", v=1), discarded("a"), made("a", "u", v=2), view("a", "u")],
     {"u": ({"v": 2}, [])}, ["u"]),
    ("a discarded change", [made("a", "w", v=1), widget("b", "w", {"v": 2}), discarded("b")],
     {"w": ({"v": 1}, [])}, []),
    ("a discarded end", [made("a", "w", v=1), widget("b", "w", closed=True), discarded("b"), view("b", "w"), END],
     {"w": ({"v": 1}, [])}, ["w"]),
    ("a discarded change between others",
     [made("a", "w", v=1), widget("b", "w", {"v": 2}), widget("a", "w", {"v": 3}), discarded("b")],
     {"w": ({"v": 3}, [])}, []),
    ("not run", [made("a", "w", v=1), made("b", "u"), not_run("b")], {"w": ({"v": 1}, [])}, []),
    ("binary parts",
     [made("a", "w", v=1), widget("a", "w", {"u": {}}, buffers=[part("eA==", "u", 0), part("eQ==", "u", 1)])],
     {"w": ({"v": 1, "u": {}}, [part("eA==", "u", 0), part("eQ==", "u", 1)])}, []),
    ("later binary parts",
     [made("a", "w"),
      widget("a", "w", {"u": {}, "t": {}}, buffers=[part("eA==", "u", 0), part("eQ==", "t", 0)]),
      widget("b", "w", {"u": {}}, buffers=[part("eg==", "u", 0)])],
     {"w": ({"u": {}, "t": {}}, [part("eQ==", "t", 0), part("eg==", "u", 0)])}, []),
    ("of a cell that doesn't run", [made("c", "w")], {}, []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("events", "states", "views"), [row[1:] for row in WIDGETS], ids=[row[0] for row in WIDGETS]
)
def test_widgets(events, states, views):
    node = fold(*events, kinds={"c": "parameters"})
    found = {}
    for model_id, model in saved_models(node.metadata).items():
        assert (model["model_name"], model["model_module"], model["model_module_version"]) == (
            "M",
            "m",
            "1",
        )
        own = {name: value for name, value in model["state"].items() if not name.startswith("_")}
        found[model_id] = (own, model.get("buffers", []))
    assert found == states
    data = [output.data for i in CELLS for output in cell(node, i).outputs if "data" in output]
    assert [each[WIDGET_VIEW]["model_id"] for each in data] == views
    nbformat.validate(node)


@pytest.mark.parametrize("keeps", [True, False])
def test_widgets_of_an_earlier_run_stay_where_a_cell_still_shows_one(keeps):
    node = old_notebook()
    data = {WIDGET_VIEW: {"model_id": "old"}}
    cell(node, "c").outputs = [new_output("display_data", data=data)]
    before = {"model_name": "M", "model_module": "m", "model_module_version": "1", "state": {}}
    state = {"version_major": 2, "version_minor": 0, "state": {"old": before}}
    node.metadata["widgets"] = {WIDGET_STATE_MIME: state, "another": 1}
    recorder = OutputRecorder(node)
    assert "old" in saved_models(recorder.node.metadata)  # nothing has begun yet
    recorder.apply(started({"c": "parameters"} if keeps else {}))
    assert ("old" in saved_models(recorder.node.metadata)) is keeps
    recorder.apply(made("a", "w"))
    assert saved_models(recorder.node.metadata).keys() == ({"old", "w"} if keeps else {"w"})
    assert recorder.node.metadata.widgets.get("another") == (1 if keeps else None)
    recorder.apply(discarded("a"))
    assert saved_models(recorder.node.metadata).keys() == ({"old"} if keeps else set())
    assert ("widgets" in recorder.node.metadata) is keeps


def test_golden_outputs(golden):
    """The file holds the front end to the same outputs (labextension/tests/outputs.spec.ts)."""
    tail = [finished("a", 3, batches=2), failed("b", batch=1), not_run("c"),
            RunFinished(status="failed", duration_s=1.0)]  # fmt: skip
    discards = [display("a", "x", "i"), update("b", "y", "i"), stream("b", "1"), discarded("b")]
    rows = [*OUTPUTS, ("updates of a discarded attempt are undone", discards, {})]
    rows += [(f"side by side: {name}", events, {}) for name, events, _ in SIDE_BY_SIDE]
    result = display("a", "42", kind="execute_result", execution_count=None)
    rows += [("how cells end", [result, stream("b", "1"), stream("c", "2"), *tail], {})]
    rows += [("data that isn't text", [output("a", output_type="display_data", metadata=None,
              data={"text/plain": ["a", "b"], "text/x": [1], "application/json": [1]})], {})]  # fmt: skip
    rows += [(f"widgets: {name}", events, {}) for name, events, *_ in WIDGETS]
    table = []
    for name, events, _ in rows:
        node = fold(*events, kinds={"c": "parameters"})
        cells = {i: {"outputs": cell(node, i).outputs, "count": cell(node, i).execution_count}
                 for i in CELLS}  # fmt: skip
        told = [event.to_json() for event in (started({"c": "parameters"}), *events)]
        widgets = saved_models(node.metadata)
        table.append(json.dumps({"name": name, "events": told, "cells": cells, "widgets": widgets}))
    golden("outputs.json", "[\n" + ",\n".join(table) + "\n]\n")


def as_message(event):
    content = dict(event.output)
    kind = content.pop("output_type")
    return {"msg_type": kind, "header": {"msg_type": kind}, "content": content,
            "parent_header": {"msg_id": event.cell_id}}  # fmt: skip


def merged(outputs):
    """Neighbouring texts of one stream as one, which nbclient leaves in pieces."""
    result = []
    for out in copy.deepcopy(outputs):
        last = result[-1] if result else {}
        if out.output_type == "stream" == last.get("output_type") and out.name == last["name"]:
            last["text"] += out.text
        else:
            result.append(out)
    return result


@pytest.mark.parametrize("events", [row[1] for row in OUTPUTS], ids=NAMES)
def test_outputs_are_nbclients(events):
    """nbclient runs one cell at a time, so the cells' messages come cell by cell here."""
    events = [e for e in events if isinstance(e, CellOutputReceived)]
    events.sort(key=lambda event: event.cell_id)
    theirs = old_notebook()
    client = NotebookClient(theirs)
    client.output_hook_stack = defaultdict(list)
    for index, their_cell in enumerate(theirs.cells):
        client.clear_before_next_output = False
        if their_cell.cell_type == "code":
            their_cell.outputs = []
        for event in events:
            if event.cell_id == their_cell.id:
                client.process_message(as_message(event), their_cell, index)
    ours = fold(*events)
    for i in CELLS:
        assert cell(ours, i).outputs == merged(cell(theirs, i).outputs)


def test_run_start_clears_what_will_run():
    node = old_notebook()
    node.metadata["naavre_run"] = {"status": "ok"}
    cell(node, "a").metadata["naavre"] = {"status": "ok"}
    recorder = OutputRecorder(node)
    recorder.apply(replace(started(), steps=started().steps[:2]))
    for i in ("a", "b"):
        assert (cell(recorder.node, i).outputs, cell(recorder.node, i).execution_count) == (
            [],
            None,
        )
    assert cell(recorder.node, "c") == cell(node, "c")
    assert "naavre" not in cell(recorder.node, "a").metadata
    assert "naavre_run" not in recorder.node.metadata
    assert cell(node, "a").outputs  # the input isn't changed


def test_notebook_only_cell_keeps_outputs_and_prompt_number():
    node = fold(stream("a", "x"), finished("a"), kinds={"a": "parameters"})
    assert shown(node, "a") == ["o:old"]
    assert cell(node, "a").execution_count == 9
    assert cell(node, "a").metadata["naavre"]["status"] == "ok"
    node = fold(not_run("a"), kinds={"a": "parameters"})
    assert shown(node, "a") == ["o:old"]


def test_failure_of_a_notebook_only_cell_is_shown_until_the_next_run():
    node = fold(failed("a"), kinds={"a": "parameters"})
    assert shown(node, "a") == ["o:old", "E:ValueError"]
    assert shown(fold(finished("a"), node=node, kinds={"a": "parameters"}), "a") == ["o:old"]


def test_finished_step():
    result = display("a", "42", kind="execute_result", execution_count=None)
    node = fold(stream("a", "1"), result, finished("a", count=7, batches=4))
    assert cell(node, "a").execution_count == 7
    assert cell(node, "a").outputs[1].execution_count == 7
    assert cell(node, "a").metadata["naavre"] == {
        "step": "s-a", "status": "ok", "started_at": "1970-01-01T00:00:01.500000+00:00",
        "duration_s": 0.25, "batches": 4, "worker": "main",
    }  # fmt: skip
    assert cell(node, "b").metadata == {}
    assert "naavre_run" not in node.metadata


def test_failed_step():
    node = fold(stream("a", "1"), failed("a", batch=2, item=17, item_repr="'x'"))
    assert shown(node, "a") == ["o:1", "E:ValueError"]
    assert cell(node, "a").outputs[1] == {
        "output_type": "error", "ename": "ValueError", "evalue": "no",
        "traceback": ["line 1", "line 2"],
    }  # fmt: skip
    assert cell(node, "a").execution_count == 2
    assert cell(node, "a").metadata["naavre"] == {
        "step": "s-a", "status": "failed", "started_at": "1970-01-01T00:00:01.500000+00:00",
        "duration_s": 0.25, "worker": "w1", "batch": 2, "item": 17, "item_repr": "'x'",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("evalue", "after", "expected"),
    [
        ("no", [], ["E:ValueError"]),
        ("other", [], ["E:ValueError", "E:ValueError"]),
        ("no", [stream("a", "1")], ["E:ValueError", "o:1"]),
        ("no", [clear("a", True)], ["E:ValueError"]),
    ],
)
def test_error_is_shown_once(evalue, after, expected):
    error = output("a", output_type="error", ename="ValueError", evalue=evalue, traceback=["t"])
    node = fold(error, *after, failed("a"))
    assert shown(node, "a") == expected
    errors = [o for o in cell(node, "a").outputs if o.output_type == "error"]
    assert errors[-1].evalue == "no"


def test_error_that_was_shown_as_text_only_is_an_error_output_too():
    """IPython prints an ExceptionGroup; papermill and the like tell a failed notebook by its error outputs."""
    node = fold(stream("a", "Exception Group Traceback", "stderr"), failed("a", traceback=()))
    assert [o.output_type for o in cell(node, "a").outputs] == ["stream", "error"]
    assert cell(node, "a").outputs[1].traceback == []


def test_step_that_did_not_run():
    node = fold(stream("b", "half"), not_run("b"))
    assert (shown(node, "b"), cell(node, "b").execution_count) == ([], None)
    assert cell(node, "b").metadata["naavre"] == {
        "step": "s-b", "status": "not run", "reason": "cell 1 failed",
    }  # fmt: skip


def test_discarded_outputs_are_undone_in_other_cells_too():
    shared = [display("a", "x", "i"), finished("a")]
    first = [stream("b", "1"), clear("b", True), update("b", "wrong", "i")]
    node = fold(*shared, *first, discarded("b"), stream("b", "2"), stream("b", "3"))
    assert (shown(node, "a"), shown(node, "b")) == (["d:x"], ["o:23"])
    assert node == fold(*shared, stream("b", "2"), stream("b", "3"))


def test_discarding_one_update_keeps_the_other():
    events = [display("a", "x", "i"), update("b", "y", "i"), update("c", "z", "i")]
    assert shown(fold(*events, discarded("c")), "a") == ["d:y"]
    assert shown(fold(*events, discarded("b")), "a") == ["d:z"]


#: Events of cells that run side by side → what the first cells show: what they would one after the other.
SIDE_BY_SIDE = [
    ("an update comes first", [update("b", "y", "i"), display("a", "x", "i")], ["d:y"]),
    ("a later cell's update stays", [display("a", "x", "i"), update("c", "z", "i"),
     update("b", "y", "i")], ["d:z"]),
    ("a later cell's display is first", [display("b", "y", "i"), display("a", "x", "i")],
     ["d:y"]),
    ("an update before there was anything", [update("a", "x", "i"), display("b", "y", "i"),
     update("c", "z", "i"), discarded("c")], []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("events", "expected"), [row[1:] for row in SIDE_BY_SIDE], ids=[row[0] for row in SIDE_BY_SIDE]
)
def test_displays_end_as_if_cells_ran_in_order(events, expected):
    assert shown(fold(*events), "a") == expected
    in_order = sorted(events, key=lambda event: event.cell_id)
    assert shown(fold(*in_order), "b") == shown(fold(*events), "b")


def test_relocation_alone_changes_nothing():
    events = [stream("a", "1"), StepRelocated(step="s-a", cell_id="a", reason="lambda")]
    assert shown(fold(*events), "a") == ["o:1"]


def test_run_end_is_recorded():
    node = fold(RunFinished(status="cancelled", duration_s=3.5))
    assert node.metadata["naavre_run"] == {
        "run_id": "r1", "status": "cancelled", "duration_s": 3.5,
    }  # fmt: skip


def test_events_about_unknown_cells_are_left_out():
    assert fold(stream("zz", "1"), finished("m"), failed("zz")) == fold()


def test_fold_is_pure_and_looking_changes_nothing():
    events = [event for row in OUTPUTS for event in row[1]]
    one, two = OutputRecorder(old_notebook()), OutputRecorder(old_notebook())
    for event in events:
        one.apply(event)
        two.apply(event)
        assert two.node
    assert one.node == two.node


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"text/plain": ["a\n", "b"]}, {"text/plain": "a\nb"}),
        ({"text/plain": 3}, {"text/plain": "3"}),
        ({"application/json": {"a": [1]}}, {"application/json": {"a": [1]}}),
        ({"application/vnd.x.v1+json": [1]}, {"application/vnd.x.v1+json": [1]}),
        ({"text/x": {"a": 1}}, {"text/x": '{"a": 1}'}),
        (None, {}),
    ],
)
def test_any_data_makes_a_valid_output(data, expected):
    node = fold(output("a", output_type="display_data", data=data, metadata=None, transient=None))
    assert cell(node, "a").outputs == [
        {"output_type": "display_data", "data": expected, "metadata": {}}
    ]


def test_many_small_texts_take_linear_time():
    recorder = OutputRecorder(old_notebook())
    recorder.apply(started())
    for _ in range(100_000):
        recorder.apply(stream("a", "0123456789"))
    assert len(cell(recorder.node, "a").outputs[0].text) == 1_000_000

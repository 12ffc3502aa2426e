"""What a session's cells tell of their widgets, and what their ``Output`` widgets get."""

from __future__ import annotations

import comm
import ipywidgets
import pytest
from ipywidgets.widgets.widget import _instances

from naavre_ext.executors.session import CellSession
from naavre_ext.model.event import WIDGET_STATE


class Seen:
    """A session, and what its cells have shown; ``states`` are those of widgets, with the traits asked for."""

    def __init__(self) -> None:
        self.outputs: list[dict] = []
        self.session = CellSession(lambda output: self.outputs.append(dict(output)))
        self.number = 0

    def run(self, source: str):
        del self.outputs[:]
        self.number += 1
        return self.session.run(source, execution_count=self.number)

    def states(self, *traits: str) -> list[dict]:
        told = [
            output.get("state", {})
            for output in self.outputs
            if output["output_type"] == WIDGET_STATE
        ]
        asked = [{name: state[name] for name in traits if name in state} for state in told]
        return [state for state in asked if state]

    def others(self) -> list[dict]:
        return [output for output in self.outputs if output["output_type"] != WIDGET_STATE]


@pytest.fixture
def seen():
    seen = Seen()
    seen.run("import ipywidgets as w\nfrom IPython.display import display, clear_output")
    yield seen
    seen.session.close()


def test_a_widget_is_told_before_it_is_shown(seen):
    seen.run("s = w.IntSlider(3)\ns")
    kinds = [output["output_type"] for output in seen.outputs]
    assert kinds == [WIDGET_STATE] * 3 + ["execute_result"]
    assert seen.states("value", "max") == [{"value": 3, "max": 100}]


def test_many_changes_are_few_messages(seen):
    seen.run("s = w.IntProgress(max=100000)\nfor i in range(5000):\n    s.value = i")
    values = [state["value"] for state in seen.states("value")]
    assert values[-1] == 4999
    assert len(values) < 200  # one in twenty-five at most, however slow the machine


def test_changes_come_before_what_is_shown_next(seen):
    seen.run("s = w.IntText(1)\ns.value = 2\ndisplay(3)\ns.value = 4\nprint('x')")
    assert [state["value"] for state in seen.states("value")] == [2, 4]
    place = next(
        n for n, output in enumerate(seen.outputs) if output["output_type"] == "display_data"
    )
    later = seen.outputs[place + 1 :]
    assert [output.get("state") for output in later if output["output_type"] == WIDGET_STATE] == [
        {"value": 4}
    ]


def test_numbers_of_libraries_are_numbers(seen):
    seen.run(
        "import numpy as np\ndisplay({'a/b+json': {'n': np.int64(3), 'x': np.float32(0.5)}}, raw=True)"
    )
    assert seen.outputs[0]["data"] == {"a/b+json": {"n": 3, "x": 0.5}}


def test_binary_parts(seen):
    seen.run("i = w.Image(value=b'abc')")
    (made,) = [output for output in seen.outputs if "buffers" in output]
    assert made["buffers"] == [{"path": ["value"], "encoding": "base64", "data": "YWJj"}]
    seen.run("i.value = b'xyz'\ni.width = '3'")
    (changed,) = seen.outputs
    assert changed["state"] == {"width": "3"}
    assert changed["buffers"] == [{"path": ["value"], "encoding": "base64", "data": "eHl6"}]


def test_capture_leaves_widgets_alone(seen):
    seen.run("%%capture caught\ns = w.IntText(5)\ndisplay(s)\nprint('hidden')")
    assert seen.states("value") == [{"value": 5}]
    assert seen.others() == []
    seen.run("len(caught.outputs), caught.stdout")
    assert seen.others()[0]["data"]["text/plain"] == "(1, 'hidden\\n')"


def test_messages_that_are_about_no_widget_are_left_out(seen):
    seen.run(
        "import comm\nc = comm.create_comm(target_name='mine', data={'state': {'a': 1}})\nc.send({'state': {}})"
    )
    assert seen.outputs == []
    seen.run("s = w.IntText(1)")
    seen.run("s.send({'an': 'event'})")
    assert seen.outputs == []


def test_outside_of_cells_nothing_is_told(seen):
    seen.run("s = w.IntText(1)")
    slider = seen.session.namespace["s"]
    del seen.outputs[:]
    slider.value = 7
    assert seen.outputs == []
    assert comm.create_comm is not type(slider.comm)


OUTLETS = {
    "texts are joined": ("print(1)\nprint(2)", [("stream", "1\n2\n")]),
    "streams": (
        "import sys\nprint(1)\nprint(2, file=sys.stderr)",
        [("stream", "1\n"), ("stream", "2\n")],
    ),
    "displays": ("print(1)\ndisplay(5)", [("stream", "1\n"), ("display_data", "5")]),
    "cleared": ("print(1)\nclear_output()\nprint(2)", [("stream", "2\n")]),
    "cleared when there is more": (
        "print(1)\nclear_output(wait=True)\nprint(2)\nprint(3)",
        [("stream", "2\n3\n")],
    ),
    "cleared for nothing": ("print(1)\nclear_output(wait=True)", [("stream", "1\n")]),
    "errors": ("1 / 0", [("error", "division by zero")]),
}


def texts(outputs) -> list[tuple[str, str]]:
    return [
        (o["output_type"], o.get("text") or o.get("evalue") or o.get("data", {}).get("text/plain"))
        for o in outputs
    ]


@pytest.mark.parametrize(("code", "expected"), OUTLETS.values(), ids=OUTLETS)
def test_output_widget(seen, code, expected):
    seen.run("out = w.Output()")
    body = "\n".join(f"    {line}" for line in code.split("\n"))
    outcome = seen.run(f"print('before')\nwith out:\n{body}\nprint('after')")
    assert outcome.error is None
    assert texts(seen.others()) == [("stream", "before\n"), ("stream", "after\n")]
    assert texts(seen.states("outputs")[-1]["outputs"]) == expected
    # As in a page, the widget itself knows when the cell is over.
    assert texts(seen.session.namespace["out"].outputs) == expected
    seen.run("with out:\n    print('more')")
    assert texts(seen.session.namespace["out"].outputs)[-1][1].endswith("more\n")


def test_what_a_notebook_adds_to_an_output_widget_stays(seen):
    seen.run("out = w.Output()\nout.append_stdout('a')\nwith out:\n    print('b')")
    assert "".join(text for _, text in texts(seen.session.namespace["out"].outputs)) == "ab\n"
    seen.run("out.outputs = ()\nwith out:\n    print('c')")
    assert texts(seen.session.namespace["out"].outputs) == [("stream", "c\n")]


def test_an_error_behind_an_output_widget_is_the_cells(seen):
    seen.run("out = w.Output()")
    outcome = seen.run("with out:\n    print('in')\nraise ValueError('mine')")
    assert outcome.error is not None
    assert outcome.error.evalue == "mine"
    assert [output["output_type"] for output in seen.others()] == ["error"]


def test_observers_hear_of_outputs_and_may_fail(seen):
    seen.run(
        "out = w.Output()\nheard = []\ndef listen(change):\n    heard.append(len(change['new']))\n    1 / 0\n"
        "out.observe(listen, 'outputs')"
    )
    assert seen.run("with out:\n    print('in')").error is None
    assert seen.session.namespace["heard"] == [1]


def test_a_session_that_begins_anew_keeps_no_widgets(seen, tmp_path):
    mine = ipywidgets.IntText(1)  # of somebody else in this process
    before = [*_instances]
    try:
        seen.run("s = w.VBox([w.IntText(1), w.Output()])")
        known = _instances.keys() - {*before}
        assert len(known) >= 3
        seen.session.reset(cwd=tmp_path)
        assert not known & _instances.keys()
        assert not known & comm.get_comm_manager().comms.keys()
        assert mine.model_id in _instances
    finally:
        mine.close()

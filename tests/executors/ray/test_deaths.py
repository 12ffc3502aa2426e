"""What is said of a worker process that died."""

from __future__ import annotations

import pytest

from naavre_ext.executors.ray.deaths import cause_of_death

_HEAD = "The actor died unexpectedly before finishing this task.\n\tclass_name: A\n\tpid: 42\n\tip: 192.0.2.1\n"
_WHY = "The actor is dead because its worker process has died. Worker exit type: SYSTEM_ERROR"


class Died(Exception):
    """Stands for an error of Ray's."""


ROWS = {
    "nothing": ("", "", "Died"),
    "first line": ("Task was killed.\nMemory used: 99%", "", "Died: Task was killed."),
    "reason": (_HEAD + _WHY, "", f"Died: {_WHY}"),
    "without guesses": (
        f"{_HEAD}{_WHY} End of file. Some common causes include: (1) the OOM killer",
        "",
        f"Died: {_WHY} End of file.",
    ),
    "last words": (
        _HEAD + _WHY,
        "hello\nFatal Python error: Segmentation fault\n\nThread 0x1:\n",
        f"Died: {_WHY}; it wrote 'Fatal Python error: Segmentation fault'",
    ),
    "nothing to the point": (_HEAD + _WHY, "hello\n", f"Died: {_WHY}"),
}


@pytest.mark.parametrize(("said", "written", "cause"), ROWS.values(), ids=ROWS)
def test_death_is_told_in_one_line(said, written, cause, tmp_path):
    (tmp_path / "worker-ab-01-42.err").write_text(written)
    (tmp_path / "worker-ab-01-43.err").write_text("Fatal Python error: another one's")
    assert cause_of_death(Died(said), tmp_path) == cause


def test_logs_need_not_be_there(tmp_path):
    assert cause_of_death(Died(_HEAD + _WHY), tmp_path / "gone") == f"Died: {_WHY}"
    assert cause_of_death(Died(_HEAD + _WHY)) == f"Died: {_WHY}"

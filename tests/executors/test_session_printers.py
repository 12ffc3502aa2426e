"""A session that is reset shows objects as a fresh kernel does."""

from __future__ import annotations

from typing import Any

from naavre_ext.executors.session import CellSession

PRINTER = "get_ipython().display_formatter.formatters['text/latex'].for_type(int, lambda n: '$n$')"


def formats(session: CellSession, shown: list[Any], source: str) -> list[list[str]]:
    shown.clear()
    assert session.run(source, execution_count=1).ok
    return [sorted(output["data"]) for output in shown if "data" in output]


def test_a_printer_of_an_earlier_notebook_is_gone() -> None:
    shown: list[Any] = []
    session = CellSession(shown.append)
    session.reset(cwd=None)
    assert formats(session, shown, f"{PRINTER};\n3") == [["text/latex", "text/plain"]]
    session.reset(cwd=None)
    assert formats(session, shown, "3") == [["text/plain"]]
    session.close()


def test_figures_are_shown_after_a_reset() -> None:
    shown: list[Any] = []
    session = CellSession(shown.append)
    for _ in range(2):
        session.reset(cwd=None)
        found = formats(session, shown, "import matplotlib.pyplot as plt\nlines = plt.plot([1]);")
        assert found == [["image/png", "text/plain"]]
    session.close()

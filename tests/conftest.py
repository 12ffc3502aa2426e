from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from shared_ray import SharedRay, last_words

from naavre_ext.startup import defer_slow_imports

# Tests import nbformat before any module of ours does, which would cost each process seconds.
defer_slow_imports()

GOLDEN = Path(__file__).parent / "golden"
#: The property of a test's report that has what the test has measured.
_MEASURED = "measured in the browser"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write what the tests produce to tests/golden instead of comparing it",
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where a worker died that shouldn't have, the report shows what Ray's logs said last."""
    report = yield
    if report.failed and "WorkerLost" in report.longreprtext:
        report.sections.append(("Ray's logs", last_words()))
    return report


@pytest.fixture
def measured(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Tells a measurement, which is printed when all tests are over. Measurements are never asserted."""
    return lambda text: record_property(_MEASURED, text)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What the browser tests have measured. The process that others test for knows only this file."""
    reports = [r for kind in ("passed", "failed") for r in terminalreporter.stats.get(kind, [])]
    lines = [
        str(text)
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, text in report.user_properties
        if name == _MEASURED
    ]
    if lines:
        terminalreporter.section(_MEASURED)
        for line in lines:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def shared_ray() -> Iterator[SharedRay]:
    """The Ray that all tests of a process share."""
    ray = SharedRay()
    yield ray
    ray.close()


@pytest.fixture
def no_ray(shared_ray: SharedRay) -> None:
    """This process isn't connected to any Ray."""
    shared_ray.close()


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """A function that compares a text with a golden file, or updates it with --update-golden."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), f"no golden file {name}; run pytest with --update-golden and look"
        assert text == path.read_text(encoding="utf-8")

    return compare

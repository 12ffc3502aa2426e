"""What a logger was told, as far as another process must know."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator

import pytest

from naavre_ext.executors.loggers import (
    forget_loggers,
    settle_loggers,
    states_of_loggers,
    told,
    told_otherwise,
)

NAME = "nx_rows.of_loggers"

TELLS = {
    "level": lambda log: log.setLevel(logging.INFO),
    "handler": lambda log: log.addHandler(logging.StreamHandler(sys.stdout)),
    "handler of its own": lambda log: log.addHandler(logging.Handler()),
    "propagation": lambda log: setattr(log, "propagate", False),
    "filter": lambda log: log.addFilter(bool),
    "disabled": lambda log: setattr(log, "disabled", True),
}


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    yield logging.getLogger(NAME)
    logging.root.manager.loggerDict.pop(NAME)


@pytest.mark.parametrize("tell", TELLS.values(), ids=TELLS)
def test_what_a_logger_is_told_is_seen(log, tell):
    before = states_of_loggers()
    assert told_otherwise(before, states_of_loggers()) == ""
    tell(log)
    now = states_of_loggers()
    assert told_otherwise(before, now) == NAME
    assert NAME in told(now)
    assert told_otherwise(now, states_of_loggers()) == ""


def test_handler_that_does_nothing_is_no_news(log):
    before = states_of_loggers()
    log.addHandler(logging.NullHandler())
    assert told_otherwise(before, states_of_loggers()) == ""


def test_new_logger_counts_when_it_is_told_something():
    before = {n: state for n, state in states_of_loggers().items() if n != NAME}
    logging.getLogger(NAME)
    assert told_otherwise(before, states_of_loggers()) == ""
    logging.getLogger(NAME).setLevel(logging.INFO)
    assert told_otherwise(before, states_of_loggers()) == NAME
    logging.root.manager.loggerDict.pop(NAME)


def test_format_of_what_is_shown_counts(log):
    log.addHandler(handler := logging.StreamHandler(sys.stderr))
    before = states_of_loggers()
    handler.setFormatter(logging.Formatter("%(message)s"))
    assert told_otherwise(before, states_of_loggers()) == NAME


def test_next_notebook_finds_loggers_fresh(log):
    log.addHandler(logging.StreamHandler(sys.stdout))
    log.setLevel(logging.INFO)
    library = logging.getLogger("pytest")
    library.setLevel(logging.ERROR)
    try:
        forget_loggers()
        assert (log.handlers, log.level, library.level) == ([], 0, logging.ERROR)
        assert told(states_of_loggers()) == {}
    finally:
        library.setLevel(0)
        forget_loggers()


def test_what_a_library_tells_its_own_logger_when_it_is_imported_is_no_news(log):
    before = states_of_loggers()
    log.addHandler(logging.Handler())
    log.setLevel(logging.INFO)
    settle_loggers("another", ())
    assert told_otherwise(before, states_of_loggers()) == NAME
    settle_loggers(NAME.partition(".")[0], (NAME,))
    assert told_otherwise(before, states_of_loggers()) == NAME
    settle_loggers(NAME.partition(".")[0], ())
    assert told_otherwise(before, states_of_loggers()) == ""
    log.setLevel(logging.ERROR)
    assert told_otherwise(before, states_of_loggers()) == NAME
    forget_loggers()

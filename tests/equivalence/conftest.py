from __future__ import annotations

import gc

import pytest


@pytest.fixture(autouse=True, scope="session")
def _cheap_collections():
    """IPython collects garbage at every reset; what is loaded by now needn't be looked at again."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()

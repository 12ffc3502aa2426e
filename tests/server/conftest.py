"""A Jupyter server with the extension, in folders of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from description import check_answer
from documents import document
from pytest_jupyter.jupyter_server import *  # noqa: F403 - its fixtures and hooks, for this folder
from tornado.httpclient import HTTPClientError

from naavre_ext.engine import client, engine_status, place, start_engine, stop_engine


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    return {
        "ServerApp": {
            "jpserver_extensions": {"naavre_ext": True, "jupyter_server_terminals": False},
            "allow_unauthenticated_access": False,
            "reraise_server_extension_failures": True,
        }
    }


@pytest.fixture
def fetch_json(jp_fetch: Any, jp_serverapp: Any) -> Callable[..., Any]:
    """``await fetch_json("POST", "compile", {...}, path=...)`` → status and answer, which is as described."""

    async def fetch(method: str, route: str, body: Any = None, **query: Any) -> tuple[int, Any]:
        content = {} if body is None else {"body": json.dumps(body)}
        if method == "POST" and body is None:
            content = {"body": ""}
        try:
            answer = await jp_fetch(
                "naavre-ext",
                *route.split("/"),
                method=method,
                params=query,
                request_timeout=120,  # on a busy machine, an engine takes its time to start
                **content,
            )
            code, text = answer.code, answer.body
        except HTTPClientError as error:
            code, text = error.code, getattr(error.response, "body", b"")
        data = json.loads(text) if text else None
        check_answer(method, route, code, data)
        return code, data

    return fetch


@pytest.fixture
def notebook(jp_root_dir: Path) -> Callable[..., dict[str, Any]]:
    """Saves a notebook as ``nb.ipynb`` and gives the ``path`` and ``notebook`` of a body."""

    def save(*sources: str, path: str = "nb.ipynb", **more: Any) -> dict[str, Any]:
        data = document(*sources, **more)
        file = jp_root_dir / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(data))
        return {"path": path, "notebook": data}

    return save


@pytest.fixture(scope="module")
def place_of_engines(tmp_path_factory):
    """A private place for engines, which outlive the tests."""
    folder = tmp_path_factory.mktemp("rt")
    folder.chmod(0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        patch.setenv("PYTHONPATH", str(Path(__file__).parent))
        patch.setattr(client, "ENGINE_MODULE", "local_engine")
        # The source may be edited while the tests run.
        patch.setattr(place, "_source_digest", lambda: "same")
        yield folder
        stop_engine(None)


@pytest.fixture
def waits(jp_root_dir):
    """Code that runs until ``go`` is there, by its whole path: the runs of this engine share a working folder."""
    go = str(jp_root_dir / "go")
    return f"import pathlib, time\nwhile not pathlib.Path({go!r}).exists():\n    time.sleep(0.01)"


@pytest.fixture
def engine(place_of_engines):
    """Tells of the engine that the server finds running."""
    start_engine(None)
    return lambda: engine_status(None)


@pytest.fixture
def no_engine(place_of_engines):
    """Tells of the engine; none runs."""
    stop_engine(None)
    return lambda: engine_status(None)


@pytest.fixture
def open_socket(jp_ws_fetch):
    """Opens sockets that are closed with the test: those that are only collected warn, in any later test."""
    opened = []

    async def fetch(*parts, **options):
        opened.append(await jp_ws_fetch(*parts, **options))
        return opened[-1]

    yield fetch
    for socket in opened:
        socket.close()


@pytest.fixture
def frames(open_socket):
    """Reads the socket of a run: all events, and the end (None when it was left before)."""

    async def read(run_id, after=0, until=None):
        place = ("naavre-ext", "runs", run_id, "events", "socket")
        socket = await open_socket(*place, params={"path": "nb.ipynb", "after": after})
        events = []
        while (message := await socket.read_message()) is not None:
            frame = json.loads(message)
            if "end" in frame:
                return events, frame["end"]
            events += frame["events"]
            if until is not None and until in [event["type"] for event in events]:
                break
        return events, None

    return read

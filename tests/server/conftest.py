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
                "naavre-ext", *route.split("/"), method=method, params=query, **content
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

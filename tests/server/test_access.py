"""Who may ask, for what, and how much: tokens, XSRF, paths, bodies."""

from __future__ import annotations

import json
import re

import pytest
from description import METHODS
from tornado.httpclient import HTTPClientError
from tornado.web import RequestHandler

from naavre_ext.server.routes import ROUTES

RUN = "20260102-030405-abcd"
SWEEP = f"batch-{RUN}"


def _requests():
    """Every method of every route, with an id where one belongs."""
    for pattern, handler in ROUTES:
        wanted = SWEEP if "batch-" in pattern else RUN
        path = re.sub(r"\(.*?\)(?=/|$)", wanted, pattern)
        for method in METHODS:
            if getattr(handler, method) is not getattr(RequestHandler, method):
                yield method.upper(), path


async def _status(fetch, method, path, **more):
    body = {"body": "{}"} if method in ("POST", "PUT", "PATCH") else {}
    try:
        answer = await fetch(*path.strip("/").split("/"), method=method, **body, **more)
    except HTTPClientError as error:
        return error.code
    return answer.code


async def test_no_route_answers_without_a_token(jp_fetch):
    asked = list(_requests())
    assert len(asked) >= len(ROUTES)
    for method, path in asked:
        got = await _status(jp_fetch, method, path, headers={"Authorization": "token wrong"})
        assert (method, path, got) == (method, path, 403)


async def test_every_route_is_found_with_a_token(jp_fetch):
    for method, path in _requests():
        if not path.endswith("socket"):
            answer = await _status(jp_fetch, method, path)
            assert answer in (200, 400, 404), (method, path, answer)


@pytest.fixture
def cookie(jp_serverapp, http_server_client, jp_base_url):
    """The headers of a browser that has logged in with its token, without the XSRF header."""

    async def login():
        token = jp_serverapp.identity_provider.token
        answer = await http_server_client.fetch(
            f"{jp_base_url}tree?token={token}", raise_error=False
        )
        pairs = [text.partition(";")[0] for text in answer.headers.get_list("Set-Cookie")]
        return {"Cookie": "; ".join(pairs), "Authorization": ""}

    return login


async def test_a_cookie_alone_may_not_change_anything(jp_fetch, cookie):
    headers = await cookie()
    assert (
        await _status(jp_fetch, "GET", "/naavre-ext/annotation-keys", headers=dict(headers)) == 200
    )
    for method, path in _requests():
        if method != "GET":
            assert await _status(jp_fetch, method, path, headers=dict(headers)) == 403
    token = dict(p.split("=", 1) for p in headers["Cookie"].split("; "))["_xsrf"]
    path, headers = "/naavre-ext/annotate", {**headers, "X-XSRFToken": token.strip('"')}
    assert await _status(jp_fetch, "POST", path, headers=headers) == 400


@pytest.fixture
def outside(jp_root_dir, notebook):
    """Notebooks that mustn't be reached: above the root, behind links, hidden, and beside a like-named root."""
    notebook("x = 1", path=".hidden/nb.ipynb")
    notebook("x = 1", path=".nb.ipynb")
    for place in ("other", f"{jp_root_dir.name}2"):
        (jp_root_dir.parent / place).mkdir()
        (jp_root_dir.parent / place / "nb.ipynb").write_text("{}")
    (jp_root_dir / "folder").symlink_to(jp_root_dir.parent / "other")
    (jp_root_dir / "link.ipynb").symlink_to(jp_root_dir.parent / "other" / "nb.ipynb")
    (jp_root_dir / "dangling.ipynb").symlink_to(jp_root_dir.parent / "other" / "new.ipynb")


OUTSIDE = [
    ("../other/nb.ipynb", 404),
    ("../root_dir2/nb.ipynb", 404),
    ("a/../../other/nb.ipynb", 404),
    ("./nb.ipynb", 404),
    ("a//nb.ipynb", 404),
    (".hidden/nb.ipynb", 404),
    (".nb.ipynb", 404),
    ("folder/nb.ipynb", 404),
    ("link.ipynb", 404),
    ("dangling.ipynb", 404),
    ("nowhere/nb.ipynb", 404),
    ("/etc/nb.ipynb", 400),
    ("a\0.ipynb", 400),
    ("", 400),
]


@pytest.mark.parametrize(("path", "status"), OUTSIDE)
async def test_nothing_outside_of_the_root_is_reached(fetch_json, outside, notebook, path, status):
    document = notebook("x = 1")["notebook"]
    body = {"path": path, "notebook": document}
    for route, more in [
        ("compile", {}),
        ("runs", {}),
        ("export", {"format": "mermaid"}),
        ("sweeps", {"rows": [{}]}),
        (f"runs/{RUN}/resume", {}),
        (f"sweeps/{SWEEP}/resume", {}),
    ]:
        got, answer = await fetch_json("POST", route, {**body, **more})
        assert (route, got, answer["field"]) == (route, status, "path")
    for route in ("warm", f"runs/{RUN}/notebook"):
        assert (await fetch_json("POST", route, {"path": path}))[0] == status
    for route in ("status", "runs", f"runs/{RUN}", f"runs/{RUN}/events", f"runs/{RUN}/timeline"):
        if "\0" not in path and (path or route == "status"):  # tornado takes it out of queries
            assert (await fetch_json("GET", route, path=path))[0] == status
    if path:
        for route in ("runs", f"runs/{RUN}/resume"):
            output = {"path": "nb.ipynb", "notebook": document, "output": path}
            got, answer = await fetch_json("POST", route, output)
            assert (got, answer["field"]) == (status, "output")


async def test_links_out_of_the_root_can_be_allowed(fetch_json, outside, notebook, jp_serverapp):
    body = {**notebook("x = 1"), "path": "folder/nb.ipynb"}
    services = jp_serverapp.web_app.settings["naavre_ext_services"]
    services.paths.follow_links = True
    assert (await fetch_json("POST", "compile", body))[0] == 200


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"path": None}, "path"),
        ({"path": 3}, "path"),
        ({"notebook": None}, "notebook"),
        ({"notebook": {"cells": [], "metadata": {}}}, "notebook.nbformat"),
        ({"notebook": {"nbformat": 4, "metadata": {}}}, "notebook.cells"),
        ({"parameters": [1]}, "parameters"),
        ({"secrets": {"secret_a": 1}}, "secrets.secret_a"),
        ({"options": {"max_parallelism": 0}}, "options.max_parallelism"),
        ({"options": {"max_parallelism": True}}, "options.max_parallelism"),
        ({"options": {"guards": "on"}}, "options.guards"),
        ({"options": {"executor": "local"}}, "options.executor"),
        ({"kernel_name": 1}, "kernel_name"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_bad_bodies_name_the_field(fetch_json, notebook, change, field):
    status, answer = await fetch_json("POST", "runs", {**notebook("x = 1"), **change})
    assert (status, answer["field"]) == (400, field)
    assert field in answer["message"]


@pytest.mark.parametrize("body", ["", "{", "[" * 100_000, "\xff", '"text"'])
async def test_what_is_no_json_object_is_refused(jp_fetch, body):
    with pytest.raises(HTTPClientError) as caught:
        await jp_fetch("naavre-ext", "compile", method="POST", body=body.encode("latin-1"))
    assert caught.value.code == 400
    assert "body" in json.loads(caught.value.response.body)["message"]


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "9" * 30])
async def test_bad_event_numbers_are_refused(fetch_json, after):
    status, answer = await fetch_json("GET", f"runs/{RUN}/events", after=after)
    assert (status, answer["field"]) == (400, "after")


async def test_too_large_a_body_is_413(fetch_json, jp_serverapp):
    jp_serverapp.web_app.settings["naavre_ext_services"].max_body_bytes = 1000
    body = {"source": "x" * 1000, "edits": [{"key": "batches", "value": "1"}]}
    assert (await fetch_json("POST", "annotate", body))[0] == 413


async def test_a_bug_of_ours_tells_nothing(fetch_json, monkeypatch):
    monkeypatch.setattr("naavre_ext.server.notebook_handlers.ANNOTATION_KEYS", None)
    status, answer = await fetch_json("GET", "annotation-keys")
    assert (status, "NoneType" in json.dumps(answer)) == (500, False)

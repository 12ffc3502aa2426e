"""Routes and their description agree."""

from __future__ import annotations

import re

import pytest
from description import METHODS, check_answer, description, operations
from jsonschema import ValidationError
from openapi_spec_validator import validate
from tornado.web import RequestHandler

from naavre_ext.server.routes import ROUTES


def test_it_is_openapi():
    validate(description())


def test_every_route_is_described_and_nothing_else():
    served = {
        (method, re.sub(r"\(.*?\)(?=/|$)", "{id}", pattern).removeprefix("/naavre-ext"))
        for pattern, handler in ROUTES
        for method in METHODS
        if getattr(handler, method) is not getattr(RequestHandler, method)
    }
    assert served == set(operations())


def test_a_wrong_answer_would_be_seen():
    # The answers themselves are compared wherever tests fetch something.
    with pytest.raises(ValidationError):
        check_answer("GET", "runs", 200, {"runs": [{}]})
    with pytest.raises(AssertionError):
        check_answer("GET", "runs", 201, {"runs": []})
    with pytest.raises(ValidationError):
        check_answer("GET", "runs", 404, {"message": "no"})


async def test_it_is_served(jp_fetch):
    answer = await jp_fetch("naavre-ext", "openapi.yaml")
    assert answer.headers["Content-Type"] == "application/yaml"
    assert answer.body.startswith(b"openapi: 3.1")

"""The OpenAPI description, and answers compared with it."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from naavre_ext.server.description import FILE

METHODS = ("get", "post", "delete", "put", "patch")


@cache
def description() -> dict[str, Any]:
    """The description as data."""
    return yaml.safe_load(FILE.read_text("utf-8"))


def operations() -> dict[tuple[str, str], dict[str, Any]]:
    """The operations by method and path."""
    return {
        (method, path): item[method]
        for path, item in description()["paths"].items()
        for method in METHODS
        if method in item
    }


def check_answer(method: str, route: str, status: int, body: Any) -> None:
    """Raises when the description doesn't allow this answer."""
    (operation,) = (
        found
        for (verb, path), found in operations().items()
        if verb == method.lower()
        and re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)), f"/{route}")
    )
    response = operation["responses"].get(str(status))
    if response is None:
        assert status >= 400, f"{status} isn't described"
        response = operation["responses"]["default"]
    if "$ref" in response:
        response = description()["components"]["responses"][response["$ref"].rpartition("/")[2]]
    content = response.get("content", {}).get("application/json")
    if content is None:
        assert body is None
        return
    schema = {**content["schema"], "components": description()["components"]}
    Draft202012Validator(schema).validate(body)

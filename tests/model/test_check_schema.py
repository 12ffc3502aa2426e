from __future__ import annotations

import dataclasses
import json
from importlib import resources
from typing import Any, get_args

import jsonschema
import pytest

from naavre_ext.model import check
from naavre_ext.model.workflow import EdgeKind, Placement, SplitForm

SCHEMA = json.loads(
    resources.files("naavre_ext.model").joinpath("check.schema.json").read_text("utf-8")
)
PARTS = {name: part for name, part in SCHEMA["$defs"].items() if name != "names"}


def test_the_schema_itself_is_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", PARTS)
def test_schema_fields_are_the_dataclass_fields(name: str) -> None:
    fields = [field.name for field in dataclasses.fields(getattr(check, name))]
    assert list(PARTS[name]["properties"]) == PARTS[name]["required"] == fields


@pytest.mark.parametrize(
    ("part", "field", "choices"),
    [
        ("Wait", "kind", [*get_args(EdgeKind), "main-order", "held"]),
        ("LoopCheck", "form", list(get_args(SplitForm))),
        ("Suggestion", "kind", list(get_args(check.SuggestionKind))),
        ("CellCheck", "placement", list(get_args(Placement))),
    ],
)
def test_schema_choices_are_the_type_choices(part: str, field: str, choices: list[Any]) -> None:
    assert PARTS[part]["properties"][field]["enum"] == choices

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Callable
from importlib import resources
from typing import Any, get_args

import jsonschema
import pytest

from naavre_ext.model.notebook import CellId
from naavre_ext.model.parameter import Parameter, ParameterKind
from naavre_ext.model.workflow import (
    WORKFLOW_VERSION,
    Edge,
    EdgeKind,
    Placement,
    Split,
    SplitForm,
    Step,
    StepId,
    Workflow,
)

SCHEMA = json.loads(
    resources.files("naavre_ext.model").joinpath("workflow.schema.json").read_text("utf-8")
)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

FULL = Workflow(
    name="full",
    steps=(
        Step(
            StepId("s1"), CellId("a"), 1, 1, "param_n = 3", kind="parameters", writes=("param_n",)
        ),
        Step(
            StepId("s2"),
            CellId("b"),
            4,
            2,
            "for i in items: out.append(i)",
            title="work",
            placement="any",
            barrier=True,
            reads=("items",),
            bundles=(("out",), ("a", "b")),
            splits=(
                Split(0, 1, "for", "items", "loop", ("f",), ("out",), ("i",), ("i",), batches=5),
                Split(1, 3, "dict", "range(param_n)", batches="param_n"),
            ),
            settings_from=StepId("s1"),
            secrets=("secret_key",),
            group="g",
            resources={"num_cpus": 0.5, "memory": 2.0**31},
            replicas=2,
            concurrency=3,
            retries=0,
            timeout_s=0.5,
            cache=False,
            image="python:3.12",
            reasons=("because",),
        ),
    ),
    edges=(Edge(StepId("s1"), StepId("s2"), "data", ("param_n",)),),
    parameters=(
        Parameter("param_n", "param", {"a": [1, None]}, "dict", CellId("a"), 1),
        Parameter("secret_key", "secret", None, "str", CellId("a"), 2),
    ),
)


def test_the_schema_itself_is_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    ("cls", "schema"),
    [
        (Workflow, SCHEMA),
        (Step, SCHEMA["$defs"]["step"]),
        (Split, SCHEMA["$defs"]["split"]),
        (Edge, SCHEMA["$defs"]["edge"]),
        (Parameter, SCHEMA["$defs"]["parameter"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_schema_fields_are_the_dataclass_fields(cls: Any, schema: dict[str, Any]) -> None:
    fields = dataclasses.fields(cls)
    counted = {"summary"} if cls is Workflow else set()
    assert set(schema["properties"]) == {field.name for field in fields} | counted
    assert schema["additionalProperties"] is False
    missing = dataclasses.MISSING
    needed = {f.name for f in fields if f.default is missing and f.default_factory is missing}
    assert needed <= set(schema["required"])


@pytest.mark.parametrize(
    ("alias", "where"),
    [
        (Placement, ("step", "placement")),
        (SplitForm, ("split", "form")),
        (EdgeKind, ("edge", "kind")),
        (ParameterKind, ("parameter", "kind")),
    ],
)
def test_schema_choices_are_the_type_choices(alias: Any, where: tuple[str, str]) -> None:
    assert SCHEMA["$defs"][where[0]]["properties"][where[1]]["enum"] == list(get_args(alias))


def test_schema_version_is_the_workflow_version() -> None:
    assert SCHEMA["properties"]["version"]["const"] == WORKFLOW_VERSION


@pytest.mark.parametrize("workflow", [FULL, Workflow((), ())], ids=["full", "empty"])
def test_workflows_follow_the_schema_and_read_back(workflow: Workflow) -> None:
    data = json.loads(json.dumps(workflow.to_json()))
    VALIDATOR.validate(data)
    assert Workflow.from_json(data) == workflow


def test_a_workflow_with_only_the_required_fields_can_be_read() -> None:
    step: dict[str, Any] = {"id": "s", "cell_id": "c", "cell_number": 1, "execution_count": 1}
    step |= {
        "source": "1",
        "bundles": [["x"]],
        "splits": [{"index": 0, "line": 1, "form": "for", "iterable": "x"}],
    }
    data = {
        "version": WORKFLOW_VERSION,
        "name": "hand",
        "steps": [step],
        "edges": [],
        "parameters": [],
    }
    VALIDATOR.validate(data)
    assert Workflow.from_json(data).steps[0].splits[0].batches == "auto"


def _change(*path: str | int, to: Any) -> Callable[[Any], None]:
    def change(data: Any) -> None:
        for key in path[:-1]:
            data = data[key]
        data[path[-1]] = to

    return change


@pytest.mark.parametrize(
    "break_it",
    [
        pytest.param(_change("version", to=WORKFLOW_VERSION - 1), id="another version"),
        pytest.param(_change("extra", to=1), id="unknown field of the workflow"),
        pytest.param(_change("steps", 0, "tilte", to="x"), id="unknown field of a step"),
        pytest.param(_change("steps", 1, "splits", 0, "x", to=1), id="unknown field of a split"),
        pytest.param(_change("edges", 0, "x", to=1), id="unknown field of an edge"),
        pytest.param(_change("parameters", 0, "x", to=1), id="unknown field of a parameter"),
        pytest.param(lambda data: data.pop("edges"), id="no edges"),
        pytest.param(lambda data: data["steps"][0].pop("source"), id="step without source"),
        pytest.param(_change("steps", 0, "placement", to="here"), id="unknown placement"),
        pytest.param(_change("steps", 0, "cell_number", to=0), id="cell number from 0"),
        pytest.param(_change("steps", 0, "cell_number", to="1"), id="cell number as text"),
        pytest.param(_change("steps", 0, "reads", to=["a", "a"]), id="a name twice"),
        pytest.param(_change("steps", 1, "splits", 0, "batches", to=0), id="no batches"),
        pytest.param(_change("steps", 1, "splits", 0, "batches", to=None), id="null batches"),
        pytest.param(_change("steps", 1, "resources", "num_cpus", to="2"), id="resource as text"),
        pytest.param(_change("steps", 1, "timeout_s", to=0), id="no time at all"),
        pytest.param(_change("steps", 1, "retries", to=-1), id="negative retries"),
        pytest.param(_change("edges", 0, "kind", to="magic"), id="unknown kind of edge"),
        pytest.param(_change("parameters", 1, "default", to="hunter2"), id="a secret's value"),
    ],
)
def test_broken_workflows_are_rejected(break_it: Callable[[Any], None]) -> None:
    data = copy.deepcopy(FULL.to_json())
    break_it(data)
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(data)


def test_numbers_that_json_has_not_are_told_as_text() -> None:
    parameter = Parameter("param_x", "param", float("nan"), "float", CellId("a"), 1, "float('nan')")
    data = Workflow((), (), (parameter,)).to_json()
    assert json.loads(json.dumps(data, allow_nan=False)) == data

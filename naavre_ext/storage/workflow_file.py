"""Workflows as YAML files: written from a plan or by hand, checked against the published schema, and run.

A file says which code runs in which order, and may ask for more order and for other settings than the code's own
analysis gives. It can't ask for less: what a step needs is found from its source, whatever the file says.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib import resources
from typing import Any

import nbformat

from naavre_ext.annotations.file_places import SourcePlace
from naavre_ext.annotations.overlay import Setting, wrong_value
from naavre_ext.annotations.yaml_lines import Place, line_of, pairs, read_yaml
from naavre_ext.model.diagnostic import Diagnostic, RefusedError
from naavre_ext.model.notebook import CellId
from naavre_ext.model.workflow import Edge, StepId, Workflow
from naavre_ext.planning.asked_order import AskedOrder
from naavre_ext.storage.notebook_file import NotebookFile, read_notebook

#: What is wrong with a workflow's file.
CODE = "NX546"
_MOST_TOLD = 20
_ID = re.compile(r"[a-zA-Z0-9-_]{1,64}")


def workflow_yaml(workflow: Workflow) -> str:
    """The workflow as a YAML file that ``naavre-ext run`` takes; sources stand in it as they are written."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes texts of several lines as such."""

    def text(dumper: Any, value: str) -> Any:
        style = "|" if "\n" in value else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Dumper.add_representer(str, text)
    head = "# A naavre-ext workflow; run it with: naavre-ext run THIS_FILE\n"
    return head + str(
        yaml.dump(_short(workflow), Dumper=Dumper, sort_keys=False, allow_unicode=True, width=100)
    )


def _short(workflow: Workflow) -> dict[str, Any]:
    """The workflow's JSON without fields that say nothing."""
    data = workflow.to_json()
    needed = {"bundles", "splits"}
    for step in data["steps"]:
        for name in [
            n for n, v in step.items() if n not in needed and v in (None, "", [], {}, False)
        ]:
            del step[name]
        if step.get("cache") is True:
            del step["cache"]
    return {"version": data["version"], "name": data["name"], "parameters": data["parameters"],
            "steps": data["steps"], "edges": data["edges"]}  # fmt: skip


def read_workflow(text: str, path: str) -> NotebookFile:
    """The notebook that the steps of a workflow's file make, with the settings and the order that it asks for.

    Raises:
        RefusedError: with everything that is wrong, each with its line.
    """
    file = os.path.basename(path)
    root = read_yaml(text, file, CODE)
    data = _plain(text, file)
    wrong = list(_schema_errors(data, root, file)) or list(_wrong_order(data, root, file))
    steps = [] if wrong else data["steps"]
    settings = tuple(_settings(steps, root, file))
    wrong += [found for setting in settings if (found := wrong_value(CODE, setting)) is not None]
    if wrong:
        raise RefusedError(wrong[:_MOST_TOLD])
    edges = tuple(
        Edge(StepId(e["source"]), StepId(e["target"]), e["kind"], tuple(e["names"]))
        for e in data["edges"]
    )
    in_main = frozenset(StepId(s["id"]) for s in steps if s.get("placement") == "main")
    return replace(
        read_notebook(_notebook(steps), path),
        settings=settings,
        order=AskedOrder(edges, in_main),
        sources=_sources(steps, root, file),
    )


def _plain(text: str, file: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        place = Place(file, 1)
        raise RefusedError(
            [Diagnostic(CODE, "error", f"{place}: {str(error).splitlines()[0]}.")]
        ) from None


def _schema_errors(data: Any, root: Any, file: str) -> Iterator[Diagnostic]:
    import jsonschema

    schema = json.loads(
        resources.files("naavre_ext.model").joinpath("workflow.schema.json").read_text()
    )
    for error in jsonschema.Draft202012Validator(schema).iter_errors(data):
        unknown = [] if error.validator != "additionalProperties" else _unknown_names(error)
        where = Place(file, line_of(root, [*error.absolute_path, *unknown[:1]]))
        at = ".".join(str(part) for part in error.absolute_path)
        message = error.message if len(error.message) < 160 else error.message[:157] + "..."
        yield Diagnostic(CODE, "error", f"{where}: {at + ': ' if at else ''}{message}.")


def _unknown_names(error: Any) -> list[str]:
    """The names that the schema doesn't know, in the file's order."""
    return [name for name in error.instance if name not in error.schema.get("properties", {})]


def _wrong_order(data: Any, root: Any, file: str) -> Iterator[Diagnostic]:
    """Steps with one id, and edges that lead nowhere or back."""
    position: dict[str, int] = {}
    for number, step in enumerate(data["steps"]):
        if not _ID.fullmatch(step["id"]):
            where = Place(file, line_of(root, ["steps", number, "id"]))
            yield Diagnostic(
                CODE,
                "error",
                f"{where}: '{step['id']}' can't be a step's id.",
                "Use letters, digits, - and _.",
            )
        if position.setdefault(step["id"], number) != number:
            where = Place(file, line_of(root, ["steps", number, "id"]))
            yield Diagnostic(CODE, "error", f"{where}: there is a step '{step['id']}' already.")
    for number, edge in enumerate(data["edges"]):
        for end in ("source", "target"):
            if edge[end] not in position:
                where = Place(file, line_of(root, ["edges", number, end]))
                yield Diagnostic(CODE, "error", f"{where}: there is no step '{edge[end]}'.")
        if position.get(edge["source"], -1) >= position.get(edge["target"], len(position)):
            where = Place(file, line_of(root, ["edges", number]))
            text = f"'{edge['target']}' comes before '{edge['source']}', so it can't wait for it."
            yield Diagnostic(
                CODE, "error", f"{where}: {text}", "Steps stand in the order of the notebook."
            )


def _sources(steps: Sequence[Mapping[str, Any]], root: Any, file: str) -> dict[CellId, SourcePlace]:
    """Where the steps' sources begin: below the ``|``, or where the text is."""
    nodes = dict(pairs(root))["steps"].value
    found = {}
    for step, node in zip(steps, nodes, strict=True):
        text = dict(pairs(node))["source"]
        by_line = text.style == "|"
        line = text.start_mark.line + (2 if by_line else 1)
        found[CellId(step["id"])] = SourcePlace(Place(file, line), by_line)
    return found


def _notebook(steps: Sequence[Mapping[str, Any]]) -> Any:
    cells = []
    for step in steps:
        cell = nbformat.v4.new_code_cell(step["source"])
        cell.id = step["id"]
        if step.get("raises_exception"):
            cell.metadata["tags"] = ["raises-exception"]
        cells.append(cell)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


def _settings(steps: Sequence[Mapping[str, Any]], root: Any, file: str) -> Iterator[Setting]:
    for number, step in enumerate(steps):
        for field, key in (
            ("resources", "resources"), ("concurrency", "concurrency"), ("retries", "retries"),
            ("timeout_s", "timeout"), ("group", "group"), ("replicas", "replicas"), ("image", "image"),
        ):  # fmt: skip
            value = step.get(field)
            if value in (None, {}):
                continue
            text = (
                ", ".join(f"{n}={v}" for n, v in value.items())
                if isinstance(value, Mapping)
                else str(value)
            )
            yield Setting(
                step["id"], key, text, Place(file, line_of(root, ["steps", number, field]))
            )
        if step.get("cache") is False:
            yield Setting(
                step["id"], "cache", "off", Place(file, line_of(root, ["steps", number, "cache"]))
            )
        batches = {split["batches"] for split in step.get("splits", ()) if "batches" in split}
        if len(batches) == 1 and batches != {"auto"}:
            where = Place(file, line_of(root, ["steps", number, "splits"]))
            yield Setting(step["id"], "batches", str(batches.pop()), where)

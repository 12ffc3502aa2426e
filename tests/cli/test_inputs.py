from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import click
import nbformat
import pytest

from naavre_ext.cli.inputs import collect_parameters, collect_secrets, duration, read_source
from naavre_ext.cli.run import default_output
from naavre_ext.cli.run_options import How, run_options
from naavre_ext.environment import merge_options, ray_address
from naavre_ext.model.diagnostic import RefusedError
from naavre_ext.model.run import RunOptions


def test_parameters_override_one_another_as_in_papermill(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text("a: 1\nb: 1\nc: 1\nd: 1\n")
    values = collect_parameters(
        parameters_base64=(base64.b64encode(b"{a: 0, e: [0]}").decode(),),
        parameters_file=(str(file),),
        parameters_yaml=("{b: 2, c: 2, d: 2}",),
        parameters=(("c", "3"), ("d", "3")),
        parameters_raw=(("d", "4"),),
    )
    assert values == {"a": 1, "b": 2, "c": 3, "d": "4", "e": [0]}


@pytest.mark.parametrize(
    "given",
    [
        {"parameters": (("secret_key", "x"),)},
        {"parameters_raw": (("secret_key", "x"),)},
        {"parameters_yaml": ("secret_key: x",)},
        {"parameters_base64": (base64.b64encode(b"secret_key: x").decode(),)},
    ],
)
def test_secrets_on_the_command_line_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(click.UsageError, match="NAAVRE_SECRET_KEY"):
        collect_parameters(**given)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"parameters_file": ("no/such.yaml",)}, click.UsageError),
        ({"parameters_base64": ("!",)}, click.UsageError),
        ({"parameters_yaml": ("- a list",)}, RefusedError),
    ],
)
def test_unreadable_parameters_are_refused(given: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        collect_parameters(**given)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("10m", 600), ("1h30m", 5400), ("0.5", 0.5)]
)
def test_durations(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-1", "0", "nan", "10 parsecs"])
def test_bad_durations_are_usage_errors(text: str) -> None:
    with pytest.raises(click.BadParameter):
        duration(text)


@pytest.mark.parametrize(
    ("notebook", "output"),
    [
        ("a.ipynb", "a.out.ipynb"),
        ("dir/a.ipynb", "dir/a.out.ipynb"),
        ("plain", "plain.out.ipynb"),
        ("-", "-"),
    ],
)
def test_default_output_is_beside_the_notebook(notebook: str, output: str) -> None:
    assert default_output(notebook) == output


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_standard_input_without_a_notebook_is_a_usage_error(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    with pytest.raises(click.UsageError):
        read_source("-")


@pytest.fixture
def notebook() -> dict[str, Any]:
    cells = [nbformat.v4.new_code_cell("secret_key = ''\nsecret_other = ''\nparam_x = 1")]
    node = nbformat.v4.new_notebook(cells=cells)
    return dict(json.loads(nbformat.writes(node)))


@pytest.mark.parametrize("variable", ["NAAVRE_SECRET_KEY", "secret_key", "SECRET_KEY"])
def test_secrets_come_from_the_environment(
    variable: str, notebook: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    monkeypatch.setenv(variable, "hush")
    assert collect_secrets(notebook, {}) == ({"secret_key": "hush"}, ["secret_other"])


def test_secrets_of_a_parameter_file_are_no_parameters(
    notebook: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    values = {"secret_key": "hush", "param_x": 2}
    assert collect_secrets(notebook, values)[0] == {"secret_key": "hush"}
    assert values == {"param_x": 2}


def test_secrets_are_asked_for_on_a_terminal(
    notebook: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    answers = {"secret_key": "hush", "secret_other": ""}
    monkeypatch.setattr("getpass.getpass", lambda prompt: answers[prompt.split()[0]])
    assert collect_secrets(notebook, {}) == ({"secret_key": "hush"}, ["secret_other"])


def test_options_rise_from_metadata_over_environment_to_the_caller() -> None:
    metadata = {"executor": "local", "address": "m:1", "max_parallelism": 1, "store": "m"}
    environ = {"RAY_ADDRESS": "r:1", "NAAVRE_MAX_PARALLELISM": "2", "NAAVRE_STORE": "e"}
    assert merge_options(metadata, environ, {"store": "g", "resident": None}) == {
        "executor": "local",
        "address": "r:1",
        "max_parallelism": 2,
        "store": "g",
    }


def test_naavre_address_goes_before_ray_address() -> None:
    environ = {"RAY_ADDRESS": "r:1", "NAAVRE_ADDRESS": "n:1"}
    assert merge_options(None, environ, {})["address"] == ray_address(environ) == "n:1"


@pytest.mark.parametrize(
    ("metadata", "environ", "given", "message"),
    [
        ({"exeutor": "ray"}, {}, {}, r"'exeutor' in the notebook's metadata.*unknown.*executor"),
        ({"executor": "dask"}, {}, {}, r"takes 'ray' or 'local', not 'dask'"),
        ("ray", {}, {}, r"must be a mapping"),
        ({}, {"NAAVRE_RESIDENT": "maybe"}, {}, r"NAAVRE_RESIDENT takes true or false"),
        ({}, {"NAAVRE_MAX_PARALLELISM": "0"}, {}, r"a whole number from 1"),
        ({}, {}, {"max_parallelism": 1.5}, r"engine option 'max_parallelism'.*not 1.5"),
        ({}, {}, {"max_parallelism": True}, r"a whole number from 1"),
        ({}, {}, {"iopub_timeout": 4}, r"engine option 'iopub_timeout' is unknown"),
    ],
)
def test_bad_options_are_named(
    metadata: Any, environ: dict[str, str], given: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        merge_options(metadata, environ, given)


@pytest.mark.parametrize("text", ["off", "OFF"])
def test_guards_and_eager_reach_the_run(text: str) -> None:
    seen: list[RunOptions] = []

    @click.command()
    @run_options
    def command(**given: Any) -> None:
        seen.append(How(**given).options({}))

    command(["--guards", text, "--eager"], standalone_mode=False)
    command([], standalone_mode=False)
    assert [(o.guards, o.eager) for o in seen] == [(False, True), (True, False)]
    environ = {"NAAVRE_GUARDS": "off", "NAAVRE_EAGER": "1"}
    assert merge_options({"eager": False}, environ, {}) == {"guards": False, "eager": True}

from __future__ import annotations

import json
import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from workflow_samples import HOSTILE, HOSTILE_TITLE, PIPELINE, WORKFLOWS, edge, loop, step, wf

from naavre_ext.exporters import RENDERERS, render_json, render_mermaid, render_svg, render_text
from naavre_ext.exporters.mermaid import escape_label
from naavre_ext.model.workflow import Workflow

EXTENSIONS = {"text": "txt", "json": "json", "mermaid": "mmd", "svg": "svg"}
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("format_name", RENDERERS)
@pytest.mark.parametrize("name", ["pipeline", "hostile"])
def test_rendering_matches_the_golden_file(
    name: str, format_name: str, golden: Callable[[str, str], None]
) -> None:
    text = RENDERERS[format_name](WORKFLOWS[name])
    golden(f"exporters/{name}.{EXTENSIONS[format_name]}", text)


def test_json_reads_back_as_the_same_workflow() -> None:
    assert Workflow.from_json(json.loads(render_json(PIPELINE))) == PIPELINE


@pytest.mark.parametrize("name", WORKFLOWS)
def test_text_has_every_step_and_what_it_waits_for(name: str) -> None:
    workflow = WORKFLOWS[name]
    text = render_text(workflow)
    assert len(re.findall(r"^ +\d+\. cell ", text, re.M)) == len(workflow.steps)
    assert text.count("     after   ") == len(workflow.edges)


def test_no_format_shows_a_secret_value() -> None:
    for render in RENDERERS.values():
        assert "secret_key = " not in render(PIPELINE)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_mermaid_lines_have_only_known_forms(name: str) -> None:
    label = r'"[^"\[\]{}()|<>`]*"'
    node = rf"s\d+(_\d+\w+)?(\[{label}\]|\[/{label}\\\]|\[\\{label}/\]):::(main|any|split)"
    arrow = rf"s\d+(_\d+out)? (-->|-\.->)(\|{label}\|)? s\d+(_\d+in)?"
    chain = r"s\d+_\d+\w+ --> s\d+_\d+\w+( --> s\d+_\d+\w+)?"
    box = rf"subgraph s\d+\[{label}\]|direction LR|end|classDef \w+ [\w:#,]+"
    first, *lines = render_mermaid(WORKFLOWS[name]).splitlines()
    assert first == "flowchart LR"
    for line in lines:
        assert re.fullmatch(f"({node})|({arrow})|({chain})|({box})", line.strip()), line


def test_mermaid_draws_a_split_as_splitter_batches_merger() -> None:
    text = render_mermaid(PIPELINE)
    assert '[/"split items"\\]' in text
    assert '["process batches ×5"]' in text
    assert '[\\"merge results"/]' in text
    assert 's3 -->|"model"| s4_0in' in text
    assert 's4_0out -->|"results"| s5' in text


def test_mermaid_label_shows_the_text_as_written() -> None:
    shown = re.sub(r"#(\d+);", lambda m: chr(int(m[1])), escape_label(HOSTILE_TITLE))
    written = HOSTILE_TITLE.replace("\x1b", "")
    assert shown.replace("#quot;", '"') == written.replace("#quot;", '"')


def test_arrows_that_only_order_are_left_out_when_a_path_says_the_same() -> None:
    barrier = [edge(n, 4, kind="opaque") for n in (1, 2, 3)]
    workflow = wf(
        "b", [step(n) for n in (1, 2, 3, 4)], [edge(1, 2, "a"), edge(2, 3, "b"), *barrier]
    )
    assert render_mermaid(workflow).count(".->") == 1


@pytest.mark.parametrize("name", WORKFLOWS)
def test_svg_is_accessible_xml_with_a_box_for_each_step(name: str) -> None:
    workflow = WORKFLOWS[name]
    root = ElementTree.fromstring(render_svg(workflow))
    assert root.get("role") == "img"
    title = root.find(f"{SVG}title")
    assert title is not None
    assert title.text is not None
    assert " ".join(workflow.name.split()) in title.text
    groups = [g for g in root.iter(f"{SVG}g") if g.find(f"{SVG}title") is not None]
    assert len(groups) == len(workflow.steps)
    assert not list(root.iter(f"{SVG}script"))


def test_svg_has_no_address_of_anything_outside() -> None:
    text = render_svg(HOSTILE).replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|@import|href|url\((?!#)", text)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_svg_boxes_lie_inside_the_picture_and_apart(name: str) -> None:
    root = ElementTree.fromstring(render_svg(WORKFLOWS[name]))
    boxes = []
    for group in root.iter(f"{SVG}g"):
        if group.find(f"{SVG}title") is not None:
            x, y, w, h = (
                float(group.findall(f"{SVG}rect")[-1].get(key, "nan"))
                for key in ("x", "y", "width", "height")
            )
            boxes.append((x, y, x + w, y + h))
    for left, top, right, bottom in boxes:
        assert left >= 0
        assert top >= 0
        assert right <= float(root.get("width", 0))
        assert bottom <= float(root.get("height", 0))
    for index, a in enumerate(boxes):
        for b in boxes[index + 1 :]:
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


def test_three_hundred_steps_are_drawn() -> None:
    steps = [step(n, splits=(loop(),) if n % 7 == 0 else ()) for n in range(300)]
    edges = [edge(n, n + d, f"x{n}") for n in range(300) for d in (1, 5, 40) if n + d < 300]
    assert render_svg(wf("big", steps, edges)).count('class="main"') > 200

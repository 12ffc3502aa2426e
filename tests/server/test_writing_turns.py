"""One page at a time writes a run's outputs into a notebook that several have open."""

from __future__ import annotations

import json

import pytest
from tornado.httpclient import HTTPClientError

from naavre_ext.server.writing_turns import WritingTurns

RUN = "20260102-030405-abcd"
FIRST = {"turn": True, "handed_over": False}
NEXT = {"turn": True, "handed_over": True}
WRITTEN = {"written": True}


class Page:
    def __init__(self, turns, document="d"):
        self.turns, self.place, self.heard = turns, (RUN, document), []

    def tell(self, message):
        self.heard.append(message)

    def __getattr__(self, name):
        return lambda: getattr(self.turns, name)(self.place, self.tell)


@pytest.mark.parametrize(
    ("done", "heard"),
    [
        # what the pages a, b, c do, one after the other → what each has heard
        ("join a, join b, join c", ([FIRST], [], [])),
        ("join a, join b, leave a", ([FIRST], [NEXT], [])),
        ("join a, join b, join c, leave b, leave a", ([FIRST], [], [NEXT])),
        ("join a, join b, leave a, leave b, join c", ([FIRST], [NEXT], [FIRST])),
        ("join a, join b, join c, finish a, leave a", ([FIRST], [WRITTEN], [WRITTEN])),
        ("join a, join b, finish b, leave a", ([FIRST], [NEXT], [])),
        ("join a, join b, finish a, leave b, leave a, join c", ([FIRST], [WRITTEN], [FIRST])),
    ],
)
def test_the_page_that_came_first_has_the_turn(done, heard):
    turns = WritingTurns()
    pages = {name: Page(turns) for name in "abc"}
    for step in done.split(", "):
        what, name = step.split()
        getattr(pages[name], what)()
    assert tuple(page.heard for page in pages.values()) == heard


def test_documents_have_turns_of_their_own():
    turns = WritingTurns()
    pages = [Page(turns, "d"), Page(turns, "e")]
    for page in pages:
        page.join()
    assert [page.heard for page in pages] == [[FIRST], [FIRST]]


@pytest.fixture
def line_up(open_socket):
    async def wait_for_turns(document):
        place = ("naavre-ext", "runs", RUN, "turn", "socket")
        return await open_socket(*place, params={"document": document})

    return wait_for_turns


async def test_turns_over_websockets(line_up):
    a, b, c = [await line_up("d") for _ in range(3)]
    assert json.loads(await a.read_message()) == FIRST
    a.close()
    assert json.loads(await b.read_message()) == NEXT
    await b.write_message("written")
    assert json.loads(await c.read_message()) == WRITTEN


@pytest.mark.parametrize("document", ["", "x" * 201])
async def test_a_document_needs_an_id(line_up, document):
    with pytest.raises(HTTPClientError, match="400"):
        await line_up(document)

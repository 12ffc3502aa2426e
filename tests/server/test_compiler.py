"""The compiler's process, and what the server's own never imports."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys

import pytest
from documents import document

from naavre_ext.server import compiler
from naavre_ext.server.compiler import Abandoned, Compiler
from naavre_ext.server.errors import RequestError

pytestmark = pytest.mark.slow


async def _compiled(process: Compiler, *sources: str) -> dict:
    return await process.ask("compile", notebook=document(*sources))


async def test_a_process_that_died_is_started_anew():
    process = Compiler()
    await _compiled(process, "x = 1")
    killed = process._process
    os.kill(killed.pid, signal.SIGKILL)
    await killed.wait()
    assert (await _compiled(process, "x = 1"))["workflow"] is not None
    await process.close()


async def test_a_notebook_that_is_too_much_for_it_hurts_nobody():
    process = Compiler()
    (answer,) = await asyncio.gather(
        _compiled(process, "x = " + "-" * 200_000 + "1"), return_exceptions=True
    )
    if isinstance(answer, BaseException):  # it depends on Python's version
        assert getattr(answer, "status_code", None) == 500
    else:
        assert answer["diagnostics"]
    assert (await _compiled(process, "x = 1"))["workflow"] is not None
    await process.close()


async def test_one_that_takes_too_long_is_ended(monkeypatch):
    process = Compiler()
    await process.start()
    stuck = process._process
    os.kill(stuck.pid, signal.SIGSTOP)
    monkeypatch.setattr(compiler, "_ANSWER_TIMEOUT_S", 0.1)
    with pytest.raises(RequestError) as caught:
        await _compiled(process, "x = 1")
    assert caught.value.status_code == 503
    assert stuck.returncode is not None
    await process.close()


async def test_what_nobody_waits_for_is_skipped():
    process = Compiler()
    wanted = True
    first = asyncio.create_task(_compiled(process, "x = 1"))
    stale = process.ask("compile", is_wanted=lambda: wanted, notebook=document("x = 2"))
    second = asyncio.create_task(stale)
    wanted = False
    assert (await first)["workflow"] is not None
    with pytest.raises(Abandoned):
        await second
    await process.close()


async def test_its_end_leaves_no_process():
    process = Compiler()
    await process.start()
    pid = process._process.pid
    await process.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_servers_process_imports_nothing_that_runs_or_plans():
    script = """
import sys, naavre_ext.server.app
heavy = {"ray", "papermill", "cloudpickle", "naavre_ext.api", "naavre_ext.planning.planner"}
heavy |= {"naavre_ext.executors", "naavre_ext.dataflow"}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"

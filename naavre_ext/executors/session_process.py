"""What a running cell needs of its whole process, and putting it back afterwards."""

from __future__ import annotations

import asyncio
import builtins
import functools
import getpass
import operator
import os
import signal
import sys
import threading
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import comm
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display

from naavre_ext.executors.session_widgets import CellComm

_ABSENT = object()

#: Attributes of modules that a shell changes when it is made or while a cell runs.
_WATCHED: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (sys, ("stdin", "stdout", "stderr", "displayhook", "excepthook", "ps1", "ps2", "ps3")),
    (
        builtins,
        ("display", "get_ipython", "__IPYTHON__", "exit", "quit", "input", "_", "__builtin__"),
    ),
    (getpass, ("getpass",)),
    (comm, ("create_comm",)),
)


@contextmanager
def process_restored() -> Iterator[None]:
    """Puts back what :data:`_WATCHED` names, ``__main__``, and which shell is the process's own."""
    saved = [
        (owner, name, vars(owner).get(name, _ABSENT)) for owner, names in _WATCHED for name in names
    ]
    main = sys.modules.get("__main__")
    shells = {cls: cls.__dict__.get("_instance", _ABSENT) for cls in _shell_classes()}
    try:
        yield
    finally:
        for cls, shell in shells.items():
            _put(cls, "_instance", shell)
        if main is not None:
            sys.modules["__main__"] = main
        for owner, name, value in saved:
            _put(owner, name, value)


def take_process(shell: Any, module: types.ModuleType, streams: Mapping[str, Any]) -> None:
    """Makes ``shell`` the process's own, and ``module`` its ``__main__``."""
    become_shell(shell)
    sys.modules["__main__"] = module
    for name, stream in streams.items():
        setattr(sys, name, stream)
    builtins.__dict__["input"] = shell.kernel.raw_input
    getpass.getpass = shell.kernel.getpass


def become_shell(shell: Any) -> None:
    """Makes ``shell`` the one that libraries find when they ask for the process's own."""
    for cls in type(shell)._walk_mro():
        cls._instance = shell
    builtins.__dict__["__IPYTHON__"] = True
    builtins.__dict__["display"] = display
    comm.create_comm = CellComm


def _shell_classes() -> list[type]:
    """All classes that may hold the process's own shell."""
    waiting, found = [InteractiveShell], []
    while waiting:
        cls = waiting.pop()
        found.append(cls)
        waiting += cls.__subclasses__()
    return found


def _put(owner: Any, name: str, value: Any) -> None:
    if value is not _ABSENT:
        setattr(owner, name, value)
    elif name in vars(owner):
        delattr(owner, name)


@contextmanager
def own_event_loop() -> Iterator[None]:
    """Lets another event loop run in this thread, even where one is running already."""
    outer = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(outer)


@contextmanager
def as_running(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Code of the block finds ``loop`` running, as the code of a kernel's cell finds the kernel's.

    What it starts as a task runs when the loop really runs again.
    """
    asyncio._set_running_loop(loop)
    vars(loop)["_thread_id"] = threading.get_ident()
    try:
        yield
    finally:
        vars(loop)["_thread_id"] = None
        asyncio._set_running_loop(None)


def has_waiting_tasks(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether something was started on ``loop`` that hasn't ended."""
    return bool(asyncio.all_tasks(loop))


@contextmanager
def interruptible() -> Iterator[None]:
    """In the main thread, makes SIGINT a KeyboardInterrupt as in a kernel, though Ray's processes block it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    blocked = signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        signal.signal(signal.SIGINT, previous if previous is not None else signal.SIG_DFL)


@contextmanager
def cancelling(loop: asyncio.AbstractEventLoop, task: asyncio.Future[Any]) -> Iterator[None]:
    """In the main thread, makes SIGINT cancel ``task``, as a kernel does while a cell awaits."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def cancel(*_: object) -> None:
        loop.call_soon_threadsafe(task.cancel)

    previous = signal.signal(signal.SIGINT, cancel)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous if previous is not None else signal.SIG_DFL)


def interrupt_thread(thread_id: int) -> None:
    """Raises KeyboardInterrupt there: in the main thread at once, else at the next bytecode."""
    main_id = threading.main_thread().ident
    if thread_id == main_id and hasattr(signal, "pthread_kill"):
        signal.pthread_kill(main_id, signal.SIGINT)
        return
    import ctypes

    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread_id), ctypes.py_object(KeyboardInterrupt)
    )


#: A worker may come to load more of it at any time, and must find it again.
_OURS = __name__.partition(".")[0]
_OF_PYTHON = os.path.join(os.path.realpath(os.path.dirname(os.__file__)), "")
#: Loaded modules that are known to be of libraries: there are a thousand and more.
_of_libraries: dict[str, types.ModuleType] = {}


#: Where modules were last looked for in vain, and what was loaded then.
_in_vain: tuple[Any, frozenset[str], dict[str, types.ModuleType]] = ((), frozenset(), {})


def forget_modules_in(folders: tuple[str, ...], keep: frozenset[str]) -> None:
    """Drops modules of ``folders``, except ``keep``, so that the next import reads them anew."""
    global _in_vain
    _in_vain = (), frozenset(), {}  # it would keep modules alive
    for name in _modules_in(folders, keep, sys.modules.copy()):
        del sys.modules[name]


def modules_in(folders: tuple[str, ...], keep: frozenset[str]) -> dict[str, types.ModuleType]:
    """The loaded modules of ``folders`` by name, except ``keep`` and those of this package."""
    global _in_vain
    loaded = sys.modules.copy()
    # They are looked for before and after each batch, when hardly ever something was loaded.
    if folders == _in_vain[0] and keep is _in_vain[1] and _are_same(loaded, _in_vain[2]):
        return {}
    found = _modules_in(folders, keep, loaded)
    _in_vain = ((), keep, {}) if found else (folders, keep, loaded)
    return found


def _are_same(one: dict[str, types.ModuleType], other: dict[str, types.ModuleType]) -> bool:
    """Whether the same objects have the same names, in the same order; none is asked whether it equals another."""
    is_same = len(one) == len(other) and all(map(operator.is_, one.values(), other.values()))
    return is_same and all(map(operator.is_, one, other))


def _modules_in(
    folders: tuple[str, ...], keep: frozenset[str], loaded: dict[str, types.ModuleType]
) -> dict[str, types.ModuleType]:
    roots = tuple(os.path.join(os.path.realpath(folder), "") for folder in folders if folder)
    found: dict[str, types.ModuleType] = {}
    known = _of_libraries.get
    for name in [n for n, module in loaded.items() if n not in keep and known(n) is not module]:
        module = loaded[name]
        path = getattr(module, "__file__", None)
        # Python's paths are whole; libraries that make modules give them others.
        is_file = isinstance(path, str) and os.path.isabs(path)
        if not is_file or name.partition(".")[0] == _OURS:
            continue
        own = _own_path(path)
        if own.startswith(roots):
            found[name] = module
        elif not own:
            _of_libraries[name] = module
    return found


def forget_notebook_bars() -> None:
    """Has tqdm look again for a notebook when a cell imports it: Ray imports it where there is none."""
    for name in ("auto", "autonotebook"):
        if sys.modules.pop(f"tqdm.{name}", None) is not None:
            vars(sys.modules["tqdm"]).pop(name, None)


@functools.cache
def _own_path(path: str) -> str:
    """Where the file really is; "" for one of a library, which may be below the notebook's folder."""
    real = os.path.realpath(path)
    is_installed = "site-packages" in real or "dist-packages" in real
    return "" if is_installed or real.startswith(_OF_PYTHON) else real


def forget_plots(pyplot: Any) -> None:
    """Close all figures, and have IPython's ``%run`` know of no plotting before it, for which it draws."""
    pyplot.close("all")
    draw = pyplot.draw_if_interactive
    if getattr(draw, "called", False):
        draw.called = False


@contextmanager
def figures_left_open() -> Iterator[None]:
    """Code that ends in the block doesn't show, and close, the figures that an outer cell is drawing."""
    backend = sys.modules.get("matplotlib_inline.backend_inline")
    if backend is None:
        yield
        return
    drawn, backend.show._draw_called = backend.show._draw_called, False
    try:
        yield
    finally:
        backend.show._draw_called = backend.show._draw_called or drawn


def when_loaded(name: str, act: Callable[[Any], None]) -> None:
    """Calls ``act`` with module ``name`` if the process has loaded it."""
    module = sys.modules.get(name)
    if module is not None:
        act(module)

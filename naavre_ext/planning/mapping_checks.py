"""Whether the calls around and in a loop are those of the libraries that they look like, with known options."""

from __future__ import annotations

import ast
from collections.abc import Hashable, Iterator

from naavre_ext.dataflow import shapes
from naavre_ext.dataflow.environment import Environment
from naavre_ext.dataflow.graph import NotebookDataflow
from naavre_ext.dataflow.region import Region
from naavre_ext.dataflow.walking import walk
from naavre_ext.planning.bindings import may_show, names_of
from naavre_ext.planning.loops import Loop
from naavre_ext.planning.mapping_calls import (
    BESIDE,
    MAP,
    PARALLEL,
    POOLS,
    MappingCall,
    called,
    unknown_options,
)
from naavre_ext.planning.refusal import LoopRefused

_FUTURES = "concurrent.futures"
_PATHS = {
    "ThreadPoolExecutor": (f"{_FUTURES}.ThreadPoolExecutor", f"{_FUTURES}.thread.ThreadPoolExecutor"),
    "ProcessPoolExecutor": (f"{_FUTURES}.ProcessPoolExecutor", f"{_FUTURES}.process.ProcessPoolExecutor"),
    "Pool": ("multiprocessing.Pool", "multiprocessing.pool.Pool"),
    "ThreadPool": ("multiprocessing.pool.ThreadPool",),
    PARALLEL: ("joblib.Parallel", "joblib.parallel.Parallel"),
}  # fmt: skip
#: Options of ``Parallel`` that only say how the work is divided, and values of others that change nothing.
_JOBLIB_OPTIONS = frozenset(
    {"n_jobs", "batch_size", "pre_dispatch", "temp_folder", "max_nbytes", "mmap_mode"}
)
_JOBLIB_VALUES = {
    "verbose": (0, False, None),
    "backend": (None, "loky", "multiprocessing", "threading"),
    "prefer": (None, "processes", "threads"),
    "require": (None,),
    "return_as": ("list",),
    "timeout": (None,),
}
_POOL_OPTIONS = frozenset(
    {"max_workers", "processes", "mp_context", "thread_name_prefix", "maxtasksperchild"}
)
_HANDS_OUT = frozenset({"submit", "apply_async"})
#: Kinds of values that give the same items each time they are asked for them.
_AGAIN = frozenset({"list", "tuple", "dict", "set", "str", "range", "array", "frame"})
_COUNTS = frozenset({"cpu_count", "len", "min", "max", "int"})


def check_managers(loop: Loop, notebook: NotebookDataflow) -> None:
    """Refuse a loop in a ``with`` that may do something else than show a progress bar or keep workers."""
    for call in loop.managers:
        path = imported_path(call.func, notebook.environment)
        if path is not None and path.split(".")[0] == "tqdm":
            continue
        if path is None or path not in _PATHS.get(called(call), ()):
            raise LoopRefused(
                loop.node.lineno,
                f"'{ast.unparse(call.func)}' in the 'with' around it isn't known",
                "Put the loop outside the 'with'.",
            )
        _check_maker(call, notebook)


def check_futures(loop: Loop, notebook: NotebookDataflow) -> None:
    """Refuse a loop that hands its calls to other workers one by one, or takes results as they are done."""
    if not notebook.environment.imports("concurrent", "multiprocessing"):
        return
    remedy = "Write list({}.map({}, items)), or [{}(item) for item in items]: both are split."
    for node in walk(loop.node):
        function = node.func if isinstance(node, ast.Call) else None
        if not isinstance(node, ast.Call) or not isinstance(function, ast.Attribute):
            continue
        if function.attr in _HANDS_OUT and isinstance(function.value, ast.Name) and node.args:
            pool, applied = function.value.id, ast.unparse(node.args[0])
            raise LoopRefused(
                node.lineno,
                f"'{pool}.{function.attr}' hands each call to workers of its own",
                remedy.format(pool, applied, applied),
            )
    if isinstance(loop.iterable, ast.Call) and called(loop.iterable) == "as_completed":
        raise LoopRefused(
            loop.node.lineno,
            "as_completed() gives what is done first, in another order each time",
            "Write 'for item, result in zip(items, pool.map(f, items)):', which is split.",
        )


def check_mapping(loop: Loop, notebook: NotebookDataflow, position: int) -> None:
    """Refuse a call that applies a function to items in another way than a loop would."""
    mapping = loop.mapping
    if mapping is None:
        return
    line = loop.node.lineno
    written = mapping.original.iter if isinstance(mapping.original, ast.For) else mapping.original
    names = {MAP, *BESIDE} & {n.id for n in walk(written) if isinstance(n, ast.Name)}
    names |= {"zip"} if len(mapping.call.args) > 2 else set()
    names |= {"zip", "list"} if mapping.beside else set()
    for name in sorted(names):
        if notebook.environment.lookup(name):
            raise LoopRefused(line, f"'{name}' isn't Python's own function here", "Write a loop.")
    if mapping.beside:
        _check_columns(loop, notebook, position)
    if mapping.kind == PARALLEL:
        made = mapping.call.args[0]
        assert isinstance(made, (ast.GeneratorExp, ast.ListComp))
        assert isinstance(made.elt, ast.Call)
        assert isinstance(made.elt.func, ast.Call)
        delayed = imported_path(made.elt.func.func, notebook.environment)
        if delayed not in ("joblib.delayed", "joblib.parallel.delayed"):
            raise LoopRefused(line, "'delayed' isn't joblib's", "Write a loop.")
    for option in unknown_options(mapping):
        raise LoopRefused(
            line,
            f"its option '{option}' changes what the call means",
            f"Leave '{option}' out, or write a loop.",
        )
    if mapping.maker is not None:
        _check_maker(mapping.maker, notebook)
    if not _ends_with_items(mapping, written) and _may_show(mapping, notebook):
        raise LoopRefused(
            line,
            "'zip' may end before the items do, for all of which the function runs and may show something",
            f"Put {ast.unparse(mapping.call.args[1])} beside the results, or show nothing in the function.",
        )


def _ends_with_items(mapping: MappingCall, written: ast.expr) -> bool:
    """Whether all that is put beside the results surely has as many items, as it is the items themselves."""
    zips = [part for part in walk(written) if isinstance(part, ast.Call) and called(part) == "zip"]
    around = [call for call in zips if any(part is mapping.call for part in walk(call))]
    items = {ast.unparse(argument) for argument in mapping.call.args[1:]}
    beside = [
        a for call in around for a in call.args if all(p is not mapping.call for p in walk(a))
    ]
    return all(ast.unparse(argument) in items and len(items) == 1 for argument in beside)


def _may_show(mapping: MappingCall, notebook: NotebookDataflow) -> bool:
    """Whether the function, or one that it calls, may print, or does what can't be seen."""
    applied = ast.Call(mapping.function, [ast.Constant(None)], [])
    facts = notebook.region(
        [ast.fix_missing_locations(ast.copy_location(ast.Expr(applied), mapping.call))]
    )
    nodes = [b.node for name in facts.reads for b in notebook.environment.lookup(name) if b.node]
    return bool(facts.effects) or any(map(may_show, [mapping.function, *nodes]))


def _check_columns(loop: Loop, notebook: NotebookDataflow, position: int) -> None:
    """Refuse ``zip(g, pool.map(f, g))`` of one iterator: the pool takes all of it before ``zip`` takes any."""
    graph = notebook.aliases_until(position)
    taken: set[Hashable] = set()
    for column in _columns(loop.iterable):
        shape = Region(notebook.environment, notebook.summaries).visit(column).shape
        if shapes.head(shape) in _AGAIN:
            continue
        reached = graph.reach(notebook.node(position, name) for name in names_of(column))
        if reached & taken:
            raise LoopRefused(
                loop.node.lineno,
                f"'{ast.unparse(column)}' may be an iterator that the pool has taken everything from before",
                "Make a list of it before.",
            )
        taken |= reached


def _columns(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.Call) and called(node) in BESIDE:
        for argument in node.args if called(node) == "zip" else node.args[:1]:
            yield from _columns(argument)
    else:
        yield node


def _check_maker(maker: ast.Call, notebook: NotebookDataflow) -> None:
    name = called(maker)
    if imported_path(maker.func, notebook.environment) not in _PATHS[name]:
        library = "joblib" if name == PARALLEL else "Python"
        raise LoopRefused(maker.lineno, f"'{name}' isn't {library}'s", "Write a loop.")
    for keyword in maker.keywords:
        if not _is_harmless(keyword, name):
            option = ast.unparse(keyword).strip()
            raise LoopRefused(
                maker.lineno,
                f"'{name}({option})' means more than how the work is divided",
                f"Leave '{keyword.arg}' out, or write a loop.",
            )
    counts = [*maker.args, *[keyword.value for keyword in maker.keywords]]
    for node in (part for value in counts for part in walk(value)):
        if isinstance(node, ast.Call) and called(node) not in _COUNTS:
            raise LoopRefused(
                maker.lineno,
                f"'{ast.unparse(node)}' would not be called",
                "Call it before, and give its result.",
            )
    if len(maker.args) > 1:
        raise LoopRefused(maker.lineno, f"'{name}' has options by position", "Name its options.")


def _is_harmless(option: ast.keyword, maker: str) -> bool:
    if option.arg is None:
        return False
    if maker in POOLS:
        return option.arg in _POOL_OPTIONS
    if option.arg in _JOBLIB_OPTIONS:
        return True
    constant = isinstance(option.value, ast.Constant)
    return constant and option.value.value in _JOBLIB_VALUES.get(option.arg, ())  # type: ignore[attr-defined]


def imported_path(function: ast.expr, environment: Environment) -> str | None:
    """The dotted path of an imported function or class; None where it may be something else."""
    names: list[str] = []
    while isinstance(function, ast.Attribute):
        names.append(function.attr)
        function = function.value
    bound = environment.lookup(function.id) if isinstance(function, ast.Name) else ()
    if not bound or any(b.role != "import" for b in bound) or len({b.path for b in bound}) > 1:
        return None
    return ".".join([bound[0].path, *reversed(names)])

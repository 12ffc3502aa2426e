"""Which functions marked ``# task`` may run as tasks of their own, and why the others run in their callers."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

from naavre_ext.dataflow.aliases import AliasGraph, share
from naavre_ext.dataflow.expressions import argument_names
from naavre_ext.dataflow.function_syntax import is_generator
from naavre_ext.dataflow.graph import NotebookDataflow
from naavre_ext.dataflow.recorder import is_provided
from naavre_ext.dataflow.summary import Summary
from naavre_ext.dataflow.walking import children, walk
from naavre_ext.model.annotation import TaskAnnotation
from naavre_ext.model.dataflow import Effect
from naavre_ext.model.workflow import TaskFunction
from naavre_ext.planning.bindings import may_show
from naavre_ext.planning.patched_modules import check_modules
from naavre_ext.planning.refusal import LoopRefused, Refusal
from naavre_ext.planning.renamed_axes import check_result_axes
from naavre_ext.planning.shared_objects import check_plain

#: What a task must not do, and what to do instead.
_REMEDIES = {
    "opaque": "Use the variables by name.",
    "star-import": "Import by name, in a cell.",
    "history": "Use a name of your own.",
    "monkeypatch": "Use a function of your own.",
    "settings": "Change settings in a cell, before the calls.",
    "figure": "Return the values, and draw them where the function is called.",
    "ambient": "Take that out of the function.",
    "rng-seed": "Give each call a generator of its own: rng = np.random.default_rng([seed, index]).",
    "outside-write": "Return the values, and write them where the function is called.",
}
_DOES = {
    "opaque": "uses {what}, which may touch any variable",
    "star-import": "imports names that can't be seen ({what})",
    "history": "uses the output history ({what})",
    "monkeypatch": "changes a module ({what})",
    "settings": "changes settings ({what})",
    "figure": "draws into a figure ({what})",
    "ambient": "uses state of its process ({what})",
    "rng-seed": "seeds a global random number generator ({what})",
    "outside-write": "changes something outside the notebook ({what})",
}


def judge_task(
    note: TaskAnnotation,
    tree: ast.Module,
    notebook: NotebookDataflow,
    rng_seeded: Sequence[str | None],
) -> TaskFunction | Refusal:
    """The function below the annotation as a task, or why its calls run in their callers.

    ``tree`` is its cell's. ``rng_seeded`` tells for every cell whether a global generator may be seeded before.
    """
    try:
        function = _function_at(note, tree)
        _check_binding(function, notebook)
        summary = notebook.summaries.of(function)
        unseen = summary.when_called.has("unknown")
        check_modules(notebook.cells, function.lineno, unseen=unseen)
        check_plain(function.lineno, notebook)
        check_result_axes(function, summary.shape, notebook.environment)
        _check_defaults(function, summary)
        guarded = _check_changes(function, summary)
        guard_rng = _check_effects(function, summary.when_called.effects, rng_seeded)
        _check_condition(note, function, notebook)
    except LoopRefused as refused:
        return refused.refusal
    environment = notebook.environment
    names = {function.name, *summary.when_called.reads, *notebook.method_globals()}
    names |= environment.callback_reads | _names_of(note.when, function)
    names &= set(environment.bindings)
    return TaskFunction(
        function=note.function,
        line=note.line,
        resources=dict(note.resources),
        when=note.when,
        shared=tuple(sorted(names)),
        guarded=tuple(sorted(names if guarded else ())),
        guard_arguments=guarded,
        guard_rng=guard_rng,
    )


def _function_at(note: TaskAnnotation, tree: ast.Module) -> ast.FunctionDef:
    for node, owner in _functions(tree, None):
        if node.lineno != note.line or node.name != note.function:
            continue
        line = node.lineno
        if isinstance(owner, ast.ClassDef):
            raise LoopRefused(
                line,
                "it is a method, whose object would be a copy in another worker",
                "Mark a function that gets what it needs as arguments.",
            )
        if owner is not None:
            raise LoopRefused(
                line,
                f"it is defined in '{owner.name}', whose variables it may use",
                "Define it in a cell, and give it what it needs as arguments.",
            )
        if isinstance(node, ast.AsyncFunctionDef):
            raise LoopRefused(
                line, "it is async, so its callers await it already", "Mark a plain function."
            )
        if is_generator(node):
            raise LoopRefused(
                line,
                "it is a generator, which runs piece by piece as its caller asks",
                "Return a list.",
            )
        if node.decorator_list:
            decorator = ast.unparse(node.decorator_list[0])
            raise LoopRefused(
                line,
                f"'@{decorator}' makes another function of it",
                "Mark a function without decorators, and call it in the decorated one.",
            )
        return node
    raise LoopRefused(note.line, "its 'def' stands in no Python code", "Take the magic away.")


_AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef
_Owner = _AnyFunction | ast.ClassDef | None


def _functions(node: ast.AST, owner: _Owner) -> Iterator[tuple[_AnyFunction, _Owner]]:
    for child in children(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield child, owner
        is_scope = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        yield from _functions(child, child if is_scope else owner)  # type: ignore[arg-type]


def _check_binding(function: ast.FunctionDef, notebook: NotebookDataflow) -> None:
    environment, name = notebook.environment, function.name
    if not environment.closed or not environment.trusted_builtins:
        raise LoopRefused(
            function.lineno,
            "the notebook has code that can't be seen, which may bind names anew",
            "Take out what 'check' names as code that can't be seen.",
        )
    bound = environment.lookup(name)
    if len(bound) != 1 or bound[0].node is not function:
        raise LoopRefused(
            function.lineno,
            f"'{name}' is bound in more than one place",
            "Give each function a name of its own.",
            name,
        )
    if environment.classes_stay:
        raise LoopRefused(
            function.lineno,
            environment.classes_stay,
            "Use a class decorator, or a plain list of classes.",
        )


def _check_defaults(function: ast.FunctionDef, summary: Summary) -> None:
    if summary.defaulted:
        name = summary.defaulted[0]
        raise LoopRefused(
            function.lineno,
            f"the default of '{name}' is one object for all calls",
            f"Write {name}=None, and make the object in the function.",
            name,
        )


def _check_changes(function: ast.FunctionDef, summary: Summary) -> bool:
    """Refuse what surely changes things that others see; whether code that can't be seen might do so."""
    facts = summary.when_called
    for name in sorted(facts.writes | facts.deletes):
        raise LoopRefused(
            _line_of(function, name),
            f"it sets '{name}', which isn't a variable of its own",
            f"Return the value, and set '{name}' where the function is called.",
            name,
        )
    graph = AliasGraph()
    share(graph, facts.sharing)
    places = {**{node: name for name, node in summary.parameters.items()}}
    places.update({name: name for name in facts.reads})
    reached = {name: graph.reach([node]) for node, name in places.items()}
    suspected = False
    for change in facts.changes:
        classes = graph.changed_by(change.node, change.deep)
        for name in sorted(reached):
            if not classes & reached[name]:
                continue
            if change.suspected:
                suspected = True
                continue
            whose = "its argument" if name in summary.parameters else "the notebook's"
            raise LoopRefused(
                change.line or function.lineno,
                f"{whose} '{name}' is {change.how}, which its caller could notice",
                f"Change a copy of '{name}' under a name of its own, and return that.",
                name,
            )
    return suspected


def _line_of(function: ast.FunctionDef, name: str) -> int:
    for node in walk(function):
        if isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load):
            return node.lineno
    return function.lineno


def _check_effects(
    function: ast.FunctionDef, effects: Sequence[Effect], rng_seeded: Sequence[str | None]
) -> bool:
    """Refuse effects that have to stay in the caller's process; whether draws have to be watched."""
    for effect in effects:
        line = effect.line or function.lineno
        if effect.kind in _REMEDIES:
            does = _DOES[effect.kind].format(what=effect.what)
            raise LoopRefused(line, f"it {does}", _REMEDIES[effect.kind])
        if effect.kind == "rng-draw" and "surely" in rng_seeded:
            raise LoopRefused(
                line,
                f"it draws from the global random number generator ({effect.what}), which is seeded",
                _REMEDIES["rng-seed"],
            )
    seeded = any(found is not None for found in rng_seeded)
    return seeded and any(effect.kind in ("unknown", "rng-draw") for effect in effects)


def _names_of(when: str | None, function: ast.FunctionDef) -> set[str]:
    """The notebook's names in a condition."""
    if when is None:
        return set()
    parts = walk(ast.parse(when, mode="eval"))
    used = {part.id for part in parts if isinstance(part, ast.Name)}
    return used - set(argument_names(function.args))


def _check_condition(
    note: TaskAnnotation, function: ast.FunctionDef, notebook: NotebookDataflow
) -> None:
    """The condition is evaluated when nobody asked for it, so it may only look."""
    if note.when is None:
        return
    for name in sorted(_names_of(note.when, function)):
        if name not in notebook.environment.bindings and not is_provided(name):
            raise LoopRefused(
                note.line,
                f"when={note.when} uses '{name}', which is neither a parameter nor a variable",
                f"Use the parameters of '{note.function}'.",
                name,
            )
    known = set(argument_names(function.args))
    lines = [f"{name} = None" for name in sorted(known)]
    tree = ast.parse("\n".join([*lines, note.when]))
    facts = notebook.region([tree.body[-1]], known)
    changes = any(not change.suspected for change in facts.changes)
    if facts.effects or facts.writes or changes or _shows(tree.body[-1], facts.reads, notebook):
        raise LoopRefused(
            note.line, f"when={note.when} does more than look", "Compare sizes or numbers there."
        )


def _shows(condition: ast.AST, reads: Iterable[str], notebook: NotebookDataflow) -> bool:
    """Whether the condition, or code of the notebook that it reads, may print or display something."""
    lookup = notebook.environment.lookup
    nodes = [condition, *(bound.node for name in reads for bound in lookup(name) if bound.node)]
    return any(map(may_show, nodes))

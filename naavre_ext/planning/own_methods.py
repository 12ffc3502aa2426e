"""Methods of the notebook's classes that a split loop leaves to its merge.

::

    for x in xs:
        stats.add(measure(x))     # measure(x) runs apart; the merge calls add() on the notebook's own object

The merge calls them in the loop's order, on what the iterations have handed over. So it only matters that a
method has no effects of its own and sees no name that an iteration sets, and nothing else in the loop looks at
the object. It may keep what it is given, or look at it. So that must be numbers, texts and the like, which is seen
when the loop runs.
"""

from __future__ import annotations

import ast
from collections.abc import Hashable, Iterable, Sequence

from naavre_ext.dataflow.aliases import AliasGraph, share
from naavre_ext.dataflow.environment import class_method
from naavre_ext.dataflow.graph import NotebookDataflow
from naavre_ext.dataflow.walking import walk
from naavre_ext.model.dataflow import CellDataflow, Change
from naavre_ext.planning.loops import Reduction
from naavre_ext.planning.mapping_checks import imported_path

_INSTANCE = "instance "
#: Methods that looking at an attribute, or setting one, calls.
_ATTRIBUTE_METHODS = frozenset({"__getattr__", "__getattribute__", "__setattr__", "__delattr__"})


def calls_own_method(statement: ast.stmt, notebook: NotebookDataflow) -> bool:
    """Whether the statement is a method call on an instance of a class of the notebook."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(call, ast.Call) and _receiver(call, notebook) != ""


def instances_in(
    records: Sequence[Reduction], names: frozenset[str], notebook: NotebookDataflow
) -> frozenset[str]:
    """Those of the names whose objects' methods the merge is to call."""
    return names & {
        _receiver(part, notebook)
        for record in records
        for part in walk(record.statement)
        if isinstance(part, ast.Call)
    }


def changed_instances(facts: CellDataflow, notebook: NotebookDataflow) -> set[str]:
    """Instances of the notebook's classes that the code changes, or something that they hold."""
    kind = notebook.environment.kind
    instances = [name for name in facts.reads if kind(name).startswith(_INSTANCE)]
    graph = AliasGraph()
    share(graph, facts.sharing)
    changed = _changed_in(graph, (change for change in facts.changes if not change.suspected))
    return {name for name in instances if changed & graph.reach([name])}


def _changed_in(graph: AliasGraph, changes: Iterable[Change]) -> set[Hashable]:
    """The classes of objects that one of the changes touches."""
    return {root for change in changes for root in graph.changed_by(change.node, change.deep)}


def only_own_methods(
    name: str, records: Sequence[Reduction], private: frozenset[str], notebook: NotebookDataflow
) -> bool:
    """Whether the merge may do all that the statements do with an instance: call methods, look at attributes.

    ``private`` are the names that iterations set.
    """
    definition = _class_of(name, notebook)
    if definition is None:
        return False
    methods = _methods_of(definition)
    if any(_methods_of(each) & _ATTRIBUTE_METHODS for each in notebook.environment.classes()):
        return False  # of an object that it holds, perhaps
    known: set[int] = set()
    for record in records:
        for part in walk(record.statement):
            if isinstance(part, ast.Call) and _receiver(part, notebook) == name:
                assert isinstance(part.func, ast.Attribute)
                method = class_method(definition, part.func.attr)
                if method is None or not _may_be_merged(method.node, private, notebook):
                    return False
                known |= {id(part.func), id(part.func.value)}
            elif isinstance(part, ast.Attribute) and id(part) not in known:
                reads = isinstance(part.ctx, ast.Load) and part.attr not in methods
                known |= {id(part.value)} if reads else set()
        names = [n for n in walk(record.statement) if isinstance(n, ast.Name) and n.id == name]
        if any(id(node) not in known for node in names) or _goes_deeper(record.statement, name):
            return False
    return True


def _methods_of(definition: ast.ClassDef) -> set[str]:
    return {part.name for part in definition.body if isinstance(part, ast.FunctionDef)}


def _receiver(call: ast.Call, notebook: NotebookDataflow) -> str:
    """The name of the instance whose method is called; "" for other calls."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    if not isinstance(owner, ast.Name):
        return ""
    return owner.id if notebook.environment.kind(owner.id).startswith(_INSTANCE) else ""


def _class_of(name: str, notebook: NotebookDataflow) -> ast.ClassDef | None:
    """The class of the name's object, if it surely is one that rests on nothing else."""
    kind = notebook.environment.kind(name)
    bound = notebook.environment.lookup(kind.removeprefix(_INSTANCE))
    node = bound[0].node if len(bound) == 1 else None
    if not isinstance(node, ast.ClassDef) or node.keywords:
        return None
    for decorator in node.decorator_list:
        function = decorator.func if isinstance(decorator, ast.Call) else decorator
        if imported_path(function, notebook.environment) != "dataclasses.dataclass":
            return None
    rests = [base for base in node.bases if ast.unparse(base) != "object"]
    return None if rests else node


def _may_be_merged(
    method: ast.AST | None, private: frozenset[str], notebook: NotebookDataflow
) -> bool:
    """Whether the method does nothing but to change its own object, and sees nothing of an iteration."""
    if not isinstance(method, ast.FunctionDef) or method.decorator_list:
        return False
    if method.name in notebook.environment.set_attributes:
        return False
    if any(isinstance(part, (ast.Yield, ast.YieldFrom)) for part in walk(method)):
        return False
    facts = notebook.summaries.of(method).when_called
    if facts.effects or facts.writes or facts.deletes or private & set(facts.reads):
        return False
    graph = AliasGraph()
    share(graph, facts.sharing)
    return not _changed_in(graph, facts.changes) & graph.reach(sorted(facts.reads))


def _goes_deeper(statement: ast.stmt, name: str) -> bool:
    """Whether it takes apart what the object holds or its methods give: ``stats.seen.append(v)``."""
    places = [p.value for p in walk(statement) if isinstance(p, (ast.Attribute, ast.Subscript))]
    called = [place.func if isinstance(place, ast.Call) else place for place in places]
    owners = [place.value for place in called if isinstance(place, ast.Attribute)]
    return any(isinstance(owner, ast.Name) and owner.id == name for owner in owners)

"""Which classes of a notebook have state of their own, besides that of their instances."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TypeGuard

from naavre_ext.dataflow import tables
from naavre_ext.dataflow.environment import Environment, FunctionNode
from naavre_ext.dataflow.mentions import Mentions
from naavre_ext.dataflow.walking import walk

#: Calls in a class body whose results don't change, or are made anew for each instance.
_PLAIN_CALLS = frozenset({"field", "property", "auto", "TypeVar", "namedtuple", "re.compile"})
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
#: Methods that run when something in an instance is set, or that may put such methods into the class.
_STORES = tables.SELF_CHANGING - {"__init__", "__post_init__", "__call__"}
#: What makes a container, which as an attribute of a class does nothing when an instance's is looked up or set.
_CONTAINERS = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
_MAKERS = frozenset({"list", "dict", "set", "defaultdict", "OrderedDict", "Counter", "deque"})
#: Methods that Python runs when a class or a subclass is made.
_MAKING = frozenset({"__init_subclass__", "__set_name__"})


def stateful_classes(environment: Environment) -> frozenset[str]:
    """Names of classes with attributes that can change, their own or a base's.

    An instance shares those objects with its class, and sees what its class is given later.
    """
    classes = environment.classes()
    if not classes:
        return frozenset()
    found = {definition.name for definition in classes if _has_state(definition)}
    found |= environment.owners & {definition.name for definition in classes}
    size = -1
    while size != len(found):
        size = len(found)
        for definition in classes:
            if {base.id for base in definition.bases if isinstance(base, ast.Name)} & found:
                found.add(definition.name)
    return frozenset(found)


def holding_classes(environment: Environment) -> frozenset[str]:
    """Names of those stateful classes whose state is in containers that their bodies make, and nowhere else.

    An instance is another object than its class then: it holds the class, as it were, and looks them up there.
    """
    classes = environment.classes()
    if any(b.role != "import" for name in _MAKERS for b in environment.bindings.get(name, ())):
        return frozenset()  # the notebook has a Counter of its own, say
    held = {definition.name for definition in classes if _holds_state(definition)}
    others = {definition.name for definition in classes if not _holds_state(definition)}
    return frozenset(held & environment.stateful_classes - environment.owners - others)


def _holds_state(definition: ast.ClassDef) -> bool:
    if definition.bases or definition.keywords:
        return False
    return not any(
        _is_state(s) and not _binds_container(s) and not _renames_operator(s, definition)
        for s in definition.body
    )


def _binds_container(statement: ast.stmt) -> bool:
    if not isinstance(statement, (ast.Assign, ast.AnnAssign)) or statement.value is None:
        return False
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return all(isinstance(t, ast.Name) for t in targets) and _is_container(statement.value)


def _is_container(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        return ast.unparse(value.func).removeprefix("collections.") in _MAKERS
    return isinstance(value, _CONTAINERS)


def bound_in(definition: ast.ClassDef) -> frozenset[str]:
    """The attributes that the body of the class binds to values."""
    statements = [s for s in definition.body if not isinstance(s, _DEFINITIONS)]
    return frozenset[str]().union(*map(_stored, statements))


def definite_parts(definition: ast.ClassDef) -> frozenset[str]:
    """The attributes that the class's body makes functions or containers, and nothing else."""
    plain = [s for s in definition.body if _is_plain_method(s) or _binds_container(s)]
    other = [s for s in definition.body if s not in plain]
    found = frozenset[str]().union(*map(_stored, plain))
    return found.difference(*map(_stored, other))


def _is_plain_method(statement: ast.stmt) -> TypeGuard[ast.FunctionDef]:
    return isinstance(statement, ast.FunctionDef) and not statement.decorator_list


def _stored(statement: ast.stmt) -> set[str]:
    """The names that a statement of a class's body binds, or may bind."""
    if isinstance(statement, _DEFINITIONS):
        return {statement.name}
    names = [n for n in walk(statement) if isinstance(n, ast.Name)]
    return {n.id for n in names if isinstance(n.ctx, ast.Store)}


def exact_selves(environment: Environment, mentions: Sequence[Mentions]) -> dict[int, str]:
    """By the ``id`` of a method, the class that its ``self`` is surely a direct instance of, or that ``cls`` is.

    Not where the notebook derives classes from it, or mentions the method by the class's name.
    """
    if any(each.makes_classes for each in mentions):
        return {}
    derived = frozenset[str]().union(*(each.bases for each in mentions))
    of_names = frozenset[tuple[str, str]]().union(*(each.of_names for each in mentions))
    names: dict[int, set[str]] = {}
    for name, bound in environment.bindings.items():
        for binding in bound:
            names.setdefault(id(binding.node), set()).add(name)
    found: dict[int, str] = {}
    for definition in environment.classes():
        name = definition.name
        methods = [
            m
            for m in definition.body
            if isinstance(m, ast.FunctionDef) and _has_self(m) and (name, m.name) not in of_names
        ]
        if names.get(id(definition)) != {name} or name in derived:
            continue
        if len(environment.bindings.get(name, ())) == 1:
            makers = [
                m for m in definition.body if isinstance(m, ast.FunctionDef) and is_of_class(m)
            ]
            found.update((id(method), name) for method in (*methods, *makers))
    return found


def is_of_class(method: FunctionNode) -> bool:
    """Whether it is a class method, and nothing else."""
    return [ast.unparse(d) for d in getattr(method, "decorator_list", ())] == ["classmethod"]


def _has_self(method: ast.FunctionDef) -> bool:
    """Whether the method's first parameter is the instance, as no decorator says otherwise."""
    plain = {"property", "cached_property", "cache", "lru_cache"}
    decorators = {ast.unparse(d).rpartition(".")[2] for d in method.decorator_list}
    return decorators <= plain and bool(method.args.posonlyargs or method.args.args)


def is_own_data(definition: ast.ClassDef, attribute: str) -> bool:
    """Whether the attribute, of instances of this very class, can only be what was set there."""
    if attribute.startswith("__"):
        return False
    defined = {s.name for s in definition.body if isinstance(s, _DEFINITIONS)}
    return not defined & {attribute, "__getattr__", "__getattribute__"}


def dataclass_fields(definition: ast.ClassDef) -> list[str]:
    """The attributes that the arguments for an instance go to, in order, of a class without its own constructor.

    None where it may be otherwise, or where it has bases, which may have fields too.
    """
    fields = [s for s in definition.body if isinstance(s, ast.AnnAssign)]
    if definition.bases or not all(map(_is_plain_field, fields)):
        return []
    return [ast.unparse(statement.target) for statement in fields]


def _is_plain_field(statement: ast.AnnAssign) -> bool:
    """Whether it is a field of a dataclass, and one that a place among the arguments is for."""
    annotation = ast.unparse(statement.annotation)
    value = statement.value
    keywords = {k.arg for k in value.keywords} if isinstance(value, ast.Call) else set()
    other = any(word in annotation for word in ("ClassVar", "InitVar", "KW_ONLY"))
    return not other and not keywords & {"init", "kw_only"}


def has_own_stores(definition: ast.ClassDef) -> bool:
    """Whether setting an attribute or an item of an instance may run code of the class."""
    return any(
        _is_store(s) if isinstance(s, ast.FunctionDef) else _may_make_property(s)
        for s in definition.body
    )


def _is_store(method: ast.FunctionDef) -> bool:
    return method.name in _STORES or any(_is_setter(d) for d in method.decorator_list)


def _may_make_property(statement: ast.stmt) -> bool:
    """``x = property(get, set)``, or a method by another name: ``up = lambda self: ...``."""
    value = getattr(statement, "value", None)
    if isinstance(value, ast.expr) and _is_container(value):
        return False
    if isinstance(value, ast.Call) and ast.unparse(value.func).rpartition(".")[2] == "field":
        return False
    return value is not None and any(isinstance(p, (ast.Call, ast.Lambda)) for p in walk(value))


def _is_setter(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Attribute) and decorator.attr in ("setter", "deleter")


def _has_state(definition: ast.ClassDef) -> bool:
    return any(_is_state(s) and not _renames_operator(s, definition) for s in definition.body)


def _renames_operator(statement: ast.stmt, definition: ast.ClassDef) -> bool:
    """``__rmul__ = __mul__``, where the one is a plain method of the class."""
    if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Name):
        return False
    names = [t.id if isinstance(t, ast.Name) else "" for t in statement.targets]
    methods = {s.name for s in definition.body if _is_plain_method(s)} - _STORES
    same = statement.value.id in methods and _is_operator(statement.value.id)
    return same and all(map(_is_operator, names))


def _is_operator(name: str) -> bool:
    return name.startswith("__") and name.endswith("__") and name not in _STORES | _MAKING


def _is_state(statement: ast.stmt) -> bool:
    """Whether the statement in a class's body gives the class something that can change."""
    if isinstance(statement, (ast.Assign, ast.AnnAssign)):
        return statement.value is not None and not _is_constant(statement.value)
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return statement.name == "__new__" or _changes_class(statement)
    return not isinstance(statement, (ast.Expr, ast.Pass))


def _is_constant(node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        name = ast.unparse(node.func)
        return name in _PLAIN_CALLS or name.endswith(".field")
    changeable = (ast.List, ast.Dict, ast.Set, ast.Call, ast.Name, ast.Attribute, ast.ListComp)
    return not any(
        isinstance(part, (*changeable, ast.DictComp, ast.SetComp)) for part in walk(node)
    )


def _changes_class(method: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a class method sets attributes of its class."""
    first = [*method.args.posonlyargs, *method.args.args][:1]
    owner = first[0].arg if first else ""
    of_class = any(ast.unparse(d) == "classmethod" for d in method.decorator_list)
    return of_class and any(
        isinstance(node, ast.Attribute)
        and isinstance(node.ctx, (ast.Store, ast.Del))
        and isinstance(node.value, ast.Name)
        and node.value.id == owner
        for node in walk(method)
    )


def why_classes_stay(environment: Environment, attributes: frozenset[str]) -> str:
    """Why no other worker may have copies of the notebook's classes, in words; "" where each may.

    A class that runs code of the notebook when a class is made would run it once more for a copy. Where the
    notebook asks a class for its subclasses, the copies that a worker was sent would be among them. ``attributes``
    are all that the notebook names.
    """
    names = {definition.name for definition in environment.classes()}
    for definition in environment.classes():
        if _runs_when_made(definition, names):
            return (
                f"class '{definition.name}' runs code when a class is made, so again in each worker"
            )
    if names and "__subclasses__" in attributes:
        return "the notebook asks for __subclasses__, of which a worker may have copies"
    return ""


def _runs_when_made(definition: ast.ClassDef, names: set[str]) -> bool:
    for statement in definition.body:
        if isinstance(statement, ast.FunctionDef) and statement.name in _MAKING:
            return True
    for keyword in definition.keywords:
        made_by = {n.id for n in walk(keyword.value) if isinstance(n, ast.Name)}
        if keyword.arg == "metaclass" and made_by & names:
            return True
    return False

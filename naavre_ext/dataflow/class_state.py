"""Which classes of a notebook have state of their own, besides that of their instances."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from naavre_ext.dataflow import tables
from naavre_ext.dataflow.environment import Environment, FunctionNode
from naavre_ext.dataflow.mentions import Mentions
from naavre_ext.dataflow.walking import walk

#: Calls in a class body whose results don't change, or are made anew for each instance.
_PLAIN_CALLS = frozenset({"field", "property", "auto", "TypeVar", "namedtuple", "re.compile"})
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
#: Methods that run when something in an instance is set, or that may put such methods into the class.
_STORES = tables.SELF_CHANGING - {"__init__", "__post_init__", "__call__"}
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


def exact_selves(environment: Environment, mentions: Sequence[Mentions]) -> dict[int, str]:
    """By the ``id`` of a method, the class that its ``self`` is surely a direct instance of, or that ``cls`` is.

    Not where the notebook derives classes from it, or calls its methods by the class's name.
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
        methods = [m for m in definition.body if isinstance(m, ast.FunctionDef) and _has_self(m)]
        by_class = any((name, method.name) in of_names for method in methods)
        if names.get(id(definition)) != {name} or name in derived or by_class:
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
    if isinstance(value, ast.Call) and ast.unparse(value.func).rpartition(".")[2] == "field":
        return False
    return value is not None and any(isinstance(p, (ast.Call, ast.Lambda)) for p in walk(value))


def _is_setter(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Attribute) and decorator.attr in ("setter", "deleter")


def _has_state(definition: ast.ClassDef) -> bool:
    for statement in definition.body:
        if isinstance(statement, (ast.Assign, ast.AnnAssign)):
            if statement.value is not None and not _is_constant(statement.value):
                return True
        elif isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if statement.name == "__new__" or _changes_class(statement):
                return True
        elif not isinstance(statement, (ast.Expr, ast.Pass)):
            return True
    return False


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

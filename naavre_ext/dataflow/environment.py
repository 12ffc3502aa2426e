"""What each global name of a notebook may be bound to: modules, functions, classes, values."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from naavre_ext.dataflow import shapes
from naavre_ext.dataflow.nested import MAKER, NestedFunction, asked_notebook
from naavre_ext.dataflow.other_files import OtherFiles
from naavre_ext.dataflow.source import standard_names
from naavre_ext.model.dataflow import CellDataflow

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True, slots=True)
class Binding:
    """One way a name gets its value. ``path`` is the dotted name of an import.

    ``cached`` functions give the same object again when they are called again, or what a file has of it.
    """

    role: Literal["import", "function", "class", "value"]
    path: str = ""
    node: FunctionNode | ast.ClassDef | None = None
    shape: str = ""
    cached: bool = False


@dataclass(slots=True)
class Calls:
    """What the notebook gives its functions, each known by the ``id`` of its node.

    ``given`` are the shapes of the arguments for each parameter, ``elsewhere`` the functions that are also used
    otherwise than to call them, so that others may call them with anything.
    """

    given: dict[int, dict[str, set[str]]] = field(default_factory=dict)
    elsewhere: set[int] = field(default_factory=set)

    def parameters(self) -> dict[int, dict[str, str]]:
        """The shapes of the parameters of every function of which all calls are known."""
        return {
            function: {name: shapes.stable(shapes.join(found)) for name, found in given.items()}
            for function, given in self.given.items()
            if function not in self.elsewhere
        }


_ROLE_SHAPES = {"import": "module", "function": "function", "class": "class"}


@dataclass(slots=True)
class Environment:
    """All bindings of all cells, regardless of order: a sound over-approximation.

    ``augmented`` are the ``x op= value`` statements. ``constants`` are the names whose objects nobody
    changes in place, so that what is known of their elements stays true. ``trusted_builtins`` is False after
    a star import of an unknown module, ``closed`` is False when code that can't be seen may rebind names.
    ``set_attributes`` are the attribute names that are assigned to anywhere, ``rebound`` the globals that
    functions bind, ``rebound_later`` those of them that generators may bind while somebody iterates over them.
    ``calls`` collects what functions are given, ``parameters`` are the shapes of their parameters as far as they
    are known.

    ``callbacks`` is what unseen code may do through functions that were handed to it, ``callback_reads`` are the
    globals that those read. ``operators`` is what the operators, attributes and iterations of the notebook's own
    classes do, ``operators_change`` says that they change their own object, ``operators_suspected`` that only
    unseen code might. ``makes_items`` says that looking an item up may make it (``defaultdict``),
    ``shares_in_arithmetic`` that ``a - b`` may hold on to a and b, ``renames_axes`` that tables which share an
    axis may all get another name for it.

    ``owners`` are names whose attributes are set, ``unknown_owners`` says that those of objects of unknown kinds
    are; both tell which functions may get attributes of their own. ``texts`` are the literal ones of all cells.

    ``decorated`` are, by the ``id`` of a function in a decorator, the names of decorated functions and literals.
    ``definitions`` are the classes, ``stateful_classes`` those with attributes that can change,
    ``holding_classes`` those of them that only hold containers of their own, ``selves`` tells by a method's ``id``
    the class that its ``self`` is surely of, ``attribute_kinds`` are those of attributes that the notebook sets to
    values of one kind only,
    ``classes_stay`` tells why other workers may have no copies of them. ``files`` is what code in other files
    means here.
    """

    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    augmented: dict[str, list[tuple[ast.operator, str]]] = field(default_factory=dict)
    constants: frozenset[str] = frozenset()
    trusted_builtins: bool = True
    closed: bool = True
    set_attributes: set[str] = field(default_factory=set)
    rebound: set[str] = field(default_factory=set)
    rebound_later: frozenset[str] = frozenset()
    calls: Calls = field(default_factory=lambda: Calls())
    parameters: dict[int, dict[str, str]] = field(default_factory=dict)
    callbacks: CellDataflow | None = None
    callback_reads: frozenset[str] = frozenset()
    operators_change: bool = False
    operators_suspected: bool = False
    makes_items: bool = False
    stateful_classes: frozenset[str] = frozenset()
    holding_classes: frozenset[str] = frozenset()
    selves: dict[int, str] = field(default_factory=dict)
    decorated: dict[int, frozenset[str]] = field(default_factory=dict)
    attribute_kinds: dict[str, str] = field(default_factory=dict)
    classes_stay: str = ""
    operators: CellDataflow | None = None
    shares_in_arithmetic: bool = False
    renames_axes: bool = False
    owners: frozenset[str] = frozenset()
    unknown_owners: bool = False
    texts: frozenset[str] = frozenset()
    definitions: list[ast.ClassDef] = field(default_factory=list)
    files: OtherFiles = field(default_factory=OtherFiles)
    _shapes: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, binding: Binding) -> None:
        """Record one more way the name may be bound."""
        known = self.bindings.setdefault(name, [])
        if binding not in known:
            known.append(binding)
            if isinstance(binding.node, ast.ClassDef) and binding.node not in self.definitions:
                self.definitions.append(binding.node)

    def star_names(self, module: str) -> Mapping[str, str] | None:
        """What ``from module import *`` binds: name → dotted path; None when nobody knows."""
        known = self.files.star_imports.get(module)
        if known is None:
            known = {name: f"{module}.{name}" for name in standard_names(module)} or None
        return known

    def lookup(self, name: str) -> tuple[Binding, ...]:
        """Every way the name may be bound; unseen code may rebind all but imports."""
        bound = tuple(self.bindings.get(name, ()))
        if bound and not self.closed and any(b.role != "import" for b in bound):
            return (*bound, Binding("value"))
        return bound

    def shape(self, name: str) -> str:
        """The shape of the name's value in the whole notebook; "" when unknown or mixed."""
        found = self._shapes.get(name)
        if found is None:
            found = self._shapes[name] = self._shape(name)
        return found

    def kind(self, name: str) -> str:
        """The kind of value that the name has in the whole notebook."""
        return shapes.head(self.shape(name))

    def _shape(self, name: str) -> str:
        bound = self.lookup(name)
        if not bound:
            return ""
        shape = shapes.join(_ROLE_SHAPES.get(b.role, b.shape) for b in bound)
        if shape == "module" and any("." in b.path for b in bound):
            shape = "module" if len(bound) == 1 else ""
        for operator, operand in self.augmented.get(name, ()) and self.augmented[name] * 3:
            shape = shapes.join((shape, shapes.binary(shape, operator, operand)))
        return shape if name in self.constants else shapes.stable(shape)

    def called_notebook(self, value: ast.expr | None) -> NestedFunction | None:
        """The notebook behind ``notebook_task(...)``, if it is one that is known."""
        asked = asked_notebook(value)
        if asked is None or asked not in self.files.nested or not isinstance(value, ast.Call):
            return None
        root, _, rest = ast.unparse(value.func).partition(".")
        paths = {f"{b.path}.{rest}" if rest else b.path for b in self.bindings.get(root, ())}
        return self.files.nested[asked] if paths == {MAKER} else None

    def has_state(self, name: str) -> bool:
        """Whether the name stands for a function that may get attributes, under this or another name."""
        functions = [id(b.node) for b in self.bindings.get(name, ()) if b.role == "function"]
        if self.unknown_owners or not functions:
            return bool(functions)
        owned = {id(b.node) for owner in self.owners for b in self.bindings.get(owner, ())}
        return not owned.isdisjoint(functions)

    def found_by_name(self) -> list[str]:
        """The notebook's classes and functions, which pickles mention by their names."""
        own = {"class", "function"}
        return sorted(n for n, bound in self.bindings.items() if any(b.role in own for b in bound))

    def functions(self, node: ast.AST) -> Iterator[FunctionNode]:
        """The notebook's functions that a lambda, or a name, may stand for."""
        if isinstance(node, ast.Lambda):
            yield node
        elif isinstance(node, ast.Name):
            for bound in self.lookup(node.id):
                if isinstance(bound.node, FunctionNode):
                    yield bound.node

    def classes(self) -> list[ast.ClassDef]:
        """Every class that the notebook defines at top level."""
        return self.definitions

    def imports(self, *roots: str) -> bool:
        """Whether one of these packages is imported."""
        paths = (b.path for bound in self.bindings.values() for b in bound if b.role == "import")
        return any(path.split(".")[0] in roots for path in paths)


def class_method(definition: ast.ClassDef, name: str) -> Binding | None:
    """The method that the class itself defines under this name, if it is a plain one."""
    for statement in reversed(definition.body):
        if (
            isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef))
            and statement.name == name
        ):
            return Binding("function", definition.name, statement)
    return None


def unpacked(shape: str, targets: list[ast.expr]) -> list[str]:
    """The shapes of what each target of an unpacking gets."""
    if shape == "figure":
        return ["figure"] * len(targets)
    held = shapes.parts(shape)
    starred = any(isinstance(target, ast.Starred) for target in targets)
    if shapes.head(shape) == "tuple" and len(held) == len(targets) and not starred:
        return list(held)
    return [shapes.element(shape)] * len(targets)


def is_ipython_call(node: ast.Call) -> bool:
    """Whether the call is ``get_ipython().something(...)``."""
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    return (
        isinstance(owner, ast.Call)
        and isinstance(owner.func, ast.Name)
        and owner.func.id == "get_ipython"
    )


def pylab_arguments(node: ast.Call) -> str | None:
    """The arguments of a ``%pylab`` call; None when it is another call."""
    texts = [a.value for a in node.args if isinstance(a, ast.Constant)]
    method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    if method != "run_line_magic" or not texts or texts[0] != "pylab":
        return None
    return str(texts[1]) if len(texts) > 1 else ""

"""Walks calls of libraries, and of code that nobody knows, by the tables."""

from __future__ import annotations

import ast
import re

from naavre_ext.dataflow import known_functions, shapes, tables
from naavre_ext.dataflow.arguments import Arguments, literal_path, names_in, opened_for, told_how
from naavre_ext.dataflow.expressions import Expressions
from naavre_ext.dataflow.formulas import (
    literal_formula,
    names_in_formula,
    names_in_some_formula,
)
from naavre_ext.dataflow.recorder import FRESH, Value
from naavre_ext.dataflow.table_lookup import function_effects, lookup, matches
from naavre_ext.dataflow.targets import LocalFunction
from naavre_ext.model.dataflow import EffectKind

#: What gives objects anew, of the classes that they had.
_REBUILDING = frozenset({"copy.deepcopy", "pickle.load", "joblib.load"})


class LibraryCalls(Expressions):
    """Expressions with calls of library functions."""

    def function_behind(self, name: str) -> LocalFunction | None:
        """The one function defined inside the present one that a local name stands for."""
        node = self.local_node(name)
        return self.named_functions.get(node) if node is not None else None

    def library_call(self, path: str, arguments: Arguments) -> Value:
        """A function of an imported module, by the tables."""
        line = arguments.node.lineno
        effects = function_effects(path)
        if path in tables.FILE_OPENERS:
            # Code that can't be watched: what it reads isn't seen.
            self.opened(path, arguments, tables.FILE_OPENERS[path], reads=False)
        option = tables.FINDING_BY_NAME.get(path)
        if option is not None and (not option or option in arguments.keywords):
            self.may_read(self.environment.found_by_name(), line)
        if effects is None:
            return self.unknown_call(path, arguments, line)
        for effect in effects.split():
            if effect == "change0":
                self._change_first(path, arguments)
            elif effect == "unknown" or (effect == "formula" and not self.read_formula(arguments)):
                return self.unknown_call(path, arguments, line)
            elif effect == "formula":
                continue
            elif effect != "rng-draw" or self._draws(path, arguments):
                self.world_effect(effect, path, arguments)
        self.in_place(path, arguments)
        self.hand_over(arguments, what=path)
        return self._library_result(path, arguments)

    def opened(self, what: str, arguments: Arguments, default: str, *, reads: bool = True) -> None:
        """Record what opening a file does, in mode ``default`` if none is told; that it reads, if ``reads``."""
        effect, changes = opened_for(arguments.node, default)
        if reads or effect == "outside-write":
            names = () if changes else names_in(arguments.node.args[:1])
            where = literal_path(arguments.node.args)
            self.effect(effect, what, arguments.node.lineno, names, where)

    def _change_first(self, path: str, arguments: Arguments) -> None:
        changed = arguments.positional[:1] or arguments.all
        for value in changed:
            self.change(value, arguments.node.lineno, f"changed by {path}()")
            for other in arguments.positional[1:]:
                if value.node is not None and other.node is not None:
                    self.hold(value.node, other.node)

    def is_seeded(self, arguments: Arguments) -> bool:
        """Whether the call draws from a generator that it is given."""
        given = [v for k, v in arguments.keywords.items() if k in tables.GENERATOR_KEYWORDS]
        return any(value.kind != "none" for value in given)

    def _draws(self, path: str, arguments: Arguments) -> bool:
        """Whether a function that may draw random numbers takes them from a global generator."""
        sampling = "k" in arguments.keywords or len(arguments.positional) > 1
        if self.is_seeded(arguments) or (path in known_functions.NETWORKX_SAMPLES and not sampling):
            return False
        return not (path.startswith("sklearn.") and self.is_deterministic(path, arguments))

    def is_deterministic(self, path: str, arguments: Arguments) -> bool:
        """Overridden by :class:`EstimatorCalls`."""
        raise NotImplementedError

    def sklearn_result(self, path: str, arguments: Arguments) -> Value:
        """Overridden by :class:`EstimatorCalls`."""
        raise NotImplementedError

    def read_formula(self, arguments: Arguments, marked: bool = False) -> bool:
        """Read the notebook's names in a text that is evaluated; False when it isn't a literal one.

        ``marked`` names follow an ``@``.
        """
        literal = literal_formula(arguments.node)
        if literal is None:
            self.read_some_formula(arguments.node.lineno, marked=marked)
            return False
        self.conditional += 1  # a column may come first
        for name in names_in_formula(literal, marked=marked):
            if self.environment.bindings.get(name) or self.local_node(name) is not None:
                found = self.visit(ast.copy_location(ast.Name(name, ast.Load()), arguments.node))
                self.operate(found, arguments.node.lineno)
        self.conditional -= 1
        return True

    def read_some_formula(self, line: int, *, marked: bool) -> None:
        """Read the notebook's names in any text that is evaluated here."""
        names = names_in_some_formula(self.environment.texts, marked=marked)
        self.may_read([name for name in names if self.environment.bindings.get(name)], line)

    def in_place(self, path: str, arguments: Arguments) -> None:
        """Changes of arguments that keywords or positions ask for."""
        line = arguments.node.lineno
        if "out" in arguments.keywords:
            self.change(arguments.keywords["out"], line, f"written by {path}(out=...)", deep=True)
        position = lookup(tables.OUT_POSITIONS, path)
        for value in arguments.positional[position:] if position else ():
            self.change(value, line, f"written by {path}()")
        if any(
            k.startswith("overwrite") and arguments.has(k, True) for k in arguments.keywords if k
        ):
            for value in arguments.positional:
                self.change(value, line, f"overwritten by {path}()")
        copies = path != "numpy.nan_to_num" and not path.startswith("sklearn.")
        if not copies and arguments.has("copy", False):
            for value in arguments.all[:1]:
                self.change(value, line, f"changed by {path}(copy=False)")
        for keyword in sorted(tables.GENERATOR_KEYWORDS):
            if keyword in arguments.keywords:
                self.change(arguments.keywords[keyword], line, f"advanced by {path}()")
        if path.startswith("networkx.") and tables.FUNCTION_KINDS.get(path) == "graph":
            created = matches(
                path, tables.FRESH_FUNCTIONS
            )  # else it reads the graph that it is given
            made = [v for v in arguments.positional if created and v.kind == "graph"]
            for value in [
                *made,
                *[v for k, v in arguments.keywords.items() if k == "create_using"],
            ]:
                self.change(value, line, f"made anew by {path}()")

    def _deep_copy(self, arguments: Arguments) -> Value:
        """Copies of instances have the class that the instances have, with what it holds."""
        made = self.temporary("")
        assert made.node is not None
        if not all(value.kind in ("array", "frame") for value in arguments.positional):
            for name in sorted(self.environment.stateful_classes):
                self.hold(made.node, name)
                if name not in self.environment.holding_classes:
                    self.alias(made.node, name)
        return made

    def _library_result(self, path: str, arguments: Arguments) -> Value:
        shape = lookup(tables.FUNCTION_KINDS, path) or _shape_asked(path, arguments)
        root = path.split(".")[0]
        if root in tables.NUMBER_MODULES and not shape:
            shape = "num"
        if path.startswith("sympy.") and path.endswith(".symbols"):
            shape = _symbols(arguments)
        if path in known_functions.ELEMENTWISE:
            shape = _elementwise({value.kind for value in arguments.positional})
        if root == "sympy" and not {v.kind for v in arguments.all} <= _PLAIN:
            shape = "" if shape == "expr" else shape  # of a matrix it makes a matrix
        if shapes.is_immutable(shape):
            return Value(shape)
        if root == "sklearn" and shape != "bunch":
            return self.sklearn_result(path, arguments)
        if root in tables.FIGURE_MODULES and not shape and "figure" in str(function_effects(path)):
            shape = "figure"
        if shape == "figure":
            return self.temporary(shape)
        if path == "numpy.array" and not arguments.has("copy", False):
            return self._new_array(arguments)
        if "dtype" in arguments.keywords and "object" in ast.unparse(arguments.node):
            return self.merged(arguments.all)
        if path in ("pandas.DataFrame", "pandas.Series"):
            return self._table(arguments)
        if path == "numpy.meshgrid" and not arguments.has("copy", False):
            elements = [self.element(self.element(v)) for v in arguments.positional]
            return self.temporary("list<array>", self.temporary("array", *elements))
        if path == "itertools.product":
            return self._product(arguments)
        if path in ("itertools.chain.from_iterable", "itertools.starmap"):
            inner = [self.element(self.element(v)) for v in arguments.positional]
            return self.temporary("iterator", *inner, *arguments.all)
        if path == "random.choice":
            return self._join([self.element(value) for value in arguments.all[:1]])
        if path in ("random.choices", "random.sample"):
            return self.temporary("list", *map(self.element, arguments.all))
        if root == "tqdm" and not path.startswith("tqdm.contrib.concurrent"):
            return self._progress(path, arguments)
        if path in _REBUILDING and self.environment.stateful_classes:
            return self._deep_copy(arguments)
        if self._is_fresh(path) and not any(
            arguments.has(k, truth) for k, truth in tables.SHARING_KEYWORDS.items()
        ):
            flat = path in _RANGES and all(v.kind in shapes.NUMBERS for v in arguments.all)
            if path == "numpy.linspace" and (
                arguments.has("retstep", True) or len(arguments.positional) > 4
            ):
                return self.temporary("tuple<array,num>")
            return self.temporary("array<num>" if flat else shape)
        if shape in ("dict", "defaultdict"):
            return self.temporary(shape, *self.entries(arguments))
        if shape in ("iterator", "list"):
            return self.temporary(shape, *[self.contents(v) for v in arguments.all])
        if shape in _HOLDING:
            return self.temporary(shape, *arguments.all)
        merged = self.merged(arguments.all)
        return Value(shape, merged.node)

    def entries(self, arguments: Arguments) -> list[Value]:
        """What a dictionary of the arguments holds: of mappings or of pairs, and by keywords."""
        held = [self.contents(value) for value in arguments.positional]
        return [*held, *map(self.element, held), *arguments.keywords.values()]

    def _new_array(self, arguments: Arguments) -> Value:
        """``np.array(x)`` copies x; an array of objects holds what x holds."""
        if "dtype" in arguments.keywords and "object" in ast.unparse(arguments.node):
            return self.merged(arguments.all)
        if not self.holds_objects(arguments.positional[:1]):
            return self.temporary("array")
        return self.temporary(
            "array", *[self.element(self.element(v)) for v in arguments.positional[:1]]
        )

    def holds_objects(self, values: list[Value]) -> bool:
        """Whether one of the values may hold other things than numbers and texts."""
        return any(
            shapes.head(_core(value.shape))
            not in (*shapes.NUMBERS, "str", "bytes", "array", "frame", "range")
            for value in values
        )

    def _table(self, arguments: Arguments) -> Value:
        """A new frame: it holds its labels and the elements of lists and dicts, and may be a view of an array."""
        held: list[Value] = []
        table = self.temporary("frame")
        labelled = () if arguments.spread else (1, 2, "index", "columns")
        for place, value in [*enumerate(arguments.positional), *arguments.keywords.items()]:
            if place in labelled:
                held.append(self.element(value))
            elif value.kind in ("list", "dict", "iterator", "view", "items", "tuple"):
                held += [self.element(value), self.element(self.element(value))]
            elif value.node is not None and table.node is not None:
                self.alias(table.node, value.node)
        for value in held:
            if value.node is not None and table.node is not None:
                self.hold(table.node, value.node)
        return table

    def _product(self, arguments: Arguments) -> Value:
        parts = [self.element(v) for v in arguments.positional]
        plain = not arguments.keywords and not arguments.spread
        shape = shapes.make("tuple", *[part.shape for part in parts]) if plain else "tuple"
        return self.temporary(shapes.make("iterator", shape), self.temporary(shape, *parts))

    def _progress(self, path: str, arguments: Arguments) -> Value:
        """``tqdm(items)`` gives the items."""
        if path.endswith("range"):
            return self.temporary("progress<int>")
        items = [self.element(v) for v in arguments.positional[:1]]
        items += [self.element(v) for k, v in arguments.keywords.items() if k == "iterable"]
        if path.startswith("tqdm.contrib"):  # tuples of items, or what a function makes of them
            return self.temporary("iterator", *items)
        return self.temporary(shapes.make("progress", *[item.shape for item in items]), *items)

    def world_effect(self, effect: str, path: str, arguments: Arguments) -> None:
        """Record what the call does to the world."""
        kind: EffectKind = effect  # type: ignore[assignment]
        place = 1 if path in ("pickle.dump", "joblib.dump") else 0
        names = names_in(arguments.node.args[place : place + 1])
        where = literal_path(arguments.node.args) if path in tables.PATH_FIRST else None
        what = told_how(path, arguments.node)
        self.effect(kind, what, arguments.node.lineno, names, where)

    def _is_fresh(self, path: str) -> bool:
        if matches(path, tables.SHARING_FUNCTIONS):
            return False
        return path.split(".")[0] in tables.FRESH_MODULES or matches(path, tables.FRESH_FUNCTIONS)

    def hand_over(self, arguments: Arguments, receiver: Value = FRESH, what: str = "") -> None:
        """Iterators given are used up; functions given may change the other arguments."""
        line = arguments.node.lineno
        self.call_back(what, arguments)
        for node, value in arguments.expressions():
            self.consume(value, node)
            self.operate(value, line)
            if self._changes_parameters(node, value):
                for other in [receiver, *arguments.all]:
                    self.change(other, line, "changed by a function", deep=True)
            elif (
                not value.kind and value.node is not None and self.environment.callbacks is not None
            ):
                self.absorb(self.environment.callbacks, line, {})

    def _changes_parameters(self, node: ast.expr, value: Value) -> bool:
        """Whether an argument is a function that changes what it is given."""
        if isinstance(node, ast.Lambda):
            return self.summaries.of(node).changes_parameters
        if value.node in self.local_functions:
            return self.summaries.of(self.local_functions[value.node].node).changes_parameters
        if not isinstance(node, ast.Name):
            return False
        if self.local_node(node.id) is not None:
            found = self.function_behind(node.id)
            return found is not None and self.summaries.of(found.node).changes_parameters
        bound = self.environment.bindings.get(node.id, ())
        return any(
            b.node is not None and self.summaries.of(b.node).changes_parameters for b in bound
        )

    def call_back(self, what: str, arguments: Arguments) -> None:
        """Overridden by :class:`CallBacks`."""
        raise NotImplementedError

    # What nobody knows

    def unknown_call(
        self, what: str, arguments: Arguments, line: int, callee: Value = FRESH
    ) -> Value:
        """Code that can't be seen: it may change itself, its arguments and the world."""
        self.effect("unknown", f"{what}()", line)
        for value in [callee, *arguments.all]:
            self.change(value, line, f"maybe changed by {what}()", deep=True, suspected=True)
        if self.environment.callbacks is not None:
            self.absorb(self.environment.callbacks, line, {})
        return self.merged([callee, *arguments.all])


_RANGES = frozenset(f"numpy.{name}" for name in ("linspace", "arange", "logspace", "geomspace"))
#: Kinds of objects that hold what they are made of, and change without changing it.
_HOLDING = frozenset({"model", "graph", "distribution", "callable", "bunch"})
_PLAIN = frozenset({"expr", *shapes.NUMBERS, "str", "none"})


def _shape_asked(path: str, arguments: Arguments) -> str:
    """The shape of a result that depends on which arguments are given."""
    if arguments.spread:
        return ""
    if path == "numpy.indices":
        return "" if "sparse" in arguments.keywords else "array<array>"
    if path == "numpy.where":
        return "array" if len(arguments.positional) == 3 else ""
    size = arguments.keywords.get("size") if path.startswith("numpy.random.") else None
    return "array" if size is not None and size.kind != "none" else ""


def _symbols(arguments: Arguments) -> str:
    """``symbols('x')`` is one expression, ``symbols('x y')`` several."""
    text = getattr(next(iter(arguments.node.args), None), "value", None)
    if not isinstance(text, str) or set(text) & set(":()\\") or "seq" in arguments.keywords:
        return ""
    names = [name for name in re.split(r"[,\s]+", text) if name]
    one = len(names) == 1 and "," not in text
    return "expr" if one else shapes.make("tuple", *["expr"] * len(names))


def _elementwise(kinds: set[str]) -> str:
    """The kind of an elementwise function's result."""
    if "frame" in kinds and kinds <= {"frame", "array", *shapes.NUMBERS}:
        return "frame"
    if "array" in kinds and kinds <= {"array", *shapes.NUMBERS}:
        return "array"
    return ""


def _core(shape: str) -> str:
    """What nested lists hold in the end."""
    while shapes.head(shape) in ("list", "tuple"):
        shape = shapes.element(shape)
    return shape

"""Walks method calls by the tables of libraries' objects."""

from __future__ import annotations

from naavre_ext.dataflow import shapes, tables
from naavre_ext.dataflow.arguments import Arguments
from naavre_ext.dataflow.environment import class_method
from naavre_ext.dataflow.estimators import EstimatorCalls
from naavre_ext.dataflow.known_methods import METHODS, Methods
from naavre_ext.dataflow.recorder import Value
from naavre_ext.dataflow.tables import Kind


class KnownMethods(EstimatorCalls):
    """Library calls with the methods of libraries' objects."""

    def knows_method(self, kind: Kind, name: str) -> bool:
        """Whether the table of this kind of objects tells what the method does."""
        known = METHODS.get(kind)
        if known is None or name not in known.pure | known.changes | known.effects.keys():
            return False
        # An element of a frame may be anything, also an instance of a class of the notebook.
        return kind != "frame" or not any(class_method(d, name) for d in self.environment.classes())

    def known_method(self, receiver: Value, name: str, arguments: Arguments, line: int) -> Value:
        """What a method that a table knows changes, does and returns."""
        known = METHODS[receiver.kind]
        if (
            name in ("query", "eval")
            and receiver.kind == "frame"
            and not self.read_formula(arguments, marked=True)
        ):
            return self.unknown_call(f".{name}", arguments, line, receiver)
        if name == "pipe":
            self.effect("unknown", ".pipe()", line)
        effect = known.effects.get(name)
        if effect is not None and self._has_effect(effect, receiver, arguments):
            self.world_effect(effect, f".{name}", arguments)
        self.in_place(f".{name}", arguments)
        self.hand_over(arguments, receiver, f".{name}")
        if receiver.kind.partition(" ")[0] in ("estimator", "model", "grouping"):
            self.run_kept(line)
        changes = name in known.changes
        in_place = arguments.has("inplace", True)
        if changes or in_place or None in arguments.keywords:
            self.change(
                receiver, line, f"changed by .{name}()", suspected=not (changes or in_place)
            )
            for value in arguments.all if changes else ():
                if receiver.node is not None and value.node is not None:
                    self.hold(receiver.node, value.node)
        if receiver.kind == "estimator in place":
            for value in arguments.all:
                self.change(value, line, f"changed by .{name}()")
        if name in known.chains:
            return receiver
        return self._known_result(known, receiver, name, arguments)

    def _has_effect(self, effect: str, receiver: Value, arguments: Arguments) -> bool:
        """Whether the call does what methods of its name do to the world."""
        if effect == "rng-draw":
            return receiver.kind != "estimator seeded" and not self.is_seeded(arguments)
        if effect == "outside-write" and receiver.kind in (
            "frame",
            "grouping",
        ):  # without a path it returns a text
            return bool(arguments.positional) or not {
                "path_or_buf",
                "path",
                "excel_writer",
                "buf",
                None,
            }.isdisjoint(arguments.keywords)
        return True

    def _known_result(
        self, known: Methods, receiver: Value, name: str, arguments: Arguments
    ) -> Value:
        shape = known.results.get(name, known.result)
        if shapes.is_immutable(shape):
            return Value(shape)
        shares = any(arguments.has(k, truth) for k, truth in tables.SHARING_KEYWORDS.items())
        if name == "copy" and receiver.kind == "frame":  # df.copy(False)
            shares = shares or bool(arguments.positional)
        if (name in known.fresh and not shares) or receiver.node is None:
            return self.temporary(shape)
        if receiver.kind == "graph" and name == "copy" and not arguments.all:
            return self.temporary(shape, self.part(receiver))  # both hold what attributes hold
        if known.changes and name in known.changes:
            return self.temporary(shape, receiver, *arguments.all)
        held = [v for k, v in arguments.keywords.items() if k not in tables.GENERATOR_KEYWORDS]
        part = self.temporary(shape, *arguments.positional, *held)
        assert part.node is not None
        self.alias(part.node, receiver.node)
        return part


#: The methods that are called to make an instance.
MAKING_METHODS = ("__init__", "__new__", "__post_init__")

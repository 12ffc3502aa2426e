"""Walks calls of scikit-learn: which estimators draw random numbers, and what they change."""

from __future__ import annotations

import ast

from naavre_ext.dataflow import known_functions, shapes, tables
from naavre_ext.dataflow.arguments import Arguments
from naavre_ext.dataflow.builtin_calls import BuiltinCalls
from naavre_ext.dataflow.recorder import Value


class EstimatorCalls(BuiltinCalls):
    """Library calls with those of scikit-learn."""

    def is_deterministic(self, path: str, arguments: Arguments) -> bool:
        """Whether a scikit-learn estimator or function surely draws no random number."""
        name = path.rpartition(".")[2]
        if name in known_functions.DETERMINISTIC and not arguments.spread:
            wanting = known_functions.DETERMINISTIC[name].split()
            return not any(keyword in arguments.keywords for keyword in wanting)
        if name not in known_functions.DELEGATING or arguments.spread:
            return False
        parts = [part for shape in arguments.all for part in _leaves(shape.shape)]
        unsure = {"", "estimator", "list", "tuple", "dict"}
        first = arguments.positional[:1] or list(arguments.keywords.values())[:1]
        leading = {part for value in first for part in _leaves(value.shape)}
        if any(
            arguments.keywords[k].kind not in ("int", "none", "estimator seeded")
            for k in ("cv",)
            if k in arguments.keywords
        ):
            return False
        return "estimator seeded" in leading and not leading & unsure and "estimator" not in parts

    def sklearn_result(self, path: str, arguments: Arguments) -> Value:
        """An estimator, new data, or a number."""
        if path.rpartition(".")[2][:1].isupper():
            sure = self.is_seeded(arguments) or self.is_deterministic(path, arguments)
            kind = "estimator seeded" if sure else "estimator"
            if _works_in_place(arguments):
                kind = "estimator in place"
            if path.startswith("sklearn.metrics."):
                kind = "figure" if "Display" in path else ""
            made = self.temporary(kind, *arguments.all)
            for value in self._driven(path, arguments):
                self.alias(made.node or "", value.node or "")
            return made
        if path.endswith("train_test_split"):
            return self._split_data(arguments)
        if path.endswith(("make_pipeline", "make_union", "make_column_transformer")):
            kind = "estimator seeded" if self.is_deterministic(path, arguments) else "estimator"
            if _works_in_place(arguments):
                kind = "estimator in place"
            made = self.temporary(kind, *arguments.all)
            for value in self._driven("sklearn.pipeline.", arguments):
                self.alias(made.node or "", value.node or "")
            return made
        if path.endswith(".clone"):
            return self.temporary(arguments.all[0].shape if arguments.all else "")
        if path.endswith(("shuffle", "resample")) or "copy" in arguments.keywords:
            return self.merged(arguments.all)
        if ".datasets.make_" in path:
            return self.temporary(
                "tuple<array,array>" if "return" not in ast.unparse(arguments.node) else ""
            )
        return self.temporary("num" if path.endswith("_score") and "cross" not in path else "")

    def _split_data(self, arguments: Arguments) -> Value:
        """New arrays and frames; of lists the elements are the same."""
        kinds = [
            value.kind if value.kind in ("array", "frame", "sparse") else ""
            for value in arguments.positional
        ]
        parts = [
            self.temporary(kind) if kind else self.temporary("", self.element(value))
            for kind, value in zip(kinds, arguments.positional, strict=True)
            for _ in range(2)
        ]
        shape = (
            "list" if arguments.spread else shapes.make("tuple", *[part.shape for part in parts])
        )
        return self.temporary(shape, *parts)

    def _driven(self, path: str, arguments: Arguments) -> list[Value]:
        """What fitting the new estimator changes too: estimators in a pipeline, a generator given."""
        if path.startswith(("sklearn.pipeline.", "sklearn.compose.")):
            given = [self.merged(arguments.all)]
        else:
            given = [v for k, v in arguments.keywords.items() if k in tables.GENERATOR_KEYWORDS]
            given += [v for v in arguments.all if v.kind.startswith("estimator") or v.kind == "rng"]
        return [value for value in given if value.node is not None]


def _works_in_place(arguments: Arguments) -> bool:
    """Whether an estimator made so changes the data that it is given, or one in it does."""
    asked = any(arguments.has(keyword, False) for keyword in ("copy", "copy_X", "copy_x"))
    return asked or any("estimator in place" in _leaves(value.shape) for value in arguments.all)


def _leaves(shape: str) -> list[str]:
    """The shapes in a container's shape that hold nothing themselves; "" for each that isn't known."""
    held = shapes.parts(shape)
    return [leaf for part in held for leaf in _leaves(part)] if held else [shape]

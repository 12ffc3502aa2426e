"""Values for parameters: from text and YAML, against types, and back to Python source."""

from __future__ import annotations

import ast
import cmath
import math
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Any

from naavre_ext.model.diagnostic import Diagnostic, RefusedError
from naavre_ext.model.parameter import Parameter

#: What each written type accepts, by the type names that ``value_type`` gives.
_ACCEPTED: Mapping[str, tuple[str, ...]] = {
    "int": ("int",),
    "float": ("float", "int"),
    "complex": ("complex", "float", "int"),
    "str": ("str",),
    "bool": ("bool",),
    "bytes": ("bytes",),
    "none": ("NoneType",),
    "list": ("list", "tuple"),
    "tuple": ("list", "tuple"),
    "sequence": ("list", "tuple", "str"),
    "iterable": ("list", "tuple", "str", "dict", "set", "frozenset"),
    "collection": ("list", "tuple", "str", "dict", "set", "frozenset"),
    "dict": ("dict",),
    "mapping": ("dict",),
    "set": ("set", "frozenset"),
    "frozenset": ("set", "frozenset"),
}
_ANYTHING = frozenset({"any", "object", "nonetype"})
_VALUE_TYPES = (bool, int, float, complex, str, bytes, list, tuple, dict, set, frozenset)


def parse_parameter_text(text: str) -> Any:
    """The value of a ``-p NAME VALUE``, typed exactly as papermill types it."""
    words = {"True": True, "False": False, "None": None}
    if text in words:
        return words[text]
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text


def read_parameter_yaml(text: str) -> dict[str, Any]:
    """The parameters of a ``-y`` argument or of a parameter file; dates stay text.

    Raises:
        RefusedError: the text isn't YAML, or isn't a mapping from names to values.
    """
    data = read_yaml_values(text, "The parameters aren't YAML")
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise _bad_yaml(f"The parameters are a {type(data).__name__}, not a mapping.")
    for name in data:
        if not isinstance(name, str):
            raise _bad_yaml(f"The parameter name {name!r} is a {type(name).__name__}, not text.")
    return data


def read_yaml_values(text: str, wrong: str) -> Any:
    """The values of a YAML text; dates stay text.

    Raises:
        RefusedError: the text isn't YAML, in the words of ``wrong``.
    """
    import yaml  # here, not above: importing the compiler must stay light

    class DatesAsText(yaml.SafeLoader):
        """YAML's safe types but dates, which no literal can write."""

        yaml_implicit_resolvers = {  # noqa: RUF012
            first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
            for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            """Refuses a name that is given twice, of which YAML would drop one."""
            names = [key.value for key, _ in node.value if key.tag == "tag:yaml.org,2002:str"]
            for name in sorted({name for name in names if names.count(name) > 1}):
                problem = f"'{name}' is given twice"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
            return super().construct_mapping(node, deep)

    try:
        return yaml.load(text, Loader=DatesAsText)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise _bad_yaml(f"{wrong}{place}: {error.problem}.") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        first_line = str(error).partition("\n")[0]
        raise _bad_yaml(f"{wrong}: {first_line}.") from None


def _bad_yaml(message: str) -> RefusedError:
    remedy = "Write one 'name: value' per line."
    return RefusedError([Diagnostic("NX207", "error", message, remedy)])


def value_type(value: Any) -> str:
    """The name of the built-in type that ``value`` counts as, else its own type's name."""
    for known in _VALUE_TYPES:
        if isinstance(value, known):
            return known.__name__
    return "str" if isinstance(value, PurePath) else type(value).__name__


def accepted_types(parameter: Parameter) -> frozenset[str] | None:
    """The types of value that the parameter takes; None when it takes any.

    A written annotation decides, with the default's own type added. An annotation that
    isn't understood counts as the default's type.
    """
    default = parameter.default
    known = frozenset() if default is None else frozenset(_ACCEPTED.get(value_type(default), ()))
    try:
        annotation = ast.parse(parameter.type_name, mode="eval").body
    except (SyntaxError, ValueError):
        return known or None
    if _base_name(annotation) in _ANYTHING:
        return None
    written = _annotated_types(annotation)
    if not written:
        return known or None
    implied = frozenset({"NoneType"}) if default is None else known
    return written | implied


def from_json(parameter: Parameter, value: Any) -> Any:
    """``value``, which came as JSON, as the tuple that the parameter takes: JSON has lists only."""
    written = parameter.type_name.partition("[")[0].rpartition(".")[2].strip().lower()
    takes_tuple = isinstance(parameter.default, tuple) or written == "tuple"
    return tuple(value) if takes_tuple and isinstance(value, list) else value


def typed_values(parameters: Iterable[Parameter], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values, which came as JSON, as the parameters of these names take them."""
    known = {parameter.name: parameter for parameter in parameters}
    return {n: from_json(known[n], v) if n in known else v for n, v in values.items()}


def _annotated_types(node: ast.expr) -> frozenset[str]:
    """The types that an annotation names; empty when it isn't understood."""
    match node:
        case ast.Constant(value=None):
            return frozenset({"NoneType"})
        case ast.Constant(value=str(text)):
            try:
                return _annotated_types(ast.parse(text, mode="eval").body)
            except (SyntaxError, ValueError):
                return frozenset()
        case ast.BinOp(op=ast.BitOr(), left=left, right=right):
            return _union([left, right])
        case ast.Subscript(value=value, slice=inner):
            parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            return _subscripted(_base_name(value), parts)
        case _:
            return frozenset(_ACCEPTED.get(_base_name(node), ()))


def _subscripted(base: str, parts: list[ast.expr]) -> frozenset[str]:
    match base:
        case "optional":
            inner = _union(parts)
            return inner | {"NoneType"} if inner else inner
        case "union":
            return _union(parts)
        case "literal":
            return frozenset(value_type(p.value) for p in parts if isinstance(p, ast.Constant))
        case "annotated" | "final":
            return _annotated_types(parts[0])
        case _:
            return frozenset(_ACCEPTED.get(base, ()))


def _union(parts: list[ast.expr]) -> frozenset[str]:
    """All members' types; empty, 'not understood', when one of them isn't."""
    types = [_annotated_types(part) for part in parts]
    return frozenset().union(*types) if all(types) else frozenset()


def _base_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr.lower()
    return node.id.lower() if isinstance(node, ast.Name) else ""


def python_source(value: Any) -> str:
    """The literal that papermill writes for ``value``.

    Where papermill would write a string for something else (a tuple, a number as a key),
    this writes the value itself.

    Raises:
        TypeError: no literal stands for a value of this type.
        ValueError: a whole number has too many digits.
        RecursionError: the value contains itself.
    """
    match value:
        case None | bool() | bytes():
            return repr(value)
        case complex() if cmath.isfinite(value):
            return complex.__repr__(value)
        case str() | PurePath():
            return _quoted(str(value))
        case int():
            return int.__repr__(value)
        case float():
            return float.__repr__(value) if math.isfinite(value) else _non_finite(value)
        case dict():
            pairs = (f"{python_source(k)}: {python_source(v)}" for k, v in value.items())
            return f"{{{', '.join(pairs)}}}"
        case list():
            return f"[{', '.join(map(python_source, value))}]"
        case tuple():
            comma = "," if len(value) == 1 else ""
            return f"({', '.join(map(python_source, value))}{comma})"
        case set():
            items = sorted(map(python_source, value))
            return f"{{{', '.join(items)}}}" if items else "set()"
        case _:
            raise TypeError(f"no literal stands for a {type(value).__name__}")


def _quoted(text: str) -> str:
    escaped = text.encode("unicode_escape").decode("ascii")
    return '"' + escaped.replace('"', r"\"") + '"'


def _non_finite(value: float) -> str:
    if math.isnan(value):
        return "float('nan')"
    return "float('inf')" if value > 0 else "float('-inf')"

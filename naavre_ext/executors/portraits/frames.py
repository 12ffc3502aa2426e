"""Rules for pandas: frames, series and indexes by types, labels and values, however they are stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from naavre_ext.executors.portraits.anatomy import FEW, Anatomy, Leaf, elements
from naavre_ext.executors.portraits.arrays import blocks, exact_bytes
from naavre_ext.executors.portraits.plain import qualified

#: Blocks that all columns of a frame have together.
_BLOCKS = 10_000


class _Column:
    """The values of a column or an index, in at most so many blocks."""

    def __init__(self, values: Any, most: int = FEW) -> None:
        self.values, self.most = values, most


def _column(value: _Column) -> Anatomy:
    values = value.values
    return Anatomy(
        f"{values.dtype} column",
        f"{len(values)} rows",
        parts=_values(values, value.most),
        tracked=False,
    )


def _values(values: Any, most: int = FEW) -> Iterator[tuple[str, Any]]:
    """The parts of pandas data, by how the type keeps its values."""
    categories = getattr(values, "categories", None)
    if categories is not None:
        yield ".categories", categories
        yield ".ordered", bool(values.ordered)
        yield from blocks(values.codes, most)
    elif hasattr(values, "asi8"):  # times with and without zones, differences, periods
        for (label, leaf), moment in zip(
            blocks(values.asi8, most), _shown(values, most), strict=False
        ):
            yield label, Leaf(leaf.kind, moment, leaf.content)
    elif type(values).__name__ in ("NumpyExtensionArray", "PandasArray"):
        yield from blocks(values.to_numpy(), most)
    else:
        missing = values.isna()
        yield ".isna()", Leaf("mask", f"{int(missing.sum())} missing", exact_bytes(missing))
        present = values if not missing.any() else values[~missing]
        yield from elements(present.to_numpy(dtype=object).tolist())


def _shown(values: Any, most: int) -> Iterator[str]:
    size = 1 if len(values) <= FEW else -(-len(values) // most)
    for start in range(0, len(values), size):
        yield str(values[start])


def _frame(value: Any) -> Anatomy:
    return Anatomy("DataFrame", f"{value.shape[0]}×{value.shape[1]}", parts=_frame_parts(value))


def _frame_parts(value: Any) -> Iterator[tuple[str, Any]]:
    yield ".columns", value.columns
    yield ".index", value.index
    most = max(1, min(FEW, _BLOCKS // max(1, len(value.columns))))
    for number, name in enumerate(value.columns):
        yield f"[{name!r}]", _Column(value.iloc[:, number].array, most)
    yield from _attributes(value)


def _series(value: Any) -> Anatomy:
    parts = [(".name", value.name), (".index", value.index), ("", _Column(value.array))]
    return Anatomy("Series", f"{len(value)} rows", parts=[*parts, *_attributes(value)])


def _attributes(value: Any) -> list[tuple[str, Any]]:
    return [(".attrs", value.attrs)] if value.attrs else []


def _index(value: Any) -> Anatomy:
    kind, text = type(value).__name__, f"{len(value)} labels"
    parts: list[tuple[str, Any]] = [(".names", tuple(value.names))]
    if kind == "RangeIndex":
        text = f"{value.start}:{value.stop}:{value.step}"
    elif kind == "MultiIndex":
        parts += [(f".levels[{n}]", value.get_level_values(n)) for n in range(value.nlevels)]
    else:
        text += f" every {value.freqstr}" if getattr(value, "freq", None) is not None else ""
        parts.append(("", _Column(value.array)))
    return Anatomy(kind, text, parts=parts, tracked=False)


def _array(value: Any) -> Anatomy:
    return Anatomy(type(value).__name__, f"{value.dtype} {len(value)}", parts=_values(value))


def _moment(value: Any) -> Anatomy:
    kind, unit = type(value).__name__, getattr(value, "unit", "")
    return Anatomy(kind, str(value), f"{value!r} {unit}", tracked=False)


RULES: dict[str, Callable[[Any], Anatomy]] = {
    qualified(_Column): _column,
    "pandas.DataFrame": _frame,
    "pandas.core.frame.DataFrame": _frame,
    "pandas.Series": _series,
    "pandas.core.series.Series": _series,
    "pandas.Index": _index,
    "pandas.core.indexes.base.Index": _index,
    **{
        f"{module}.{name}": _moment
        for name, modules in {
            "Timestamp": ("pandas", "pandas._libs.tslibs.timestamps"),
            "Timedelta": ("pandas", "pandas._libs.tslibs.timedeltas"),
            "Period": ("pandas", "pandas._libs.tslibs.period"),
        }.items()
        for module in modules
    },
    "pandas.api.extensions.ExtensionArray": _array,
    "pandas.core.arrays.base.ExtensionArray": _array,
}

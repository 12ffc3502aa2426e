"""Rules for NumPy arrays, sparse matrices, Arrow data and tensors: by type, shape and elements."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from naavre_ext.executors.packing_arrays import bounds, is_writable
from naavre_ext.executors.packing_identity import memory_of
from naavre_ext.executors.portraits.anatomy import FEW, Anatomy, Leaf, elements, shortened


def _array(value: Any) -> Anatomy:
    """Strides don't count, the shape does; whether it can be written to does, too. If so, so does its memory."""
    if not is_writable(value):
        return Anatomy("ndarray", f"{summary(value)} read-only", parts=blocks(value))
    memory = (memory_of(value), *bounds(value))
    return Anatomy("ndarray", summary(value), parts=blocks(value), memory=memory)


def summary(value: Any) -> str:
    """``float64(3, 4)``."""
    return f"{value.dtype}{value.shape}"


def blocks(value: Any, most: int = FEW) -> Iterator[tuple[str, Any]]:
    """The elements of a small array, at most so many blocks along the first axis of a large one."""
    import numpy

    value = numpy.asarray(value)
    if value.dtype.names:
        for name in value.dtype.names:
            yield f"[{name!r}]", value[name]
    elif value.dtype.kind in "OT":
        yield from elements(value.ravel().tolist())
    elif value.ndim == 0 or value.size <= FEW:
        for place, item in zip(numpy.ndindex(value.shape), value.ravel(), strict=True):
            label = f"[{', '.join(map(str, place))}]" if place else "[()]"
            yield label, Leaf("element", shortened(str(item)), exact_bytes(item))
    else:
        size = -(-len(value) // most)
        for start in range(0, len(value), size):
            block = value[start : start + size]
            text = shortened(" ".join(map(str, block.ravel()[:8])))
            yield f"[{start}:{start + len(block)}]", Leaf("elements", text, exact_bytes(block))


def of_scalars(values: Sequence[Any]) -> Iterator[tuple[str, Any]] | None:
    """The parts of a long sequence of NumPy's numbers of one type, as blocks; None for any other."""
    import numpy

    kind = type(values[0])
    if not issubclass(kind, numpy.number | numpy.bool_) or issubclass(kind, numpy.timedelta64):
        return None
    if set(map(type, values)) != {kind}:
        return None
    found = blocks(numpy.array(values))
    return (
        (at, Leaf(f"{kind.__name__} {leaf.kind}", leaf.text, leaf.content)) for at, leaf in found
    )


def exact_bytes(value: Any) -> bytes:
    """The elements' bytes in C order; all NaNs are one, padding doesn't count."""
    import numpy

    array = numpy.ascontiguousarray(value)
    if array.dtype.kind in "fc":
        if array.dtype.itemsize > 16 or array.dtype == numpy.longdouble:
            high = array.astype("c16" if array.dtype.kind == "c" else "f8")
            return exact_bytes(high) + exact_bytes((array - high).astype(high.dtype))
        real = array.view(array.real.dtype)
        unknown = numpy.isnan(real)
        if unknown.any():
            real = real.copy()
            real[unknown] = numpy.nan
        return bytes(real.tobytes())
    return bytes(array.tobytes())


def _scalar(value: Any) -> Anatomy:
    name = type(value).__name__
    if value.dtype.names or value.dtype.kind == "O":
        return Anatomy(name, str(value.dtype), parts=blocks(value))
    text = shortened(str(value))
    content = str(value.dtype).encode() + exact_bytes(value)
    return Anatomy(name, text, content, tracked=False)


def _dtype(value: Any) -> Anatomy:
    return Anatomy("dtype", str(value), repr(value), tracked=False)


def _named(value: Any) -> Anatomy:
    return Anatomy(type(value).__name__, value.__name__, tracked=False)


def _masked(value: Any) -> Anatomy:
    """What is masked out has no value."""
    import numpy

    mask = numpy.ma.getmaskarray(value)
    data = value.filled()
    parts = [(".mask", Leaf("mask", "", exact_bytes(mask))), (".fill_value", value.fill_value)]
    return Anatomy("masked array", summary(value), parts=(*parts, *blocks(data)))


def _sparse(value: Any) -> Anatomy:
    triplets = value.tocoo(copy=True)
    triplets.sum_duplicates()
    coordinates = getattr(triplets, "coords", None) or (triplets.row, triplets.col)
    parts = [(f".coords[{n}]", column(axis)) for n, axis in enumerate(coordinates)]
    text = f"{value.format} {summary(value)} with {triplets.nnz} elements"
    return Anatomy("sparse", text, parts=[*parts, (".data", column(triplets.data))])


def column(value: Any) -> Leaf:
    """An array as one leaf."""
    return Leaf(str(value.dtype), summary(value), exact_bytes(value))


def _arrow_table(value: Any) -> Anatomy:
    schema = value.schema.to_string(show_schema_metadata=True)
    text = f"{value.num_rows} rows of {shortened(schema)}"
    parts = [(f"[{name!r}]", value.column(n)) for n, name in enumerate(value.schema.names)]
    return Anatomy(type(value).__name__, text, schema, parts=parts, tracked=False)


def _arrow_array(value: Any) -> Anatomy:
    kind = str(value.type)
    return Anatomy(
        "arrow", f"{len(value)} of {kind}", parts=elements(value.to_pylist()), tracked=False
    )


def _tensor(value: Any) -> Anatomy:
    import torch

    plain = value.detach().cpu()
    if plain.layout != torch.strided:
        plain = plain.to_dense()
    if plain.dtype == torch.bfloat16:
        plain = plain.float()
    text = f"{value.dtype}{tuple(value.shape)} on {value.device}"
    parts = [
        (".requires_grad", value.requires_grad),
        (".grad", value.grad if value.is_leaf else None),
    ]
    return Anatomy("Tensor", text, parts=(*parts, *blocks(plain.numpy())))


RULES: dict[str, Callable[[Any], Anatomy]] = {
    "numpy.ma.core.MaskedArray": _masked,
    "numpy.ma.MaskedArray": _masked,
    "numpy.ndarray": _array,
    "numpy.generic": _scalar,
    "numpy.dtype": _dtype,
    "numpy.ufunc": _named,
    "scipy.sparse._base._spbase": _sparse,
    "scipy.sparse.base.spmatrix": _sparse,
    "pyarrow.lib.Table": _arrow_table,
    "pyarrow.lib.RecordBatch": _arrow_table,
    "pyarrow.lib.Array": _arrow_array,
    "pyarrow.lib.ChunkedArray": _arrow_array,
    "torch.Tensor": _tensor,
}

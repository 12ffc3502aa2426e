"""What is known about methods, by the kind of their receiver, as data.

Read from Python 3.13, NumPy 2.4 and pandas 3.1.
"""

from __future__ import annotations

from naavre_ext.dataflow.tables import Kind

#: Change the receiver itself, not what it holds; their arguments become part of it.
CONTAINER_CHANGES = frozenset(
    {"append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse", "add", "discard",
     "update", "setdefault", "popitem", "appendleft", "extendleft", "popleft", "rotate",
     "move_to_end", "subtract", "intersection_update", "difference_update",
     "symmetric_difference_update", "fill", "put", "partition", "resize", "itemset", "setflags"}
)  # fmt: skip

#: Of those, the ones that things other than containers have, with other effects.
AMBIGUOUS = frozenset({"add", "update", "put", "remove", "clear"})
#: ``pathlib`` methods: ``r`` reads and ``w`` writes the world, and the kind of the result.
PATH_METHODS: dict[str, tuple[str, Kind]] = {
    **dict.fromkeys(("exists", "is_file", "is_dir", "is_symlink", "samefile"), ("r", "bool")),
    **dict.fromkeys(("glob", "rglob", "iterdir"), ("r", "view<path>")),
    **dict.fromkeys(("resolve", "absolute", "expanduser", "readlink"), ("r", "path")),
    **dict.fromkeys(("joinpath", "with_suffix", "with_name", "with_stem", "relative_to"), ("", "path")),
    **dict.fromkeys(("as_posix", "as_uri"), ("", "str")),
    **dict.fromkeys(("match", "is_absolute", "is_relative_to"), ("", "bool")),
    **dict.fromkeys(("write_text", "write_bytes", "mkdir", "unlink", "touch", "rmdir", "rename", "replace"), ("w", "none")),
    "read_text": ("r", "str"), "read_bytes": ("r", "bytes"), "stat": ("r", ""), "open": ("", "file"),
}  # fmt: skip

_STR = frozenset(name for name in dir(str) if not name.startswith("_"))
#: Receiver kind → methods that change nothing.
PURE: dict[Kind, frozenset[str]] = {
    "str": _STR,
    "list": frozenset({"index", "count", "copy"}),
    "dict": frozenset({"get", "keys", "values", "items", "copy", "most_common", "elements", "fromkeys"}),
    "set": frozenset({"union", "intersection", "difference", "symmetric_difference", "issubset",
                      "issuperset", "isdisjoint", "copy"}),
    "tuple": frozenset({"index", "count", "_asdict", "_replace"}),
}  # fmt: skip
#: Kinds all of whose methods are pure, but for the names given.
PURE_EXCEPT: dict[Kind, frozenset[str]] = {
    "int": frozenset(),
    "float": frozenset(),
    "num": frozenset(),
    "bool": frozenset(),
    "bytes": frozenset(),
    "range": frozenset(),
    "label": frozenset(),
}

#: Pure whatever the receiver: the same name changes nothing in any library known to us.
#: (No ``get``, ``read``, ``next``, ``sample``: a queue, a file, an iterator, an RNG change by those.)
PURE_ANYWHERE = frozenset(
    {"mean", "sum", "std", "var", "min", "max", "median", "prod", "cumsum", "cumprod", "astype", "reshape", "ravel",
     "flatten", "transpose", "squeeze", "swapaxes", "tolist", "to_list", "dot", "conj", "argmax", "argmin", "argsort", "nonzero",
     "clip", "any", "all", "head", "tail", "describe", "groupby", "value_counts", "nunique", "unique",
     "isnull", "isna", "notnull", "notna", "dropna", "fillna", "reset_index", "set_index",
     "sort_values", "sort_index", "assign", "pivot_table", "melt", "unstack", "to_numpy", "to_dict", "to_frame",
     "items", "keys", "values", "split", "rsplit", "splitlines", "strip", "lstrip", "rstrip", "lower", "upper", "title",
     "capitalize", "startswith", "endswith", "format", "join", "isdigit", "isalpha", "isupper", "islower", "zfill", "ljust", "rjust",
     "center", "encode", "decode", "isoformat", "strftime", "total_seconds", "union", "intersection", "difference",
     "issubset", "issuperset", "most_common", "is_integer", "bit_length", "corr", "quantile", "iterrows",
     "itertuples", "count", "index", "copy", "drop_duplicates", "isin", "idxmax", "idxmin", "nlargest", "nsmallest",
     "hexdigest", "conjugate", "as_integer_ratio", "weekday", "timestamp"}
)  # fmt: skip
#: With ``inplace=True`` these change the receiver.
#: Results that share nothing that can change with the receiver.
FRESH = frozenset(
    {"mean", "sum", "std", "var", "min", "max", "median", "prod", "cumsum", "cumprod", "astype", "flatten", "tolist", "argmax", "argmin", "argsort",
     "nonzero", "any", "all", "describe", "value_counts", "nunique", "isnull", "isna", "notnull", "notna",
     "corr", "cov", "quantile", "idxmax", "idxmin", "to_dict", "count", "index", "agg", "aggregate", "pivot_table", "size",
     "merge", "to_string", "to_html", "total_seconds", "strftime", "isoformat", "dot", "searchsorted",
     "hexdigest", "trace", "ptp", "memory_usage", "weekday", "timestamp"}
) | _STR  # fmt: skip
#: ``copy`` makes a new object whose elements are the same (list, dict) or new (array, frame).
COPYING = frozenset({"copy", "union", "intersection", "difference", "symmetric_difference"})

#: Methods of a ``pathlib.Path`` that concern the path itself and nothing else.
OWN_PATH = frozenset({"read_text", "read_bytes", "write_text", "write_bytes", "exists", "is_file", "is_dir", "stat",
                      "iterdir", "unlink", "mkdir", "touch", "rmdir"})  # fmt: skip

#: Methods of frames (and of unknown receivers) with effects on the world.
METHOD_EFFECTS: dict[str, str] = {
    **dict.fromkeys(("to_csv", "to_excel", "to_json", "to_parquet", "to_pickle", "to_hdf", "to_sql",
                     "to_feather", "tofile", "dump", "savefig", "to_netcdf"), "outside-write"),
    **dict.fromkeys(("plot", "hist", "boxplot"), "figure"),
    "sample": "rng-draw", "rvs": "rng-draw",
}  # fmt: skip

#: Methods → kind of the result, by the receiver's kind.
RESULT_KINDS: dict[tuple[Kind, str], Kind] = {
    **{("str", name): "str" for name in _STR},
    **{("str", n): "bool" for n in ("startswith", "endswith", "isdigit", "isalpha", "isalnum", "isupper")},
    **{("str", n): "list" for n in ("split", "rsplit", "splitlines")},
    **{("str", n): "int" for n in ("count", "find", "index", "rfind")},
    ("str", "partition"): "tuple", ("str", "encode"): "bytes", ("list", "copy"): "list", ("list", "index"): "int",
    ("list", "count"): "int", ("dict", "items"): "items",
    ("dict", "copy"): "dict",
}  # fmt: skip
#: The same, whatever the receiver.
ANY_RESULT_KINDS: dict[str, Kind] = {
    "lower": "str", "upper": "str", "strip": "str", "split": "list", "join": "str", "format": "str",
    "startswith": "bool", "endswith": "bool", "tolist": "list", "items": "items", "keys": "view",
    "isoformat": "str", "strftime": "str", "hexdigest": "str", "most_common": "list", "groupby": "grouping", "to_numpy": "array",
    **dict.fromkeys(("head", "tail", "describe", "value_counts", "dropna", "fillna", "reset_index", "set_index", "sort_values", "sort_index", "assign",
                     "pivot_table", "unstack", "drop_duplicates", "corr", "isnull", "isna", "notnull", "notna", "to_frame"), "frame"),
}  # fmt: skip

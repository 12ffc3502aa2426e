"""What is known about Python's, NumPy's and pandas' functions and methods, as data.

Read from Python 3.13, NumPy 2.4, pandas 3.1, SciPy 1.17, scikit-learn 1.9, Matplotlib 3.11. A name that is in no table is
*unknown*: it may change its arguments, its receiver and the world, and so runs in order.
"""

from __future__ import annotations

import builtins

from naavre_ext.dataflow import known_functions

Kind = str
#: Kinds of values whose objects can't change in place, nor hold one that can. A ``label`` is a frame's: a text, a number, a date.
IMMUTABLE: frozenset[Kind] = frozenset(
    {
        "int",
        "float",
        "num",
        "str",
        "bool",
        "none",
        "bytes",
        "range",
        "function",
        "module",
        "class",
        "path",
        "expr",
        "pattern",
        "match",
        "label",
    }
)
#: Built-in containers: taking an element gives the element itself, never a view of the container.
CONTAINERS: frozenset[Kind] = frozenset(
    {"list", "dict", "defaultdict", "set", "tuple", "items", "view", "iterator", "progress"}
)

IPYTHON_NAMES = frozenset({"get_ipython", "display", "exit", "quit", "__name__", "__builtins__",
                           "__doc__", "__file__", "__annotations__", "__builtin__",
                           "__IPYTHON__", "__package__", "__spec__", "__loader__"})  # fmt: skip
HISTORY_NAMES = frozenset(
    {"_", "__", "___", "In", "Out", "_i", "_ii", "_iii", "_ih", "_oh", "_dh", "_exit_code"}
)

#: Attributes of arrays that tell of their memory, which copies have for themselves.
OF_MEMORY = frozenset({"base", "ctypes", "flags", "__array_interface__"})

EXCEPTIONS = frozenset(
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, BaseException)
)

#: Built-in functions without effects, with the kind of what they return ("" when it varies).
PURE_BUILTINS: dict[str, Kind] = {
    "abs": "", "all": "bool", "any": "bool", "ascii": "str", "bin": "str", "bool": "bool",
    "bytes": "bytes", "callable": "bool", "chr": "str", "classmethod": "", "complex": "num",
    "dict": "dict", "dir": "list", "display": "none", "divmod": "", "enumerate": "iterator", "filter": "iterator",
    "float": "float", "format": "str", "frozenset": "set", "getattr": "", "hasattr": "bool",
    "hash": "int", "hex": "str", "id": "int", "int": "int", "isinstance": "bool",
    "issubclass": "bool", "iter": "iterator", "len": "int", "list": "list", "map": "iterator",
    "max": "", "min": "", "object": "", "oct": "str", "ord": "int", "pow": "", "print": "none",
    "property": "", "range": "range", "repr": "str", "reversed": "iterator", "round": "num",
    "set": "set", "slice": "range", "sorted": "list", "staticmethod": "", "str": "str", "sum": "",
    "super": "", "tuple": "tuple", "type": "class", "zip": "iterator", "bytearray": "",
    "memoryview": "", "NotImplemented": "", "Ellipsis": "",
}  # fmt: skip
#: Built-ins whose result shares nothing that can change with their arguments.
FRESH_BUILTINS = frozenset(
    {"abs", "all", "any", "ascii", "bin", "bool", "bytes", "bytearray", "callable", "chr", "complex", "dir",
     "divmod", "float", "format", "hasattr", "hash", "hex", "id", "int", "isinstance", "issubclass",
     "len", "object", "oct", "ord", "pow", "print", "display", "range", "repr", "round", "slice", "str", "type"}
)  # fmt: skip
#: Built-ins that make a new container of the elements of their argument.
ELEMENT_BUILTINS = frozenset(
    {"list", "tuple", "set", "frozenset", "sorted", "reversed", "zip", "enumerate", "filter", "iter",
     "map", "dict"}
)  # fmt: skip
#: Calls that take next to no time.
QUICK_BUILTINS = EXCEPTIONS | frozenset(
    {"len", "print", "display", "range", "int", "float", "str", "bool", "abs", "isinstance", "type", "repr",
     "round", "format", "id", "hash", "enumerate", "zip", "iter", "slice", "divmod", "ord", "chr", "dict",
     "list", "tuple", "set", "get_ipython"}
)  # fmt: skip
QUICK_METHODS = frozenset(
    {"append", "add", "format", "join", "split", "strip", "lower", "upper", "items", "keys", "values", "get",
     "head", "tail", "startswith", "endswith", "setdefault", "replace", "title", "isoformat", "strftime"}
)  # fmt: skip
OPAQUE_BUILTINS = frozenset({"eval", "exec", "compile", "__import__",
                             "breakpoint", "delattr"})  # fmt: skip

#: Built-ins through which code may rebind any name.
REBINDING_BUILTINS = frozenset({"exec", "globals", "locals", "vars", "__import__", "get_ipython"})
#: Cell magics after which any name may be bound to something else.
REBINDING_MAGICS = frozenset({"run", "macro", "debug", "prun"})
#: Line magics that bind no name and change no variable.
HARMLESS_MAGICS = frozenset(
    {"load_ext", "reload_ext", "autoreload", "who", "whos", "who_ls", "matplotlib", "config", "precision", "cd", "env", "set_env",
     "time", "timeit", "pip", "conda", "mamba", "uv", "pwd", "ls", "history", "pushd", "popd", "lsmagic", "magic",
     "colors", "xmode", "pdb", "logstart", "logstop", "mkdir", "cat", "cp", "mv", "rm", "psource", "pinfo",
     "pinfo2", "pdoc", "pdef", "pfile", "sx", "system", "watermark", "version_information", "automagic", "page", "tb"}
)  # fmt: skip
#: Extensions that bind no name when they are loaded; any other may.
QUIET_EXTENSIONS = frozenset(
    {"autoreload", "line_profiler", "memory_profiler", "watermark", "tensorboard", "dotenv", "cython", "nb_black",
     "lab_black", "jupyter_black", "snakeviz", "storemagic", "version_information", "rpy2.ipython", "sql"}
)  # fmt: skip
#: Of those, the ones that look at all names.
LOOKING_MAGICS = frozenset({"who", "whos", "who_ls"})
#: Line magics that run commands or change files.
COMMAND_MAGICS = frozenset(
    {"pip", "conda", "mamba", "uv", "mkdir", "rmdir", "cat", "cp", "mv", "rm", "ls", "sx", "system"}
)
#: Cell magics that run another program or write a file: they leave Python's names alone.
COMMAND_CELL_MAGICS = frozenset(
    {
        "bash",
        "sh",
        "script",
        "writefile",
        "file",
        "perl",
        "ruby",
        "cmd",
        "system",
        "sx",
        "!",
        "python",
        "python2",
        "python3",
        "pypy",
    }
)

#: Decorators that leave a function's meaning as it is, or a class's.
TRANSPARENT_DECORATORS = frozenset(
    {"staticmethod", "classmethod", "property", "functools.wraps", "functools.lru_cache", "functools.cache",
     "functools.total_ordering", "functools.cached_property", "contextlib.contextmanager", "dataclasses.dataclass", "dataclass",
     "typing.no_type_check", "typing.overload", "typing.final", "typing.override", "abc.abstractmethod", "numba"}
)  # fmt: skip
#: Of those, the ones that return the same object again.
CACHING_DECORATORS = frozenset(
    {"functools.lru_cache", "functools.cache", "functools.cached_property"}
)
#: Packages whose values remember what they were computed from.
RECORDING_MODULES = frozenset({"torch", "tensorflow", "keras", "jax", "autograd", "micrograd", "tinygrad", "cvxpy", "pulp",
                               "pyomo", "pymc", "dask", "theano", "mxnet", "paddle"})  # fmt: skip
#: Binary and unary operator methods.
OPERATORS = frozenset(f"__{prefix}{name}__" for prefix in ("", "r", "i") for name in (
    "add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor", "lshift", "rshift"
)) | {"__neg__", "__pos__", "__invert__", "__abs__"}  # fmt: skip
#: Methods that Python calls by itself and that change their own object by design.
SELF_CHANGING = frozenset({"__init__", "__new__", "__post_init__", "__call__", "__setitem__", "__delitem__",
                           "__setattr__", "__delattr__", "__init_subclass__", "__set_name__"}) | {
    name for name in OPERATORS if name.startswith("__i") and name != "__invert__"
}  # fmt: skip

#: Line magics that only change settings.
SETTING_MAGICS = frozenset(
    {"matplotlib", "config", "precision", "cd", "env", "set_env", "pushd", "popd"}
)

#: Modules whose functions have no effect unless a table below says otherwise.
PURE_MODULES = frozenset(
    {"math", "cmath", "statistics", "itertools", "functools", "operator", "string", "re", "json",
     "datetime", "time", "collections", "copy", "fractions", "decimal", "textwrap", "typing",
     "dataclasses", "enum", "uuid", "hashlib", "base64", "struct", "zlib", "calendar", "bisect",
     "pprint", "numbers", "abc", "types", "unicodedata", "difflib", "html", "binascii", "colorsys",
     "numpy", "pandas", "scipy", "__future__", "heapq", "random", "warnings", "os.path", "secrets",
     "keyword", "timeit", "inspect", "platform", "IPython.display", "typing_extensions", "posixpath",
     "pathlib", "contextlib", "traceback", "locale", "gc", "weakref", "array", "zoneinfo", "graphlib",
     "reprlib", "cProfile", "dateutil", "pytz", "toolz", "more_itertools", "sklearn", "tqdm", "csv"} | known_functions.PURE
)  # fmt: skip
#: Modules that draw: their calls read their arguments and act on the current figure.
FIGURE_MODULES = frozenset({"matplotlib", "seaborn", "mpl_toolkits"})
#: Importing one of these changes no settings.
QUIET_IMPORTS = PURE_MODULES | FIGURE_MODULES | frozenset(
    {"os", "sys", "io", "glob", "shutil", "subprocess", "tempfile", "pickle", "csv", "logging",
     "threading", "multiprocessing", "concurrent", "asyncio", "urllib", "requests", "sqlite3",
     "sklearn", "statsmodels", "networkx", "sympy", "tqdm", "IPython", "joblib", "queue", "socket",
     "ctypes", "argparse", "configparser", "gzip", "zipfile", "tarfile", "xml", "email", "http",
     "xarray", "pyarrow", "PIL", "skimage", "cv2", "h5py", "netCDF4", "yaml", "ipywidgets", "builtins",
     "__main__", "naavre_ext", "signal", "resource", "atexit", "importlib", "codeop", "token", "tokenize", "ast",
     "dis", "linecache", "select", "ssl", "mmap", "shelve", "dbm", "plistlib", "stat", "filecmp",
     "patsy", "numexpr", "numba", "bs4", "lxml", "sqlalchemy", "openpyxl", "mpmath", "tables", "cartopy", "bokeh", "plotly", "fsspec"}
)  # fmt: skip

#: Dotted name (a trailing ``*`` matches the rest) → effect kinds, for functions of known modules.
FUNCTION_EFFECTS: dict[str, str] = {
    "numpy.random.seed": "rng-seed", "numpy.random.set_state": "rng-seed", "random.seed": "rng-seed",
    "random.setstate": "rng-seed", "torch.manual_seed": "rng-seed",
    "numpy.random.default_rng": "", "numpy.random.RandomState": "", "numpy.random.Generator": "",
    "numpy.random.SeedSequence": "", "numpy.random.PCG64": "", "random.Random": "",
    "numpy.random.*": "rng-draw", "random.shuffle": "rng-draw change0", "random.*": "rng-draw",
    "numpy.random.shuffle": "rng-draw change0",
    "numpy.set_printoptions": "settings", "numpy.seterr": "settings", "numpy.seterrcall": "settings",
    "numpy.setbufsize": "monkeypatch", "numpy.errstate": "settings", "numpy.printoptions": "settings",
    "pandas.set_option": "settings", "pandas.reset_option": "settings", "pandas.option_context": "settings",
    "pandas.options.*": "settings", "pandas.plotting.*": "figure",
    "warnings.filterwarnings": "settings", "warnings.simplefilter": "settings",
    "warnings.resetwarnings": "settings", "warnings.catch_warnings": "settings", "warnings.warn": "ambient",
    "sys.path.*": "settings", "os.environ.*": "settings", "os.chdir": "settings", "os.putenv": "settings",
    "matplotlib.rcParams.*": "settings", "matplotlib.pyplot.rcParams.*": "settings", "matplotlib.use": "settings",
    "matplotlib.pyplot.style.*": "settings", "matplotlib.style.*": "settings", "matplotlib.rc*": "settings",
    "matplotlib.pyplot.rc*": "settings", "matplotlib.pyplot.ion": "settings", "matplotlib.pyplot.ioff": "settings",
    "seaborn.set*": "settings", "seaborn.despine": "figure", "matplotlib.pyplot.xkcd": "settings",
    "IPython.display.set_matplotlib_formats": "settings",
    "calendar.setfirstweekday": "monkeypatch", "codecs.register*": "monkeypatch", "codecs.unregister": "monkeypatch",
    **dict.fromkeys((f"numbers.{name}.register" for name in ("Number", "Complex", "Real", "Rational", "Integral")), "monkeypatch"),
    "abc.ABC.register": "monkeypatch", "urllib.parse.uses_*": "monkeypatch", "pandas.set_eng_float_format": "settings",
    **dict.fromkeys(("matplotlib.style.library.update", "matplotlib.pyplot.style.library.update",
        "matplotlib.rcParamsDefault.update", "matplotlib.pyplot.rcParamsDefault.update", "matplotlib.colormaps.unregister", "matplotlib.color_sequences.register", "matplotlib.color_sequences.unregister",
        "matplotlib.pyplot.register_cmap", "matplotlib.units.registry*", "matplotlib.scale.register_scale",
        "matplotlib.projections.register_projection", "matplotlib.font_manager.fontManager.*"), "monkeypatch"),
    "locale.setlocale": "settings", "decimal.getcontext": "settings", "decimal.setcontext": "settings",
    "decimal.localcontext": "settings", "gc.collect": "", "gc.*": "settings", "sys.setrecursionlimit": "settings",
    **dict.fromkeys((f"numpy.{n}.at" for n in ("add", "subtract", "multiply", "divide", "maximum", "minimum",
        "logical_or", "logical_and", "bitwise_or", "bitwise_and")), "change0"),
    "numpy.put": "change0", "numpy.place": "change0", "numpy.copyto": "change0", "numpy.putmask": "change0",
    "numpy.fill_diagonal": "change0", "numpy.put_along_axis": "change0", "numpy.frompyfunc": "",
    "heapq.heappush": "change0", "heapq.heappop": "change0", "heapq.heapify": "change0",
    "heapq.heappushpop": "change0", "heapq.heapreplace": "change0", "bisect.insort": "change0",
    **dict.fromkeys((f"operator.{n}" for n in ("setitem", "delitem", "iadd", "isub", "imul", "imatmul", "itruediv",
        "ifloordiv", "imod", "ipow", "ilshift", "irshift", "iand", "ior", "ixor", "iconcat")), "change0"),
    "bisect.insort_left": "change0", "bisect.insort_right": "change0", "functools.partial": "", "functools.update_wrapper": "change0",
    "numpy.load": "outside-read", "numpy.loadtxt": "outside-read", "numpy.genfromtxt": "outside-read",
    "numpy.fromfile": "outside-read", "numpy.memmap": "outside-write", "numpy.save": "outside-write",
    "numpy.savez": "outside-write", "numpy.savez_compressed": "outside-write", "numpy.savetxt": "outside-write",
    "numpy.lib.*": "unknown", "numpy.nditer": "unknown", "numpy.ctypeslib.*": "unknown",
    "numpy.show_config": "unknown", "numpy.test": "unknown", "numpy.info": "unknown",
    "pandas.read_*": "outside-read", "pandas.ExcelWriter": "outside-write", "pandas.HDFStore": "outside-write",
    "pandas.to_pickle": "outside-write", "pandas.ExcelFile": "outside-read", "pandas.api.extensions.*": "unknown",
    "scipy.io.*": "outside-write", "json.dump": "outside-write", "json.load": "outside-read change0",
    "pathlib.Path.*": "outside-write", "pathlib.*": "", "os.path.join": "", "os.path.basename": "", "os.path.dirname": "",
    "os.path.splitext": "", "os.path.split": "", "os.path.*": "outside-read", "os.getcwd": "outside-read",
    "os.listdir": "outside-read", "os.cpu_count": "", "os.getpid": "ambient", "os.environ.get": "", "os.getenv": "",
    "glob.*": "outside-read", "inspect.*": "unknown", "traceback.*": "unknown", "weakref.*": "unknown",
    "contextlib.redirect_stdout": "unknown", "contextlib.redirect_stderr": "unknown",
    "timeit.*": "unknown", "cProfile.*": "unknown", "datetime.*": "", "time.tzset": "settings",
    "itertools.*": "", "functools.lru_cache": "", "functools.reduce": "", "naavre_ext.notebook_task": "outside-read",
    "scipy.fft.set_workers": "settings", "scipy.optimize.*": "", "scipy.stats.*": "",
    **dict.fromkeys((f"scipy.{name}" for name in (
        "optimize.differential_evolution", "optimize.dual_annealing", "optimize.basinhopping", "optimize.shgo",
        "stats.bootstrap", "stats.permutation_test", "stats.monte_carlo_test", "stats.qmc.*", "stats.sampling.*",
        "stats.*.resample", "sparse.random", "sparse.random_array", "sparse.rand", "cluster.vq.kmeans",
        "cluster.vq.kmeans2", "linalg.interpolative.*", "linalg.clarkson_woodruff_transform", "stats.goodness_of_fit",
        "stats.mannwhitneyu", "stats.special_ortho_group", "stats.ortho_group", "stats.random_correlation")), "rng-draw"),
    "sklearn.metrics.*": "", "sklearn.preprocessing.*": "", "sklearn.feature_extraction.*": "", "sklearn.base.*": "",
    "sklearn.set_config": "settings",
    "sklearn.config_context": "settings", "sklearn.pipeline.*": "", "sklearn.compose.*": "", "sklearn.impute.*": "",
    "sklearn.linear_model.LinearRegression": "", "sklearn.neighbors.*": "", "sklearn.naive_bayes.*": "",
    "sklearn.metrics.pairwise.*": "", "sklearn.metrics.*Display.*": "figure", "sklearn.inspection.*": "unknown", "sklearn.*": "rng-draw",
    "tqdm.tqdm.pandas": "monkeypatch", "tqdm.auto.tqdm.pandas": "monkeypatch", "tqdm.write": "",
    "os.*": "outside-write", "os.path.exists": "outside-read", "os.path.isfile": "outside-read", "os.path.isdir": "outside-read",
    "os.walk": "outside-read", "os.scandir": "outside-read", "os.stat": "outside-read", "os.sep": "", "os.linesep": "",
    "os.getcwdb": "outside-read", "os.fspath": "", "os.urandom": "", "os.uname": "", "os.access": "outside-read",
    "shutil.*": "outside-write", "shutil.which": "outside-read", "shutil.disk_usage": "outside-read", "subprocess.*": "outside-write",
    "requests.get": "outside-read", "requests.head": "outside-read", "requests.*": "outside-write",
    "unittest.mock.patch*": "monkeypatch unknown", "copyreg.*": "monkeypatch", "h5py.get_config": "monkeypatch",
    "mimetypes.add_type": "monkeypatch", "mimetypes.init": "monkeypatch", "zoneinfo.reset_tzpath": "monkeypatch",
    "urllib.request.install_opener": "monkeypatch", "tracemalloc.start": "ambient", "tracemalloc.stop": "ambient",
    "urllib.parse.*": "", "urllib.request.urlopen": "outside-read", "urllib.request.*": "outside-write", "sqlite3.*": "outside-write",
    "sqlite3.register_*": "monkeypatch", "sqlite3.enable_callback_tracebacks": "monkeypatch",
    "pickle.loads": "unknown", "pickle.dumps": "", "pickle.load": "outside-read change0", "pickle.dump": "outside-write",
    "joblib.dump": "outside-write", "joblib.load": "outside-read", "socket.*": "outside-write", "tempfile.*": "outside-write",
    "logging.*": "ambient", "threading.*": "ambient", "multiprocessing.cpu_count": "", "multiprocessing.*": "ambient",
    "concurrent.*": "ambient", "asyncio.*": "ambient", "signal.*": "settings", "atexit.*": "ambient", "sys.exit": "ambient",
    **dict.fromkeys((f"sys.{s}.{n}" for s in ("stdout", "stderr") for n in ("write", "writelines", "flush")), ""),
    "sys.stdout.*": "ambient", "sys.stderr.*": "ambient", "sys.getsizeof": "", "sys.getrefcount": "ambient",
    "numpy.shares_memory": "ambient", "numpy.may_share_memory": "ambient",
    "csv.field_size_limit": "settings", "csv.register_dialect": "settings", "csv.unregister_dialect": "settings",
    "sys.set_int_max_str_digits": "settings", "re.purge": "", "functools.singledispatch": "unknown",
    "functools.cmp_to_key": "", "pathlib.Path.cwd": "outside-read", "pathlib.Path.home": "outside-read", "pathlib.Path": "",
    "pathlib.PurePath": "", "IPython.display.clear_output": "ambient", "numpy.vectorize": "", "numpy.fromfunction": "",
    **known_functions.EFFECTS,
}  # fmt: skip
#: Library and last part of a dotted name → effect kinds, whichever class or module lies between.
LAST_PART_EFFECTS: dict[str, str] = {
    "collections.abc.*.register": "monkeypatch",
    "scipy.stats.*.rvs": "rng-draw", "scipy.stats.*.resample": "rng-draw", "statsmodels.api.*.from_formula": "formula",
}  # fmt: skip

#: Functions and methods that read or write what their first argument names, and nothing else.
PATH_FIRST = frozenset(
    {"pandas.read_csv", "pandas.read_table", "pandas.read_fwf", "pandas.read_json", "pandas.read_excel",
     "pandas.read_parquet", "pandas.read_feather", "pandas.read_pickle", "pandas.read_stata", "pandas.read_sas",
     "pandas.read_spss", "pandas.read_xml", "pandas.read_orc", "numpy.load", "numpy.loadtxt", "numpy.genfromtxt",
     "numpy.fromfile", "numpy.save", "numpy.savez", "numpy.savez_compressed", "numpy.savetxt",
     "os.listdir", "os.scandir", "os.stat", "os.remove", "os.unlink", "os.mkdir", "os.makedirs", "os.rmdir",
     "os.path.exists", "os.path.isfile", "os.path.isdir", "os.path.getsize", "os.path.getmtime", "joblib.load",
     "matplotlib.pyplot.imread", ".to_csv", ".to_excel", ".to_json", ".to_parquet", ".to_pickle", ".to_hdf",
     ".to_feather", ".tofile", ".savefig", ".to_netcdf"}
)  # fmt: skip

#: Functions that do nothing to the world but read files, wherever they lie.
FILE_READERS = frozenset(name for name in PATH_FIRST if not name.startswith(".")) | frozenset(
    {"open()", ".open", ".read_text", ".read_bytes", ".exists", ".is_file", ".is_dir", ".stat", ".iterdir",
     ".glob", ".rglob", "glob.*", "os.walk", "os.path.*", "os.access", "json.load", "pickle.load"}
)  # fmt: skip

#: Functions and methods that ask whether a file is there, and nothing else of it.
FILE_QUESTIONS = frozenset(
    {".exists", ".is_file", ".is_dir", "os.path.exists", "os.path.lexists", "os.path.isfile", "os.path.isdir"}
)  # fmt: skip

#: Functions and methods that open files by Python's own ``open``, list folders by its own functions, or use no file
#: that may be written meanwhile: a watch sees it all (Python 3.11, NumPy 2.4, pandas 3.1, SciPy 1.17, joblib 1.6,
#: Matplotlib 3.11). It also sees what asks whether a file is there. Others ask for its time or size, or open it in C.
WATCHED_FILES = frozenset(
    {"open()", ".open", ".read_text", ".read_bytes", ".write_text", ".write_bytes", ".touch", ".unlink", ".rename",
     ".replace", ".iterdir", ".glob", ".rglob", ".resolve", ".absolute", ".expanduser", "glob.*",
     "numpy.load", "numpy.loadtxt", "numpy.genfromtxt", "numpy.fromfile", "numpy.fromregex", "numpy.save",
     "numpy.savez", "numpy.savez_compressed", "numpy.savetxt", ".tofile", ".dump",
     "pandas.read_csv", "pandas.read_table", "pandas.read_fwf", "pandas.read_json", "pandas.read_pickle",
     "pandas.read_feather", "pandas.read_excel", "pandas.read_stata", "pandas.read_orc", "pandas.to_pickle",
     ".to_csv", ".to_json", ".to_pickle", ".to_feather", ".to_stata", ".to_orc",
     "json.load", "json.dump", "pickle.load", "pickle.dump", "joblib.load", "joblib.dump",
     "scipy.io.loadmat", "scipy.io.savemat", "scipy.io.wavfile.read", "scipy.io.wavfile.write", "scipy.sparse.load_npz",
     "scipy.sparse.save_npz", "matplotlib.pyplot.imread", "matplotlib.image.imread", "matplotlib.pyplot.imsave",
     "matplotlib.image.imsave", "os.listdir", "os.scandir", "os.walk", "os.remove", "os.unlink", "os.rename",
     "os.replace", "os.makedirs", "os.mkdir", ".mkdir", "os.getcwd", "os.path.abspath", "os.path.expanduser",
     "os.path.relpath", "os.path.realpath", "pathlib.Path.cwd", "pathlib.Path.home", "shutil.copy", "shutil.copyfile",
     "shutil.copy2", "shutil.move", "requests.get", "requests.head", "urllib.request.urlopen"}
) | FILE_QUESTIONS  # fmt: skip
#: Of them, those that make folders: a watch doesn't see which, so that nothing may be asked beside them.
FOLDER_MAKERS = frozenset({".mkdir", "os.mkdir", "os.makedirs"})
#: What finds classes and functions by their names, in ``__main__`` too, to make objects anew or for annotations; and
#: with which option, if only with one.
FINDING_BY_NAME = {
    **dict.fromkeys(("pickle.load", "pickle.loads", "pickle.Unpickler", "joblib.load", "pandas.read_pickle", "torch.load"), ""),
    **dict.fromkeys(("dill.load", "dill.loads", "cloudpickle.load", "cloudpickle.loads", "shelve.open"), ""),
    **dict.fromkeys(("typing.get_type_hints", "inspect.get_annotations"), ""),
    "numpy.load": "allow_pickle", "inspect.signature": "eval_str",
}  # fmt: skip
#: What opens files of libraries that aren't known otherwise, with the mode that it takes where none is given.
FILE_OPENERS = {
    "h5py.File": "r",
    "netCDF4.Dataset": "r",
    "tables.open_file": "r",
    "shelve.open": "c",
    "dbm.open": "r",
}
#: Format of the files that functions read and write, which are no function's of another format.
FILE_FORMATS: dict[str, str] = {
    name: file_format
    for file_format, names in {
        "parquet": ("pandas.read_parquet", ".to_parquet"), "excel": ("pandas.read_excel", ".to_excel"),
        "hdf": ("pandas.read_hdf", ".to_hdf", "h5py.File"), "netcdf": (".to_netcdf", "netCDF4.Dataset"), "market": ("scipy.io.mmread", "scipy.io.mmwrite"),
        "numpy": ("numpy.load", "numpy.save", "numpy.savez", "numpy.savez_compressed"),
        "text": ("pandas.read_csv", "pandas.read_table", "pandas.read_fwf", ".to_csv", "numpy.loadtxt",
                 "numpy.genfromtxt", "numpy.savetxt"),
    }.items()
    for name in names
}  # fmt: skip
#: They write to a file that is open, and has been watched since.
INTO_OPEN_FILES = frozenset({"json.dump", "pickle.dump"})

#: Of the readers, the ones that look at what a folder holds.
FOLDER_READERS = frozenset(
    {".exists", ".is_file", ".is_dir", ".stat", ".iterdir", ".glob", ".rglob", "glob.*", "os.walk", "os.path.*",
     "os.access", "os.listdir", "os.scandir", "os.stat"}
)  # fmt: skip

#: Position of the array that a NumPy function writes its result to, where it is given that way.
OUT_POSITIONS: dict[str, int] = {
    **dict.fromkeys((f"numpy.{n}" for n in (
        "abs", "absolute", "fabs", "sign", "rint", "floor", "ceil", "trunc", "exp", "exp2", "expm1", "log", "log2", "log10",
        "log1p", "sqrt", "cbrt", "square", "reciprocal", "negative", "positive", "sin", "cos", "tan", "arcsin", "arccos",
        "arctan", "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh", "deg2rad", "rad2deg", "degrees", "radians",
        "isnan", "isfinite", "isinf", "signbit", "invert", "logical_not", "conj", "conjugate", "fix", "isposinf", "isneginf",
        "acos", "acosh", "asin", "asinh", "atan", "atanh", "bitwise_count", "bitwise_invert", "bitwise_not", "frexp", "modf", "spacing")), 1),
    **dict.fromkeys((f"numpy.{n}" for n in (
        "add", "subtract", "multiply", "divide", "true_divide", "floor_divide", "power", "float_power", "mod", "remainder",
        "fmod", "maximum", "minimum", "fmax", "fmin", "arctan2", "hypot", "logaddexp", "logaddexp2", "greater", "less",
        "equal", "not_equal", "greater_equal", "less_equal", "logical_and", "logical_or", "logical_xor", "bitwise_and",
        "bitwise_or", "bitwise_xor", "left_shift", "right_shift", "gcd", "lcm", "heaviside", "copysign", "nextafter", "ldexp",
        "matmul", "dot", "vecdot", "outer", "round", "around", "all", "any", "argmax", "argmin", "max", "min", "amax", "amin",
        "ptp", "nanmax", "nanmin")), 2),
    **dict.fromkeys((f"numpy.{n}" for n in ("sum", "prod", "mean", "cumsum", "cumprod", "std", "var", "take", "clip",
                                            "compress", "nansum", "nanmean", "concatenate", "median", "stack", "choose")), 2),
    "scipy.special.*": 1,
}  # fmt: skip
#: Keywords that make a function work in place or share memory when they have this truth value.
SHARING_KEYWORDS: dict[str, bool] = {"inplace": True, "overwrite_a": True, "overwrite_b": True, "overwrite_x": True,
                                     "overwrite_data": True, "overwrite_input": True, "copy": False, "deep": False}  # fmt: skip
#: Keywords that take a random number generator, which drawing changes.
GENERATOR_KEYWORDS = frozenset({"random_state", "rng", "seed"})

#: Functions whose result may share memory with an argument; other NumPy/SciPy results are new.
SHARING_FUNCTIONS = frozenset(
    f"numpy.{name}"
    for name in (
        "asarray", "asanyarray", "ascontiguousarray", "asfortranarray", "atleast_1d", "atleast_2d",
        "atleast_3d", "reshape", "ravel", "transpose", "squeeze", "expand_dims", "swapaxes", "moveaxis",
        "rollaxis", "broadcast_to", "broadcast_arrays", "diag", "diagonal", "split", "array_split",
        "hsplit", "vsplit", "dsplit", "real", "imag", "flip", "fliplr", "flipud", "rot90", "nan_to_num",
        "frombuffer", "require", "asmatrix", "matrix", "array", "ix_", "meshgrid", "vectorize",
        "permute_dims", "matrix_transpose", "unstack", "apply_along_axis", "copyto", "choose", "select",
        "object_", "piecewise", "fromiter", "stack", "block",
    )
) | frozenset({"copy.copy", "collections.*"}) | known_functions.SHARING  # fmt: skip
#: Modules whose functions, as a rule, return values that share nothing that can change with arguments.
FRESH_MODULES = frozenset({"math", "cmath", "statistics", "string", "re", "datetime", "time", "hashlib",
                           "numpy", "scipy", "textwrap", "uuid", "base64", "struct", "zlib", "os.path",
                           "calendar", "fractions", "decimal", "unicodedata", "random", "secrets", "csv", "sklearn"})  # fmt: skip
FRESH_FUNCTIONS = frozenset(
    {"pandas.read_*", "pandas.concat", "pandas.merge", "pandas.date_range", "pandas.get_dummies",
     "pandas.cut", "pandas.qcut", "pandas.crosstab", "pandas.pivot_table", "pandas.isna",
     "pandas.isnull", "pandas.notna", "pandas.notnull", "pandas.melt", "pandas.Timestamp",
     "pandas.Timedelta", "pandas.period_range", "pandas.timedelta_range", "copy.deepcopy",
     "json.loads", "json.dumps", "json.load", "collections.namedtuple", "itertools.count", "glob.*",
     "os.listdir", "os.getcwd", "os.getenv", "os.environ.get", "os.cpu_count", "os.getpid", "pathlib.*", "pickle.load",
     "pickle.loads", "pickle.dumps", "os.path.*", "joblib.load", "urllib.parse.*"} | known_functions.FRESH
)  # fmt: skip

#: Kinds of what library functions return.
FUNCTION_KINDS: dict[str, Kind] = {
    "numpy.random.default_rng": "rng", "numpy.random.RandomState": "rng", "numpy.random.Generator": "rng",
    "random.Random": "rng", "decimal.getcontext": "settings",
    **dict.fromkeys(
        (f"numpy.{n}" for n in ("array", "zeros", "ones", "empty", "full", "arange", "linspace", "logspace",
                                "geomspace", "eye", "identity", "zeros_like", "ones_like", "empty_like",
                                "full_like", "asarray", "concatenate", "vstack", "hstack", "stack",
                                "random.normal", "random.rand", "random.randn")),
        "array",
    ),
    **dict.fromkeys((f"pandas.{n}" for n in ("DataFrame", "read_csv", "read_excel", "read_json", "read_parquet",
                                             "merge", "pivot_table", "crosstab", "melt", "get_dummies")), "frame"),
    "pandas.concat": "frame", "pandas.Series": "frame", "pandas.date_range": "frame", "pandas.Index": "frame",
    "pandas.cut": "frame", "pandas.to_datetime": "frame", "time.time": "float", "time.perf_counter": "float", "time.monotonic": "float", "time.sleep": "none",
    "os.path.*": "str", "os.path.exists": "bool", "os.path.isfile": "bool", "os.path.isdir": "bool", "os.path.getsize": "int", "os.path.split": "tuple", "os.path.splitext": "tuple", "os.getcwd": "str", "glob.glob": "list", "os.listdir": "list",
    "matplotlib.pyplot.subplots": "figure", "matplotlib.pyplot.figure": "figure",
    "matplotlib.pyplot.gca": "figure", "matplotlib.pyplot.axes": "figure", "matplotlib.pyplot.subplot": "figure",
    "matplotlib.pyplot.gcf": "figure", "random.random": "float", "random.randint": "int", "random.uniform": "float",
    "datetime.datetime.now": "num", "datetime.datetime": "num", "datetime.date": "num", "datetime.timedelta": "num",
    "math.floor": "int", "math.ceil": "int", "json.dumps": "str", "copy.deepcopy": "",
    **dict.fromkeys((f"numpy.{n}" for n in ("sin", "cos", "exp", "log", "sqrt", "abs", "where", "diff", "cumsum", "histogram",
                                            "sort", "unique", "random.random", "random.uniform", "random.choice", "random.randint",
                                            "random.permutation", "dot", "outer", "tile", "repeat", "clip", "loadtxt", "genfromtxt")), ""),
    "pathlib.Path": "path", "pathlib.PurePath": "path", "pathlib.Path.cwd": "path", "pathlib.Path.home": "path",
    "time.strftime": "str", "os.getenv": "str", "os.cpu_count": "int", "os.getpid": "int", "csv.*": "iterator",
    "random.choice": "", "numpy.where": "",
    "itertools.*": "iterator", "collections.defaultdict": "defaultdict", "collections.Counter": "dict",
    "collections.OrderedDict": "dict", "collections.deque": "list",
    "collections.namedtuple": "class",
    **known_functions.KINDS,
}  # fmt: skip
#: Constants of modules that are plain numbers.
NUMBERS = frozenset(
    {"numpy.pi", "numpy.e", "numpy.inf", "numpy.nan", "math.pi", "math.e", "math.tau", "math.inf", "math.nan",
     "cmath.pi", "scipy.pi", "scipy.constants.pi", "numpy.euler_gamma"}
)  # fmt: skip
#: Anything else from these modules is a plain number (or text, or None).
NUMBER_MODULES = frozenset({"math", "cmath", "statistics"})

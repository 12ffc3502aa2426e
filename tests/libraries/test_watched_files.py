# ruff: noqa: E501, SIM115, B023  (one row per function)
"""The functions that a table calls watched, one by one: a watch sees the file that they read or write."""

from __future__ import annotations

import contextlib
import glob
import io
import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import matplotlib.image
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import scipy.io
import scipy.sparse

from naavre_ext.dataflow.tables import WATCHED_FILES
from naavre_ext.executors.touched_files import watching

pytestmark = pytest.mark.filterwarnings("ignore")

ARRAY = np.arange(6.0)
FRAME = pd.DataFrame({"a": [1, 2]})
IMAGE = np.zeros((2, 3, 3))
STAT = os.stat


def _gets(name: str) -> Callable[[str], Any]:
    def read(path: str) -> Any:
        with contextlib.suppress(Exception):  # an engine may not be installed
            return getattr(pd, name)(path)

    return read


#: What is tried, with the path of a file that is there.
READS: dict[str, Callable[[str], Any]] = {
    "open()": lambda path: open(path).close(),
    ".open": lambda path: Path(path).open().close(),
    ".read_text": lambda path: Path(path).read_text(),
    ".read_bytes": lambda path: Path(path).read_bytes(),
    "json.load": lambda path: json.load(open(path)),
    **{f"numpy.{name}": (lambda name: lambda path: getattr(np, name)(path))(name)
       for name in ("load", "loadtxt", "genfromtxt", "fromfile")},
    "numpy.fromregex": lambda path: np.fromregex(path, "(.)", [("a", "S1")]),
    **{f"pandas.{name}": _gets(name) for name in
       ("read_csv", "read_table", "read_fwf", "read_json", "read_pickle", "read_feather", "read_excel", "read_stata", "read_orc")},
    "pickle.load": lambda path: pickle.load(open(path, "rb")),
    "joblib.load": joblib.load,
    "scipy.io.loadmat": scipy.io.loadmat,
    "scipy.io.wavfile.read": scipy.io.wavfile.read,
    "scipy.sparse.load_npz": scipy.sparse.load_npz,
    "matplotlib.pyplot.imread": lambda path: plt.imread(path, format="png"),
    "matplotlib.image.imread": lambda path: matplotlib.image.imread(path, format="png"),
    "shutil.copy": lambda path: shutil.copy(path, "copy"),
    "shutil.copy2": lambda path: shutil.copy2(path, "copy"),
    "shutil.copyfile": lambda path: shutil.copyfile(path, "copy"),
}  # fmt: skip
#: The same, with the path of a file that isn't there.
WRITES: dict[str, Callable[[str], Any]] = {
    ".write_text": lambda path: Path(path).write_text("x"),
    ".write_bytes": lambda path: Path(path).write_bytes(b"x"),
    ".touch": lambda path: Path(path).touch(),
    "numpy.save": lambda path: np.save(path, ARRAY),
    "numpy.savetxt": lambda path: np.savetxt(path, ARRAY),
    "numpy.savez": lambda path: np.savez(path + ".npz", ARRAY),
    "numpy.savez_compressed": lambda path: np.savez_compressed(path + ".npz", ARRAY),
    ".tofile": ARRAY.tofile,
    ".dump": ARRAY.dump,
    **{f".{name}": getattr(FRAME, name) for name in
       ("to_csv", "to_json", "to_pickle", "to_feather", "to_stata", "to_orc")},
    "pandas.to_pickle": lambda path: pd.to_pickle(FRAME, path),
    "json.dump": lambda path: json.dump(1, open(path, "w")),
    "pickle.dump": lambda path: pickle.dump(1, open(path, "wb")),
    "joblib.dump": lambda path: joblib.dump(ARRAY, path),
    "scipy.io.savemat": lambda path: scipy.io.savemat(path, {"a": ARRAY}),
    "scipy.io.wavfile.write": lambda path: scipy.io.wavfile.write(path, 8000, ARRAY),
    "scipy.sparse.save_npz": lambda path: scipy.sparse.save_npz(path + ".npz", scipy.sparse.csr_array(np.eye(2))),
    "matplotlib.pyplot.imsave": lambda path: plt.imsave(path, IMAGE, format="png"),
    "matplotlib.image.imsave": lambda path: matplotlib.image.imsave(path, IMAGE, format="png"),
}  # fmt: skip
#: The same, with the path of a file that is there, and is another's or gone afterwards.
MOVES: dict[str, Callable[[str], Any]] = {
    ".unlink": lambda path: Path(path).unlink(),
    ".rename": lambda path: Path(path).rename("moved"),
    ".replace": lambda path: Path(path).replace("moved"),
    "os.remove": os.remove,
    "os.unlink": os.unlink,
    "os.rename": lambda path: os.rename(path, "moved"),
    "os.replace": lambda path: os.replace(path, "moved"),
    "shutil.move": lambda path: shutil.move(path, "moved"),
}
LISTS: dict[str, Callable[[], Any]] = {
    "glob.*": lambda: glob.glob("*"),
    ".glob": lambda: list(Path().glob("*")),
    ".rglob": lambda: list(Path().rglob("*")),
    ".iterdir": lambda: list(Path().iterdir()),
    "os.listdir": lambda: os.listdir(),
    "os.scandir": lambda: list(os.scandir()),
    "os.walk": lambda: list(os.walk(".")),
}
#: What asks for a file.
ASKS: dict[str, Callable[[str], Any]] = {
    ".exists": lambda path: Path(path).exists(),
    ".is_file": lambda path: Path(path).is_file(),
    ".is_dir": lambda path: Path(path).is_dir(),
    "os.path.exists": os.path.exists,
    "os.path.lexists": os.path.lexists,
    "os.path.isfile": os.path.isfile,
    "os.path.isdir": os.path.isdir,
}
#: They use no file that a loop may write.
NO_FILE = frozenset(
    {".resolve", ".absolute", ".expanduser", "os.makedirs", "os.mkdir", ".mkdir", "os.getcwd", "os.path.abspath",
     "os.path.expanduser", "os.path.relpath", "os.path.realpath", "pathlib.Path.cwd", "pathlib.Path.home",
     "requests.get", "requests.head", "urllib.request.urlopen"}
)  # fmt: skip

_KINDS = {
    "numpy.load": lambda: np.save(open("file", "wb"), ARRAY),
    "pickle.load": lambda: FRAME.to_pickle("file"),
    "joblib.load": lambda: joblib.dump(ARRAY, "file"),
    "scipy.io.loadmat": lambda: scipy.io.savemat("file", {"a": ARRAY}),
    "scipy.io.wavfile.read": lambda: scipy.io.wavfile.write("file", 8000, ARRAY),
    "scipy.sparse.load_npz": lambda: scipy.sparse.save_npz(open("file", "wb"), scipy.sparse.csr_array(np.eye(2))),
    "matplotlib.pyplot.imread": lambda: plt.imsave("file", IMAGE, format="png"),
    "matplotlib.image.imread": lambda: plt.imsave("file", IMAGE, format="png"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    monkeypatch.chdir(tmp_path)
    name = request.node.callspec.params.get("name") if hasattr(request.node, "callspec") else None
    _KINDS.get(name, lambda: Path("file").write_text("1"))()


@pytest.mark.parametrize("name", READS)
def test_what_is_read_is_seen(name: str) -> None:
    with watching(True) as watch:
        READS[name]("file")
    assert os.path.realpath("file") in watch.read


@pytest.mark.parametrize("name", WRITES)
def test_what_is_written_is_seen(name: str) -> None:
    with watching(True) as watch, contextlib.suppress(BaseException):
        WRITES[name]("new")
    seen = watch.changed | {watch.spoilt}
    assert any(path.startswith(os.path.realpath("new")) for path in seen)


@pytest.mark.parametrize("name", MOVES)
def test_what_is_moved_is_seen(name: str) -> None:
    with watching(True) as watch:
        MOVES[name]("file")
    assert os.path.realpath("file") in watch.changed & watch.read


@pytest.mark.parametrize("name", LISTS)
def test_what_is_listed_is_seen(name: str) -> None:
    with watching(True) as watch:
        LISTS[name]()
    assert os.path.join(os.getcwd(), "") in watch.read


@pytest.mark.parametrize("name", ASKS)
def test_what_is_asked_for_is_seen(name: str) -> None:
    with watching(True) as watch:
        ASKS[name]("file")
        ASKS[name]("new")
    assert os.path.realpath("file") in watch.found
    assert os.path.realpath("new") in watch.missed
    assert os.stat is STAT


def test_each_of_the_table_is_tried() -> None:
    assert {*READS, *WRITES, *MOVES, *LISTS, *ASKS} | NO_FILE == WATCHED_FILES


def test_what_c_libraries_open_is_not_seen() -> None:
    with watching(True) as watch:
        FRAME.to_parquet("new")
        pd.read_parquet("new")
        pd.read_json(io.StringIO('{"a": 1}\n'), lines=True)
    assert not watch.read | watch.changed

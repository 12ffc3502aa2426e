"""The interpreter of a notebook's kernel, and what it would run a cell with."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Any

from jupyter_core.utils import ensure_async

_PYTHON = re.compile(r"(?:python|pypy)(?:\d+(?:\.\d+)*)?(?:\.exe)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a notebook can't be run here, and what to do about it."""

    message: str
    remedy: str

    def to_json(self) -> dict[str, str]:
        """A JSON object."""
        return {"message": self.message, "remedy": self.remedy}


@dataclass(frozen=True, slots=True)
class Kernel:
    """A kernel by name: its interpreter, or the ``problem`` with it, and its variables of the environment."""

    name: str
    interpreter: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    problem: Problem | None = None

    @property
    def is_own(self) -> bool:
        """Whether its interpreter is the server's."""
        return self.interpreter == sys.executable


async def find_kernel(specs: Any, name: str) -> Kernel:
    """The kernel that the server's kernelspec manager knows by this name."""
    try:
        spec = await ensure_async(specs.get_kernel_spec(name))
    except KeyError:  # NoSuchKernel is one
        problem = Problem(f"This server has no kernel '{name}'.", "Choose another kernel.")
        return Kernel(name, problem=problem)
    interpreter = _interpreter(spec.argv)
    if interpreter is None:
        problem = Problem(
            f"The kernel '{name}' doesn't start a Python interpreter directly "
            f"({' '.join(spec.argv[:3])} ...), so naavre-ext can't tell which one it runs.",
            "Choose a kernel whose kernelspec begins with the interpreter.",
        )
        return Kernel(name, problem=problem)
    environment = dict(os.environ)
    for variable, value in (spec.env or {}).items():
        environment[variable] = Template(value).safe_substitute(os.environ)
    return Kernel(name, interpreter, environment)


def kernel_of(notebook: Any) -> str | None:
    """The name of the kernel that a document asks for."""
    metadata = notebook.get("metadata") if isinstance(notebook, Mapping) else None
    spec = metadata.get("kernelspec") if isinstance(metadata, Mapping) else None
    name = spec.get("name") if isinstance(spec, Mapping) else None
    return name if isinstance(name, str) and name else None


def kernel_of_file(file: Path) -> str | None:
    """The name of the kernel that a notebook's file asks for; None where that can't be told."""
    try:
        return kernel_of(json.loads(file.read_bytes()))
    except (OSError, ValueError):
        return None


def _interpreter(argv: list[str]) -> str | None:
    """The path of the Python that a kernelspec's command starts, as Jupyter finds it."""
    if not argv or not _PYTHON.fullmatch(os.path.basename(argv[0])):
        return None
    if argv[0] in ("python", f"python{sys.version_info[0]}", "python" + _version()):
        return sys.executable
    found = argv[0] if os.path.isabs(argv[0]) else shutil.which(argv[0])
    if found is None or not os.access(found, os.X_OK):
        return None
    return sys.executable if _same(found, sys.executable) else found


def _version() -> str:
    return ".".join(map(str, sys.version_info[:2]))


def _same(one: str, other: str) -> bool:
    """Whether two paths are one file in one folder. Links of two environments to one file are two interpreters."""
    one_folder, other_folder = os.path.dirname(one), os.path.dirname(other)
    return os.path.realpath(one_folder) == os.path.realpath(other_folder) and os.path.realpath(
        one
    ) == os.path.realpath(other)

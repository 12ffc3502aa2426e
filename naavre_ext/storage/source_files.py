"""What is to run where other files say something of it than a notebook: read here, or again in another process."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from naavre_ext.annotations.overlay import read_overlay
from naavre_ext.storage.notebook_file import NotebookFile, read_notebook, read_text
from naavre_ext.storage.workflow_file import read_workflow


@dataclass(frozen=True, slots=True)
class SourceFiles:
    """``notebook`` is a path, or a mapping of nbformat's shape; the path is a workflow's where its text is given.

    ``settings`` are the name and the text of a file with settings of its cells. All of it is JSON.
    """

    notebook: str | os.PathLike[str] | Mapping[str, Any]
    workflow: str | None = None
    settings: tuple[str, str] | None = None

    def read(self) -> NotebookFile:
        """What is to run, which knows these files.

        Raises:
            RefusedError: with what is wrong in them.
        """
        given = () if self.settings is None else read_overlay(self.settings[1], self.settings[0])
        if self.workflow is None:
            file = read_notebook(self.notebook)
        else:
            file = read_workflow(self.workflow, str(self.notebook))
        return replace(file, settings=(*file.settings, *given), files=self)


def is_workflow(path: str) -> bool:
    """Whether a file of this name is a workflow's."""
    return path.lower().endswith((".yaml", ".yml"))


def read_file(source: Any, path: str | None = None) -> NotebookFile:
    """What is at a path, a notebook's or a workflow's; or as :func:`read_notebook`.

    Raises:
        RefusedError: it can't be read, or isn't one that can run.
    """
    if isinstance(source, (str, os.PathLike)) and is_workflow(os.fspath(source)):
        name = os.fspath(source)
        return SourceFiles(name, read_text(name)).read()
    return read_notebook(source, path)

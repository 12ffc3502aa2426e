"""What a request asks to run, and how the engine is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from naavre_ext.environment import secret_value
from naavre_ext.model.run import RunOptions
from naavre_ext.planning.parameter_values import typed_values
from naavre_ext.planning.parameters import find_parameters, secret_literals
from naavre_ext.server.kernels import Kernel
from naavre_ext.server.run_views import source_digests
from naavre_ext.storage.batch_store import digest_of_code
from naavre_ext.storage.notebook_file import read_notebook

#: Variables of a run are kept up to this size together, so that the end of a run stays short.
_KEPT_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What to run: the document as it stands in the editor, which belongs to ``file``."""

    file: Path
    document: Mapping[str, Any] = field(repr=False)
    kernel: Kernel
    parameters: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    options: RunOptions = field(default_factory=RunOptions)
    output: Path | None = None
    detached: bool = False

    def typed(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values as the notebook's parameters take them."""
        return typed_values(self._parameters(), values)

    def digest(self) -> str:
        """Stands for the document's code in the records of batches."""
        notebook = read_notebook(self.document, str(self.file)).notebook
        return digest_of_code(notebook, self.file.parent)

    def engine_options(self, store: Path) -> RunOptions:
        """The options with all that the engine is to know of the server, the kernel and the notebook."""
        hidden = frozenset(
            str(cell["id"])
            for cell in self.document["cells"]
            if isinstance(cell, Mapping) and "id" in cell and secret_literals(_source(cell))
        )
        labels = {
            "source_digests": source_digests(self.document, hidden),
            "output": None if self.output is None else str(self.output),
        }
        return replace(
            self.options,
            cwd=str(self.file.parent),
            store=str(store),
            environment=self.kernel.environment,
            secrets={**self._known_secrets(), **self.secrets},
            keep=None,
            keep_most_bytes=_KEPT_BYTES,
            notebook=str(self.file),
            labels=labels,
            keep_notebook=True,
        )

    def _known_secrets(self) -> dict[str, str]:
        """The notebook's secrets that the kernel's environment holds."""
        names = [p.name for p in self._parameters() if p.kind == "secret"]
        found = {name: secret_value(name, self.kernel.environment) for name in names}
        return {name: value for name, value in found.items() if value is not None}

    def _parameters(self) -> Any:
        return find_parameters(read_notebook(self.document, str(self.file)).notebook)


def _source(cell: Mapping[str, Any]) -> str:
    source = cell.get("source", "")
    return "".join(source) if isinstance(source, list) else str(source)

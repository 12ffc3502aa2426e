"""What is known of code in other files that a notebook brings in: modules, scripts, called notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from naavre_ext.dataflow.nested import AskedNotebook, NestedFunction


@dataclass(frozen=True, slots=True)
class OtherFiles:
    """What other files mean for the notebook.

    ``star_imports`` tells for modules what ``from module import *`` binds: name → dotted path. ``nested`` are the
    notebooks that it calls. ``patches`` tells of the user's own modules, by their dotted names, and of scripts, as
    the notebook writes their paths, what they change of other modules, in words; "" when nothing.
    """

    star_imports: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    nested: Mapping[AskedNotebook, NestedFunction] = field(default_factory=dict)
    patches: Mapping[str, str] = field(default_factory=dict)

    def patch_by(self, module: str, names: Iterable[str] = ()) -> str:
        """What importing these names of the module may change of others, in words; "" when nothing."""
        parts = module.split(".")
        packages = [".".join(parts[:count]) for count in range(1, len(parts) + 1)]
        loaded = [*packages, *(f"{module}.{name}" for name in names)]
        return next(filter(None, (self.patches.get(name) for name in loaded)), "")


NO_OTHER_FILES = OtherFiles()

"""Whether the parts of a loop, which run at the same time, meet at a file that one of them writes."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from functools import cached_property

from naavre_ext.executors.tasks import ErrorReport
from naavre_ext.executors.touched_files import FileWatch, Touched, note, shown, with_folders
from naavre_ext.model.workflow import Split


@dataclass
class FilesApart:
    """What the parts of a loop have touched, in the loop's order; ``own`` sees what the cell itself touches."""

    split: Split
    own: FileWatch

    @cached_property
    def _before(self) -> tuple[set[str], set[str], set[str]]:
        """What the parts that count have read and changed, and the folders of that as well.

        The cell's own part is over when this is first asked for.
        """
        own = self.own.touched()
        return set(own.read), set(own.changed), set(with_folders(own.changed))

    @property
    def changed(self) -> Set[str]:
        """What the parts that count have changed."""
        return self._before[1]

    def add(self, part: Touched) -> None:
        """The next part counts."""
        read, changed, found = self._before
        read |= part.read
        changed |= part.changed
        found |= with_folders(part.changed)
        note(part)

    def meeting(self, part: Touched) -> str:
        """A file that an earlier part has changed, and the next one used, perhaps before; "" for none."""
        _, changed, found = self._before
        return _first((changed & part.changed) | (found & part.read))

    def spoilt(self, others: Touched) -> str:
        """A file that parts which count have read, and others have changed perhaps before; "" for none."""
        read, _, _ = self._before
        return _first(read & with_folders(others.changed))

    def error(self, path: str) -> ErrorReport:
        """The end of a loop that may have left the file in another state than the sequential one would."""
        text = (
            f"the loop in line {self.split.line} was split, and two parts of it used the file '{path}', which one "
            "of them wrote: what it holds now may be wrong. Give each item files of its own, or delete '# split'."
        )
        return ErrorReport.in_words("FilesMeet", text, is_ours=True)


def _first(paths: Set[str]) -> str:
    return shown(min(paths)) if paths else ""

"""Whether the parts of a loop, which run at the same time, meet at a file that one of them writes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property

from naavre_ext.executors.tasks import ErrorReport
from naavre_ext.executors.touched_files import FileWatch, Touched, note
from naavre_ext.model.workflow import Split


@dataclass
class FilesApart:
    """What the parts of a loop have touched, in the loop's order; ``own`` sees what the cell itself touches."""

    split: Split
    own: FileWatch

    @cached_property
    def _before(self) -> tuple[set[str], set[str]]:
        """What the parts that count have read and changed; the cell's own is over when this is first asked for."""
        own = self.own.touched()
        return set(own.read), set(own.changed)

    def meet(self, part: Touched) -> str:
        """The file at which the next part meets an earlier one; "" where it meets none and counts."""
        read, changed = self._before
        both = part.met_by(read, changed)
        if both:
            path = min(both)
            return os.path.relpath(path) if path.startswith(os.path.join(os.getcwd(), "")) else path
        read |= part.read
        changed |= part.changed
        note(part)
        return ""

    def may_repeat(self, part: Touched) -> bool:
        """Whether all files are right once the part, and what is behind it, has run again after the earlier ones.

        They are where files were only written, each from its beginning.
        """
        read, _ = self._before
        return not (read or part.read or self.split.makes_missing)

    def error(self, path: str) -> ErrorReport:
        """The end of a loop that may have left the file in another state than the sequential one would."""
        text = (
            f"the loop in line {self.split.line} was split, and two parts of it used the file '{path}', which one "
            "of them wrote: what it holds now may be wrong. Give each item files of its own, or delete '# split'."
        )
        return ErrorReport.in_words("FilesMeet", text, is_ours=True)

"""What a verification found: stable fields, for people and machines."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Where = Literal["end", "cell", "variable", "sharing", "file"]


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place where both ways differ in one cell's output, variable or file.

    ``name`` is the cell's number, the variable, or the file's path in the folder.
    """

    where: Where
    name: str
    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Unsteady:
    """A place that differs between two sequential runs already, so that it can't be compared."""

    where: Where
    name: str
    path: str
    reason: str

    @property
    def text(self) -> str:
        """The place and the reason."""
        return f"{self.path} ({self.reason})"


@dataclass(frozen=True, slots=True)
class Cause:
    """One link of the chain from what went wrong to what was seen.

    ``first``: the first cell that differs. ``stale``: it saw another version of ``name`` than the notebook gives
    it; ``missing``: none. ``inside``: its inputs were right, so it's how it ran. ``follows``: a cell that got a
    wrong value from another one. ``lost``: a change that never arrived anywhere. ``chance``: it draws something
    that nobody seeded, which may have been the same in the sequential runs by chance. ``ends``: the sequential
    runs don't end alike; how one of the runs ends (``cell`` is 0 where it ends well), or what to do about it.
    """

    kind: Literal["first", "stale", "missing", "inside", "follows", "lost", "chance", "ends"]
    cell: int
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """Whether both ways agree, where they don't, and why.

    ``equal`` is said only where the sequential runs end alike. Where they don't, ``differences`` prove nothing.
    ``uncompared`` maps variables to what in them couldn't be looked into. ``end`` says how all runs end where that
    isn't well. ``folder`` says where they took place.
    """

    equal: bool
    differences: tuple[Difference, ...] = ()
    causes: tuple[Cause, ...] = ()
    unsteady: tuple[Unsteady, ...] = ()
    uncompared: dict[str, str] = field(default_factory=dict)
    compared_cells: int = 0
    compared_names: int = 0
    compared_files: int = 0
    workflow_s: float = 0.0
    sequential_s: float = 0.0
    end: str = ""
    folder: dict[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> Literal["equal", "different", "undecided"]:
        """The verdict; ``undecided`` where the sequential runs don't end alike."""
        if any(cause.kind == "ends" for cause in self.causes):
            return "undecided"
        return "equal" if self.equal else "different"

    def to_json(self) -> dict[str, Any]:
        """A JSON object with every field and its ``status``; entries of ``unsteady`` have their text, too."""
        data = {"status": self.status, **asdict(self)}
        data["unsteady"] = [{**asdict(entry), "text": entry.text} for entry in self.unsteady]
        return data

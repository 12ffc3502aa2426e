"""Values that couldn't be copied in a run, and what that cost: one diagnostic for each variable."""

from __future__ import annotations

from dataclasses import dataclass, field

from naavre_ext.executors.tasks import Stuck
from naavre_ext.model.diagnostic import Diagnostic
from naavre_ext.model.workflow import Step, StepId, Workflow

CODE = "NX512"
_REMEDY = "Hand on plain data instead, or use it in one cell."


@dataclass(slots=True)
class _Found:
    """A stuck value of a step; the cells that had to run in the main worker, the loops that ran whole."""

    stuck: Stuck
    maker: Step
    cells: set[int] = field(default_factory=set)
    loops: set[tuple[int, int]] = field(default_factory=set)


class StuckValues:
    """Collects what couldn't be copied, once for each variable of a cell."""

    def __init__(self, workflow: Workflow) -> None:
        self._steps = workflow.steps
        self._found: dict[tuple[str, StepId], _Found] = {}

    def moved(self, holder: StepId, step: StepId, stuck: Stuck) -> None:
        """``step`` runs in the main worker because of a value that ``holder`` has."""
        self._note(holder, stuck).cells.add(self._step(step).cell_number)

    def loop_ran_whole(
        self, step: StepId, *, line: int, name: str, type_name: str, reason: str, remedy: str
    ) -> None:
        """A loop of ``step`` runs whole because of a value."""
        found = self._note(step, Stuck(name, type_name, reason, remedy))
        found.loops.add((self._step(step).cell_number, line))

    def diagnostics(self) -> list[Diagnostic]:
        """What to tell the user, in notebook order."""
        ordered = sorted(self._found.values(), key=lambda f: (f.maker.cell_number, f.stuck.name))
        return [_diagnostic(found) for found in ordered]

    def _note(self, holder: StepId, stuck: Stuck) -> _Found:
        maker = self._maker(stuck.name, holder)
        return self._found.setdefault((stuck.name, maker.id), _Found(stuck, maker))

    def _maker(self, name: str, holder: StepId) -> Step:
        """The last step up to ``holder`` that wrote the variable; the holder itself for what is none."""
        upto = self._steps[: self._steps.index(self._step(holder)) + 1]
        writers = [step for step in upto if set(name.split(", ")) & set(step.writes)]
        return writers[-1] if writers else upto[-1]

    def _step(self, step_id: StepId) -> Step:
        return next(step for step in self._steps if step.id == step_id)


def _diagnostic(found: _Found) -> Diagnostic:
    stuck, maker = found.stuck, found.maker
    names = [f"'{name}'" if name.isidentifier() else name for name in stuck.name.split(", ")]
    costs = [
        f"the loop in line {line} of cell {cell} ran whole" for cell, line in sorted(found.loops)
    ]
    cells = [str(cell) for cell in sorted(found.cells)]
    if cells:
        which = (
            f"cells {', '.join(cells[:-1])} and {cells[-1]}" if cells[1:] else f"cell {cells[0]}"
        )
        costs.insert(0, f"{which} ran in the main worker, in notebook order")
    message = (
        f"{' and '.join(names)} can't leave its worker: {stuck.reason}. So {', and '.join(costs)}."
    )
    remedy = stuck.remedy or _REMEDY
    return Diagnostic(
        CODE, "info", message, remedy, maker.cell_id, maker.cell_number, None, maker.title
    )

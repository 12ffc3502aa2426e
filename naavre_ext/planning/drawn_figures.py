"""Loops that make figures and are done with them in each iteration: plots that are saved, or shown, one by one."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from naavre_ext.dataflow.environment import Environment
from naavre_ext.model.dataflow import CellDataflow
from naavre_ext.planning.loops import Reduction
from naavre_ext.planning.refusal import LoopRefused

_PYPLOT = "matplotlib.pyplot."

#: Calls after which pyplot has no figure, or one less; the batch looks whether it was the last one.
_CLOSING = frozenset({f"{_PYPLOT}close", f"{_PYPLOT}show"})

#: Functions of pyplot that act on figures alone. Others switch backends, register colour maps, and the like.
_DRAWING = frozenset({
    "acorr", "angle_spectrum", "annotate", "arrow", "autoscale", "axes", "axhline", "axhspan", "axis", "axline",
    "axvline", "axvspan", "bar", "bar_label", "barbs", "barh", "box", "boxplot", "broken_barh", "cla", "clabel",
    "clf", "close", "clim", "cohere", "colorbar", "contour", "contourf", "csd", "delaxes", "draw", "ecdf",
    "errorbar", "eventplot", "figimage", "figlegend", "figtext", "figure", "fill", "fill_between",
    "fill_betweenx", "gca", "gcf", "get_fignums", "grid", "hexbin", "hist", "hist2d", "hlines", "imread",
    "imshow", "legend", "locator_params", "loglog", "magnitude_spectrum", "margins", "matshow",
    "minorticks_off", "minorticks_on", "pcolor", "pcolormesh", "phase_spectrum", "pie", "plot", "polar", "psd",
    "quiver", "quiverkey", "rgrids", "savefig", "sca", "scatter", "sci", "semilogx", "semilogy", "show",
    "specgram", "spy", "stackplot", "stairs", "stem", "step", "streamplot", "subplot", "subplot2grid",
    "subplot_mosaic", "subplots", "subplots_adjust", "suptitle", "table", "text", "thetagrids", "tick_params",
    "ticklabel_format", "tight_layout", "title", "tricontour", "tricontourf", "tripcolor", "triplot", "twinx",
    "twiny", "violinplot", "vlines", "xcorr", "xlabel", "xlim", "xscale", "xticks", "ylabel", "ylim", "yscale",
    "yticks",
})  # fmt: skip


def draws_apart(facts: CellDataflow) -> bool:
    """Whether an iteration may draw in another worker: all that it draws on seems to be its own, and closed by it.

    Figures can't be sent, so that it has none of the notebook's, but for those that pyplot has open. Whether that
    has none before, between and after the iterations is seen when they run.
    """
    drawn = [effect.what for effect in facts.effects if effect.kind == "figure"]
    return not _CLOSING.isdisjoint(drawn) and all(map(_is_known, drawn))


def check_figures_stay(
    unsure: Iterable[str], reductions: Iterable[Reduction], line: int, environment: Environment
) -> None:
    """Refuse a loop that draws and would hand figures to the notebook from elsewhere.

    ``unsure`` are names that not every iteration binds, so that another than the last one may leave them.
    """
    for name in sorted(unsure):
        if environment.kind(name) == "figure":
            raise LoopRefused(
                line,
                f"'{name}' is a figure, or a part of one, that not every iteration makes",
                "Draw in a function, which keeps the name to itself.",
            )
    for reduction in reductions:
        for name in (n for operand in reduction.operands for n in _handed(operand)):
            if environment.kind(name) == "figure":
                raise LoopRefused(
                    reduction.statement.lineno,
                    f"'{reduction.root}' collects '{name}', a figure or a part of one",
                    "Collect what is to be drawn, and draw after the loop.",
                )


def _handed(operand: ast.expr) -> Iterator[str]:
    """Names whose objects themselves are in the value."""
    if isinstance(operand, ast.Name):
        yield operand.id
    elif isinstance(operand, (ast.Tuple, ast.List)):
        for part in operand.elts:
            yield from _handed(part)
    elif isinstance(operand, ast.Dict):
        for part in operand.values:
            yield from _handed(part)


def _is_known(what: str) -> bool:
    if what.startswith(_PYPLOT):
        return what.removeprefix(_PYPLOT) in _DRAWING
    return what.startswith((".", "seaborn."))

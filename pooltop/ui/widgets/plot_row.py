"""Plots side by side, or one of them alone: each in a pane of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.containers import Horizontal

from pooltop.present.axis import columns_in
from pooltop.present.clean import cells
from pooltop.present.log_plot import LogPlot
from pooltop.present.plot import Plot
from pooltop.present.plots import draw_any
from pooltop.ui.layout import Plan
from pooltop.ui.view import View
from pooltop.ui.widgets.lines import LinePane, Painter


class PlotRow(Horizontal):
    """As many plots as there is room for, from the first."""

    def __init__(self, painter: Painter, names: Sequence[str], *, id: str) -> None:  # noqa: A002 - Textual's word
        """Make a pane for each of the plots, once and for all."""
        self.panes_of = tuple(LinePane(painter, id=f"{id}-{name}") for name in names)
        """The plots' panes, in order."""
        super().__init__(*self.panes_of, id=id, classes="plots")

    def show_plots(
        self,
        view: View,
        plan: Plan,
        width: int,
        name: str,
        plot_at: Callable[[int, int], Plot | LogPlot],
    ) -> None:
        """Draw.

        Args:
            view: what is to be seen.
            plan: how much room there is.
            width: of the row in cells.
            name: whose plots they are; clean.
            plot_at: gives the plot with this index, with so many columns of time.
        """
        self.display = plan.plots > 0
        if not plan.plots:
            return
        self.styles.height = plan.plots
        count = len(self.panes_of)
        one = None if view.plot is None else min(view.plot, count - 1)
        chosen = [one] if one is not None else list(range(min(plan.plot_count, count)))
        each = width // len(chosen)
        for index, pane in enumerate(self.panes_of):
            pane.display = index in chosen
            if index not in chosen:
                continue
            size = width - each * (len(chosen) - 1) if index == chosen[-1] else each
            pane.styles.width = size
            inner = size - plan.sides
            plot = plot_at(index, columns_in(inner))
            named = f"{name}  {plot.title}"
            fits = index == chosen[0] and cells(named) <= size - 8
            pane.title(named if fits else plot.title)
            pane.show(draw_any(plot, inner, plan.plots - plan.frame, ascii_only=view.ascii_only))

"""The plots: SVG, the same bytes for the same results."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cycler import cycler
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

Json = dict[str, Any]

_STYLE: Any = {
    "svg.hashsalt": "baqylau",
    "svg.fonttype": "none",  # text stays text: small, and read by screen readers
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.linewidth": 0.4,
    "axes.prop_cycle": cycler(color=["#1b6ca8", "#c8553d", "#4c956c", "#8d6a9f", "#e09f3e"]),
}


def curve(name: str, result: Json, folder: Path) -> list[str]:
    """Draw each plot of a curve. Returns the files' names."""
    made = []
    for number, plot in enumerate(result["plots"], 1):
        with rc_context(_STYLE):
            figure, axes = _figure(4.2, 2.8)
            for line in dict.fromkeys(point["line"] for point in result["points"]):
                points = [p for p in result["points"] if p["line"] == line and plot["y"] in p["figures"]]
                xs, ys = [p["x"] for p in points], [p["figures"][plot["y"]] for p in points]
                axes.plot(xs, ys, marker="o", markersize=3, linewidth=1.2, label=line)
            if "x" in plot["log"]:
                axes.set_xscale("log")
            if "y" in plot["log"]:
                axes.set_yscale("log")
            else:
                axes.set_ylim(bottom=0)
            axes.set_xlabel(result["x"])
            axes.set_ylabel(plot["y"])
            axes.legend(frameon=False)
            made.append(_saved(figure, folder / f"{name}-{number}.svg"))
    return made


def ratios(seen: Mapping[str, Json], folder: Path) -> str:
    """All ratios asked for in one picture: each round a dot, the median a bar, what was asked for a mark."""
    with rc_context(_STYLE):
        figure, axes = _figure(7.0, 0.6 + 0.27 * len(seen))
        for row, asked in enumerate(seen.values()):
            colour = "#4c956c" if asked["met"] else "#c8553d"
            axes.plot(asked["seen"]["rounds"], [row] * len(asked["seen"]["rounds"]), "o", color=colour, markersize=3)
            axes.plot(asked["seen"]["median"], row, "|", color=colour, markersize=14, markeredgewidth=2)
            axes.plot(asked["limit"], row, "D", color="black", markersize=4, fillstyle="none")
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.set_yticks(range(len(seen)), list(seen))
        axes.invert_yaxis()
        axes.set_xlabel("ours over the peer's; dots: rounds, bar: median, diamond: what was asked")
        return _saved(figure, folder / "ratios.svg")


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()


def _saved(figure: Figure, file: Path) -> str:
    FigureCanvasSVG(figure)
    figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return file.name

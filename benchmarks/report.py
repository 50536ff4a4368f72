"""What the measures showed: `docs/benchmarks.json`, and from it alone the pages and the plots."""

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import plots, sizing
from benchmarks.sizing import n
from benchmarks.words import AFTER, BEFORE

DOCS = Path(__file__).parents[1] / "docs"
RESULTS = DOCS / "benchmarks.json"

Json = dict[str, Any]


def kept() -> dict[str, Json]:
    """The results by measure."""
    found: dict[str, Json] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    return found


def keep(name: str, result: Json, known: Collection[str]) -> None:
    """Put one measure's result in the place of its last one; the others stay as they are, if they are `known` still."""
    results = {name: found for name, found in sorted((kept() | {name: result}).items()) if name in known}
    RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")


def said(result: Json) -> str:
    """A result in a few lines, for the terminal."""
    if result["kind"] == "curve":
        lines = [f"{point['line']} at {point['x']:g}: {_listed(point['figures'])}" for point in result["points"]]
    else:
        lines = [
            f"{whose}: " + _listed({name: found["median"] for name, found in figures.items()})
            for whose, figures in result["figures"].items()
            if figures is not None
        ]
        lines += [
            f"{asked['of'] or 'value'}: {_seen(asked)}, asked {asked['text']}: {_verdict(asked)}"
            for asked in result["asked"]
        ]
    return "\n".join(f"  {line}" for line in [*lines, f"{result['seconds']:.0f} s"])


def write_pages(order: Sequence[str], folder: Path = DOCS) -> None:
    """Make pages and plots anew from the results. `order`: of the measures."""
    results, pictures = kept(), folder / "benchmarks"
    pictures.mkdir(exist_ok=True)
    for old in pictures.glob("*.svg"):
        old.unlink()
    for name, result in results.items():
        if result["kind"] == "curve":
            plots.curve(name, result, pictures)
    plots.ratios(_ratios(results, order), pictures)
    (folder / "benchmarks.md").write_text(page(results, order))
    (folder / "sizing.md").write_text(sizing.page(results))


def page(results: Mapping[str, Json], order: Sequence[str]) -> str:
    """The Markdown page."""
    shown = {name: results[name] for name in order if name in results}
    measures = {name: result for name, result in shown.items() if result["kind"] == "measure"}
    curves = {name: result for name, result in shown.items() if result["kind"] == "curve"}
    parts = [
        BEFORE,
        *_table(measures),
        "",
        "![Ratios of all measures that have a peer](benchmarks/ratios.svg)",
        "",
        "## The figures behind it",
        "",
        *_figures(measures),
        "",
        "## How cost grows",
        *(line for name, result in curves.items() for line in _curve(name, result)),
        "",
        "## What was measured when",
        "",
        *_runs(shown),
        "",
        AFTER,
    ]
    return "\n".join(parts)


def _table(measures: Mapping[str, Json]) -> list[str]:
    rows = ["| measure | ours | side by side with | seen | asked | |", "|---|---|---|---|---|---|"]
    for result in measures.values():
        ours, peer = result["figures"]["ours"], result["figures"]["peer"]
        for number, asked in enumerate(result["asked"] or [None]):
            key = "value" if asked is None or asked["of"] is None else asked["of"]
            unit = result["unit"] if key == "value" else ""
            title = result["title"] if number == 0 else f"… {key}"
            theirs = "" if peer is None else f"{n(peer[key]['median'])} {unit}"
            verdict = ("", "", "reported") if asked is None else (_seen(asked), asked["text"], _verdict(asked))
            if asked is None and "ratio" in result:
                verdict = (f"{n(result['ratio']['median'])}×", "", "reported")
            rows.append(f"| {title} | {n(ours[key]['median'])} {unit} | {theirs} | {' | '.join(verdict)} |")
    return rows


def _seen(asked: Json) -> str:
    seen, times = asked["seen"], "×" if asked["ratio"] else ""
    return f"**{n(seen['median'])}{times}** ({n(seen['min'])} to {n(seen['max'])})"


def _verdict(asked: Json) -> str:
    return "met" if asked["met"] else f"short of {asked['text']}"


def _figures(measures: Mapping[str, Json]) -> list[str]:
    rows = ["| measure | whose | figure | median | min to max | middle half |", "|---|---|---|---|---|---|"]
    for name, result in measures.items():
        for whose, figures in result["figures"].items():
            for figure, found in (figures or {}).items():
                shown = result["unit"] if figure == "value" else figure
                middle, spread = n(found["median"]), f"{n(found['min'])} to {n(found['max'])}"
                rows.append(
                    f"| {name} | {whose} | {shown} | {middle} | {spread} | {n(found['q1'])} to {n(found['q3'])} |"
                )
    rows += ["", "| measure | ours | the peer |", "|---|---|---|"]
    rows += [f"| {name} | {result['ours']} | {result['peer']} |" for name, result in measures.items()]
    return rows


def _curve(name: str, result: Json) -> list[str]:
    figures = list(dict.fromkeys(figure for point in result["points"] for figure in point["figures"]))
    rows = ["", f"### {result['title']}", ""]
    rows += [
        f"![{plot['y']} over {result['x']}](benchmarks/{name}-{number}.svg)"
        for number, plot in enumerate(result["plots"], 1)
    ]
    rows += ["", f"| | {result['x']} | {' | '.join(figures)} |", "|---|---|" + "---|" * len(figures)]
    for point in result["points"]:
        cells = (n(point["figures"][figure]) if figure in point["figures"] else "" for figure in figures)
        rows.append(f"| {point['line']} | {n(point['x'])} | {' | '.join(cells)} |")
    return rows


def _runs(shown: Mapping[str, Json]) -> list[str]:
    rows = [
        "| measure | at (UTC) | rounds | took | load average before and after | machine |",
        "|---|---|---|---|---|---|",
    ]
    for name, result in shown.items():
        load, host = result["load_average"], result["host"]
        machine = (
            f"{host['cores']} × {host['cpu']}, {host['memory_gib']} GiB, {host['system']}, Python {host['python']}"
        )
        rounds = len(result["figures"]["ours"]["value"]["rounds"]) if result["kind"] == "measure" else 1
        rows.append(
            f"| {name} | {result['made_at'][:16].replace('T', ' ')} | {rounds} | {result['seconds']:.0f} s | "
            f"{load['start'][0]} → {load['end'][0]} | {machine} |"
        )
    return rows


def _ratios(results: Mapping[str, Json], order: Sequence[str]) -> dict[str, Json]:
    return {
        name if asked["of"] is None else f"{name}, {asked['of']}": asked
        for name in order
        if name in results
        for asked in results[name].get("asked", [])
        if asked["ratio"]
    }


def _listed(figures: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {n(value)}" for name, value in figures.items())

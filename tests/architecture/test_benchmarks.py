"""The measures can be run, and the pages of results are what the command makes. No figure is looked at."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jsonschema
import pytest

from benchmarks import measures, report
from benchmarks.harness import AtLeast, AtMost, Bound, Measure, Run, Sample, measured
from tests.architecture.sources import ROOT

SCHEMA = json.loads((ROOT / "benchmarks" / "results.schema.json").read_text())
KNOWN = measures.found()


def test_every_file_of_measures_and_peers_can_be_imported_and_has_what_it_says() -> None:
    assert KNOWN
    for name, measure in KNOWN.items():
        assert name == measure.name
        assert measure.title


def test_results_are_shaped_as_their_schema_says() -> None:
    jsonschema.validate(report.kept(), SCHEMA)


def test_results_are_of_measures_that_there_are() -> None:
    assert report.kept().keys() <= KNOWN.keys()


@pytest.mark.skipif(not report.RESULTS.exists(), reason="nothing has been measured yet")
def test_the_page_and_the_plots_are_made_from_the_results_alone(tmp_path: Path) -> None:
    report.write_pages(list(KNOWN), tmp_path)

    made = {file.relative_to(tmp_path): file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    kept = {place: (report.DOCS / place).read_bytes() for place in made}
    assert made == kept
    assert {file.name for file in (report.DOCS / "benchmarks").iterdir()} == {
        place.name for place in made if place.suffix == ".svg"
    }


def test_rounds_take_turns_and_a_median_that_falls_short_is_said_so() -> None:
    turns = []

    def side(name: str, values: list[float]) -> Run:
        left = iter(values)

        def run() -> Sample:
            turns.append(name)
            value = next(left)
            return Sample(value, {"p99 ms": value / 10})

        return run

    @contextmanager
    def setup(_: bool) -> Iterator[tuple[Run, Run]]:
        yield side("ours", [30, 20, 10]), side("peer", [10, 10, 10])

    asked = [AtLeast(3), AtMost(2.0, of="p99 ms"), Bound(15)]
    result = measured(Measure("m", "m", "o", "p", "a second", "higher", asked, setup), rounds=3, quick=False)

    assert turns == ["ours", "peer", "peer", "ours", "ours", "peer"]
    assert [one["seen"]["median"] for one in result["asked"]] == [2, 2, 20]
    assert [one["met"] for one in result["asked"]] == [False, True, False]
    assert "short of 3×" in report.page({"m": result}, ["m"])
    jsonschema.validate({"m": result}, SCHEMA)

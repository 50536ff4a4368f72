"""`make bench`, `make bench ONLY="documents relay"`: runs measures one after another and writes what they showed."""

import argparse
import signal
import sys

from benchmarks import measures, report
from benchmarks.harness import Measure, drawn, measured


def main() -> None:
    """Run the named measures, or all. A measure that breaks is said at the end; the others' results are kept."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # as Ctrl-C: what runs is stopped
    known = measures.found()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(known)}; all, if none is named")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="short rounds, small amounts: to see that it works")
    parser.add_argument("--page", action="store_true", help="run nothing, write the pages from docs/benchmarks.json")
    chosen = parser.parse_args()
    unknown = [name for name in chosen.names if name not in known]
    if unknown:
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(known)}")
    broken = []
    for name in [] if chosen.page else chosen.names or known:
        measure = known[name]
        print(f"{name}: {measure.title}", flush=True)
        try:
            if isinstance(measure, Measure):
                result = measured(measure, chosen.rounds, chosen.quick)
            else:
                result = drawn(measure, chosen.quick)
        except Exception as error:  # noqa: BLE001 (the other measures go on)
            broken.append(f"{name}: {type(error).__name__}: {error}")
            print(f"  broken: {broken[-1]}", flush=True)
            continue
        print(report.said(result), flush=True)
        if not chosen.quick:
            report.keep(name, result, known)
    if not chosen.quick:
        report.write_pages(list(known))
    if broken:
        sys.exit("\n".join(broken))


if __name__ == "__main__":
    main()

"""One file for each topic; each has `MEASURES`."""

import pkgutil
from importlib import import_module

from benchmarks.harness import Curve, Measure


def found() -> dict[str, Measure | Curve]:
    """Every measure by its name, in the order of the files. Raises `ValueError` where two have one name."""
    measures: dict[str, Measure | Curve] = {}
    for module in sorted(one.name for one in pkgutil.iter_modules(__path__)):
        for measure in import_module(f"{__name__}.{module}").MEASURES:
            if measure.name in measures:
                raise ValueError(f"two measures are called {measure.name}")
            measures[measure.name] = measure
    return measures

"""Control put together."""

from baqylau.eventstore.service import Service
from baqylau.lines import Line
from baqylau.platform.app import create_app as create_base
from baqylau.platform.runtime import Runtime
from baqylau.segregation import CHANNEL as UNITS_CHANGED
from baqylau.segregation import KnownUnits
from fastapi import FastAPI

from control import attempts
from control.api.reading import router as reading
from control.api.routes import router as assignments
from control.policies import REDERIVATIONS, documents, policies
from control.projections import READ_MODELS
from control.publications import publisher
from control.reference import CALENDAR_AMENDED
from control.settings import Settings
from control.watcher import DeadlineWatcher

NAME = "control"
UPSTREAMS = ("secrecy-gate", "registry")


def create_app(settings: Settings) -> FastAPI:
    """Control's app on one line. Raises ValueError where the settings are the gate's."""
    if settings.line is Line.GATE:
        raise ValueError("BAQYLAU_LINE is gate: control belongs to a line; set it to confidential or non-confidential")
    known_units = KnownUnits(settings.line)
    copies = (known_units.copy, documents(known_units))
    tables = [*(copy.tables for copy in copies), REDERIVATIONS, attempts.TABLES]
    service = Service(NAME, settings, publisher(settings.line), READ_MODELS, tables)
    book = settings.rule_book()

    def calendar_amended() -> None:
        runtime.clock_moved.set()

    runtime = Runtime(
        NAME,
        settings,
        service,
        policies(known_units),
        UPSTREAMS,
        copies=copies,
        listeners={UNITS_CHANGED: known_units.forget, CALENDAR_AMENDED: calendar_amended},
    )
    runtime.watchers.append(DeadlineWatcher(runtime, book))
    app = create_base(runtime, NAME, [assignments, reading])
    app.state.known_units = known_units
    app.state.book = book
    return app

"""The registry of a line put together."""

from baqylau import segregation
from baqylau.eventstore.service import Service
from baqylau.lines import regime_of
from baqylau.platform.app import create_app as create_base
from baqylau.platform.runtime import Runtime
from baqylau.platform.settings import Settings
from fastapi import FastAPI

from registry.api.routes import router
from registry.application import Registry
from registry.projections.content import CONTENT, Contents
from registry.projections.documents import DOCUMENTS
from registry.publications import publisher
from registry.verification import ContentsWhole, NumbersWithoutGaps

NAME = "registry"


def create_app(settings: Settings) -> FastAPI:
    """The registry's app. Raises ValueError where the settings are those of the gate."""
    regime = regime_of(settings.line)
    if regime is None:
        raise ValueError(
            "BAQYLAU_LINE is gate: a registry belongs to a line; set it to non-confidential or confidential"
        )
    units = segregation.KnownUnits(settings.line)
    service = Service(
        NAME,
        settings,
        publisher(settings.line),
        [DOCUMENTS, CONTENT],
        tables=[units.copy.tables],
        checks=[NumbersWithoutGaps, ContentsWhole],
    )
    runtime = Runtime(
        NAME,
        settings,
        service,
        units.policies(),
        upstreams=["secrecy-gate"],
        copies=[units.copy],
        listeners={segregation.CHANNEL: units.forget},
    )
    app = create_base(runtime, NAME, [router], big_bodies=("/content",))
    app.state.registry = Registry(service.store, units, regime)
    app.state.contents = Contents(service.store)
    return app

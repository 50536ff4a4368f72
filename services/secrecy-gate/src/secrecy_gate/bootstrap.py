"""The gate put together."""

from baqylau.eventstore.service import Service
from baqylau.lines import Line
from baqylau.platform.app import create_app as create_base
from baqylau.platform.runtime import Runtime
from baqylau.platform.settings import Settings
from fastapi import FastAPI

from secrecy_gate.api.audit_routes import router as audit_router
from secrecy_gate.api.routes import router
from secrecy_gate.audit import ProofKeeper
from secrecy_gate.projections.breaches import BREACHES
from secrecy_gate.projections.postings import POSTINGS
from secrecy_gate.projections.units import UNITS
from secrecy_gate.publications import LINES, publish

NAME = "secrecy-gate"


def create_app(settings: Settings) -> FastAPI:
    """The gate's app. Raises ValueError where the settings are those of a line."""
    if settings.line is not Line.GATE:
        raise ValueError(f"BAQYLAU_LINE is {settings.line}: the secrecy-gate belongs to no line; set it to gate")
    service = Service(NAME, settings, publish, [UNITS, POSTINGS, BREACHES])
    runtime = Runtime(NAME, settings, service, {}, lines=LINES)
    proof = ProofKeeper(service)
    runtime.watchers.append(proof)
    app = create_base(runtime, NAME, [router, audit_router])
    app.state.proof = proof
    return app

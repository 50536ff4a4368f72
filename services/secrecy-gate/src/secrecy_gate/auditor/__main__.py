"""Run the auditor of a line: `python -m secrecy_gate.auditor`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from baqylau.platform.main import main
from baqylau.platform.settings import ProcessSettings
from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from secrecy_gate.auditor.run import Auditor


def create_app(settings: ProcessSettings) -> FastAPI:
    """Health and metrics; the auditor itself takes no calls. Raises ValueError for settings that aren't a line's."""
    auditor = Auditor(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        auditor.start()
        yield
        auditor.stop()

    app = FastAPI(title="Baqylau auditor", version="1", lifespan=lifespan, redoc_url=None)

    @app.get("/health/live")
    async def live() -> dict[str, str]:
        """The process answers, and says which service of which line it is."""
        return {"status": "live", "service": "auditor", "line": settings.line}

    @app.get("/health/ready")
    async def ready(response: Response) -> dict[str, bool]:
        """It reads the line's topics."""
        response.status_code = 200 if auditor.alive and auditor.connected else 503
        return {"auditor": auditor.alive, "connected": auditor.connected}

    @app.get("/metrics")
    def metrics() -> Response:
        """Prometheus metrics."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return app


if __name__ == "__main__":
    main("auditor", ProcessSettings, create_app)

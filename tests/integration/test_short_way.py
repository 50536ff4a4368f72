"""Every route of every service takes the short way; which ones FastAPI answers itself stands here, and why."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, get_type_hints

import control.bootstrap
import notifications.bootstrap
import pytest
import registry.bootstrap
import secrecy_gate.bootstrap
from baqylau.lines import Line
from baqylau.platform.settings import Settings
from baqylau.platform.short_way import ShortWay
from baqylau_infra.database import Database
from baqylau_infra.tokens import Keys
from control.settings import Settings as ControlSettings
from fastapi import FastAPI, Response
from notifications.settings import NotificationsSettings

pytestmark = pytest.mark.real

NOWHERE = "http://127.0.0.1:1"
OWN = {
    "/schemas/{name}.json",
    "/asyncapi.yaml",
    "/events",
    "/events/stream",
    "/simulation/clock",
}
"""What feeds and people ask now and then: FastAPI's own way."""
SERVICES: dict[str, tuple[Callable[[Any], FastAPI], type[Settings]]] = {
    "secrecy-gate": (secrecy_gate.bootstrap.create_app, Settings),
    "registry": (registry.bootstrap.create_app, Settings),
    "control": (control.bootstrap.create_app, ControlSettings),
    "notifications": (notifications.bootstrap.create_app, NotificationsSettings),
}


@pytest.fixture
def made(
    request: pytest.FixtureRequest, database: Database, keys: Keys, tmp_path: Path
) -> Iterator[tuple[FastAPI, ShortWay]]:
    """A service's app, and the short way that stands before it."""
    create_app, settings = SERVICES[request.param]
    access = database.create(f"short_way_{request.param.replace('-', '_')}").environment()
    with ExitStack() as ending:
        app = create_app(
            settings.model_validate(
                {
                    **{name.removeprefix("BAQYLAU_").lower(): value for name, value in access.items()},
                    "line": Line.GATE if request.param == "secrecy-gate" else Line.NON_CONFIDENTIAL,
                    "port": 0,
                    "kafka_bootstrap": "127.0.0.1:1",
                    "jwks_file": keys.jwks_file,
                    "service_token_file": tmp_path,
                    "feed_secrecy_gate": NOWHERE,
                    "feed_registry": NOWHERE,
                    "feed_control": NOWHERE,
                    "simulation": True,
                }
            )
        )
        ending.callback(app.state.service.close)
        way = app.entrance._app  # type: ignore[attr-defined]
        assert isinstance(way, ShortWay)
        yield app, way


@pytest.mark.parametrize("made", SERVICES, indirect=True)
def test_every_route_but_those_named_here_takes_the_short_way(made: tuple[FastAPI, ShortWay]) -> None:
    app, way = made
    described = {(method.upper(), path) for path, methods in app.openapi()["paths"].items() for method in methods}
    short = {place for place, found in way._fixed.items() if found is not None}
    short |= {(method, route.path_format) for method, route, found in way._others if found is not None}

    assert {path for _, path in described - short} == OWN & {path for _, path in described}
    assert len(short) > 8


@pytest.mark.parametrize("made", SERVICES, indirect=True)
def test_whatever_an_endpoint_answers_the_short_way_can_send(made: tuple[FastAPI, ShortWay]) -> None:
    """A way that gave up only then would have FastAPI call the endpoint a second time."""
    _, way = made
    ways = [*way._fixed.values(), *(found for _, _, found in way._others)]

    for found in ways:
        if found is not None and found._dump is None:
            answer = get_type_hints(found.route.endpoint)["return"]
            assert issubclass(answer, Response), found.route.path

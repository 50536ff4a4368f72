"""The product's own verification of every service: the log, what follows from it, and the topics against it."""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import control.bootstrap
import control.settings
import notifications.bootstrap
import notifications.settings
import registry.bootstrap
import secrecy_gate.bootstrap
from baqylau.eventstore.verification import verify
from baqylau.messaging.broker import Kafka
from baqylau.messaging.copies import copy_findings
from baqylau.messaging.on_topic import topic_findings
from baqylau.platform.runtime import Runtime
from baqylau.platform.settings import Settings
from baqylau_infra.database import PORT
from baqylau_infra.layout import Service
from baqylau_infra.system import System

NOWHERE = "http://127.0.0.1:1"

APPS: dict[str, tuple[type[Settings], Callable[[Any], Any]]] = {
    "secrecy-gate": (Settings, secrecy_gate.bootstrap.create_app),
    "registry": (Settings, registry.bootstrap.create_app),
    "control": (control.settings.Settings, control.bootstrap.create_app),
    "notifications": (notifications.settings.NotificationsSettings, notifications.bootstrap.create_app),
}


def verified(system: System, figures: Counter[str]) -> Iterator[str]:
    """What is found wrong, of every service."""
    for service in system.services:
        if not service.stores:
            continue
        runtime = _runtime(service, system)
        store, on_topics = runtime.service.store, Counter[str]()
        try:
            verdict = verify(runtime.service)
            kafka, told = Kafka(system.bootstrap), Counter[str]()
            verdict.add(topic_findings(store, runtime.envelope, runtime.topics, kafka, on_topics))
            verdict.add(copy_findings(runtime.service, runtime.copies, runtime.intake_of, kafka, told))
            if told["not whole"]:
                yield f"{service.name}: copies were not compared, a topic isn't whole"
        finally:
            runtime.service.close()
        figures["events"] += verdict.events
        figures["public events"] += verdict.public_events
        figures["records sent again"] += on_topics["sent again"]
        figures["records behind a hole, healed by sending again"] += on_topics["behind a hole"]
        yield from (f"{service.name}: {finding}" for finding in verdict.shown)


def _runtime(service: Service, system: System) -> Runtime:
    """The service's own parts on its own database, past the proxy; nothing of it is started."""
    settings_of, create_app = APPS[service.title]
    settings = settings_of.model_validate(
        {
            "line": service.line,
            "port": 0,
            "kafka_bootstrap": system.bootstrap,
            "jwks_file": system.keys.jwks_file,
            "service_token_file": Path(tempfile.gettempdir()),
            "feed_secrecy_gate": NOWHERE,
            "feed_registry": NOWHERE,
            "feed_control": NOWHERE,
            "postgres_host": system.database.host,
            "postgres_port": PORT,
            "postgres_user": "postgres",
            "postgres_password": "",
            "postgres_dbname": service.database,
        }
    )
    runtime: Runtime = create_app(settings).state.runtime
    return runtime

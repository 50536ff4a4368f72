"""The service put together."""

from baqylau import segregation
from baqylau.eventstore.service import Service
from baqylau.lines import regime_of
from baqylau.platform.app import create_app as create_base
from baqylau.platform.clock import Clock
from baqylau.platform.runtime import Runtime
from baqylau.segregation import KnownUnits
from fastapi import FastAPI

from notifications.api.routes import router
from notifications.channels.email import Mail
from notifications.channels.webhook import Webhooks
from notifications.deliverer import Deliverer
from notifications.delivering import Handling
from notifications.policies import policies
from notifications.projections import deliveries, postings
from notifications.projections.notices import NOTICES
from notifications.projections.recipients import RECIPIENTS
from notifications.publications import publications
from notifications.settings import NotificationsSettings

NAME = "notifications"
UPSTREAMS = ("secrecy-gate", "registry", "control")
READ_MODELS = (RECIPIENTS, NOTICES, deliveries.DELIVERIES)


def create_app(settings: NotificationsSettings) -> FastAPI:
    """The service's app. Raises ValueError where the settings are not those of a line."""
    regime = regime_of(settings.line)
    if regime is None:
        raise ValueError(f"BAQYLAU_LINE is {settings.line}: notifications belongs to a line; set it to one")
    mail = Mail(settings.mail_server())
    units = KnownUnits(settings.line)
    copies = (units.copy, postings.COPY)
    tables = [*(copy.tables for copy in copies), deliveries.LEASES]
    service = Service(NAME, settings, publications(settings.line), READ_MODELS, tables)
    handling = Handling(units, regime, NAME)
    deliverer = Deliverer(service, handling, mail, Webhooks(), Clock().recorded_at)
    listeners = {segregation.CHANNEL: units.forget, deliveries.CHANNEL: deliverer.wake}
    runtime = Runtime(NAME, settings, service, policies(units, regime), UPSTREAMS, copies=copies, listeners=listeners)
    runtime.watchers.append(deliverer)
    app = create_base(runtime, NAME, [router])
    app.state.handling = handling
    return app

"""Metrics of what every service shares. Labels name topics, routes and services: never ids or content."""

from prometheus_client import Counter, Gauge, Histogram

_FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

WRITER_SECONDS = Histogram("baqylau_writer_transaction_seconds", "One transaction of the writer.", buckets=_FAST)
WRITER_BATCH = Histogram(
    "baqylau_writer_batch_commands", "Commands committed together.", buckets=(1, 2, 4, 8, 16, 32, 64)
)
HTTP_SECONDS = Histogram("baqylau_http_request_seconds", "One request.", ["method", "route", "status"], buckets=_FAST)
RELAY_PUBLISHED = Counter("baqylau_relay_published_records_total", "Records acknowledged by the broker.", ["topic"])
RELAY_RESTARTS = Counter("baqylau_relay_restarts_total", "Producers thrown away after a failed record.")
RELAY_BEHIND = Gauge("baqylau_relay_behind_records", "Public events stored and not yet acknowledged (up to a window).")
RELAY_ACTIVE = Gauge("baqylau_relay_active", "1 where this replica publishes for the service.")
CONSUMED = Counter("baqylau_consumer_records_total", "Records by what became of them.", ["topic", "outcome"])
HOLES = Gauge("baqylau_consumer_holes", "Upstream partitions with a record missing before the next one.")
PARKED = Gauge("baqylau_parked_records", "Records that could not be handled and wait.")
CONSUMER_RESTARTS = Counter("baqylau_consumer_restarts_total", "Consumers started again.")
UNREADABLE = Counter("baqylau_unreadable_records_total", "Records, or batches of them, that can't be read.", ["topic"])
FOREIGN_REGIME = Counter("baqylau_foreign_regime_records_total", "Records of another regime, parked, never handled.")

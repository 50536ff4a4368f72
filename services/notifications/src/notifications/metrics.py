"""Metrics of this service alone."""

from prometheus_client import Counter

DELIVERY_ATTEMPTS = Counter(
    "notifications_delivery_attempts_total", "Attempts to deliver, by what became of them.", ["channel", "outcome"]
)

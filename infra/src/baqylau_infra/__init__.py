"""Starts the real parts, Apache Kafka and PostgreSQL, and all services on one machine, from Python packages alone."""

from pathlib import Path

INFRA = Path(__file__).parents[2]
"""The folder `infra/` of the checkout: the data beside this package."""

DATA = INFRA.parent / ".data"
"""Where everything is kept unless a setting says otherwise: `cache` (downloads) and `run` (what one system owns)."""


class Problem(Exception):
    """What keeps the system from running, as one sentence that says what to do about it."""

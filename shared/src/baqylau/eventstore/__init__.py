"""The event store of a service: aggregates, the one writer, and what a transaction holds."""

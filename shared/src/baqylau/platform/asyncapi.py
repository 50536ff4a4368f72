"""AsyncAPI 3 of a service, made from its contracts, so that it can't say anything else than they do."""

from collections.abc import Sequence
from typing import Any

import orjson

from baqylau.contracts.base import PublicEvent

_HEADERS = {
    "ce_specversion": "Always 1.0.",
    "ce_id": "Aggregate id and a number that rises with its events: the same on every publication.",
    "ce_source": "/baqylau/<line>/<service>",
    "ce_type": "The event's type, with its version.",
    "ce_subject": "Aggregate id; the record's key too.",
    "ce_time": "When it was recorded, RFC 3339, UTC.",
    "ce_dataschema": "Where its JSON Schema is served.",
    "ce_position": "Position in the producer's log.",
    "ce_previousposition": "Position of the record before it in this partition; 0 for the first.",
    "ce_regime": "The line's regime.",
    "ce_unitids": "The units concerned, separated by commas.",
    "ce_correlationid": "Kept along a whole chain of events.",
    "ce_causationid": "The id of the event that this one follows from.",
    "ce_actor": "Who acted: a token's subject, or a service.",
    "ce_traceparent": "W3C Trace Context.",
}


def asyncapi(service: str, topics: Sequence[str], url: str, contracts: Sequence[type[PublicEvent]]) -> bytes:
    """The document. It is JSON, which is YAML as well (YAML 1.2, chapter 1.3)."""
    headers = {
        "type": "object",
        "required": ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "ce_position"],
        "properties": {name: {"type": "string", "description": text} for name, text in _HEADERS.items()},
    }
    messages: dict[str, Any] = {
        event.__name__: {
            "name": event.event_type(),
            "title": event.__name__,
            "summary": (event.__doc__ or "").strip().split("\n", 1)[0],
            "contentType": "application/json",
            "headers": {"$ref": "#/components/schemas/CloudEventHeaders"},
            "payload": {"$ref": f"{url}/schemas/{event.__name__}.v{event.version}.json"},
            "bindings": {"kafka": {"key": {"type": "string", "format": "uuid"}, "bindingVersion": "0.5.0"}},
        }
        for event in contracts
    }
    channels = {
        topic.replace(".", "_").replace("-", "_"): {
            "address": topic,
            "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
            "bindings": {"kafka": {"topic": topic, "bindingVersion": "0.5.0"}},
        }
        for topic in topics
    }
    document = {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"Baqylau {service}: public events",
            "version": "1",
            "description": "CloudEvents 1.0, Kafka protocol binding, binary mode. Ignore fields you don't know.",
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": {
            f"publish_{name}": {"action": "send", "channel": {"$ref": f"#/channels/{name}"}} for name in channels
        },
        "components": {"messages": messages, "schemas": {"CloudEventHeaders": headers}},
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)

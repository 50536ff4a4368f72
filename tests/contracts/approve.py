"""``python -m tests.contracts.approve``: writes the approved form of every contract, for review in the commit.

For each event three files under ``approved/<service>/``: a sample with every field, one with only the required ones,
and the JSON Schema. A schema that breaks its approved form isn't written: that change needs a new version of the event.
"""

import json
import sys
from pathlib import Path
from typing import Any

from baqylau.contracts import PublicEvent

from tests.contracts.compatibility import incompatibilities
from tests.contracts.samples import SAMPLES

APPROVED = Path(__file__).parent / "approved"


def approved_path(event: type[PublicEvent], what: str) -> Path:
    """Where the approved form lies; `what` is full, minimal or schema."""
    return APPROVED / event.service / f"{event.__name__}.v{event.version}.{what}.json"


def minimal(sample: PublicEvent) -> PublicEvent:
    """The same event as small as its schema allows: without optional fields, and with lists empty."""
    schema = type(sample).json_schema()
    return type(sample).model_validate(_minimal_object(sample.model_dump(mode="json"), schema, schema))


def _minimal_object(value: dict[str, Any], schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name in schema["required"]:
        field = schema["properties"][name]
        target = root["$defs"][field["$ref"].rsplit("/", 1)[-1]] if "$ref" in field else field
        match value[name]:
            case list():
                result[name] = []
            case dict() as inner:
                result[name] = _minimal_object(inner, target, root)
            case plain:
                result[name] = plain
    return result


def pretty(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def forms(sample: PublicEvent) -> dict[str, str]:
    """The text of the three files of the sample's contract, by what they are."""
    return {
        "full": pretty(json.loads(sample.to_json())),
        "minimal": pretty(json.loads(minimal(sample).to_json())),
        "schema": pretty(type(sample).json_schema()),
    }


def main() -> int:
    refused = 0
    for sample in SAMPLES:
        event = type(sample)
        schema = approved_path(event, "schema")
        breaks = incompatibilities(json.loads(schema.read_text()), event.json_schema()) if schema.exists() else []
        if breaks:
            refused += 1
            print(f"{event.event_type()} needs a new version:", *breaks, sep="\n  ", file=sys.stderr)
            continue
        for what, text in forms(sample).items():
            path = approved_path(event, what)
            if not path.exists() or path.read_text() != text:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
                print(f"approved {path.relative_to(APPROVED)}")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())

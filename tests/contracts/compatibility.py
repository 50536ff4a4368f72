"""What a contract may become without a new version: itself, with optional fields more."""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

_SAYS_NOTHING_OF_SHAPE = {"title", "description", "$schema", "$defs"}


def incompatibilities(approved: Schema, proposed: Schema) -> list[str]:
    """Why `proposed` can't take the place of `approved`, one sentence for each place; empty where it can.

    Old records must parse under the new contract, and new records under the old one, which a consumer may still have:
    so a field never goes, never changes, never becomes required or optional, and no word joins or leaves a vocabulary.
    """
    return list(_differences("", _expanded(approved, approved), _expanded(proposed, proposed)))


def property_names(schema: Schema) -> Iterator[tuple[str, str]]:
    """Every field in the schema, nested ones too, as (title of the object that has it, name of the field)."""
    for owner in (schema, *schema.get("$defs", {}).values()):
        for name in owner.get("properties", {}):
            yield owner["title"], name


def _expanded(node: Any, root: Schema) -> Any:
    """The node with its references replaced by what they refer to, and without annotations."""
    if isinstance(node, list):
        return [_expanded(item, root) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _expanded(root["$defs"][node["$ref"].rsplit("/", 1)[-1]], root)
    return {
        key: {name: _expanded(field, root) for name, field in value.items()}
        if key == "properties"
        else _expanded(value, root)
        for key, value in node.items()
        if key not in _SAYS_NOTHING_OF_SHAPE
    }


def _differences(path: str, approved: Any, proposed: Any) -> Iterator[str]:
    if isinstance(approved, dict) and isinstance(proposed, dict):
        for key in sorted((approved.keys() | proposed.keys()) - {"properties", "required"}):
            yield from _differences(f"{path}/{key}", approved.get(key), proposed.get(key))
        yield from _field_differences(path, approved, proposed)
    elif isinstance(approved, list) and isinstance(proposed, list) and len(approved) == len(proposed):
        for number, (before, after) in enumerate(zip(approved, proposed, strict=True)):
            yield from _differences(f"{path}/{number}", before, after)
    elif approved != proposed:
        yield f"{path}: was {approved!r}, would be {proposed!r}"


def _field_differences(path: str, approved: Schema, proposed: Schema) -> Iterator[str]:
    before, after = approved.get("properties", {}), proposed.get("properties", {})
    was_required, is_required = set(approved.get("required", ())), set(proposed.get("required", ()))
    for name in sorted(before.keys() - after.keys()):
        yield f"{path}/{name}: the field is gone"
    for name in sorted(is_required - was_required):
        yield f"{path}/{name}: the field would be required"
    for name in sorted((was_required - is_required) & after.keys()):
        yield f"{path}/{name}: the field would no longer be required"
    for name in sorted(before.keys() & after.keys()):
        yield from _differences(f"{path}/{name}", before[name], after[name])

"""Whether an answer of a writer fits the schema it was asked for.

A local writer is held to its schema while it writes; a service may ignore it. So every answer is
checked. Knows the part of JSON Schema that prompts use; an unknown key of a schema is an error of
ours, said loudly.

Example:
    >>> misfit({"title": ""}, {"type": "object", "properties": {"title": {"minLength": 1}}})
    'title: shorter than 1'
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
}

_RULES: Mapping[str, tuple[Callable[[Any, Any], bool], str]] = {
    "type": (lambda value, wanted: _is(value, wanted), "not of type {}"),
    "enum": (lambda value, wanted: value in wanted, "none of {}"),
    "minLength": (lambda value, wanted: len(value) >= wanted, "shorter than {}"),
    "maxLength": (lambda value, wanted: len(value) <= wanted, "longer than {}"),
    "minItems": (lambda value, wanted: len(value) >= wanted, "fewer than {}"),
    "maxItems": (lambda value, wanted: len(value) <= wanted, "more than {}"),
    "minimum": (lambda value, wanted: value >= wanted, "less than {}"),
    "maximum": (lambda value, wanted: value <= wanted, "more than {}"),
    "required": (lambda value, wanted: set(wanted) <= set(value), "not all of {}"),
}
"""In the order in which they are looked at: what is of the wrong type is not measured."""

_PARTS = ("properties", "items", "additionalProperties")


def misfit(value: Any, schema: Mapping[str, Any], at: str = "") -> str:
    """Where `value` first does not fit `schema`, and why; empty when it fits.

    Raises:
        ValueError: the schema says something that is not known here.
    """
    unknown = set(schema) - set(_RULES) - set(_PARTS)
    if unknown:
        raise ValueError(f"unknown in a schema: {sorted(unknown)}")
    for key, (holds, why) in _RULES.items():
        if key in schema and not holds(value, schema[key]):
            return f"{at or 'answer'}: {why.format(schema[key])}"
    found = [misfit(part, inner, name) for part, inner, name in _parts(value, schema, at)]
    if schema.get("additionalProperties") is False and set(value) - set(schema["properties"]):
        found.append(f"{at or 'answer'}: more than {sorted(schema['properties'])}")
    return next(filter(None, found), "")


def _is(value: Any, wanted: str) -> bool:
    truth = isinstance(value, bool)  # which Python takes for a number
    return isinstance(value, _TYPES[wanted]) and truth == (wanted == "boolean")


def _parts(
    value: Any, schema: Mapping[str, Any], at: str
) -> list[tuple[Any, Mapping[str, Any], str]]:
    """(part, its schema, its place) of an object or a list."""
    prefix = f"{at}." if at else ""
    inside = schema.get("properties", {})
    parts = [(value[name], inside[name], prefix + name) for name in inside if name in value]
    if "items" in schema:
        parts += [(part, schema["items"], f"{at}[{n}]") for n, part in enumerate(value)]
    return parts

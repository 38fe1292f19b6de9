"""What steps said, out of their results; one that failed or was skipped said nothing."""

from __future__ import annotations

from collections.abc import Mapping

from mammothbox.records import Done, Json, Result


def value_of(results: Mapping[str, Result], step: str) -> Json:
    """The value of a step's result, empty where it has none.

    Args:
        results: step name → result of one content.
        step: its name.
    """
    result = results.get(step)
    return result.outcome.value if result and isinstance(result.outcome, Done) else {}


def values_of(results: Mapping[str, Result]) -> dict[str, Json]:
    """Step name → value, of those that have one."""
    return {
        step: result.outcome.value
        for step, result in results.items()
        if isinstance(result.outcome, Done)
    }

"""What fits a schema, beside the reference implementation of JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from mammothbox.errors import BadAnswer
from mammothbox.models.client import WriterClient
from mammothbox.models.contracts import ModelCard, Prompt
from mammothbox.models.fitting import misfit
from mammothbox.organise.wording import cards_prompt, wish_prompt
from mammothbox.records import Kind
from mammothbox.understand.prompts import file_schema, group_prompt, part_prompt

GOOD: dict[str, Any] = {
    "title": "Report",
    "summary": "It says so.",
    "tags": ["harbour"],
    "names": ["Ada", "Grace"],
}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"title": ""},
        {"title": "t" * 71},
        {"title": 7},
        {"tags": []},
        {"tags": ["harbour"] * 6},
        {"tags": ["h"]},
        {"tags": "harbour"},
        {"names": []},
        {"names": ["n" * 41]},
        {"mood": "good"},
        {"category": "letter"},
    ],
)
def test_judges_like_the_reference(change: dict[str, Any]) -> None:
    schema = file_schema(Kind.DOCUMENT, category=False)
    answer = GOOD | change
    fits = jsonschema.Draft202012Validator(schema).is_valid(answer)
    assert (misfit(answer, schema) == "") == fits, misfit(answer, schema)


def test_says_where_and_why() -> None:
    schema = file_schema(Kind.DOCUMENT, category=False)
    assert misfit(GOOD | {"tags": ["harbour", "x"]}, schema) == "tags[1]: shorter than 2"
    assert misfit({}, schema).startswith("answer: not all of")
    assert misfit("words", schema) == "answer: not of type object"


def test_an_unknown_rule_is_said_loudly() -> None:
    with pytest.raises(ValueError, match="pattern"):
        misfit("a", {"type": "string", "pattern": "b"})


@pytest.mark.parametrize("wanted", ["integer", "number", "boolean", "string"])
@pytest.mark.parametrize("value", [True, 1, 1.5, "1"])
def test_types_are_those_of_json(value: object, wanted: str) -> None:
    assert (misfit(value, {"type": wanted}) == "") == jsonschema.Draft202012Validator(
        {"type": wanted}
    ).is_valid(value)


class _Careless:
    """A service that pays no heed to schemas, and answers better the second time."""

    def __init__(self, *answers: dict[str, Any]) -> None:
        self._answers = iter(answers)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return {"choices": [{"message": {"content": json.dumps(next(self._answers))}}]}

    def stream(self, path: str, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        raise NotImplementedError


def test_a_writer_that_leaves_its_schema_is_asked_once_more() -> None:
    schema = file_schema(Kind.DOCUMENT, category=False)
    prompt = Prompt("", "", schema, max_tokens=9)
    good, bad = dict(GOOD), {"title": "Report"}
    card = ModelCard("careless", "1")
    assert WriterClient(_Careless(bad, good), card, 100, 1).write([prompt]) == [good]
    answer = WriterClient(_Careless(bad, bad), card, 100, 1).write([prompt])[0]
    assert isinstance(answer, BadAnswer)
    assert "not all of" in str(answer)


def test_knows_all_that_prompts_say() -> None:
    schemas = [
        *(file_schema(kind, category=True) for kind in Kind if kind != Kind.OTHER),
        group_prompt(["a"]).schema,
        part_prompt("a", 1, 2).schema,
        cards_prompt(["a"]).schema,
        wish_prompt([["a", "b"]], "c").schema,
    ]
    for schema in schemas:
        assert misfit({}, schema)

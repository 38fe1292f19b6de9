"""A person's words about a file: title, caption, tags, and which pictures are no duplicates."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from mammothbox.interfaces.api.answer import Answer
from mammothbox.interfaces.api.asking import EXAMPLE_DIGEST, DigestPath, TheDesk
from mammothbox.interfaces.api.routes.files import Sheet

router = APIRouter(tags=["files"])


class Words(BaseModel):
    """What a person says; what is left out stays as it is."""

    title: str | None = Field(None, max_length=300, description="empty gives the model's back")
    caption: str | None = Field(None, max_length=4000, description="empty gives the model's back")
    add_tags: list[str] = Field([], max_length=100, examples=[["italy"]])
    remove_tags: list[str] = Field([], max_length=100, examples=[["spain"]])
    model_config = {"json_schema_extra": {"example": {"title": "Rex", "add_tags": ["dog"]}}}


@router.patch("/files/{digest}", response_model=Sheet, summary="Say it better than the models")
def say(desk: TheDesk, digest: DigestPath, words: Words) -> Any:
    """A person's word wins over every model's and survives every later run."""
    with desk.writing() as library:
        if words.title is not None or words.caption is not None:
            library.say(digest, title=words.title, caption=words.caption)
        if words.add_tags or words.remove_tags:
            library.tag_content(digest, words.add_tags, words.remove_tags)
    return Answer(desk.library.about(digest))


class Pair(BaseModel):
    """Contents that a person tells apart."""

    digests: list[str] = Field(min_length=2, max_length=50, examples=[[EXAMPLE_DIGEST] * 2])


class Kept(BaseModel):
    """How many contents were told apart."""

    kept: int = Field(examples=[2])


@router.post("/duplicates/keep", response_model=Kept, summary="These are no duplicates")
def keep(desk: TheDesk, pair: Pair) -> Any:
    """Remember that these contents are not duplicates of one another."""
    paths = [desk.library.about(digest)["path"] for digest in pair.digests]
    with desk.writing() as library:
        library.not_duplicates(paths)
    return Answer({"kept": len(paths)})


class Question(BaseModel):
    """A question about one photo."""

    digest: str = Field(pattern="^[0-9a-f]{64}$", examples=[EXAMPLE_DIGEST])
    question: str = Field(min_length=1, max_length=500, examples=["what animal is it?"])


class Answered(BaseModel):
    """What can be said from what is known of it; always a guess."""

    text: str = Field(description="empty where nothing known answers", examples=["a dog"])
    source: str = Field(description="statement behind it", examples=["caption"])
    evidence: str = Field(examples=["a dog runs through the snow"])
    model: str = Field(examples=["small-writer"])


@router.post("/ask", response_model=Answered, summary="Ask about a photo")
def ask(desk: TheDesk, asked: Question) -> Any:
    """Answered from what is known of the photo, never by a second look at it."""
    path = desk.library.about(asked.digest)["path"]
    return Answer(asdict(desk.library.ask(path, asked.question)))

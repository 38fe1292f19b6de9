"""The closed lists of words a statement may be filed under, with what each word covers.

A controllable taxonomy is one that does not grow by itself: categories are chosen from these lists
by code or by the writer under a schema, never invented. The description beside a category is what
its embedding is made of, when code has to choose.
"""

from __future__ import annotations

from collections.abc import Mapping

from mammothbox.records import Kind

PICTURES: Mapping[str, str] = {
    "people": "a person, man, woman, child, girl, boy, group of people, portrait",
    "animal": "a dog, cat, bird, horse, fish, insect, wild animal, pet",
    "sport": "playing a game, soccer, surfing, skiing, climbing, cycling, race, athlete",
    "food": "food, meal, dish, fruit, vegetable, cake, drink, restaurant plate",
    "vehicle": "a car, truck, bus, train, airplane, boat, motorcycle",
    "building": "a building, house, church, bridge, tower, street, city, architecture",
    "landscape": "mountain, beach, sea, lake, forest, sky, valley, snow, nature scenery",
    "plant": "flower, tree, leaf, mushroom, garden plant",
    "indoor": "room, kitchen, bedroom, living room, office, furniture",
    "object": "tool, device, toy, clothing, instrument, household object, still life",
    "science": "microscope image, telescope, space, laboratory, medical scan, diagram of data",
    "document": "page of text, receipt, invoice, letter, form, sign with writing",
    "screenshot": "computer screen, website, user interface, software window",
}

DOCUMENTS: Mapping[str, str] = {
    "invoice": "invoice with number, bill to, amount due, payment terms, total, VAT",
    "receipt": "shop receipt, cash, change, items bought, subtotal, total, thank you",
    "letter": "letter to somebody, dear, hello, how are you, love, yours sincerely",
    "contract": "contract, agreement between parties, terms and conditions, signature, clause",
    "report": "report, results, summary, analysis, findings, figures, recommendations",
    "article": "article, news, research paper, abstract, introduction, references",
    "manual": "manual, instructions, how to use, installation, steps, documentation",
    "form": "form to fill in, fields, application, name, date of birth, tick box",
    "table": "table of numbers, spreadsheet, rows and columns, data list",
    "presentation": "slides, presentation, agenda, bullet points",
    "email": "email message, from, to, subject, regards",
    "book": "chapter of a book, novel, story, poem",
    "code": "source code, program, function, configuration, log file",
    "notes": "notes, diary of a day, travel journal, to-do list, minutes of a meeting, recipe",
}

SOUNDS: Mapping[str, str] = {
    "speech": "somebody talks, reading, monologue",
    "conversation": "conversation, interview, dialogue, questions and answers",
    "lecture": "lecture, talk, lesson, explanation",
    "message": "voice message, reminder, short note to somebody",
    "story": "story, audiobook, novel read aloud",
    "news": "news, report, announcement",
}

_OFFICE = "application/vnd.openxmlformats-officedocument"
_OPEN = "application/vnd.oasis.opendocument"
BY_FORMAT: Mapping[str, str] = {
    "message/rfc822": "email",
    "application/vnd.ms-outlook": "email",
    "text/csv": "table",
    "text/tab-separated-values": "table",
    "application/vnd.ms-excel": "table",
    f"{_OFFICE}.spreadsheetml.sheet": "table",
    f"{_OPEN}.spreadsheet": "table",
    "application/vnd.ms-powerpoint": "presentation",
    f"{_OFFICE}.presentationml.presentation": "presentation",
    f"{_OPEN}.presentation": "presentation",
    "application/epub+zip": "book",
}
"""Media types that are a category by themselves."""

NO_SPEECH = "no speech"
"""Category of a recording in which nobody speaks: music, noise or silence."""
OTHER = "other"

CATEGORIES: Mapping[Kind, Mapping[str, str]] = {
    Kind.IMAGE: PICTURES,
    Kind.VIDEO: PICTURES,
    Kind.AUDIO: SOUNDS,
    Kind.DOCUMENT: DOCUMENTS,
}

_FUNCTION_WORDS = """
a about above after all along also an and another any are around as at away back be behind
being below beside between both but by can close day do doing down each edge end few for from
front get getting go going group had has have having he her here him his holding how i in
inside into is it its large little long look looking looks lot many middle more most near next
no not of off on one onto open other out outside over own photo picture probably side sitting
small so some someone something standing such that the their them then there these they this
those three through to top toward towards two under up upon very view walking was wearing we
what when where which while white who with without you young your
"""

FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())
"""Words of a caption that make no tag."""

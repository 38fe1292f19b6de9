"""What folders are usually called: a list of topics, and which of them a cluster is nearest to.

A classifier's labels are too narrow for a folder (twenty breeds, no "Dogs") and a recording's words
say nothing of its kind. So a cluster is compared with these topics in the vector space of its
files. A person's own words, a taxonomy and the writer may go beyond the list; it is a beginning.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from mammothbox.arrays import Vectors

_PICTURED = """
Dogs; Cats; Horses; Birds; Fish; Insects; Farm animals; Wild animals; Reptiles; Pets; Cows; Sheep
People; Portraits; Babies; Children; Families; Groups of people; Crowds; Weddings; Parties
Birthdays; Concerts; Festivals; Parades; Dancing; Graduation; Selfies; Street scenes; Shopping
Ball games; Soccer; American football; Basketball; Baseball; Tennis; Volleyball; Rugby; Golf
Hockey; Running; Gymnastics; Martial arts; Boxing; Skateboarding; Cycling; Motorcycles; Car racing
Horse riding; Skiing; Snowboarding; Snow; Ice skating; Sledding; Climbing; Hiking; Camping
Surfing; Swimming; Swimming pool; Diving; Rowing; Sailing; Boats; Kayaking; Fishing; Water sports
Beach; Sea; Lakes; Rivers; Waterfalls; Mountains; Forests; Deserts; Fields; Sky; Sunsets; Night
Flowers; Plants; Trees; Gardens; Parks; Mushrooms; Food; Meals; Cakes; Fruit; Vegetables; Drinks
Restaurants; Cooking; Kitchens; Living rooms; Bedrooms; Bathrooms; Offices; Furniture; Houses
Buildings; Churches; Bridges; Towers; Cities; Streets; Museums; Art; Sculptures; Statues; Signs
Cars; Trucks; Buses; Trains; Airplanes; Traffic; Ships; Tools; Machines; Computers; Phones
Electronics; Clothing; Shoes; Jewellery; Toys; Books; Musical instruments; Sports equipment
Screenshots; Diagrams; Maps; Microscopy; Space; Medical images; Playground; Amusement park
"""

_WRITTEN = """
Receipts; Invoices; Bank statements; Tax; Insurance; Contracts; Letters; Applications; Certificates
Forms; Reports; Articles; Research papers; Manuals; Presentations; Spreadsheets; Notes; Recipes
Emails; Newsletters; Books; Stories; Poems; Lyrics; Source code; Logs; Configuration; Data tables
Schedules; Travel bookings; Tickets; Boarding passes; Medical records; Identity documents; Payslips
School work; Lecture notes; Exams; Meeting minutes; Project plans; Legal documents; Brochures
Menus; Posters; Business cards; Product catalogues; User guides; Licences; Instructions
"""

_SPOKEN = """
Numbers; Voice messages; Reminders; Interviews; Conversations; Meetings; Phone calls; Lectures
Speeches; Audiobook readings; Stories; History; News; Podcasts; Radio; Sermons; Language lessons
Songs; Music; Poetry; Comedy; Commands; Short phrases; Noise; Weather reports; Sports commentary
"""

PICTURED: tuple[str, ...] = tuple(filter(None, re.split(r"[;\n]\s*", _PICTURED)))
"""Topics of photos and videos."""
WRITTEN: tuple[str, ...] = tuple(filter(None, re.split(r"[;\n]\s*", _WRITTEN)))
"""Topics of papers."""
SPOKEN: tuple[str, ...] = tuple(filter(None, re.split(r"[;\n]\s*", _SPOKEN)))
"""Topics of recordings."""


COVERS: Mapping[str, str] = {
    "Receipts": "receipt of a shop: cashier, items, qty, total, gst, cash, change, thank you",
    "Invoices": "invoice: invoice number, bill to, due date, amount due, payment terms, vat, total",
    "Bank statements": "bank statement: account number, balance, deposits, withdrawals",
    "Tax": "tax return: tax year, taxable income, deductions, tax office",
    "Contracts": "contract: agreement between the parties, terms and conditions, signature",
    "Letters": "letter: dear sir or madam, yours sincerely",
    "Menus": "menu of a restaurant: starters, main courses, desserts, prices",
    "Certificates": "certificate: this is to certify, awarded to, diploma",
    "Numbers": "a spoken number: zero, one, two, three, four, five, six, seven, eight, nine",
    "Audiobook readings": "a passage read aloud from a book, narration of a story or of history",
    "Voice messages": "a voice message: hi, it's me, call me back",
    "Commands": "spoken commands: stop, go, yes, no, up, down",
}
"""What is compared in place of the bare name, where the name alone says too little."""


NUMERALS = 0.25
"""Share of recordings that are nothing but numerals from which a group of them is of numbers: one
spoken word is often heard as another."""
_NUMERALS = frozenset(
    """zero oh one two three four five six seven eight nine ten eleven twelve thirteen fourteen
    fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty
    ninety hundred thousand million and point minus""".split()  # noqa: SIM905
)
NEVER = -2.0
"""Of a topic that the files' own words rule out, however near it is."""


def nearest_topics(
    clusters: Sequence[Vectors],
    topics: Sequence[str],
    vectors: Vectors,
    said: Sequence[Mapping[str, float]],
    keep: int = 4,
) -> list[list[tuple[str, float]]]:
    """For each cluster the topics it is nearest to, with their nearness (0 to 1), best first.

    Nearness is the mean of two things: the share of the files whose nearest topic it is, and the
    cosine with the mean of the files. Cosines are the mean of plain ones (what it is) and of ones
    centred on all clusters together (what sets it apart). What files say of themselves adds to it.

    Args:
        clusters: for each its files' vectors, rows L2-normalised.
        topics: the names.
        vectors: one row a topic, in the same space, rows L2-normalised.
        said: for each cluster, topic → how far its files' own words say so, 0 to 1, or `NEVER`.
        keep: so many for each.
    """
    middle = np.mean([rows.mean(0) for rows in clusters], axis=0) if len(clusters) > 1 else 0
    aside = _unit(vectors - vectors.mean(0))
    result = []
    for rows, shares in zip(clusters, said, strict=True):
        cosines = (rows @ vectors.T + _unit(rows - middle) @ aside.T) / 2
        votes = np.bincount(cosines.argmax(1), minlength=len(topics)) / len(rows)
        centre = rows.mean(0, keepdims=True)
        near = (_unit(centre) @ vectors.T + _unit(centre - middle) @ aside.T)[0] / 2
        scores = np.maximum((votes + near) / 2, 0)
        scores += np.array([shares.get(topic, 0.0) / 2 for topic in topics])
        best = np.argsort(-scores, kind="stable")[:keep]
        result.append([(topics[place], float(scores[place])) for place in best.tolist()])
    return result


def only_numerals(text: str) -> bool:
    """Whether a text is nothing but numbers, in digits or (English) words.

    >>> only_numerals("Seven, 8."), only_numerals("In 1470")
    (True, False)
    """
    words = re.findall(r"[^\W_]+", text.lower())
    return bool(words) and all(word.isdigit() or word in _NUMERALS for word in words)


def _unit(rows: npt.NDArray[np.float32]) -> Vectors:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-9), np.float32)

"""What folders are usually called: a list of topics, and which of them a cluster is nearest to.

A classifier's labels are too narrow for a folder (twenty breeds, no "Dogs") and a recording's words
say nothing of its kind. So a cluster is compared with these topics in the vector space of its
files. A person's own words, a taxonomy and the writer may go beyond the list; it is a beginning.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from mammothbox.models.contracts import Vectors

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


def nearest_topics(
    centres: Vectors, topics: Sequence[str], vectors: Vectors, keep: int = 4
) -> list[list[tuple[str, float]]]:
    """For each centre the topics it is nearest to, with their cosines, best first.

    Args:
        centres: mean vectors of clusters, not centred, rows L2-normalised.
        topics: the names.
        vectors: one row a topic, in the same space, rows L2-normalised.
        keep: so many for each.
    """
    if not len(centres) or not len(topics):
        return [[] for _ in centres]
    scores = centres @ vectors.T
    best = np.argsort(-scores, axis=1, kind="stable")[:, :keep]
    return [
        [(topics[place], float(scores[row, place])) for place in best[row]]
        for row in range(len(centres))
    ]

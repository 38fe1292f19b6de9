"""A trip is found on evidence, across kinds, and nowhere else."""

import dataclasses
from datetime import date

import pytest

from mammothbox.cluster import Family, Item, find_clusters
from mammothbox.cluster.papers import kinds_of
from mammothbox.cluster.trips import days_in, find_trips
from mammothbox.organise.options import PlanOptions
from mammothbox.organise.planner import plan
from mammothbox.records import Kind

BOOKING = """Booking confirmation. Your reservation: Hotel in Lisbon, 2 guests, 5 nights.
Check-in: 3 July 2024. Check-out: 8 July 2024. Issued 2024-05-02."""
HOME, AWAY = (52.5, 13.4), (38.7, -9.1)


def pictures(day, count, gps=None, kind=Kind.IMAGE, name="img"):
    return [
        Item(f"{name}{day}-{n}", kind, taken_at=f"{day}T10:0{n}:00", gps=gps) for n in range(count)
    ]


def members(items, trip):
    return {items[place].path for place in trip.members}


def test_booking_joins_its_pictures_and_the_video():
    items = [
        *pictures("2024-07-04", 3), *pictures("2024-07-06", 2),
        *pictures("2024-07-06", 1, kind=Kind.VIDEO, name="clip"),
        *pictures("2024-01-04", 6), *pictures("2024-09-01", 5),
        Item("booking.pdf", Kind.DOCUMENT, text=BOOKING),
        Item("letter.pdf", Kind.DOCUMENT, text="Dear Ann, on 4 July 2024. Yours sincerely"),
    ]  # fmt: skip
    (trip,) = find_trips(items)
    assert trip.label == "2024-07 Lisbon"
    assert members(items, trip) == {i.path for i in items[:6]} | {"booking.pdf"}
    found = [cluster for cluster in find_clusters(items, 40) if cluster.label]
    assert len(found) == 1
    made = plan("/r", items, PlanOptions(writer=False))
    where = {move.source: move.folder for move in made.moves}
    assert where["booking.pdf"] == where["clip2024-07-06-0"] == "Trips/2024-07 Lisbon"
    assert where["letter.pdf"] != where["booking.pdf"]


def test_pictures_far_from_home_are_a_trip_and_those_at_home_none():
    items = [item for day in range(10, 20) for item in pictures(f"2024-03-{day}", 2, HOME)]
    assert find_trips(items) == []
    away = pictures("2024-03-20", 4, AWAY) + pictures("2024-03-21", 2)
    back = pictures("2024-03-22", 4, HOME)
    everything = items + away + back
    (trip,) = find_trips(everything)
    assert members(everything, trip) == {item.path for item in away}
    assert (trip.first, trip.last) == (date(2024, 3, 20), date(2024, 3, 21))
    assert trip.label == "2024-03-20 to 2024-03-21"


@pytest.mark.parametrize("change", ["no times", "other days", "no booking", "too few"])
def test_no_trip_without_evidence(change):
    shots = pictures("2024-07-04", 2 if change == "too few" else 5)
    if change == "no times":
        shots = [dataclasses.replace(shot, taken_at="", mtime_ns=10**18) for shot in shots]
    text = BOOKING.replace("July", "June") if change == "other days" else BOOKING
    text = "Notes of 4 July 2024" if change == "no booking" else text
    assert find_trips([*shots, Item("paper", Kind.DOCUMENT, text=text)]) == []


def test_days_are_read():
    text = "from 1.2.2023 to March 3rd, 2023, not 2023-13-40, then 4th May 2023"
    assert days_in(text) == [date(2023, 2, 1), date(2023, 3, 3), date(2023, 5, 4)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [("RESIT. Cashier: Tan. Qty 2. TOTAL 9.00 CASH 10.00 CHANGE 1.00", "Receipts"),
     ("Facture. IBAN DE00, BIC X, TVA 20 %", "Invoices"),
     ("Dear Sir or Madam, I am writing to you. Yours sincerely", "Letters"),
     ("import os\nclass A:\n def f(self): return None", "Source code"),
     (BOOKING, "Travel bookings")],
)  # fmt: skip
def test_papers_betray_their_kind(text, kind):
    found = kinds_of(text)
    assert max(found, key=lambda name: found[name]) == kind
    assert sum(found.values()) == pytest.approx(1)
    assert Item("x", Kind.DOCUMENT, text=text).family == Family.DOCUMENTS


def test_a_lone_word_betrays_nothing():
    assert kinds_of("The party was nice") == {}


def test_many_trips_come_under_their_years():
    items = [item for year in range(2010, 2024) for item in pictures(f"{year}-05-01", 4, AWAY)]
    items += [item for day in range(10, 26) for item in pictures(f"2024-03-{day}", 2, HOME)]
    used = {move.folder for move in plan("/r", items, PlanOptions(writer=False)).moves}
    assert "Trips/2015/2015-05-01" in used
    few = plan("/r", items, PlanOptions(writer=False, depth=2)).moves
    assert "Trips/2015" in {move.folder for move in few}

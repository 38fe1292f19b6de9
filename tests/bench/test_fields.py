"""Fields of receipts are found in whatever spelling they are stated."""

from __future__ import annotations

import pytest

from bench.metrics.fields import amounts_in, days_in, field_found, wanted_fields


@pytest.mark.parametrize(
    "text",
    ["2018-03-10", "10/03/2018", "10-03-18", "10 MAR 2018", "March 10, 2018", "10.3.2018 17:41"],
)
def test_one_day_in_many_spellings(text: str) -> None:
    assert (2018, 3, 10) in days_in(text)


def test_what_is_no_date() -> None:
    assert days_in("45/13/2018") == set()
    assert days_in("ten of them") == set()


@pytest.mark.parametrize("text", ["RM 1,939.00", "1939.0", "1.939,00 EUR", "1939", "$1 939.00"])
def test_one_amount_in_many_spellings(text: str) -> None:
    assert 193900 in amounts_in(text)


def test_amounts_do_not_melt_together() -> None:
    assert amounts_in("33.92 33.90") == {3392, 3390}


def test_wanted_fields_of_both_layouts() -> None:
    assert wanted_fields({"company": "ABC", "date": "1/2/2018", "total": ""}) == {
        "issuer": "ABC",
        "date": "1/2/2018",
    }
    assert wanted_fields({"issuer": "OYO", "amount": 1939.0, "invoice_number": "I7"}) == {
        "issuer": "OYO",
        "total": "1939.0",
        "number": "I7",
    }


def test_field_found() -> None:
    said = ["Receipt from ABC Ho Trading", "09/01/2019", "RM31.00"]
    assert field_found("issuer", "ABC HO TRADING", said)
    assert field_found("date", "2019-01-09", said)
    assert field_found("total", "31.00", said)
    assert not field_found("total", "31.01", said)
    assert not field_found("number", "7001", said)

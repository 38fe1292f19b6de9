"""Rows that are inserted have the columns of their tables, in order."""

from __future__ import annotations

import pytest
from sqlalchemy import Table

from mammothbox.store.rows import PassageRow, ResultRow, VectorRow
from mammothbox.store.schema import PASSAGES, RESULTS, VECTORS


@pytest.mark.parametrize(
    ("row", "table"), [(ResultRow, RESULTS), (PassageRow, PASSAGES), (VectorRow, VECTORS)]
)
def test_a_row_has_the_columns_of_its_table(row: type[tuple[object, ...]], table: Table) -> None:
    assert ["id", *row._fields] == table.columns.keys()  # type: ignore[attr-defined]

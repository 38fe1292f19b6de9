"""Rows into a table by COPY: one round trip however many they are, and nothing to plan.

Vectors go in PostgreSQL's binary form. A row of theirs is (id bigint, embedding): pgvector's binary
form is the number of dimensions, a zero, and the numbers in network order, four bytes each for
`vector`, two for `halfvec`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Table, text

_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TAIL = b"\xff\xff"


def insert_rows(
    connection: Connection,
    table: Table,
    rows: Sequence[tuple[Any, ...]],
    ids: Sequence[int] | None = None,
) -> Sequence[int]:
    """Store rows under these ids or new ones, which come before the first column; gives them."""
    if ids is None:
        ids = _next(connection, table, len(rows))
    driver: Any = connection.connection.driver_connection
    statement = f"COPY {table.name} ({', '.join(table.columns.keys())}) FROM STDIN"
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for number, row in zip(ids, rows, strict=True):
            copy.write_row((number, *row))
    return ids


def _next(connection: Connection, table: Table, count: int) -> Sequence[int]:
    query = text(
        "SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count)"
    )
    return connection.scalars(query, {"name": table.name, "count": count}).all()


def packed(
    kind: str, ids: npt.NDArray[np.int64], rows: npt.NDArray[np.float16]
) -> npt.NDArray[Any]:
    """The rows as an array of records, byte for byte as COPY wants them."""
    number = ">f2" if kind.startswith("halfvec") else ">f4"
    dimensions = rows.shape[1]
    size = 4 + dimensions * np.dtype(number).itemsize
    record = np.dtype(
        [
            ("fields", ">i2"),
            ("id_size", ">i4"),
            ("id", ">i8"),
            ("size", ">i4"),
            ("dimensions", ">i2"),
            ("unused", ">i2"),
            ("numbers", number, (dimensions,)),
        ]
    )
    made = np.zeros(len(ids), record)
    made["fields"], made["id_size"], made["id"] = 2, 8, ids
    made["size"], made["dimensions"], made["numbers"] = size, dimensions, rows
    return made


def copy_vectors(
    connection: Connection,
    table: str,
    kind: str,
    ids: npt.NDArray[np.int64],
    rows: npt.NDArray[np.float16],
) -> None:
    """Add vectors (N x dimensions) under these ids."""
    driver: Any = connection.connection.driver_connection
    statement = f"COPY {table} (id, embedding) FROM STDIN (FORMAT BINARY)"
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(_HEAD)
        copy.write(packed(kind, ids, rows).tobytes())
        copy.write(_TAIL)

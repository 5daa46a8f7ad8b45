"""The archive as Parquet, typed by the dictionary, row group by row group; needs the extra ``parquet``."""

from __future__ import annotations

from importlib import import_module
from itertools import islice
from typing import TYPE_CHECKING, Any

from archive.errors import UsageError
from archive.tables import flatten

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import BinaryIO

    from archive.dictionary import Column, Table

#: records a row group: what is in memory at a time, some ten megabytes of text
ROW_GROUP = 4096


def load_pyarrow() -> Any:
    """The library, an extra that is slow to load. Raises UsageError where it is not installed."""
    try:
        import_module("pyarrow.parquet")
        return import_module("pyarrow")
    except ImportError as error:
        raise UsageError('Parquet needs pyarrow: run `pip install "baogao[parquet]"`, and again.') from error


def write_parquet(table: Table, records: Iterable[dict[str, Any]], file: BinaryIO, *, group: int = ROW_GROUP) -> None:
    """Write to a file or a pipe. Times are UTC timestamps, lists are lists, exact decimals are texts."""
    arrow = load_pyarrow()
    schema = arrow.schema(
        [
            arrow.field(column.name, _choose_type(arrow, column), metadata={"description": column.description})
            for column in table.columns
        ],
        metadata={"title": table.title, "description": table.description},
    )
    with arrow.parquet.ParquetWriter(_Forward(file), schema, compression="zstd") as writer:
        flat = (flatten(table, record) for record in records)
        while rows := list(islice(flat, group)):
            columns = [_make_array(arrow, field, [row[field.name] for row in rows]) for field in schema]
            writer.write_table(arrow.Table.from_arrays(columns, schema=schema), row_group_size=group)


def _choose_type(arrow: Any, column: Column) -> Any:
    types = {
        "integer": arrow.int64(),
        "number": arrow.float64(),
        "boolean": arrow.bool_(),
        "date": arrow.date32(),
        "time": arrow.timestamp("ms", tz="UTC"),
        "list": arrow.list_(arrow.string()),
    }
    return types.get(column.kind, arrow.string())


def _make_array(arrow: Any, field: Any, values: list[Any]) -> Any:
    if arrow.types.is_temporal(field.type):
        return arrow.array(values, arrow.string()).cast(field.type)
    return arrow.array(values, field.type)


class _Forward:
    """A pipe that pyarrow can write to: it asks a file where it stands, which a pipe can't tell."""

    closed = False

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._written = 0

    def write(self, data: bytes) -> int:
        self._file.write(data)
        self._written += len(data)
        return len(data)

    def tell(self) -> int:
        return self._written

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        """Whoever opened the file closes it."""

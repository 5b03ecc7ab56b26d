"""Pieces of sessions: Arrow batches with a row for each session instead of one for each event, or the
names of files where they lie.

Lives in a module of its own, so that workers import it. Reads and reorders; nothing is measured here.
"""

import dataclasses
import itertools
import urllib.parse

import numpy as np
import pyarrow as pa
import pyarrow.fs
import pyarrow.parquet as pq
from pyspark import TaskContext

ARROW = {"timestamp": pa.int64(), "event_type": pa.int32(), "screen_x": pa.float64(), "screen_y": pa.float64()}
COLUMNS = ["session_id", *ARROW]
STORED = {
    "session_id": [pa.dictionary(pa.int32(), pa.string())],
    "event_type": [pa.int32(), pa.int64()],
    "timestamp": [pa.int64()],
}
# Between two steps of Spark the numbers travel as bytes, which it carries without looking at them.
SCHEMA = "session_id string, row long, " + ", ".join(f"{name} binary" for name in ARROW)
BATCH = 50_000


@dataclasses.dataclass(frozen=True)
class RowGroup:
    """One row group of a Parquet file."""

    number: int  # among all of the input
    file: str  # URI
    place: int  # in its file
    sessions: tuple | None  # the first and the last, where the file knows
    is_plain: bool  # whether the program can open it


def parquet(uri):
    """A Parquet file with all columns as they are worked with, ids by their dictionary."""
    system, place = pa.fs.FileSystem.from_uri(uri)
    file = pq.ParquetFile(place, filesystem=system, read_dictionary=["session_id"])
    for name in COLUMNS:
        kind = file.schema_arrow.field(name).type
        if kind not in STORED.get(name, [pa.float64()]):
            raise ValueError(f"{uri}: {name} is stored as {kind}")
    return file


def row_group(file, uri, place, number):
    """What the file says of one of its row groups."""
    group, sessions, is_plain = file.metadata.row_group(place), None, uri.startswith("file:")
    for at in range(group.num_columns):
        column = group.column(at)
        is_plain = is_plain and column.compression in ("SNAPPY", "UNCOMPRESSED")
        if column.path_in_schema == "session_id" and column.is_stats_set and column.statistics.has_min_max:
            sessions = column.statistics.min, column.statistics.max
    return RowGroup(number, uri, place, sessions, is_plain)


def are_disjoint(ranges):
    """Whether no session can be in two of these ranges."""
    if None in ranges:
        return False
    ranges = sorted(ranges)
    return all(one[1] < next_one[0] for one, next_one in itertools.pairwise(ranges))


def ids(part):
    """The sessions of a row group."""
    column = parquet(part.file).read_row_group(part.place, ["session_id"]).column("session_id")
    return column.unique().drop_null().to_pylist()


def chosen(tasks, batches):
    """The row groups of each of the tasks with these numbers."""
    numbers = itertools.chain.from_iterable(batch.column("id").to_pylist() for batch in batches)
    return (tasks[number] for number in numbers)


def of_files(tasks, batches):
    """A stream for each task: names for the program, which opens the files itself."""
    for found in chosen(tasks, batches):
        paths = [urllib.parse.unquote(urllib.parse.urlsplit(one.file).path) for one in found]
        yield [pa.RecordBatch.from_pydict({"file": paths, "row_group": [one.place for one in found]})]


def of_row_groups(tasks, batches):
    """A stream for each task: the pieces of row groups that this worker reads."""
    return (unpack(packed_row_groups(found)) for found in chosen(tasks, batches))


def of_buckets(batches):
    """One stream: the pieces of a bucket."""
    return [unpack(batches)]


def packed_row_groups(found):
    """Reads row group by row group."""
    for one in found:
        row = one.number << 40
        for batch in parquet(one.file).iter_batches(BATCH, row_groups=[one.place], columns=COLUMNS):
            yield from packed(batch, row)
            row += batch.num_rows


def pack(batches):
    """Packs the events of this task."""
    row = TaskContext.get().partitionId() << 40
    for batch in batches:
        yield from packed(batch, row)
        row += batch.num_rows


def packed(batch, row):
    """Each session's events of a batch as one row: the number of the first event, and each column's
    numbers as bytes, which Spark carries without looking at them. Events of the same moment keep
    their order; those with a gap are left out."""
    if any(column.null_count for column in batch.columns):
        batch = batch.drop_null()
    if not batch.num_rows:
        return
    ids = batch.column("session_id")
    ids = ids if pa.types.is_dictionary(ids.type) else ids.dictionary_encode()
    codes = ids.indices.to_numpy()
    columns = {name: batch.column(name).cast(kind).to_numpy() for name, kind in ARROW.items()}
    order = np.arange(len(codes))
    if (np.diff(codes) < 0).any():
        order = np.argsort(codes, kind="stable")
        codes, columns = codes[order], {name: values[order] for name, values in columns.items()}
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    ends = np.append(starts, len(codes))
    bytes_of = []
    for values in columns.values():
        places = pa.py_buffer((ends * values.itemsize).astype(np.int32))
        bytes_of.append(pa.Array.from_buffers(pa.binary(), len(starts), [None, places, pa.py_buffer(values)]))
    names = ids.dictionary.take(pa.array(codes[starts])).cast(pa.string())
    rows = pa.array(row + order[starts])
    yield pa.RecordBatch.from_arrays([names, rows, *bytes_of], ["session_id", "row", *ARROW])


def unpack(batches):
    """The pieces with their numbers as lists, as the program takes them; nothing is copied."""
    for batch in batches:
        lists = []
        for name, kind in ARROW.items():
            column, width = batch.column(name), kind.bit_width // 8
            places, numbers = column.buffers()[1:]
            ends = np.frombuffer(places, np.int32)[column.offset :][: len(column) + 1] // width
            values = pa.Array.from_buffers(kind, int(ends[-1]), [None, numbers])
            lists.append(pa.ListArray.from_arrays(pa.array(ends), values))
        kept = [batch.column("session_id"), batch.column("row")]
        yield pa.RecordBatch.from_arrays([*kept, *lists], ["session_id", "row", *ARROW])

"""Features, windows and per-user models of mouse sessions on a Spark cluster.

    job.py features INPUT OUTPUT [--features rich]    one row a session
    job.py windows  INPUT OUTPUT                      one row a window, steps as lists
    job.py train    INPUT OUTPUT                      one row a user, the model as bytes

INPUT is CSV or Parquet with the columns session_id, timestamp (ms), event_type (1 release, 2 move,
3 wheel, 4 drag, 5 press), screen_x, screen_y, and user_id for `train`; OUTPUT is a folder of Parquet.
The work is done by the `mousewarden` program (built with --features columnar), which must lie at the
same path on every machine. One child answers whole tasks, each with many sessions: row groups of Parquet
that have their sessions to themselves, which the program opens where they lie in a file system that every
machine has, or buckets by the hash of the id. A lost executor costs time only.
"""

import argparse
import dataclasses
import functools
import json
import os
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pieces
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f
from pyspark.sql.pandas.types import from_arrow_schema

COLUMNS = ["session_id", *pieces.ARROW]
TYPES = {"timestamp": "long", "event_type": "int", "screen_x": "double", "screen_y": "double"}
BUCKETS_A_CORE = 4
MODELS = "user_id string, model binary, description string, error string"


def session(master):
    """A session whose traffic stays on this machine where the cluster is local."""
    builder = SparkSession.builder.appName("mousewarden").config("spark.ui.enabled", "false")
    if master:
        builder = builder.master(master)
    if master and master.startswith("local"):
        builder = builder.config("spark.driver.host", "127.0.0.1")
        builder = builder.config("spark.driver.bindAddress", "127.0.0.1")
    builder = builder.config("spark.sql.execution.arrow.maxRecordsPerBatch", str(pieces.BATCH))
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    here = Path(__file__).resolve()
    for needed in (here, here.parent / "child.py", here.parent / "pieces.py"):
        spark.sparkContext.addPyFile(str(needed))
    return spark


def read(spark, path, columns=COLUMNS):
    """The events; CSV is read as text first, for a float would destroy ids and times."""
    if str(path).endswith(".csv"):
        events = spark.read.csv(str(path), header=True)
    else:
        events = spark.read.parquet(str(path))
    return events.select([f.col(name).cast(TYPES.get(name, "string")) for name in columns])


@dataclasses.dataclass
class Sessions:
    """Rows of `frame` whose partitions hold or name whole sessions, and what makes streams of them."""

    frame: DataFrame
    pieces: Callable


def sessions(spark, path):
    """The events by session. Where a task's row groups of Parquet have its sessions to themselves, no
    event becomes a row of Spark, which costs more than all the rest: the program opens the files, or, where
    it cannot, the workers do. Otherwise events are packed where they are read and dealt onto buckets."""
    cores = spark.sparkContext.defaultParallelism
    found = [] if str(path).endswith(".csv") else row_groups(spark, path)
    tasks = []
    if len(found) >= cores:
        alone = pieces.are_disjoint([one.sessions for one in found])
        tasks = [[one] for one in found] if alone else apart(spark, found)
    if len(tasks) >= cores:
        opened = all(one.is_plain for one in found)
        cut = pieces.of_files if opened else pieces.of_row_groups
        numbers = spark.range(0, len(tasks), numPartitions=min(len(tasks), BUCKETS_A_CORE * cores))
        return Sessions(numbers, functools.partial(cut, tasks))
    return dealt(read(spark, path))


def dealt(events):
    """The events of any frame, packed where they are and dealt onto buckets by session."""
    packed = events.mapInArrow(pieces.pack, pieces.SCHEMA)
    buckets = BUCKETS_A_CORE * events.sparkSession.sparkContext.defaultParallelism
    return Sessions(packed.repartition(buckets, "session_id"), pieces.of_buckets)


def row_groups(spark, path):
    """Each row group of the files; none where they cannot be opened or read as they are."""
    # With a schema Spark only lists the files; the columns are looked at file by file.
    files = spark.read.schema("session_id string").parquet(str(path)).inputFiles()
    found = []
    try:
        for uri in sorted(files):
            file = pieces.parquet(uri)
            places = range(file.num_row_groups)
            found += [pieces.row_group(file, uri, place, len(found) + place) for place in places]
    except (OSError, ValueError, KeyError):
        return []
    return found


def apart(spark, found):
    """The row groups in lists that share no session."""
    named = spark.sparkContext.parallelize(found, len(found)).map(lambda one: (one.number, pieces.ids(one)))
    leader, first = list(range(len(found))), {}

    def leading(number):
        while leader[number] != number:
            number = leader[number]
        return number

    for number, names in named.collect():
        for name in names:
            leader[leading(first.setdefault(name, number))] = leading(number)
    lists = {}
    for one in found:
        lists.setdefault(leading(one.number), []).append(one)
    return list(lists.values())


def answered(command, batches):
    """The answer to one bucket, in whichever worker it lies."""
    import child

    return child.ask(command, batches)


def schema_of(command):
    """The answer's columns, which the program tells even where no event came."""
    schema = pa.schema([("session_id", pa.string()), *pieces.ARROW.items()])
    sink = pa.BufferOutputStream()
    pa.ipc.new_stream(sink, schema).close()
    asked = subprocess.run(command, input=sink.getvalue().to_pybytes(), capture_output=True)
    if asked.returncode:
        raise SystemExit(asked.stderr.decode())
    return from_arrow_schema(pa.ipc.open_stream(asked.stdout).schema)


def by_arrow(sessions, command, answer=answered):
    """The rows that a child which speaks Arrow gives for whole sessions."""
    cut = sessions.pieces

    def answers(batches):
        for stream in cut(batches):
            yield from answer(command, stream)

    return sessions.frame.mapInArrow(answers, schema_of(command))


def features(sessions, binary, feature_set="rich", answer=answered):
    """One row a session."""
    command = [binary, "identify", "features", "--stdio-arrow", "--features", feature_set]
    return by_arrow(sessions, command, answer)


def windows(sessions, binary):
    """One row a window."""
    return by_arrow(sessions, [binary, "preprocess", "--stdio-arrow"])


def models(events, binary, options=()):
    """One model a user, against synthetic users; what went wrong for a user stands in `error`."""

    def train(table):
        import pyarrow.csv

        user = table.column("user_id")[0].as_py()
        # Biometric data: the folder is closed to others and gone with the task.
        with tempfile.TemporaryDirectory(prefix="mousewarden-") as folder:
            events, model = os.path.join(folder, "events.csv"), os.path.join(folder, "model.onnx")
            order = [("session_id", "ascending"), ("timestamp", "ascending"), ("row", "ascending")]
            pyarrow.csv.write_csv(table.sort_by(order).drop_columns("row"), events)
            command = [binary, "train", "--format", "bank", events, f"--user={user}", "--out", model]
            done = subprocess.run([*command, *options], capture_output=True, text=True)
            content, description, error = None, None, done.stderr
            if done.returncode == 0:
                content, error = Path(model).read_bytes(), None
                inspect = [binary, "inspect", model, "--json"]
                told = json.loads(subprocess.run(inspect, capture_output=True, check=True).stdout)
                del told["path"]
                description = json.dumps(told)
        return pa.table(
            {"user_id": [user], "model": pa.array([content], pa.binary()),
             "description": pa.array([description], pa.string()),
             "error": pa.array([error], pa.string())}
        )

    # Spark may mix the rows of a group: their numbers keep the order of the file.
    numbered = events.withColumn("row", f.monotonically_increasing_id())
    return numbered.groupBy("user_id").applyInArrow(train, MODELS)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", choices=["features", "windows", "train"])
    parser.add_argument("input")
    parser.add_argument("output")
    parser.add_argument("--binary", required=True, help="the mousewarden program, by absolute path")
    parser.add_argument("--features", default="rich", help="notebook, rich or independent")
    parser.add_argument("--master", help="where to run; by default what spark-submit says")
    arguments = parser.parse_args()
    spark = session(arguments.master)
    try:
        if arguments.work == "train":
            found = models(read(spark, arguments.input, [*COLUMNS, "user_id"]), arguments.binary)
        elif arguments.work == "windows":
            found = windows(sessions(spark, arguments.input), arguments.binary)
        else:
            found = features(sessions(spark, arguments.input), arguments.binary, arguments.features)
        found.write.mode("overwrite").parquet(arguments.output)
        if arguments.work == "train":
            written = spark.read.parquet(arguments.output)
            for user, error in written.where("error is not null").select("user_id", "error").collect():
                print(f"{user}: {error.strip()}")
    finally:
        spark.stop()


if __name__ == "__main__":
    main()

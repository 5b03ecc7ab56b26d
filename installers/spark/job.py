"""Features, windows and per-user models of mouse sessions on a Spark cluster.

    job.py features INPUT OUTPUT [--features rich]    one row a session
    job.py windows  INPUT OUTPUT                      one row a window, steps as lists
    job.py train    INPUT OUTPUT                      one row a user, the model as bytes

INPUT is CSV or Parquet with the columns session_id, timestamp (ms), event_type (1 release, 2 move,
3 wheel, 4 drag, 5 press), screen_x, screen_y, and user_id for `train`; OUTPUT is a folder of Parquet.
The work is done by the `mousewarden` program (built with --features columnar), which must lie at the
same path on every machine. Sessions are packed where they are read, each piece one row of lists, and
dealt onto buckets by the hash of their id: Spark moves few rows, and one child answers whole buckets.
A lost executor costs time only.
"""

import argparse
import json
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyspark.sql import SparkSession
from pyspark.sql import functions as f
from pyspark.sql.pandas.types import from_arrow_schema

COLUMNS = ["session_id", "timestamp", "event_type", "screen_x", "screen_y"]
TYPES = {"timestamp": "long", "event_type": "int", "screen_x": "double", "screen_y": "double"}
PIECES = (
    "session_id string, row long, timestamp array<long>, event_type array<int>, "
    "screen_x array<double>, screen_y array<double>"
)
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
    builder = builder.config("spark.sql.execution.arrow.maxRecordsPerBatch", "50000")
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    here = Path(__file__).resolve()
    for needed in (here, here.parent / "child.py"):
        spark.sparkContext.addPyFile(str(needed))
    return spark


def read(spark, path, columns=COLUMNS):
    """The events with their row numbers; CSV is read as text first, for a float would destroy ids and times."""
    if str(path).endswith(".csv"):
        events = spark.read.csv(str(path), header=True)
    else:
        events = spark.read.parquet(str(path))
    typed = [f.col(name).cast(TYPES.get(name, "string")) for name in columns]
    return events.select(*typed, f.monotonically_increasing_id().alias("row"))


def pack(batches):
    """Each session's events of a batch as one row of lists, with the number of the first."""
    for batch in batches:
        codes = batch.column("session_id").fill_null("").dictionary_encode().indices.to_numpy()
        if (np.diff(codes) < 0).any():
            order = np.argsort(codes, kind="stable")
            codes, batch = codes[order], batch.take(pa.array(order))
        starts = np.flatnonzero(np.diff(codes, prepend=-1))
        ends = pa.array(np.append(starts, len(codes)), pa.int32())
        heads = [batch.column(name).take(pa.array(starts)) for name in ("session_id", "row")]
        lists = [pa.ListArray.from_arrays(ends, batch.column(name)) for name in COLUMNS[1:]]
        yield pa.RecordBatch.from_arrays([*heads, *lists], ["session_id", "row", *COLUMNS[1:]])


def answered(command, batches):
    """The answer to one bucket, in whichever worker it lies."""
    import child

    return child.ask(command, batches)


def schema_of(command):
    """The answer's columns, which the program tells even where no event came."""
    types = {"long": pa.int64(), "int": pa.int32(), "double": pa.float64()}
    schema = pa.schema([(name, types.get(TYPES.get(name), pa.string())) for name in COLUMNS])
    sink = pa.BufferOutputStream()
    pa.ipc.new_stream(sink, schema).close()
    asked = subprocess.run(command, input=sink.getvalue().to_pybytes(), capture_output=True)
    if asked.returncode:
        raise SystemExit(asked.stderr.decode())
    return from_arrow_schema(pa.ipc.open_stream(asked.stdout).schema)


def by_arrow(events, command, answer=answered):
    """The rows that a child which speaks Arrow gives for whole sessions."""
    buckets = BUCKETS_A_CORE * events.sparkSession.sparkContext.defaultParallelism
    pieces = events.select(*COLUMNS, "row").mapInArrow(pack, PIECES).repartition(buckets, "session_id")
    return pieces.mapInArrow(lambda batches: answer(command, batches), schema_of(command))


def features(events, binary, feature_set="rich", answer=answered):
    """One row a session."""
    command = [binary, "identify", "features", "--stdio-arrow", "--features", feature_set]
    return by_arrow(events, command, answer)


def windows(events, binary):
    """One row a window."""
    return by_arrow(events, [binary, "preprocess", "--stdio-arrow"])


def models(events, binary, options=()):
    """One model a user, against generated people; what went wrong for a user stands in `error`."""

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

    return events.groupBy("user_id").applyInArrow(train, MODELS)


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
            found = windows(read(spark, arguments.input), arguments.binary)
        else:
            found = features(read(spark, arguments.input), arguments.binary, arguments.features)
        found.write.mode("overwrite").parquet(arguments.output)
        if arguments.work == "train":
            written = spark.read.parquet(arguments.output)
            for user, error in written.where("error is not null").select("user_id", "error").collect():
                print(f"{user}: {error.strip()}")
    finally:
        spark.stop()


if __name__ == "__main__":
    main()

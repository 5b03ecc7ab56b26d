"""The Spark job against the single process, on a real local cluster with two executor processes.

    python check_spark.py BINARY FOLDER

Invents recordings in FOLDER, runs features, windows and training of installers/spark/job.py, kills an
executor in the middle of a run, and compares every result row by row with what one process gives.
Prints one line a check; exits with 1 at the first that fails.
"""

import csv
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

binary, folder = sys.argv[1], Path(sys.argv[2])
os.environ.update(SPARK_LOCAL_IP="127.0.0.1", PYSPARK_PYTHON=sys.executable)
root = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(root / "installers" / "spark"))

import job
import pyarrow as pa

SESSIONS, EVENTS = 24, 500
FIXED = ["session_id", "user_id", "events"]


def check(what, holds):
    print(f"{'ok' if holds else 'FAIL'}: {what}", flush=True)
    if not holds:
        raise SystemExit(1)


def invent(path):
    """Rows in random order, as the recordings of the bank have them."""
    draw, rows = random.Random(4), []
    for session in range(SESSIONS):
        user, at, x, y = session % 3, 1_655_000_000_000 + session * 10**8, 500.0, 400.0
        for event in range(EVENTS):
            # Some events share their moment: then the order of the file counts.
            at += draw.choice([0, 8, 17, 30]) + (600 if event % 40 == 39 else 0)
            x, y = x + draw.gauss(3 * (event % 7 - 3), 4 + user), y + draw.gauss(2, 3)
            kind = 5 if event % (23 + user) == 22 else 2
            rows.append([f"s{session:02}", f"-24162{user}", at, kind, round(x, 2), round(y % 800, 2)])
    draw.shuffle(rows)
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["session_id", "user_id", "timestamp", "event_type", "screen_x", "screen_y"])
        writer.writerows(rows)


def alone(*arguments, **more):
    """What one process gives."""
    return subprocess.run([binary, *arguments], check=True, capture_output=True, **more).stdout


def single_features(path):
    table = csv.DictReader(alone("identify", "features", path).decode().splitlines())
    return {row["session_id"]: {k: float(v) for k, v in row.items() if k not in FIXED} for row in table}


def by_session(rows):
    return {row["session_id"]: {k: row[k] for k in row.asDict() if k not in FIXED} for row in rows}


def by_pipe(events, *work):
    """What one process answers to one stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, events.schema) as writer:
        writer.write_table(events)
    answer = alone(*work, "--stdio-arrow", input=sink.getvalue().to_pybytes())
    return pa.ipc.open_stream(answer).read_all()


def as_read(spark, columnar):
    """What one process gives for the rows of a Parquet file in their order."""
    table = pa.Table.from_pylist([row.asDict() for row in job.read(spark, columnar).collect()])
    rows = by_pipe(table, "identify", "features").to_pylist()
    return {row["session_id"]: {k: v for k, v in row.items() if k not in FIXED} for row in rows}


def waiting(folder, gate):
    """Answers even buckets at once, odd ones when the gate is open; says who asked."""

    def answer(command, batches):
        import child
        from pyspark import TaskContext

        pieces = list(batches)
        if not pieces:
            return []
        bucket = TaskContext.get().partitionId()
        # The executor is the parent of the daemon that is the parent of this worker.
        daemon = os.getppid()
        executor = Path(f"/proc/{daemon}/stat").read_text().rsplit(")", 1)[1].split()[1]
        if bucket % 2:
            Path(folder, f"waits-{bucket}-{executor}").touch()
            while not os.path.exists(gate):
                time.sleep(0.05)
        Path(folder, f"asked-{bucket}-{executor}").touch()
        return child.ask(command, pieces)

    return answer


def until(what, holds):
    deadline = time.monotonic() + 300
    while not holds():
        if time.monotonic() > deadline:
            check(f"{what} within 5 minutes", False)
        time.sleep(0.05)


def gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def lose_an_executor(way, sessions, expected):
    marks, gate, found = folder / f"marks of {way}", folder / f"gate of {way}", []
    marks.mkdir()
    answer = waiting(str(marks), str(gate))
    frame = job.features(sessions, binary, answer=answer)
    run = threading.Thread(target=lambda: found.extend(frame.collect()), daemon=True)
    run.start()
    until("a bucket waits and another is done", lambda: list(marks.glob("waits-*")) and list(marks.glob("asked-*")))
    executor = int(next(marks.glob("waits-*")).name.split("-")[2])
    os.kill(executor, signal.SIGKILL)
    until("the executor is gone", lambda: gone(executor))
    gate.touch()
    run.join(300)
    executors = {mark.name.split("-")[2] for mark in marks.iterdir()}
    check(f"{way}: an executor was killed and another took over", len(executors) >= 2)
    check(f"{way}: its sessions came out complete and equal all the same", by_session(found) == expected)


def main():
    recordings = folder / "recordings.csv"
    invent(recordings)
    spark = job.session("local-cluster[2,1,1024]")
    try:
        spark.conf.set("spark.sql.files.maxPartitionBytes", recordings.stat().st_size // 4)
        events = job.read(spark, recordings)
        check("the recordings are read in parts", events.rdd.getNumPartitions() > 3)
        expected = single_features(recordings)
        sessions = job.sessions(spark, recordings)
        found = job.features(sessions, binary).collect()
        check("every session came back once", len(found) == len(expected) == SESSIONS)
        check("features are those of one process, number by number", by_session(found) == expected)

        columnar = str(folder / "recordings.parquet")
        by_id = events.repartitionByRange(6, "session_id").sortWithinPartitions("session_id", "timestamp")
        by_id.write.parquet(columnar)
        named = job.sessions(spark, columnar)
        check("the program opens Parquet itself", named.pieces.func is job.pieces.of_files)
        parts = job.row_groups(spark, columnar)
        disjoint = job.pieces.are_disjoint([part.sessions for part in parts])
        check("no row group shares a session", disjoint and job.apart(spark, parts) == [[part] for part in parts])
        as_read_columnar = as_read(spark, columnar)
        found = job.features(named, binary).collect()
        check("which gives what one process gives", by_session(found) == as_read_columnar)

        tight = str(folder / "tight.parquet")
        by_id.write.option("compression", "gzip").parquet(tight)
        opened = job.sessions(spark, tight)
        check("workers open what the program cannot", opened.pieces.func is job.pieces.of_row_groups)
        found = job.features(opened, binary).collect()
        check("which gives what one process gives, too", by_session(found) == as_read(spark, tight))

        mixed = str(folder / "mixed.parquet")
        events.write.parquet(mixed)
        parts = job.row_groups(spark, mixed)
        disjoint = job.pieces.are_disjoint([part.sessions for part in parts])
        check("mixed ones belong together", not disjoint and len(job.apart(spark, parts)) == 1)

        order = lambda row: (row["session_id"], row["window"])
        cut = [row.asDict() for row in job.windows(sessions, binary).collect()]
        table = pa.Table.from_pylist([row.asDict() for row in events.collect()])
        expected_windows = by_pipe(table, "preprocess").to_pylist()
        check("there are windows", len(expected_windows) > SESSIONS)
        check("windows are those of one process", sorted(cut, key=order) == sorted(expected_windows, key=order))

        lose_an_executor("rows", sessions, expected)
        lose_an_executor("files", named, as_read_columnar)

        users = job.read(spark, recordings, [*job.COLUMNS, "user_id"])
        models = {row["user_id"]: row for row in job.models(users, binary).collect()}
        check("every user has a model", len(models) == 3 and not any(row["error"] for row in models.values()))
        user = "-241620"
        path = folder / "single.onnx"
        alone("train", "--format", "bank", str(recordings), f"--user={user}", "--out", str(path))
        check("the model is that of one process, byte by byte", bytes(models[user]["model"]) == path.read_bytes())
    finally:
        spark.stop()


main()

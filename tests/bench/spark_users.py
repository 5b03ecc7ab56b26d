"""Many users through the Spark job, once left alone and once with an executor killed on the way.

    python spark_users.py BINARY [--users 10000] [--events 500]

Invents a session for each user, as Parquet, and has installers/spark/job.py compute the features and cut
the windows of all of them on a local cluster of two executor processes. Each work is done twice, after a
hundred users to warm up: undisturbed, and with SIGKILL for one executor once a quarter of the tasks is done.
The rows of both must be the same, and those of one process without Spark must be, too. Tells seconds on the
clock, what the loss cost, and the largest memory of any `mousewarden` process below Spark.
Needs Linux and what installers/spark/requirements.txt names; `installers/spark/prepare.sh` prints such a Python.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
os.environ["PYSPARK_PYTHON"] = sys.executable
root = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(root / "installers" / "spark"))

import job
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import functions as f

FILES = 64
MASTER = "local-cluster[2,1,1024]"
WARM_UP = 100  # users
LOST_AT = 0.25  # share of the tasks that are done when an executor is killed


def invent(spark, path, users, events):
    """A session a user: strokes of a pointer that each user draws in another way, with pauses and clicks."""
    rows = spark.range(users * events, numPartitions=FILES)
    user, number = (f.col("id") / events).cast("long"), (f.col("id") % events).cast("long")
    stroke, step = (number / 40).cast("long"), number % 40
    own = 1 + (user % 97) / 97
    frame = rows.select(
        f.format_string("s%06d", user).alias("session_id"),
        f.format_string("u%06d", user).alias("user_id"),
        (1_655_000_000_000 + 16 * number + 900 * stroke).alias("timestamp"),
        f.when(step == 39, 5).otherwise(2).alias("event_type"),
        (960 + 300 * own * f.sin(step / (9.0 * own) + stroke) + 3 * f.randn(2)).alias("screen_x"),
        (540 + 200 * own * f.cos(step / (7.0 * own) + stroke) + 3 * f.randn(3)).alias("screen_y"),
    )
    frame.write.mode("overwrite").parquet(path)


def processes(is_wanted):
    """Process ids below this one whose command line is wanted."""
    parents, named = {}, []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid = int(stat.parent.name)
            parents[pid] = int(stat.read_text().rsplit(")", 1)[1].split()[1])
            if is_wanted((stat.parent / "cmdline").read_bytes().decode(errors="replace").split("\0")):
                named.append(pid)
        except OSError:
            continue
    return {pid for pid in named if is_below(pid, parents)}


def is_executor(words):
    return any(word.endswith("CoarseGrainedExecutorBackend") for word in words)


def is_below(pid, parents):
    while pid in parents and pid != os.getpid():
        pid = parents[pid]
    return pid == os.getpid()


class Watcher(threading.Thread):
    """Looks at the tasks and the children while a job runs; kills an executor if it is told to."""

    def __init__(self, spark, binary, kills):
        super().__init__(daemon=True)
        self.tracker, self.binary, self.kills = spark.sparkContext.statusTracker(), binary, kills
        self.killed_at, self.peak_kb, self.over = None, 0, threading.Event()

    def run(self):
        while not self.over.wait(0.2):
            self.peak_kb = max([self.peak_kb, *map(resident_kb, processes(lambda words: words[0] == self.binary))])
            done, all_of_them = self.tasks()
            if self.kills and self.killed_at is None and done >= LOST_AT * all_of_them > 0:
                os.kill(min(processes(is_executor)), signal.SIGKILL)
                self.killed_at = f"{done} of {all_of_them}"

    def tasks(self):
        """Tasks that are done, and all, of the last stage that runs."""
        stages = [self.tracker.getStageInfo(stage) for stage in self.tracker.getActiveStageIds()]
        stages = [stage for stage in stages if stage is not None and stage.numTasks > 1]
        return (stages[-1].numCompletedTasks, stages[-1].numTasks) if stages else (0, 0)


def resident_kb(pid):
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0])
    except (OSError, IndexError):
        return 0


def done(spark, binary, frame, output, kills):
    """Writes the rows; seconds on the clock, and what was seen meanwhile."""
    watcher = Watcher(spark, binary, kills)
    watcher.start()
    start = time.perf_counter()
    frame.write.mode("overwrite").parquet(output)
    taken = time.perf_counter() - start
    watcher.over.set()
    watcher.join()
    if kills and watcher.killed_at is None:
        raise SystemExit("no executor was killed: too few users for this machine")
    return taken, watcher


def rows(path, keys):
    return pq.read_table(path).sort_by([(key, "ascending") for key in keys])


def by_one_process(binary, path, *work):
    """What one process answers to all files as one stream, row group by row group."""
    names = ["session_id", *job.pieces.ARROW]
    child = subprocess.Popen([binary, *work, "--stdio-arrow"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    answer = []
    reader = threading.Thread(target=lambda: answer.append(pa.ipc.open_stream(child.stdout).read_all()))
    reader.start()
    schema = pa.schema([("session_id", pa.string()), *job.pieces.ARROW.items()])
    with pa.ipc.new_stream(child.stdin, schema) as writer:
        for part in sorted(Path(path).glob("*.parquet")):
            writer.write_table(pq.read_table(part, columns=names).cast(schema))
    child.stdin.close()
    reader.join()
    if child.wait():
        raise SystemExit(f"one process ended with {child.returncode}")
    return answer[0]


def both(spark, binary, what, make, keys, folder):
    """Undisturbed and with a loss; the rows of the first, after both are found the same."""
    found = []
    for kills in (False, True):
        output = str(folder / f"{what}-{kills}")
        taken, watcher = done(spark, binary, make(), output, kills)
        found.append((rows(output, keys), taken, watcher))
    (calm, calm_s, seen), (hit, hit_s, hit_seen) = found
    if not calm.equals(hit):
        raise SystemExit(f"{what}: the rows are others where an executor was lost")
    peak = max(seen.peak_kb, hit_seen.peak_kb) / 1024
    print(f"{what}: {calm.num_rows:,} rows, {calm_s:.0f} s undisturbed; {hit_s:.0f} s with an executor killed after "
          f"{hit_seen.killed_at} tasks, {hit_s / calm_s:.2f} times; the same rows; at most {peak:.0f} MB a process",
          flush=True)
    return calm


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--users", type=int, default=10_000)
    parser.add_argument("--events", type=int, default=500)
    arguments = parser.parse_args()
    binary = str(Path(arguments.binary).resolve())
    spark = job.session(MASTER)
    with tempfile.TemporaryDirectory(prefix="mousewarden-") as folder:
        folder = Path(folder)
        path = str(folder / "recordings")
        invent(spark, path, arguments.users, arguments.events)
        print(f"{arguments.users:,} users, {arguments.users * arguments.events:,} events", flush=True)
        few = str(folder / "few")
        invent(spark, few, WARM_UP, arguments.events)
        works = [
            ("features", job.features, ["session_id"], ["identify", "features"]),
            ("windows", job.windows, ["session_id", "window"], ["preprocess"]),
        ]
        for what, work, keys, alone in works:
            work(job.sessions(spark, few), binary).collect()
            make = lambda work=work: work(job.sessions(spark, path), binary)
            found = both(spark, binary, what, make, keys, folder)
            expected = by_one_process(binary, path, *alone).sort_by([(key, "ascending") for key in keys])
            if not found.cast(expected.schema).equals(expected):
                raise SystemExit(f"{what}: one process gives other rows")
            print(f"{what}: one process without Spark gives the same rows", flush=True)
    spark.stop()


main()

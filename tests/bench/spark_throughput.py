"""Events a second of the 17 notebook features on one Spark: Python UDFs, as the notebook did it,
against the `mousewarden` program under installers/spark/job.py.

    python spark_throughput.py BINARY [--sessions 1200] [--events 5000] [--master local[2]]

All read the same Parquet files, on the same cores, plan and open them within the measured time, and
write to nowhere. `Python UDFs` lets Spark gather the events of each session, and `Arrow` lets it carry them
to the program; both work for rows in any order. `files` sends the program names: it opens the files itself,
which needs row groups that have their sessions to themselves, as here. Nothing is told before all have
given the same rows. They run in turn: the first round warms up, the median of the following three counts. The
processor time of Spark and all its children by program stands beside, which a busy machine distorts less.
Needs Linux and what installers/spark/requirements.txt names.
"""

import argparse
import contextlib
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
os.environ["PYSPARK_PYTHON"] = sys.executable
root = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(root / "installers" / "spark"))

import job
import numpy as np
from pyspark.sql import functions as f
from pyspark.sql.types import DoubleType

FILES = 8


def notebook(events):
    """Lists of each session, and a Python UDF a feature over them."""
    entry = f.struct("timestamp", "event_type", "screen_x", "screen_y")
    lists = events.groupBy("session_id").agg(f.sort_array(f.collect_list(entry)).alias("entries"))
    x, y, kind, time = ("entries.screen_x", "entries.screen_y", "entries.event_type", "entries.timestamp")

    def gaps(times, kinds):
        moves = [t for t, k in zip(times, kinds) if k == 2]
        return [b - a for a, b in zip(moves, moves[1:])] or [0]

    def slope(xs, ys):
        mx, my = sum(xs) / len(xs), sum(ys) / len(ys)
        return sum((a - mx) * (b - my) for a, b in zip(xs, ys)) / (sum((a - mx) ** 2 for a in xs) or 1)

    def narrowness(xs, ys):
        values = np.linalg.eigvalsh(np.cov(np.array([xs, ys])))
        return float(values[-1] / (values.sum() or 1))

    def radius(xs, ys):
        mx, my = sum(xs) / len(xs), sum(ys) / len(ys)
        return max(((a - mx) ** 2 + (b - my) ** 2) ** 0.5 for a, b in zip(xs, ys))

    def clicked(values, kinds):
        chosen = [v for v, k in zip(values, kinds) if k == 5] or values
        return sum(chosen) / len(chosen)

    def share(code):
        return lambda kinds: sum(k == code for k in kinds) / len(kinds)

    mean = lambda values: sum(values) / len(values)
    measures = {
        "centre_x": (mean, x), "centre_y": (mean, y),
        "clicks_x": (clicked, x, kind), "clicks_y": (clicked, y, kind),
        "first_x": (lambda v: v[0], x), "first_y": (lambda v: v[0], y),
        "radius": (radius, x, y), "slope": (slope, x, y), "narrowness": (narrowness, x, y),
        **{f"share_{code}": (share(code), kind) for code in range(1, 6)},
        "shortest": (lambda t, k: float(min(gaps(t, k))), time, kind),
        "longest": (lambda t, k: float(max(gaps(t, k))), time, kind),
        "points": (lambda k: float(len(k)), kind),
    }
    columns = [f.udf(call, DoubleType())(*on).alias(name) for name, (call, *on) in measures.items()]
    return lists.select("session_id", *columns)


def invent(spark, path, sessions, events):
    """Sessions of a wandering pointer; about one event in twenty is a click."""
    rows = spark.range(sessions * events, numPartitions=FILES)
    number = (f.col("id") % events).cast("long")
    frame = rows.select(
        f.format_string("session-%06d", (f.col("id") / events).cast("long")).alias("session_id"),
        (1_655_000_000_000 + 16 * number).alias("timestamp"),
        f.when(f.rand(1) < 0.05, 5).otherwise(2).alias("event_type"),
        (960 + 800 * f.sin(number / 70.0) + 5 * f.randn(2)).alias("screen_x"),
        (540 + 400 * f.cos(number / 50.0) + 5 * f.randn(3)).alias("screen_y"),
    )
    frame.write.mode("overwrite").parquet(path)


def processor():
    """Processor seconds so far of all processes below this one, the ended included, by program."""
    ticks, table, spent = os.sysconf("SC_CLK_TCK"), {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            head, tail = stat.read_text().rsplit(")", 1)
            fields = tail.split()
            table[int(stat.parent.name)] = head.split("(", 1)[1], int(fields[1]), fields[11:15]
    for pid, (name, _, times) in table.items():
        above = pid
        while above in table and above != os.getpid():
            above = table[above][1]
        if above == os.getpid() and pid != above:
            spent[name] = spent.get(name, 0) + sum(map(int, times)) / ticks
    return spent


def measured(way):
    """Seconds on the clock and processor seconds by program, what is planned ahead included."""
    before, start = processor(), time.perf_counter()
    way().write.format("noop").mode("overwrite").save()
    taken, after = time.perf_counter() - start, processor()
    return taken, {name: after[name] - before.get(name, 0) for name in after}


def told(name, total, runs):
    """One line; events a second on the clock and a processor second."""
    taken = statistics.median(run[0] for run in runs)
    spent = {program: statistics.median(run[1].get(program, 0) for run in runs) for program in runs[-1][1]}
    programs = ", ".join(f"{program} {seconds:.1f}" for program, seconds in spent.items() if seconds >= 0.1)
    rates = total / taken, total / sum(spent.values())
    print(f"{name:12} {rates[0]:12,.0f} events/s {rates[1]:12,.0f} a processor second   ({taken:.1f} s; {programs})")
    return rates


def agree(one, other):
    """Whether two ways give the same sessions and, to a millionth, the same numbers."""
    tables = []
    for way in (one, other):
        rows = {row["session_id"]: row.asDict() for row in way().collect()}
        names = [name for name in next(iter(rows.values())) if name not in ("session_id", "events")]
        tables.append({session: [row[name] for name in names] for session, row in rows.items()})
    first, second = tables
    if first.keys() != second.keys():
        return False
    return all(np.allclose(first[session], second[session], rtol=1e-6, atol=1e-6) for session in first)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--sessions", type=int, default=1200)
    parser.add_argument("--events", type=int, default=5000)
    parser.add_argument("--master", default="local[2]")
    arguments = parser.parse_args()
    total = arguments.sessions * arguments.events
    spark = job.session(arguments.master)
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/events"
        invent(spark, path, arguments.sessions, arguments.events)
        if getattr(job.sessions(spark, path).pieces, "func", None) is not job.pieces.of_files:
            raise SystemExit(f"{arguments.sessions} sessions do not divide into {FILES} files: give a multiple")
        program = lambda found: job.features(found, arguments.binary, "notebook")
        ways = {
            "Python UDFs": lambda: notebook(job.read(spark, path)),
            "Arrow": lambda: program(job.dealt(job.read(spark, path))),
            "files": lambda: program(job.sessions(spark, path)),
        }
        for name in ("Arrow", "files"):
            if not agree(ways["Python UDFs"], ways[name]):
                raise SystemExit(f"{name} and Python UDFs give different features")
        print(f"all give the same {arguments.sessions} rows of {total:,} events")
        # In turn, so that a machine that grows busier slows all of them.
        rounds = [{name: measured(way) for name, way in ways.items()} for _ in range(4)][1:]
        rates = {name: told(name, total, [one[name] for one in rounds]) for name in ways}
        for name in ("Arrow", "files"):
            both = [mine / theirs for mine, theirs in zip(rates[name], rates["Python UDFs"])]
            print(f"{name:12} {both[0]:12.1f} times  {both[1]:12.1f} times")
    spark.stop()


main()

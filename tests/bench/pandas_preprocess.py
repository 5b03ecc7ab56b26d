"""The peer of `bench preprocess`: gmail recordings to windows with pandas and numpy, vectorised.

Reads <user>/session_k.csv below a folder, keeps what each file adds to the one before it, sorts,
cuts movement at pauses of 250 ms, keeps windows of 5 steps or more and writes one .npz a user. Long
windows are cut at 128 steps. Prints rows, windows and seconds as JSON; imports are not counted.

    python -m venv target/venv && target/venv/bin/pip install pandas
    cargo run --release -p mousewarden-rig -- bench preprocess --peer target/venv/bin/python
"""

import json
import re
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

PAUSE_MS, MIN_STEPS, MAX_STEPS = 250, 5, 128


def sessions(folder):
    """What each file adds to the one before it."""
    before = 0
    files = sorted(folder.glob("session_*.csv"), key=lambda f: int(re.findall(r"\d+", f.name)[-1]))
    cumulative = len(files) > 1 and all(
        a.read_bytes() == b.read_bytes()[: a.stat().st_size] for a, b in zip(files, files[1:])
    )
    for path in files:
        table = pd.read_csv(path, usecols=["Type", "Mouse X", "Mouse Y", "TimeStamp"], low_memory=False)
        rows = len(table)
        table = table.iloc[before if cumulative else 0 :]
        before = rows
        if table["TimeStamp"].dtype == object:
            table = table[table["Type"] != "Type"]
        yield rows, table


def windows(table):
    """Starts and lengths of windows, and all steps of the session."""
    table = table[table["Type"] == "movement"]
    data = table[["TimeStamp", "Mouse X", "Mouse Y"]].to_numpy(dtype=np.float64)
    data = data[np.argsort(data[:, 0], kind="stable")]
    if len(data) == 0:
        return np.empty((0, 3), np.float32), []
    moved = np.any(np.diff(data[:, 1:], axis=0) != 0, axis=1)
    data = data[np.concatenate(([True], moved))]
    steps = np.diff(data, axis=0)[:, [1, 2, 0]]
    cuts = np.flatnonzero(steps[:, 2] >= PAUSE_MS)
    begins = np.concatenate(([0], cuts + 1))
    ends = np.concatenate((cuts, [len(steps)]))
    found = []
    for begin, end in zip(begins, ends):
        for at in range(begin, end, MAX_STEPS):
            if min(end, at + MAX_STEPS) - at >= MIN_STEPS:
                found.append((at, min(end, at + MAX_STEPS), data[at, 0]))
    return steps.astype(np.float32), found


def main(root, out):
    out.mkdir(parents=True, exist_ok=True)
    began, rows, count = time.perf_counter(), 0, 0
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        arrays, starts, session = [], [], []
        for index, (read, table) in enumerate(sessions(folder)):
            rows += read
            steps, found = windows(table)
            arrays += [steps[a:b] for a, b, _ in found]
            starts += [int(start * 1000) for _, _, start in found]
            session += [index] * len(found)
        lengths = np.array([len(a) for a in arrays], np.int32)
        padded = np.zeros((len(arrays), lengths.max(initial=0), 3), np.float32)
        for row, array in zip(padded, arrays):
            row[: len(array)] = array
        count += len(arrays)
        np.savez(
            out / f"{folder.name}.npz",
            windows=padded,
            lengths=lengths,
            session=np.array(session, np.int32),
            start_us=np.array(starts, np.int64),
        )
    seconds = time.perf_counter() - began
    print(json.dumps({"rows": rows, "windows": count, "seconds": seconds}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

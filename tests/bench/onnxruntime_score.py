#!/usr/bin/env python3
"""Windows a second: this program's scorers and ONNX Runtime driven from Python, same model.

    python tests/bench/onnxruntime_score.py [--steps 30] [--batch 64] [--windows 4000] [--model OWN.onnx]

Needs numpy and onnxruntime (onnx/requirements.txt) and target/release/mousewarden-rig
(cargo build --release -p mousewarden-rig). Both run on one
thread, best of three rounds; Python gets its arrays ready before the clock starts.
"""
import argparse
import json
import os
import pathlib
import subprocess
import tempfile
import time

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import onnxruntime as ort

ROOT = pathlib.Path(__file__).resolve().parents[2]


def arcs(steps, count):
    """The windows of `bench throughput`: arcs at 125 Hz, another in every round."""
    angle = (np.arange(steps)[None, :] + 7 * np.arange(count)[:, None]) * 0.11
    still = np.full_like(angle, 8.0)
    return np.stack([9 * np.cos(angle), 5 * np.sin(angle), still], axis=2).astype(np.float32)


def python_rate(model, windows, batch):
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    batches = [windows[at:at + batch] for at in range(0, len(windows), batch)]
    feeds = [{"steps": b, "lengths": np.full(len(b), b.shape[1], np.int32)} for b in batches]
    best = 0.0
    for _ in range(3):
        start = time.perf_counter()
        for feed in feeds:
            session.run(None, feed)
        best = max(best, len(windows) / (time.perf_counter() - start))
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--windows", type=int, default=4000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--model", help="the model to score with instead of an untrained one")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = arguments.model or os.path.join(folder, "model.onnx")
        command = [ROOT / "target/release/mousewarden-rig", "bench", "throughput", "--json"]
        command += [arguments.model] if arguments.model else ["--keep", model]
        for name in ("steps", "windows", "batch"):
            command += [f"--{name}", str(getattr(arguments, name))]
        ours = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        windows = arcs(arguments.steps, arguments.windows)
        theirs = {batch: python_rate(model, windows, batch) for batch in (1, arguments.batch)}
    for row in ours["rows"]:
        if row["threads"] == 1:
            print(f"{row['backend']:<24} {row['windows_per_second']:>8.0f} windows/s")
    for batch, rate in theirs.items():
        print(f"{'Python, batches of ' + str(batch):<24} {rate:>8.0f} windows/s")
    best = max(row["windows_per_second"] for row in ours["rows"] if row["threads"] == 1)
    print(f"{'ratio to Python':<24} {best / max(theirs.values()):>8.2f}")


if __name__ == "__main__":
    main()

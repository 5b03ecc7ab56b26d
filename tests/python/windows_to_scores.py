#!/usr/bin/env python3
"""Windows into a model, scores out, a DET plot: the whole way from Python, as a start for one's own.

    windows_to_scores.py MODEL.onnx OWNER.npz OTHER.npz... [--group 10] [--det det.svg] [--csv scores.csv]

The arrays come from `mousewarden preprocess --thin-ms 6` (as models are made with). Scores are of single windows unless --group says how many
in a row are averaged. Needs numpy and onnxruntime; onnx/FORMATS.md documents the arrays.
"""

import argparse
import csv
import math
from statistics import NormalDist

import numpy as np
import onnxruntime


def scores(session, path):
    """The score of every window of a user's own sessions, 0 impostor to 1 owner, in order of time."""
    data = np.load(path, allow_pickle=False)
    own = data["genuine"][data["session"]] != 0
    steps, lengths = data["windows"][own], data["lengths"][own]
    found = []
    for at in range(0, len(steps), 64):
        part = {"steps": steps[at : at + 64], "lengths": lengths[at : at + 64]}
        found.append(session.run(["genuine"], part)[0][:, 0])
    return np.concatenate(found) if found else np.zeros(0, np.float32)


def grouped(values, size):
    """Means of so many in a row, without overlap."""
    whole = len(values) // size * size
    return values[:whole].reshape(-1, size).mean(axis=1)


def rates(genuine, impostor):
    """False acceptance and false rejection at every threshold, and the equal error rate."""
    thresholds = np.unique(np.concatenate([genuine, impostor, [-np.inf, np.inf]]))
    far = np.array([(impostor >= t).mean() for t in thresholds])
    frr = np.array([(genuine < t).mean() for t in thresholds])
    at = int(np.argmin(np.abs(far - frr)))
    return far, frr, (far[at] + frr[at]) / 2


def det_svg(far, frr):
    """Detection error trade-off on normal deviates (Martin et al. 1997), 0.1 to 60 %."""
    low, high, size = 0.001, 0.6, 360
    deviate = NormalDist().inv_cdf
    span = deviate(high) - deviate(low)

    def place(rate):
        return (deviate(min(max(rate, low), high)) - deviate(low)) / span * size

    points = " ".join(f"{40 + place(a):.1f},{20 + size - place(r):.1f}" for a, r in zip(far, frr))
    marks = ""
    for rate in (0.001, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6):
        at, name = place(rate), f"{100 * rate:g}"
        marks += f'<path d="M{40 + at:.1f} 20v{size}M40 {20 + size - at:.1f}h{size}" stroke="#ddd"/>'
        marks += f'<text x="{40 + at:.1f}" y="{36 + size}" text-anchor="middle">{name}</text>'
        marks += f'<text x="34" y="{24 + size - at:.1f}" text-anchor="end">{name}</text>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 420 420" font-family="sans-serif" font-size="11">'
        f'<rect width="420" height="420" fill="#fff"/>{marks}<polyline points="{points}" fill="none" '
        f'stroke="#0a5ea8" stroke-width="2"/><text x="220" y="412" text-anchor="middle">false acceptance, %</text>'
        f'<text x="12" y="200" transform="rotate(-90 12 200)" text-anchor="middle">false rejection, %</text></svg>\n'
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("owner")
    parser.add_argument("others", nargs="+")
    parser.add_argument("--group", type=int, default=1)
    parser.add_argument("--det")
    parser.add_argument("--csv")
    asked = parser.parse_args()
    session = onnxruntime.InferenceSession(asked.model, providers=["CPUExecutionProvider"])
    genuine = grouped(scores(session, asked.owner), asked.group)
    others = {path: grouped(scores(session, path), asked.group) for path in asked.others}
    impostor = np.concatenate(list(others.values()))
    if not len(genuine) or not len(impostor):
        raise SystemExit("too few windows for groups of that size")
    far, frr, eer = rates(genuine, impostor)
    if asked.csv:
        with open(asked.csv, "w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["file", "genuine", "score"])
            table.writerows([asked.owner, 1, f"{score:.6f}"] for score in genuine)
            table.writerows([path, 0, f"{score:.6f}"] for path, part in others.items() for score in part)
    if asked.det:
        with open(asked.det, "w") as file:
            file.write(det_svg(far, frr))
    print(f"genuine {len(genuine)}, impostor {len(impostor)}, EER {100 * eer:.1f} %")
    assert math.isfinite(eer)


if __name__ == "__main__":
    main()

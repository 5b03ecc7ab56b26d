#!/usr/bin/env python3
"""Error rates of invented scores by scikit-learn, for tests/it/evaluate/reference.rs.

    python tests/python/metrics_reference.py > tests/fixtures/metrics/reference.json

Needs scikit-learn (made with 1.9.1). Scores are multiples of 1/64, so that they tie and single
precision holds them exactly.
"""
import json
import math
import random

from sklearn.metrics import det_curve, roc_auc_score, roc_curve


def scores(rng, count, mean, spread):
    draw = (rng.gauss(mean, spread) for _ in range(count))
    return [round(64 * min(1.0, max(0.0, score))) / 64 for score in draw]


def equal_error(far, frr):
    """Where the polyline of all operating points crosses FAR = FRR."""
    for (far_a, frr_a), (far_b, frr_b) in zip(zip(far, frr), zip(far[1:], frr[1:])):
        if (far_a - frr_a) * (far_b - frr_b) <= 0:
            gap_a, gap_b = far_a - frr_a, far_b - frr_b
            share = 0.0 if gap_a == gap_b else gap_a / (gap_a - gap_b)
            return far_a + share * (far_b - far_a)
    raise ValueError("no crossing")


def case(rng, genuine, impostor, means, spread):
    genuine, impostor = scores(rng, genuine, means[0], spread), scores(rng, impostor, means[1], spread)
    labels = [1] * len(genuine) + [0] * len(impostor)
    values = genuine + impostor
    far, hits, _ = roc_curve(labels, values, drop_intermediate=False)
    frr = 1 - hits
    det_far, det_frr, thresholds = det_curve(labels, values)
    # Above all scores scikit-learn sets a threshold of infinity, which JSON has no word for.
    points = [point for point in zip(thresholds, det_far, det_frr) if math.isfinite(point[0])]
    at = {limit: min(r for a, r in zip(far, frr) if a <= limit + 1e-12) for limit in (0.01, 0.1)}
    return {
        "genuine": genuine,
        "impostor": impostor,
        "auc": roc_auc_score(labels, values),
        "eer": equal_error(far, frr),
        "frr_at_far_1": at[0.01],
        "frr_at_far_10": at[0.1],
        "det": [[float(value) for value in point] for point in points],
    }


def main():
    rng = random.Random(4)
    print(json.dumps([
        case(rng, 40, 130, (0.7, 0.4), 0.2),
        case(rng, 200, 350, (0.55, 0.5), 0.3),
        case(rng, 7, 100, (0.9, 0.2), 0.1),
        case(rng, 60, 120, (0.5, 0.5), 0.02),
    ]))


if __name__ == "__main__":
    main()

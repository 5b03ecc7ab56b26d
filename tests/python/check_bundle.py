"""Checks a mousewarden model from outside, as onnx/README.md describes it: onnx.checker, strict
shape inference, inputs and outputs, metadata, and the scores that ONNX Runtime gives from Python.

    python check_bundle.py MODEL [CASES]

CASES is a JSON file: [{"steps": [[dx, dy, dt], ...], "score": 0.5}, ...]; every score must come out
to 1e-5, alone and in one padded batch. Prints one line a check; exits with 1 at the first that fails.
"""

import json
import os
import sys

# Before onnxruntime is imported: releases from 1.29 on send usage data while they start.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import onnx
import onnxruntime

TOLERANCE = 1e-5
KEYS = {"contract", "architecture", "windows", "operating_points", "default_group", "provenance"}
OPTIONAL = {"score_calibration", "limits", "owner_model", "kinematics", "sha256"}


def check(what, holds):
    print(f"{'ok' if holds else 'FAIL'}: {what}")
    if not holds:
        sys.exit(1)


def signature(values):
    """Name, element type and dimensions of graph inputs or outputs."""
    dims = lambda v: [d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim]
    return [(v.name, v.type.tensor_type.elem_type, dims(v)) for v in values]


def check_file(path):
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    check("onnx.checker accepts the file, full check", True)
    onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    check("strict shape inference finds no contradiction", True)
    check("IR version 8, operator set 17",
          (model.ir_version, [(o.domain, o.version) for o in model.opset_import]) == (8, [("", 17)]))
    float32, int32 = onnx.TensorProto.FLOAT, onnx.TensorProto.INT32
    check("inputs", signature(model.graph.input)
          == [("steps", float32, ["batch", "time", 3]), ("lengths", int32, ["batch"])])
    metadata = {entry.key: json.loads(entry.value) for entry in model.metadata_props}
    size = len(metadata.get("mousewarden.owner_model", {"mean": []})["mean"])
    outputs = [("genuine", float32, ["batch", 1])]
    check("outputs", signature(model.graph.output)
          == outputs + ([("embedding", float32, ["batch", size])] if size else []))
    found = {key.removeprefix("mousewarden.") for key in metadata}
    check("metadata keys", KEYS <= found <= KEYS | OPTIONAL)
    check("contract 2", metadata["mousewarden.contract"] == 2)
    sizes = [point["windows"] for point in metadata["mousewarden.operating_points"]]
    check("operating points", sizes == sorted(set(sizes)) and metadata["mousewarden.default_group"] in sizes)


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def outputs(session, rows):
    """Every output by its name. One padded batch; the padding is not zero, because lengths alone may decide."""
    lengths = np.array([len(row) for row in rows], np.int32)
    steps = np.full((len(rows), lengths.max(), 3), 1234.5, np.float32)
    for row, values in zip(steps, rows):
        row[: len(values)] = values
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"steps": steps, "lengths": lengths})))


def scores(session, rows):
    return outputs(session, rows)["genuine"][:, 0]


def check_scores(path, cases):
    model = session(path)
    rows = [case["steps"] for case in cases]
    expected = np.array([case["score"] for case in cases])
    for name, found in (
        ("alone", np.array([scores(model, [row])[0] for row in rows])),
        ("in one batch", scores(model, rows)),
    ):
        worst = float(np.abs(found - expected).max())
        check(f"{len(rows)} scores from Python, {name}: largest difference {worst:.1e}", worst <= TOLERANCE)
    expected = np.array([case["embedding"] for case in cases])
    if expected.size:
        worst = float(np.abs(outputs(model, rows)["embedding"] - expected).max())
        check(f"embeddings from Python: largest difference {worst:.1e}", worst <= 10 * TOLERANCE)


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    check_file(sys.argv[1])
    if len(sys.argv) == 3:
        with open(sys.argv[2], encoding="utf-8") as file:
            check_scores(sys.argv[1], json.load(file))


if __name__ == "__main__":
    main()

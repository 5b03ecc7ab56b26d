"""Checks a model of `mousewarden identify train` from outside: onnx.checker, strict shape inference,
metadata, and the probabilities that ONNX Runtime gives from Python.

    python check_identifier.py MODEL CASES

CASES is a JSON file: {"rows": [[...]], "probabilities": [[...]]}. Prints one line a check; exits with
1 at the first that fails.
"""

import json
import os
import sys

# Before onnxruntime is imported: releases from 1.29 on send usage data while they start.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import onnx
import onnxruntime

KEYS = ("contract", "architecture", "features", "labels", "provenance")


def check(what, holds):
    print(f"{'ok' if holds else 'FAIL'}: {what}")
    if not holds:
        sys.exit(1)


path, cases = sys.argv[1], json.load(open(sys.argv[2]))
model = onnx.load(path)
onnx.checker.check_model(model, full_check=True)
check("onnx.checker accepts the file, full check", True)
onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
check("strict shape inference agrees", True)
entries = {entry.key: json.loads(entry.value) for entry in model.metadata_props}
features, labels = entries["mousewarden.features"]["names"], entries["mousewarden.labels"]
named = all(f"mousewarden.{key}" in entries for key in KEYS)
rows, expected = (np.array(cases[key], np.float32) for key in ("rows", "probabilities"))
check("metadata name features and people", named and (len(features), len(labels)) == (rows.shape[1], expected.shape[1]))
session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
(found,) = session.run(["probabilities"], {"features": rows})
check("ONNX Runtime agrees to 1e-6", np.abs(found - expected).max() <= 1e-6)

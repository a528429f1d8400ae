"""Writes the ONNX fixtures of multilayer perceptrons next to this script.

Needs numpy, scikit-learn, skl2onnx, onnx and onnxruntime. Run: python make_networks.py

The `sklearn_` files are what skl2onnx makes of scikit-learn's MLPClassifier; `torch_perceptron_traced` and
`torch_perceptron_captured`, which make_models.py writes, are what PyTorch makes of its own. `networks.expected.json` holds
what scikit-learn, and for PyTorch's files onnxruntime, computes. The training rows are synthetic and seeded.
"""

import json
import pathlib

import numpy as np
import onnx
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HERE = pathlib.Path(__file__).parent


def rows(n, seed):
    rng = np.random.default_rng(seed)
    x = np.column_stack(
        [
            rng.integers(0, 200, n) * 50.0,
            np.round(rng.uniform(0, 1, n), 2),
            rng.integers(18, 90, n),
            rng.poisson(0.6, n),
            rng.integers(0, 240, n),
            np.round(rng.beta(2, 3, n), 2),
        ]
    ).astype(np.float32)
    score = -0.0002 * x[:, 0] + 2.0 * x[:, 1] - 0.01 * np.abs(x[:, 2] - 45) + 0.8 * x[:, 3] * x[:, 5] - 0.004 * x[:, 4] - 0.2
    y = (rng.uniform(0, 1, n) < 1 / (1 + np.exp(-score))).astype(np.int64)
    return x, y


x, y = rows(600, 7)
probe, _ = rows(6, 11)
probe = probe.astype(float).round(2).astype(np.float32)


def network(name, layers, labels=y, **options):
    model = make_pipeline(StandardScaler(), MLPClassifier(layers, random_state=3, max_iter=400, **options))
    model.fit(x, labels)
    spec = [("X", FloatTensorType([None, x.shape[1]]))]
    graph = to_onnx(model, initial_types=spec, options={id(model[-1]): {"zipmap": False}}, target_opset=17)
    onnx.checker.check_model(graph)
    (HERE / f"{name}.onnx").write_bytes(graph.SerializeToString())
    return model.predict_proba(probe)[:, -1].tolist()


def run(name):
    session = onnxruntime.InferenceSession(HERE / f"{name}.onnx")
    return session.run(None, {session.get_inputs()[0].name: probe})[0][:, -1].tolist()


expected = {
    "rows": probe.astype(float).round(2).tolist(),
    "networks": {
        "sklearn_network": network("sklearn_network", (8,)),
        "sklearn_network_labels": network("sklearn_network_labels", (10, 6), np.where(y == 1, "default", "a repaid")),
        "torch_perceptron_traced": run("torch_perceptron_traced"),
        "torch_perceptron_captured": run("torch_perceptron_captured"),
    },
}
# Refused on purpose: other activations, and more classes than two.
network("refused_tanh", (4,), activation="tanh")
network("refused_logistic", (4,), activation="logistic")
network("refused_classes", (4,), np.digitize(x[:, 0], [3000, 7000]))
(HERE / "networks.expected.json").write_text(json.dumps(expected, indent=1) + "\n")

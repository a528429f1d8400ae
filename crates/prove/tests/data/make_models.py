"""Writes the ONNX fixtures next to this script.

Needs numpy, scikit-learn, skl2onnx, onnx, onnxscript and torch. Run: python make_models.py

The scikit-learn files come from skl2onnx, the `torch_` files from both exporters PyTorch has: the
one that traces (`_traced`) and the one that captures the program (`_captured`). Their parameters
are those scikit-learn fitted, so that one set of expected numbers serves both. `matmul_sigmoid` is
written node by node in a form other exporters give a linear layer (weights of shape
[features, 1] under MatMul and Add). The training rows are synthetic and seeded.
"""

import json
import pathlib

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HERE = pathlib.Path(__file__).parent
FEATURES = ["income", "debt_ratio", "age", "late_payments", "tenure", "utilisation"]


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
    score = -0.0002 * x[:, 0] + 2.0 * x[:, 1] - 0.01 * x[:, 2] + 0.8 * x[:, 3] - 0.004 * x[:, 4] + x[:, 5] - 0.7
    y = (rng.uniform(0, 1, n) < 1 / (1 + np.exp(-score))).astype(np.int64)
    return x, y


def save(name, model):
    onnx.checker.check_model(model)
    (HERE / f"{name}.onnx").write_bytes(model.SerializeToString())


def sklearn_model(estimator, labels, **options):
    estimator.fit(x, labels)
    spec = [("X", FloatTensorType([None, x.shape[1]]))]
    return to_onnx(estimator, initial_types=spec, options={id(estimator): {"zipmap": False, **options}}, target_opset=17)


def graph(name, nodes, initializers):
    return helper.make_model(
        helper.make_graph(
            nodes,
            "main_graph",
            [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", len(FEATURES)])],
            [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", 1])],
            [numpy_helper.from_array(array.astype(np.float32), key) for key, array in initializers.items()],
        ),
        producer_name="verifold-fixture",
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )


x, y = rows(600, 7)

plain = LogisticRegression(C=0.5, max_iter=5000)
save("sklearn_plain", sklearn_model(plain, y))
save("sklearn_labels", sklearn_model(LogisticRegression(C=0.5, max_iter=5000), np.where(y == 1, "default", "a repaid")))
scaled = make_pipeline(StandardScaler(), LogisticRegression(C=0.5))
save("sklearn_scaled", sklearn_model(scaled, y))

weight, bias = plain.coef_, plain.intercept_
save(
    "matmul_sigmoid",
    graph(
        "matmul",
        [
            helper.make_node("MatMul", ["input", "onnx::MatMul_6"], ["/MatMul_output_0"], "/MatMul"),
            helper.make_node("Add", ["bias", "/MatMul_output_0"], ["/Add_output_0"], "/Add"),
            helper.make_node("Sigmoid", ["/Add_output_0"], ["output"], "/Sigmoid"),
        ],
        {"onnx::MatMul_6": weight.T, "bias": bias},
    ),
)


class Standardised(torch.nn.Module):
    """A linear layer behind a standardisation that travels with the model."""

    def __init__(self, scaler, linear):
        super().__init__()
        self.register_buffer("mean", torch.tensor(scaler.mean_, dtype=torch.float32))
        self.register_buffer("scale", torch.tensor(scaler.scale_, dtype=torch.float32))
        self.linear = linear

    def forward(self, x):
        return torch.sigmoid(self.linear((x - self.mean) / self.scale))


class Flat(torch.nn.Module):
    """One probability per row, without a column of its own."""

    def __init__(self, linear):
        super().__init__()
        self.linear = linear

    def forward(self, x):
        return torch.sigmoid(self.linear(x)).squeeze(-1)


class TwoClasses(torch.nn.Module):
    def __init__(self, linear):
        super().__init__()
        self.linear = linear

    def forward(self, x):
        return torch.softmax(self.linear(x), dim=1)


def linear(coefficients, intercepts):
    layer = torch.nn.Linear(coefficients.shape[1], coefficients.shape[0])
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(coefficients))
        layer.bias.copy_(torch.tensor(intercepts))
    return layer


def save_torch(name, module):
    module.eval()
    zeros = torch.zeros(4, len(FEATURES))
    for kind in ("traced", "captured"):
        path = HERE / f"torch_{name}_{kind}.onnx"
        if kind == "traced":
            torch.onnx.export(module, (zeros,), path, dynamo=False, input_names=["input"], dynamic_axes={"input": {0: "rows"}})
        else:
            torch.onnx.export(
                module, (zeros,), path, dynamo=True, input_names=["input"], dynamic_shapes=({0: torch.export.Dim("rows")},), external_data=False
            )
            # Node metadata holds the exporter's stack traces, with paths of the machine it ran on.
            model = onnx.load(path)
            for part in [model, model.graph, *model.graph.node, *model.graph.input, *model.graph.output, *model.graph.value_info, *model.graph.initializer]:
                del part.metadata_props[:]
                part.doc_string = ""
            save(path.stem, model)


torch.manual_seed(7)
half = weight / 2, bias / 2
save_torch("linear", torch.nn.Sequential(linear(weight, bias), torch.nn.Sigmoid()))
save_torch("scaled", Standardised(scaled[0], linear(scaled[1].coef_, scaled[1].intercept_)))
save_torch("flat", Flat(linear(weight, bias)))
save_torch("two_classes", TwoClasses(linear(np.vstack([-half[0], half[0]]), np.concatenate([-half[1], half[1]]))))
save_torch("perceptron", torch.nn.Sequential(torch.nn.Linear(6, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1), torch.nn.Sigmoid()))

# Refused on purpose: a dictionary output, three classes, trees.
with_map = LogisticRegression(max_iter=5000).fit(x, y)
save("refused_zipmap", to_onnx(with_map, initial_types=[("X", FloatTensorType([None, 6]))], target_opset=17))
three = np.digitize(x[:, 0], [3000, 7000])
save("refused_three_classes", sklearn_model(LogisticRegression(max_iter=5000), three))
save("refused_trees", sklearn_model(RandomForestClassifier(n_estimators=1, max_depth=2, random_state=0), y))

# What scikit-learn itself computes on six rows, to compare extraction and the float run with.
probe, _ = rows(6, 11)
expected = {
    "features": FEATURES,
    "rows": probe.astype(float).round(2).tolist(),
    "plain": {
        "coefficients": plain.coef_[0].tolist(),
        "intercept": float(plain.intercept_[0]),
        "probability": plain.predict_proba(probe)[:, 1].tolist(),
    },
    "scaled": {
        "coefficients": (scaled[1].coef_[0] / scaled[0].scale_).tolist(),
        "intercept": float(scaled[1].intercept_[0] - (scaled[1].coef_[0] * scaled[0].mean_ / scaled[0].scale_).sum()),
        "probability": scaled.predict_proba(probe)[:, 1].tolist(),
    },
}
(HERE / "models.expected.json").write_text(json.dumps(expected, indent=1) + "\n")

"""Writes the ONNX fixtures next to this script.

Needs numpy, scikit-learn, skl2onnx and onnx. Run: python make_models.py

The scikit-learn files come from skl2onnx. The `gemm_sigmoid` and `matmul_sigmoid` files are
written node by node in the form torch.onnx.export gives a Linear layer followed by a sigmoid
(weights as initializers of shape [1, features] under Gemm with transB, or [features, 1] under
MatMul and Add), so that the fixtures need no PyTorch. The training rows are synthetic and seeded.
"""

import json
import pathlib

import numpy as np
import onnx
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
    "gemm_sigmoid",
    graph(
        "gemm",
        [
            helper.make_node("Gemm", ["input", "linear.weight", "linear.bias"], ["/linear/Gemm_output_0"], "/linear/Gemm", alpha=1.0, beta=1.0, transB=1),
            helper.make_node("Sigmoid", ["/linear/Gemm_output_0"], ["output"], "/Sigmoid"),
        ],
        {"linear.weight": weight, "linear.bias": bias},
    ),
)
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
save(
    "perceptron",
    graph(
        "perceptron",
        [
            helper.make_node("Gemm", ["input", "0.weight", "0.bias"], ["h"], "/0/Gemm", transB=1),
            helper.make_node("Relu", ["h"], ["r"], "/1/Relu"),
            helper.make_node("Gemm", ["r", "2.weight", "2.bias"], ["s"], "/2/Gemm", transB=1),
            helper.make_node("Sigmoid", ["s"], ["output"], "/Sigmoid"),
        ],
        {"0.weight": np.ones((2, 6)), "0.bias": np.zeros(2), "2.weight": np.ones((1, 2)), "2.bias": np.zeros(1)},
    ),
)

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

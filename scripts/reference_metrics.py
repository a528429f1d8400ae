"""Recomputes every count and metric of a sample audit without any of Verifold's code.

Reads a table of applications, a reference table, an ONNX scorecard or network and the monitoring
specification; quantises, scores, counts and measures with NumPy, pandas and scikit-learn. The
result is committed and compared with the audit record of the same sample: counts must be equal,
metrics must agree, exact-score AUC and KS must lie inside the intervals that bins allow.

Needs numpy, pandas, scikit-learn and onnx. Run from the repository's root:

    cargo xtask samples --data
    python scripts/reference_metrics.py target/samples/reference.csv target/samples/honest.csv \\
        scripts/data/retail-scorecard-4.2.onnx scripts/data/monitoring.toml scripts/data/expected-metrics.json
    python scripts/reference_metrics.py target/samples/reference.csv target/samples/network.csv \\
        scripts/data/retail-network-1.0.onnx scripts/data/network-monitoring.toml scripts/data/expected-network-metrics.json
"""

import json
import pathlib
import sys
import tomllib
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

import numpy as np
import onnx
import onnx.numpy_helper
import pandas as pd
from sklearn.metrics import brier_score_loss, confusion_matrix, roc_auc_score, roc_curve

UNKNOWN, GOOD, BAD = 0, 1, 2
MISSING, OUTSIDE, UNREADABLE, UNKNOWN_GROUP = range(4)


def read_scorecard(path):
    """Coefficients and intercept of a StandardScaler in front of a LogisticRegression."""
    attributes = {}
    for node in onnx.load(path).graph.node:
        if node.op_type in ("Scaler", "LinearClassifier"):
            attributes[node.op_type] = {a.name: np.array(onnx.helper.get_attribute_value(a)) for a in node.attribute}
    classifier, scaler = attributes["LinearClassifier"], attributes["Scaler"]
    inputs = len(scaler["offset"])
    # The second row is the positive class, the first its mirror image.
    raw = classifier["coefficients"].reshape(-1, inputs)[-1].astype(np.float64)
    scale, offset = scaler["scale"].astype(np.float64), scaler["offset"].astype(np.float64)
    coefficients = raw * scale
    return coefficients, float(classifier["intercepts"][-1]) - float((coefficients * offset).sum())


def away_from_zero(x):
    return int(np.sign(x) * np.floor(abs(x) + 0.5))


class Scorecard:
    """Integer weights and bias of a logistic regression."""

    def __init__(self, coefficients, intercept, spec):
        scale = 2 ** spec["scoring"]["scale_bits"]
        steps = np.array([float(feature["step"]) for feature in spec["feature"]])
        offsets = np.array([float(feature.get("offset", "0")) for feature in spec["feature"]])
        self.weights = np.array([away_from_zero(weight) for weight in coefficients * steps * scale])
        self.bias = away_from_zero((intercept + float((coefficients * offsets).sum())) * scale)

    def scores(self, inputs):
        return inputs @ self.weights + self.bias


class Network:
    """Integer layers of a multilayer perceptron, as docs/circuits/neural-cohort-v1.md evaluates them.

    `layers` are float layers on plain values, each a matrix of one row per neuron and a vector of biases.
    A hidden neuron is scaled by the largest factor at which its weights have 16 bits, its bias as many as its
    sum, and no row inside the specification's domain brings that sum out of its range; the last layer by the
    specification's scale.
    """

    def __init__(self, layers, spec):
        features = spec["feature"]
        self.width = spec["shape"]["width_bits"]
        steps = np.array([float(feature["step"]) for feature in features])
        offsets = np.array([float(feature.get("offset", "0")) for feature in features])
        weights, biases = layers[0]
        layers = [(weights * steps, biases + weights @ offsets), *layers[1:]]
        unit = np.ones(len(features))
        most = np.array([float(feature["max"]) for feature in features])
        self.layers = []
        for at, (weights, biases) in enumerate(layers):
            per_unit = weights / unit
            if at == len(layers) - 1:
                factors, half = np.array([2.0 ** spec["scoring"]["scale_bits"]]), 0.0
            else:
                shift = self.shift(at)
                half = 2.0 ** (shift - 1)
                lowest = biases + np.minimum(per_unit, 0) @ most
                highest = biases + np.maximum(per_unit, 0) @ most
                reach = 2.0 ** (shift + 16)
                factors = np.array(
                    [
                        min(32767 / abs(w).max(), (0.99 * reach / 2 - half) / abs(b), 0.99 * reach / max(abs(low), abs(high)))
                        for w, b, low, high in zip(per_unit, biases, lowest, highest)
                    ]
                )
            integers = np.array([[away_from_zero(w) for w in row] for row in per_unit * factors[:, None]], dtype=np.int64)
            self.layers.append((integers, np.array([away_from_zero(b) for b in biases * factors + half], dtype=np.int64)))
            if at < len(layers) - 1:
                most = np.ceil(np.maximum((highest * factors + half) / 2.0**shift, 0))
                unit = factors / 2.0**shift

    def shift(self, layer):
        return self.width if layer == 0 else 16

    def scores(self, inputs):
        values = np.asarray(inputs, dtype=np.int64)
        for at, (weights, biases) in enumerate(self.layers):
            sums = values @ weights.T + biases
            values = sums if at == len(self.layers) - 1 else np.maximum(sums, 0) >> self.shift(at)
        return values[:, 0]


def read_layers(graph):
    """Float layers on plain values of a StandardScaler in front of an MLPClassifier."""
    numbers = {tensor.name: onnx.numpy_helper.to_array(tensor).astype(np.float64) for tensor in graph.initializer}
    (scaler,) = [node for node in graph.node if node.op_type == "Scaler"]
    offset, scale = (
        np.array(onnx.helper.get_attribute_value(a)).astype(np.float64)
        for name in ("offset", "scale")
        for a in scaler.attribute
        if a.name == name
    )
    matrices = [numbers[node.input[1]] for node in graph.node if node.op_type == "MatMul"]
    biases = [numbers[node.input[1]].reshape(-1) for node in graph.node if node.op_type == "Add"]
    first = matrices[0].T * scale
    return [(first, biases[0] - first @ offset), *((matrix.T, bias) for matrix, bias in zip(matrices[1:], biases[1:]))]


def read_model(path, spec):
    graph = onnx.load(path).graph
    if any(node.op_type == "Relu" for node in graph.node):
        return Network(read_layers(graph), spec)
    return Scorecard(*read_scorecard(path), spec)


def quantise(text, feature):
    """A quantised value, or the reason why the row is void."""
    if text == "":
        return (feature["missing"]["value"], None) if feature["missing"] != "void" else (None, MISSING)
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None, UNREADABLE
    steps = ((value - Decimal(feature.get("offset", "0"))) / Decimal(feature["step"])).quantize(Decimal(1), ROUND_HALF_UP)
    if 0 <= steps <= feature["max"]:
        return int(steps), None
    if feature["outside"] == "void":
        return None, OUTSIDE
    return (0 if steps < 0 else feature["max"]), None


def prepare(path, spec):
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    features = spec["feature"]
    codes = {value: code for code, group in enumerate(spec["grouping"]["group"]) for value in group["values"]}
    rows = []
    for record in table.to_dict("records"):
        group = codes.get(record[spec["columns"]["group"]])
        void = UNKNOWN_GROUP if group is None else None
        inputs = []
        for feature in features:
            if void is None:
                value, void = quantise(record[feature["name"]], feature)
                inputs.append(value)
        rows.append(
            {
                "at": datetime.fromisoformat(record["decided_at"]),
                "group": group or 0,
                "void": -1 if void is None else void,
                "inputs": inputs if void is None else None,
                "logged": record["decision"] == "approved",
                "outcome": {"": UNKNOWN, "good": GOOD, "bad": BAD}[record["outcome"]],
            }
        )
    return pd.DataFrame(rows)


def count(rows, model, spec):
    """The count table of a batch, and its scored rows with score and bin."""
    bins, groups = spec["shape"]["bins"], spec["shape"]["groups"]
    edges = spec["scoring"]["edges"]
    scored = rows[rows["void"] < 0].copy()
    inputs = np.array(scored["inputs"].tolist(), dtype=np.int64).reshape(len(scored), len(spec["feature"]))
    scored["score"] = model.scores(inputs)
    scored["bin"] = np.searchsorted(edges, scored["score"], side="right")
    counts = np.zeros((bins, groups, 6), dtype=int)
    np.add.at(counts, (scored["bin"], scored["group"], 2 * scored["outcome"] + scored["logged"].astype(int)), 1)
    voided = rows[rows["void"] >= 0]
    void = np.zeros((groups, 4), dtype=int)
    np.add.at(void, (voided["group"], voided["void"]), 1)
    histograms = [
        np.bincount(np.searchsorted(feature["histogram"], inputs[:, at], side="right"), minlength=bins).tolist()
        for at, feature in enumerate(spec["feature"])
        if "histogram" in feature
    ]
    return {"rows": len(rows), "counts": counts.tolist(), "void": void.tolist(), "histograms": histograms}, scored


def stability(now, then):
    p, q = (np.array(counts, dtype=float) + 0.5 for counts in (now, then))
    p, q = p / p.sum(), q / q.sum()
    return float(((p - q) * np.log(p / q)).sum())


def spread(rates):
    return float(rates.max() - rates.min()) if len(rates) > 1 else None


def metrics(rows, scored, table, reference, spec):
    """Every metric by its name, `None` where it is undefined."""
    bins = spec["shape"]["bins"]
    cutoff = spec["scoring"]["cutoff"]["score"]
    model = scored["score"] < cutoff
    logged = scored["logged"]
    group = scored["group"]
    known = scored["outcome"] != UNKNOWN
    bad = scored["outcome"][known] == BAD
    overridden = model != logged
    n = len(scored)
    result = {
        "volume": n,
        "void-rate": (len(rows) - n) / len(rows),
        "approval-rate/model": model.mean(),
        "approval-rate/logged": logged.mean(),
        "override-rate": overridden.mean(),
        "override-to-approve": (overridden & logged).mean(),
        "override-to-decline": (overridden & model).mean(),
        "override-rate-difference": spread(overridden.groupby(group).mean()),
        "outcome-coverage": known.mean(),
        "score-psi": stability(np.bincount(scored["bin"], minlength=bins), reference["score"]),
    }
    names = [feature["name"] for feature in spec["feature"] if "histogram" in feature]
    for name, now, then in zip(names, table["histograms"], reference["histograms"]):
        result[f"feature-csi/{name}"] = stability(now, then)
    for word, decisions in (("model", model), ("logged", logged)):
        rates = decisions.groupby(group).mean()
        result[f"demographic-parity-difference/{word}"] = spread(rates)
        result[f"adverse-impact-ratio/{word}"] = float(rates.min() / rates.max()) if len(rates) > 1 and rates.max() > 0 else None
        good = known & (scored["outcome"] == GOOD)
        result[f"equal-opportunity-gap/{word}"] = spread(decisions[good].groupby(group[good]).mean())
    outcome_metrics = ["accuracy", "true-positive-rate", "false-positive-rate", "auc", "gini", "ks", "observed-expected", "brier", "ece"]
    result |= dict.fromkeys(outcome_metrics)
    if bad.any() and not bad.all():
        declined = ~model[known]
        (tn, fp), (fn, tp) = confusion_matrix(bad, declined)
        expected = np.array(spec["scoring"]["expected_bad"])[scored["bin"][known]] / 1e6
        auc = roc_auc_score(bad, scored["score"][known])
        false_positives, true_positives, _ = roc_curve(bad, scored["score"][known], drop_intermediate=False)
        by_bin = pd.DataFrame({"bin": scored["bin"][known], "bad": bad, "expected": expected}).groupby("bin").sum()
        result |= {
            "accuracy": (tn + tp) / (tn + fp + fn + tp),
            "true-positive-rate": tp / (tp + fn),
            "false-positive-rate": fp / (fp + tn),
            "auc": auc,
            "gini": 2 * auc - 1,
            "ks": np.abs(true_positives - false_positives).max(),
            "observed-expected": bad.sum() / expected.sum(),
            "brier": brier_score_loss(bad, expected),
            "ece": (by_bin["bad"] - by_bin["expected"]).abs().sum() / len(bad),
        }
    return {name: None if value is None or pd.isna(value) else round(float(value), 12) for name, value in result.items()}


def main(reference_path, batches_path, model_path, spec_path, output_path):
    spec = tomllib.loads(pathlib.Path(spec_path).read_text(encoding="utf-8"))
    model = read_model(model_path, spec)

    reference_rows = prepare(reference_path, spec)
    start, end = (datetime.fromisoformat(spec["reference"][name]) for name in ("start", "end"))
    reference_rows = reference_rows[(reference_rows["at"] >= start) & (reference_rows["at"] < end)]
    reference_table, reference_scored = count(reference_rows, model, spec)
    reference = {
        "score": np.bincount(reference_scored["bin"], minlength=spec["shape"]["bins"]),
        "histograms": reference_table["histograms"],
    }
    rows = prepare(batches_path, spec)
    batches = [{"start": spec["reference"]["start"], "role": "reference", "table": reference_table}]
    start, end = (datetime.fromisoformat(spec["period"][name]) for name in ("start", "end"))
    period_rows, period_scored = [], []
    while start < end:
        batch = rows[(rows["at"] >= start) & (rows["at"] < start + timedelta(days=7))]
        table, scored = count(batch, model, spec)
        batches.append(
            {
                "start": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "role": "monitoring",
                "table": table,
                "metrics": metrics(batch, scored, table, reference, spec),
            }
        )
        period_rows.append(batch)
        period_scored.append(scored)
        start += timedelta(days=7)
    overall_rows, overall_scored = pd.concat(period_rows), pd.concat(period_scored)
    overall_table, _ = count(overall_rows, model, spec)
    result = {"batches": batches, "overall": metrics(overall_rows, overall_scored, overall_table, reference, spec)}
    # One batch per line: the file is read by people in a review.
    lines = ",\n".join("    " + json.dumps(batch, separators=(",", ":")) for batch in result["batches"])
    text = '{\n  "batches": [\n' + lines + '\n  ],\n  "overall": ' + json.dumps(result["overall"], separators=(",", ":")) + "\n}\n"
    pathlib.Path(output_path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])

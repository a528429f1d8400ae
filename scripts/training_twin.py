"""Trains scorecards as `training/v1` does, a second time, from its written description alone.

No code of the circuit takes part: the arithmetic below follows docs/circuits/training-v1.md.
Needs numpy; `auc` also scikit-learn.

    python scripts/training_twin.py write
        trains on generated rows and writes scripts/data/expected-training.json, which a test of
        `circuits` compares its own weights with
    python scripts/training_twin.py auc TABLE.csv
        trains on a table: `cargo xtask samples --data` writes target/samples/development.csv, and the
        UCI table "Default of Credit Card Clients" is known too; prints how far the area under the ROC
        curve lies from that of scikit-learn's floating-point fit on the same quantised features
"""

import json
import pathlib
import sys

import numpy as np

DATA = pathlib.Path(__file__).parent / "data"

UNIT_BITS = 30  # weights while training, in log-odds
SEGMENT_BITS = 29  # a segment of the curve is half a log-odds wide
NODES = [0, 8025, 15143, 20813, 24956, 27797, 29660, 30847, 31589, 32048, 32329, 32501, 32606, 32670, 32708, 32732, 32746]
RATE_SHIFT = 48


def probability(score):
    """The curve at scores in 2^-30 log-odds, in 2^-45."""
    size = abs(score)
    segment = np.minimum(size >> SEGMENT_BITS, 16)
    nodes = np.array(NODES + NODES[-1:], dtype=np.int64)
    within = np.where(segment < 16, size & ((1 << SEGMENT_BITS) - 1), 0)
    half = (nodes[segment] << SEGMENT_BITS) + (nodes[segment + 1] - nodes[segment]) * within
    return (1 << 44) + np.where(score < 0, -half, half)


def train(spec, features, outcomes, minibatch):
    """Weights and bias of the model; outcome codes are 0 unknown, 1 good, 2 bad; void rows have 0."""
    features = np.asarray(features, dtype=np.int64)
    outcomes = np.asarray(outcomes)
    centres = np.array(spec["centres"], dtype=np.int64)
    target = 2 if spec["direction"] == "higher-is-riskier" else 1
    weights = [int(w) for w in spec["initial_weights"]]
    bias = int(spec["initial_bias"])
    step = 0
    for _ in range(spec["epochs"]):
        for start in range(0, len(features), minibatch):
            x = features[start : start + minibatch] - centres
            codes = outcomes[start : start + minibatch]
            known = codes != 0
            score = x @ np.array(weights, dtype=np.int64) + bias
            error = np.where(known, probability(score) - np.where(codes == target, 1 << 45, 0), 0)
            gradient = [int(g) for g in x.T @ error]
            rate = spec["rate_numerator"] // (spec["rate_offset"] + step)
            weights = [
                w - (rate * (r * g + spec["decay"] * w) >> RATE_SHIFT) for w, g, r in zip(weights, gradient, spec["feature_rates"])
            ]
            bias -= rate * spec["bias_rate"] * int(error.sum()) >> RATE_SHIFT
            step += 1
    half = 1 << (UNIT_BITS - spec["scale_bits"] - 1)
    rounded = lambda value: (value + half) >> (UNIT_BITS - spec["scale_bits"])
    constant = bias - sum(w * int(c) for w, c in zip(weights, centres))
    return [rounded(w) for w in weights], rounded(constant)


RATE_UNIT = 1 << 18


def chosen_spec(features, minibatch, epochs, scale_bits=14, direction="higher-is-riskier"):
    """Centres and rates from means and variances, rates as powers of two; a falling learning rate."""
    mean, variance = features.mean(axis=0), np.maximum(features.var(axis=0), 0.25)
    steps = epochs * -(-len(features) // minibatch)
    # The rate begins at 4 over the rows of a minibatch, for features of variance one, and falls to a twentieth.
    offset = max(1, steps // 20)
    return {
        "schema": "training-spec/v1",
        "kind": "logistic-regression",
        "epochs": epochs,
        "scale_bits": scale_bits,
        "direction": direction,
        "centres": [int(m) for m in np.round(mean)],
        "initial_weights": [0] * features.shape[1],
        "initial_bias": 0,
        "feature_rates": [1 << int(round(np.log2(RATE_UNIT / v))) for v in variance],
        "bias_rate": RATE_UNIT,
        "rate_numerator": round((1 << 15) * 4 / minibatch) * offset,
        "rate_offset": offset,
        "decay": 0,
    }


def generated(seed, rows, columns):
    """Rows whose outcome follows from a logistic model; a tenth is of unknown outcome, a tenth void."""
    random = np.random.default_rng(seed)
    spread = random.integers(2, 80, columns)
    features = np.clip(np.round(random.normal(random.integers(20, 200, columns), spread, (rows, columns))), 0, 255).astype(np.int64)
    log_odds = ((features - features.mean(axis=0)) / spread) @ random.normal(0, 0.5, columns) - 1
    codes = np.where(random.random(rows) < 1 / (1 + np.exp(-log_odds)), 2, 1)
    fate = random.random(rows)
    return features, np.where(fate < 0.1, 0, codes), fate > 0.9


def write():
    cases = []
    for seed, rows, columns, shape, minibatch, epochs in [
        (1, 150, 5, "f8.w8.g2.b10.h0.n15", 42, 3),
        (2, 84, 8, "f8.w8.g2.b10.h0.n15", 42, 2),
        (3, 250, 20, "f20.w8.g4.b10.h0.n16", 105, 4),
    ]:
        features, codes, void = generated(seed, rows, columns)
        spec = chosen_spec(features, minibatch, epochs)
        if seed == 2:
            spec |= {
                "direction": "higher-is-safer",
                "scale_bits": 12,
                "decay": 1 << 30,
            }
        weights, bias = train(spec, features, np.where(void, 0, codes), minibatch)
        table = [None if void[i] else [int(codes[i]), *map(int, features[i])] for i in range(rows)]
        cases.append({"shape": shape, "spec": spec, "rows": table, "weights": weights, "bias": bias})
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    (DATA / "expected-training.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def development(path):
    """The samples' development table, quantised as the samples' plan quantises it."""
    from train_scorecard import quantised, usable_rows

    table = usable_rows(path)
    codes = table["outcome"].map({"": 0, "good": 1, "bad": 2}).to_numpy(np.int64)
    return quantised(table).astype(np.int64), codes


def card_clients(path):
    """Default of Credit Card Clients (I-C. Yeh, C.-h. Lien, 2009), without its columns of personal attributes."""
    table = np.genfromtxt(path, delimiter=",", names=True)
    limit = np.minimum(table["LIMIT_BAL"] / 4000, 255)
    delays = [table[name] + 2 for name in ("PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6")]
    bills = [np.clip(table[f"BILL_AMT{month}"] / 2000 + 8, 0, 255) for month in range(1, 7)]
    payments = [np.minimum(table[f"PAY_AMT{month}"] / 200, 255) for month in range(1, 7)]
    default = next(name for name in table.dtype.names if name.startswith("default"))
    return np.round(np.column_stack([limit, *delays, *bills, *payments])).astype(np.int64), np.where(table[default] == 1, 2, 1)


def auc(path):
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    with open(path, encoding="utf-8") as table:
        read = development if "application_id" in table.readline() else card_clients
    features, codes = read(path)
    known = codes != 0
    bad = codes[known] == 2
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(features[known], bad)
    in_floats = roc_auc_score(bad, model.decision_function(features[known]))
    for epochs in (1, 2, 5):
        weights, bias = train(chosen_spec(features, 105, epochs), features, codes, 105)
        in_integers = roc_auc_score(bad, features[known] @ np.array(weights) + bias)
        print(f"{len(features)} rows, {epochs} epochs: area {in_integers:.4f}, in floats {in_floats:.4f}, {in_floats - in_integers:+.4f} less")


def main():
    match sys.argv[1:]:
        case ["write"]:
            write()
        case ["auc", path]:
            auc(path)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()

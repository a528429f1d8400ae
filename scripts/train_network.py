"""Trains the network of the sample audit credit-scoring-mlp and files its measurement plan.

Reads the development table that `cargo xtask samples --data` writes, and writes next to this
script, into data/:

    retail-network-1.0.onnx     a multilayer perceptron 20-16-8-1 with ReLU behind a StandardScaler
    network-monitoring.toml     the specification a monitoring package is proved with

Needs what train_scorecard.py needs. Run from the repository's root:

    cargo xtask samples --data
    python scripts/train_network.py target/samples/development.csv

The files are committed; other versions of the libraries may train another network, and then the
sample has to be proved anew.
"""

import pathlib
import sys
import tomllib

import numpy as np
from reference_metrics import Network, read_model
from sklearn.metrics import roc_auc_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from train_scorecard import BINS, CUTOFF_PROBABILITY, DATA, NAMES, quantile_edges, quantised, save, usable_rows

NAME = "retail-network-1.0"
# The last layer's weights have room for more than a scorecard's scale leaves them.
SCALE_BITS = 22


def train(table):
    known = table[table["outcome"] != ""]
    x = known[NAMES].to_numpy(np.float64)
    bad = (known["outcome"] == "bad").to_numpy(np.int64)
    network = MLPClassifier((16, 8), alpha=1.0, learning_rate_init=1e-3, batch_size=256, max_iter=25, random_state=12)
    model = make_pipeline(StandardScaler(), network)
    model.fit(x, bad)
    auc = roc_auc_score(bad, model.predict_proba(x)[:, 1])
    print(f"trained on {len(known)} rows, {bad.mean():.3%} bad, AUC in sample {auc:.4f}")
    return model


def specification(model, table):
    """The scorecard's specification, with another model, a shorter period and bins of its own."""
    text = (DATA / "monitoring.toml").read_text(encoding="utf-8")
    scorecard = tomllib.loads(text)
    network = read_model(DATA / f"{NAME}.onnx", {**scorecard, "scoring": {**scorecard["scoring"], "scale_bits": SCALE_BITS}})
    assert isinstance(network, Network)
    scores = network.scores(quantised(table))
    cutoff = round(np.log(CUTOFF_PROBABILITY / (1 - CUTOFF_PROBABILITY)) * 2.0**SCALE_BITS)
    edges = quantile_edges(scores, BINS)
    edges[int(np.argmin([abs(edge - cutoff) for edge in edges]))] = cutoff
    probabilities = model.predict_proba(table[NAMES].to_numpy(np.float64))[:, 1]
    bins = np.searchsorted(edges, scores, side="right")
    shares = [round(probabilities[bins == at].mean() * 1e6) for at in range(BINS)]
    print("share of rows per score bin:", np.round(np.bincount(bins, minlength=BINS) / len(bins), 4).tolist())
    float_odds = np.log(probabilities / (1 - probabilities))
    print("largest gap in log-odds:", np.abs(scores / 2.0**SCALE_BITS - float_odds).max())

    replaced = {
        "# What Merian Bank AG measures about its retail scorecard, filed before the period began. Fictional.": (
            "# What Merian Bank AG measures about the network it tries beside its scorecard, filed before the period began. Fictional."
        ),
        "# Written by scripts/train_scorecard.py: edges are quantiles of the development population, the": (
            "# Written by scripts/train_network.py: edges are quantiles of the development population, the"
        ),
        "# expected shares are the scorecard's own mean predictions there.": "# expected shares are the network's own mean predictions there.",
        'system = "Retail scorecard"': 'system = "Retail network"',
        'model = "retail-scorecard-4.2"': f'model = "{NAME}"',
        'end = "2026-11-16T00:00:00Z"': 'end = "2026-07-06T00:00:00Z"',
        'start = "2025-07-01T00:00:00Z"': 'start = "2025-09-15T00:00:00Z"',
        "size_log2 = 16": "size_log2 = 17",
        f"scale_bits = {scorecard['scoring']['scale_bits']}": f"scale_bits = {SCALE_BITS}",
        f"edges = {scorecard['scoring']['edges']}": f"edges = {edges}",
        f"cutoff = {{ score = {scorecard['scoring']['cutoff']['score']} }}": f"cutoff = {{ score = {cutoff} }}",
        f"expected_bad = {scorecard['scoring']['expected_bad']}": f"expected_bad = {shares}",
    }
    for old, new in replaced.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def main():
    table = usable_rows(sys.argv[1])
    model = train(table)
    save(model, NAME)
    (DATA / "network-monitoring.toml").write_text(specification(model, table), encoding="utf-8")


if __name__ == "__main__":
    main()

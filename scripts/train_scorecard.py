"""Trains the sample audits' scorecards and files their measurement plan.

Reads the development table that `cargo xtask samples --data` writes, and writes next to this
script, into data/:

    retail-scorecard-4.2.onnx   the scorecard in use
    retail-scorecard-4.3.onnx   a successor that was never released, for the samples that cheat
    monitoring.toml             the specification a monitoring package is proved with

Needs numpy, pandas, scikit-learn, skl2onnx and onnx. Run from the repository's root:

    cargo xtask samples --data
    python scripts/train_scorecard.py target/samples/development.csv

The files are committed; other versions of the libraries may train slightly different models, and
then every sample has to be proved anew.
"""

import pathlib
import sys
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

DATA = pathlib.Path(__file__).parent / "data"

SCALE_BITS = 14
CUTOFF_PROBABILITY = 0.20
BINS = 10

# name, unit, step, largest quantised value, rule outside the domain, stand-in for a missing value, histogram
FEATURES = [
    ("monthly_income", "EUR", "50", 240, "clamp", None, True),
    ("debt_to_income", "%", "0.5", 240, "void", None, True),
    ("utilisation", "%", "0.5", 240, "void", None, True),
    ("months_at_job", "months", "3", 240, "clamp", None, False),
    ("months_at_bank", "months", "3", 240, "clamp", None, False),
    ("months_at_address", "months", "3", 255, "clamp", None, False),
    ("oldest_account_months", "months", "3", 255, "clamp", None, False),
    ("open_accounts", "", "1", 40, "clamp", None, False),
    ("enquiries_6m", "", "1", 20, "clamp", None, False),
    ("delinquencies_24m", "", "1", 15, "clamp", None, False),
    ("worst_arrears_days", "days", "1", 180, "clamp", None, False),
    ("months_since_delinquency", "months", "1", 120, "clamp", 120, False),
    ("loan_amount", "EUR", "200", 250, "clamp", None, False),
    ("term_months", "months", "1", 120, "void", None, False),
    ("loan_to_income", "%", "0.5", 255, "clamp", None, False),
    ("instalment_to_income", "%", "0.5", 255, "clamp", None, True),
    ("savings", "EUR", "250", 240, "clamp", None, False),
    ("tenant", "", "1", 1, "void", None, False),
    ("dependants", "", "1", 10, "clamp", None, False),
    ("products_held", "", "1", 15, "clamp", None, False),
]
NAMES = [feature[0] for feature in FEATURES]


def usable_rows(path):
    """Rows with every value readable and inside its domain."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    for name, _, _, _, _, stand_in, _ in FEATURES:
        table[name] = pd.to_numeric(table[name].replace("", "nan" if stand_in is None else str(stand_in)), errors="coerce")
    usable = table[NAMES].notna().all(axis=1) & (table["debt_to_income"] >= 0) & (table["age_band"] != "unknown")
    return table[usable].reset_index(drop=True)


def train(table, regularisation):
    known = table[table["outcome"] != ""]
    model = make_pipeline(StandardScaler(), LogisticRegression(C=regularisation))
    x = known[NAMES].to_numpy(np.float64)
    bad = (known["outcome"] == "bad").to_numpy(np.int64)
    model.fit(x, bad)
    print(f"trained on {len(known)} rows, {bad.mean():.3%} bad, AUC in sample {roc_auc_score(bad, model.decision_function(x)):.4f}")
    return model


def save(model, name):
    graph = to_onnx(
        model,
        initial_types=[("X", FloatTensorType([None, len(NAMES)]))],
        options={id(model.steps[-1][1]): {"zipmap": False}},
        target_opset=17,
    )
    (DATA / f"{name}.onnx").write_bytes(graph.SerializeToString())


def quantised(table):
    columns = []
    for name, _, step, largest, _, _, _ in FEATURES:
        values = [int((Decimal(repr(float(value))) / Decimal(step)).quantize(Decimal(1), ROUND_HALF_UP)) for value in table[name]]
        columns.append(np.clip(values, 0, largest))
    return np.column_stack(columns)


def quantile_edges(values, bins):
    """Whole numbers that cut `values` about evenly, strictly increasing."""
    edges = [int(np.ceil(edge)) for edge in np.quantile(values, np.arange(1, bins) / bins)]
    for at in range(1, len(edges)):
        edges[at] = max(edges[at], edges[at - 1] + 1)
    return edges


def specification(model, table):
    scaler, regression = model[0], model[1]
    coefficients = regression.coef_[0] / scaler.scale_
    intercept = regression.intercept_[0] - (coefficients * scaler.mean_).sum()
    inputs = quantised(table)
    scale = 2.0**SCALE_BITS
    weights = np.round(coefficients * np.array([float(feature[2]) for feature in FEATURES]) * scale).astype(np.int64)
    scores = inputs @ weights + round(intercept * scale)

    cutoff = round(np.log(CUTOFF_PROBABILITY / (1 - CUTOFF_PROBABILITY)) * scale)
    edges = quantile_edges(scores, BINS)
    edges[int(np.argmin([abs(edge - cutoff) for edge in edges]))] = cutoff
    probabilities = model.predict_proba(table[NAMES].to_numpy(np.float64))[:, 1]
    bins = np.searchsorted(edges, scores, side="right")
    shares = [round(probabilities[bins == at].mean() * 1e6) for at in range(BINS)]
    print("share of rows per score bin:", np.round(np.bincount(bins, minlength=BINS) / len(bins), 4).tolist())

    lines = [
        "# What Merian Bank AG measures about its retail scorecard, filed before the period began. Fictional.",
        "# Written by scripts/train_scorecard.py: edges are quantiles of the development population, the",
        "# expected shares are the scorecard's own mean predictions there.",
        'schema = "monitoring-spec/v1"',
        "",
        "[subject]",
        'name = "Merian Bank AG"',
        'lei = "0000MERIANBANK000010"',
        'system = "Retail scorecard"',
        'model = "retail-scorecard-4.2"',
        "",
        "[period]",
        'start = "2026-06-01T00:00:00Z"',
        'end = "2026-11-16T00:00:00Z"',
        "",
        "[reference]",
        'start = "2025-07-01T00:00:00Z"',
        'end = "2026-01-01T00:00:00Z"',
        "",
        "[batches]",
        'calendar = "iso-week"',
        "",
        "[shape]",
        "size_log2 = 16",
        "groups = 4",
        f"bins = {BINS}",
        "width_bits = 8",
        "",
        "[columns]",
        'time = { column = "decided_at" }',
        'id = "application_id"',
        'group = "age_band"',
        'decision = { column = "decision", approved = ["approved"], declined = ["declined"] }',
        'outcome = { column = "outcome", good = ["good"], bad = ["bad"] }',
        "",
        "[grouping]",
        'attribute = "age band"',
        'group = [',
        '  { name = "18–29", values = ["18-29"] },',
        '  { name = "30–44", values = ["30-44"] },',
        '  { name = "45–59", values = ["45-59"] },',
        '  { name = "60+", values = ["60+"] },',
        ']',
        "",
        "[outcome]",
        'bad_means = "Thirty or more days in arrears on any credit line within 90 days of the decision, as the credit bureau reports it, whether the application was approved or declined."',
        "maturity_days = 90",
        "",
        "[scoring]",
        f"scale_bits = {SCALE_BITS}",
        'direction = "higher-is-riskier"',
        f"edges = {edges}",
        f"cutoff = {{ score = {cutoff} }}  # log-odds of a probability of default of {CUTOFF_PROBABILITY}",
        f"expected_bad = {shares}  # millionths",
    ]
    for at, (name, unit, step, largest, outside, stand_in, histogram) in enumerate(FEATURES):
        lines += ["", "[[feature]]", f'name = "{name}"', f'unit = "{unit}"', f'step = "{step}"', f"max = {largest}", f'outside = "{outside}"']
        lines.append('missing = "void"' if stand_in is None else f"missing = {{ value = {stand_in} }}")
        if histogram:
            lines.append(f"histogram = {[max(1, edge) for edge in quantile_edges(inputs[:, at], BINS)]}")
    return "\n".join(lines) + "\n"


def main():
    table = usable_rows(sys.argv[1])
    DATA.mkdir(exist_ok=True)
    scorecard = train(table, 1.0)
    save(scorecard, "retail-scorecard-4.2")
    # The successor has seen the later half only and is held back more.
    save(train(table.iloc[len(table) // 2 :], 0.02), "retail-scorecard-4.3")
    (DATA / "monitoring.toml").write_text(specification(scorecard, table), encoding="utf-8")


if __name__ == "__main__":
    main()

"""Trains networks as `neural-training/v2` does, a second time, from its written description alone.

No code of the circuit takes part: the arithmetic below follows docs/circuits/neural-training-v2.md.
Needs numpy; `auc` also what train_scorecard.py needs.

    python scripts/neural_training_twin.py write
        trains on generated rows and writes scripts/data/expected-neural-training.json, which a test of
        `circuits` compares its own weights and biases with, and one of `prove` the rule it chooses
    python scripts/neural_training_twin.py auc TABLE.csv
        trains on seven tenths of a table that training_twin.py knows; prints the area under the ROC curve on
        them and on the other rows, of the integers and of the same network trained the same way in floats
"""

import hashlib
import json
import math
import sys

import numpy as np
from training_twin import DATA, NODES, card_clients, development, generated

FRACTION_BITS = 12  # trained numbers beyond the model's
CURVE_BITS = 24  # of a log-odds, where a score stands on the curve
KEPT = 8  # bits of a place on a segment of half a log-odds
ACTIVATION_BITS = 16
LABEL = b"verifold initial weights v1"


def probability(score):
    """The curve at scores in 2^-24 log-odds, in 2^-24."""
    nodes = np.array([*NODES, NODES[-1]], dtype=np.int64)
    size = np.abs(score)
    segment = np.minimum(size >> (CURVE_BITS - 1), 16)
    place = (size & ((1 << (CURVE_BITS - 1)) - 1)) >> (CURVE_BITS - 1 - KEPT)
    half = (nodes[segment] << KEPT) + (nodes[segment + 1] - nodes[segment]) * np.where(segment < 16, place, 0)
    return (1 << 23) + np.where(score < 0, -half, half)


def initial_weights(network, features):
    """Trained numbers layer by layer, as the seed gives them."""
    seed = bytes.fromhex(network["seed"])

    def words():
        block = 0
        while True:
            digest = hashlib.sha256(LABEL + seed + block.to_bytes(8, "big")).digest()
            yield from (int.from_bytes(digest[at : at + 4], "big") for at in range(0, 32, 4))
            block += 1

    word = words()
    layers = []
    for layer, (inputs, neurons) in enumerate(zip([features, *network["hidden"]], [*network["hidden"], 1])):
        spreads = network["feature_spreads"] if layer == 0 else [network["layer_spreads"][layer - 1]] * inputs
        layers.append([[(2 * next(word) + 1 - (1 << 32)) * spread >> 32 for spread in spreads] for _ in range(neurons)])
    return [np.array(layer, dtype=np.int64) for layer in layers]


def rounded(trained):
    return (trained + (1 << (FRACTION_BITS - 1))) >> FRACTION_BITS


def forward(weights, biases, values, width):
    """What each layer sums, which neurons are open, and the score."""
    inputs, gates = [], []
    for layer, (weight, bias) in enumerate(zip(weights, biases)):
        inputs.append(values)
        sums = values @ weight.T + bias
        if layer == len(weights) - 1:
            return inputs, gates, sums[:, 0]
        bits = width if layer == 0 else ACTIVATION_BITS
        assert (np.abs(sums) < 1 << (bits + ACTIVATION_BITS)).all(), "a sum leaves its range"
        gates.append(sums >= 0)
        values = np.maximum(sums, 0) >> bits


def train(spec, features, outcomes, minibatch, width=8):
    """Weights and biases of the model, layer by layer; outcome codes are 0 unknown, 1 good, 2 bad; void rows have 0."""
    network, centres = spec["network"], np.array(spec["centres"], dtype=np.int64)
    target = 2 if spec["direction"] == "higher-is-riskier" else 1
    centred = np.asarray(features, dtype=np.int64) - centres
    outcomes = np.asarray(outcomes)
    weights = initial_weights(network, len(centres))
    biases = [np.zeros(len(layer), dtype=np.int64) for layer in weights]
    last = len(weights) - 1
    step = 0
    for _ in range(spec["epochs"]):
        for start in range(0, len(centred), minibatch):
            codes = outcomes[start : start + minibatch]
            model = [rounded(layer) for layer in weights]
            inputs, gates, score = forward(model, [rounded(bias) for bias in biases], centred[start : start + minibatch], width)
            error = probability(score << (CURVE_BITS - spec["scale_bits"])) - np.where(codes == target, 1 << CURVE_BITS, 0)
            deltas = np.where(codes != 0, error, 0).astype(object)[:, None]
            rate = spec["rate_numerator"] // (spec["rate_offset"] + step)
            for layer in range(last, -1, -1):
                shift = 40 + 8 * (last - layer)
                bias_shift = shift - (width if layer == 0 else ACTIVATION_BITS)
                gradient, bias_gradient = deltas.T @ inputs[layer].astype(object), deltas.sum(axis=0)
                if layer:
                    deltas = (deltas @ model[layer].astype(object)) * gates[layer - 1]
                rates = np.array(spec["feature_rates"] if layer == 0 else network["layer_rates"][layer - 1], dtype=object)
                moved = (rate * rates * gradient + (1 << (shift - 1))) >> shift
                weights[layer] = weights[layer] - moved.astype(np.int64)
                moved = (rate * network["bias_rates"][layer] * bias_gradient + (1 << (bias_shift - 1))) >> bias_shift
                biases[layer] = biases[layer] - moved.astype(np.int64)
            assert all((np.abs(rounded(layer)) < 1 << 15).all() for layer in weights), "a weight leaves its range"
            step += 1
    model, biases = [rounded(layer) for layer in weights], [rounded(bias) for bias in biases]
    biases[0] = biases[0] - model[0] @ centres
    return model, biases


def units(deviations, hidden, scale_bits, width=8):
    """Binary places of what each hidden layer hands on, then of the weights of each layer behind the first.

    A weight of the first layer is 2^(places + width) over the deviation of its feature for one of the float network, and
    four of those have to fit sixteen bits; a later weight has two to spare.
    """
    first = min(11, 13 - width + math.frexp(min(deviations))[1] - 1)
    places = [first - 2 * layer for layer in range(len(hidden))]
    weights = [ACTIVATION_BITS + after - before for before, after in zip(places, places[1:])] + [scale_bits - places[-1]]
    assert places[-1] >= 0 and weights[-1] <= 14, "scale_bits is too large for features that spread so little"
    return places, weights


def chosen_spec(
    features, hidden, minibatch, epochs, scale_bits, seed, learning_rate=0.2, half_after=500, width=8, direction="higher-is-riskier"
):
    """A rule that trains as floats would on standardised features: every factor is a power of two from units and variances.

    `features` are those of the rows that count. The prover chooses the same, number by number.
    """
    mean = np.round(features.mean(axis=0))
    deviation = np.sqrt(np.maximum(((features - mean) ** 2).mean(axis=0), 0.25))
    places, weight_units = units(deviation, hidden, scale_bits, width)
    count = len(hidden)
    sizes = [features.shape[1], *hidden, 1]
    limits = [np.sqrt(6 / (sizes[layer] + sizes[layer + 1])) for layer in range(count + 1)]
    # Binary places of the errors of each layer's sums.
    errors = [24 + sum(weight_units[layer:]) for layer in range(count)] + [24]
    factors, bias_factors = [], []
    for layer in range(count + 1):
        shift, bits = 40 + 8 * (count - layer), width if layer == 0 else ACTIVATION_BITS
        unit = places[0] + width if layer == 0 else weight_units[layer - 1] - places[layer - 1]
        spread = deviation**2 if layer == 0 else 1
        factors.append(2.0 ** (FRACTION_BITS + unit - errors[layer] + shift) / minibatch / spread)
        sums = places[layer] + bits if layer < count else scale_bits
        bias_factors.append(2.0 ** (FRACTION_BITS + sums - errors[layer] + shift - bits) / minibatch)
    scale = 2.0**19 / max(*(np.max(factor) for factor in factors), *bias_factors)
    rate = lambda factor: [max(1, int(round(f * scale))) for f in np.atleast_1d(factor)]
    return {
        "schema": "training-spec/v2",
        "kind": "multilayer-perceptron",
        "epochs": epochs,
        "scale_bits": scale_bits,
        "direction": direction,
        "centres": [int(m) for m in mean],
        "initial_weights": [],
        "initial_bias": 0,
        "feature_rates": rate(factors[0]),
        "bias_rate": 0,
        "rate_numerator": max(1, round(learning_rate / scale * half_after)),
        "rate_offset": half_after,
        "decay": 0,
        "network": {
            "hidden": hidden,
            "seed": seed,
            "feature_spreads": [int(s) for s in limits[0] * 2.0 ** (places[0] + width + FRACTION_BITS) / deviation],
            "layer_spreads": [int(limit * 2.0 ** (unit + FRACTION_BITS)) for limit, unit in zip(limits[1:], weight_units)],
            "layer_rates": [rate(factor)[0] for factor in factors[1:]],
            "bias_rates": [rate(factor)[0] for factor in bias_factors],
        },
    }


def in_floats(spec, features, bad, minibatch, learning_rate=0.2, half_after=500, width=8):
    """The same network from the same initial weights in floats: scores of standardised features."""
    hidden = spec["network"]["hidden"]
    mean = np.array(spec["centres"])
    deviation = np.sqrt(np.maximum(((features - mean) ** 2).mean(axis=0), 0.25))
    places, weight_units = units(deviation, hidden, spec["scale_bits"], width)
    weights = [layer / 2.0**FRACTION_BITS for layer in initial_weights(spec["network"], len(mean))]
    weights[0] = weights[0] * deviation / 2.0 ** (places[0] + width)
    weights[1:] = [layer / 2.0**unit for layer, unit in zip(weights[1:], weight_units)]
    biases = [np.zeros(len(layer)) for layer in weights]
    standardised = (features - mean) / deviation

    def pass_through(values):
        inputs = [values]
        for layer, bias in zip(weights[:-1], biases[:-1]):
            inputs.append(np.maximum(inputs[-1] @ layer.T + bias, 0))
        return inputs, (inputs[-1] @ weights[-1].T + biases[-1])[:, 0]

    step = 0
    for _ in range(spec["epochs"]):
        for start in range(0, len(features), minibatch):
            inputs, score = pass_through(standardised[start : start + minibatch])
            deltas = (1 / (1 + np.exp(-score)) - bad[start : start + minibatch])[:, None]
            rate = learning_rate * half_after / (half_after + step) / minibatch
            for layer in range(len(weights) - 1, -1, -1):
                gradient, bias_gradient = deltas.T @ inputs[layer], deltas.sum(axis=0)
                deltas = (deltas @ weights[layer]) * (inputs[layer] > 0)
                weights[layer] -= rate * gradient
                biases[layer] -= rate * bias_gradient
            step += 1
    return lambda rows: pass_through((rows - mean) / deviation)[1]


def write():
    cases = []
    for seed, rows, columns, shape, hidden, minibatch, epochs, scale_bits in [
        (11, 100, 5, "f8.w8.g2.b10.h0.n16.l8", [8], 42, 3, 16),
        (12, 60, 20, "f20.w8.g4.b10.h0.n17.l16-8", [16, 8], 21, 2, 14),
    ]:
        features, codes, void = generated(seed, rows, columns)
        direction = "higher-is-safer" if seed == 12 else "higher-is-riskier"
        digest = hashlib.sha256(b"%d" % seed).hexdigest()
        spec = chosen_spec(features[~void], hidden, minibatch, epochs, scale_bits, digest, direction=direction)
        features = np.where(void[:, None], 0, features)
        weights, biases = train(spec, features, np.where(void, 0, codes), minibatch)
        table = [None if void[i] else [int(codes[i]), *map(int, features[i])] for i in range(rows)]
        layers = [{"weights": w.tolist(), "biases": b.tolist()} for w, b in zip(weights, biases)]
        cases.append({"shape": shape, "spec": spec, "rows": table, "layers": layers})
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    (DATA / "expected-neural-training.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def auc(path):
    from sklearn.metrics import roc_auc_score

    with open(path, encoding="utf-8") as table:
        read = development if "application_id" in table.readline() else card_clients
    features, codes = read(path)
    order = np.random.default_rng(0).permutation(np.flatnonzero(codes != 0))
    features, bad = features[order], codes[order] == 2
    split = len(order) * 7 // 10
    for hidden, minibatch in ([8], 147), ([16], 147), ([16, 8], 84):
        for epochs in 1, 2, 5:
            spec = chosen_spec(features[:split], hidden, minibatch, epochs, 14, hashlib.sha256(b"seed").hexdigest())
            weights, biases = train(spec, features[:split], codes[order][:split], minibatch)
            integers = forward(weights, biases, features, 8)[2]
            floats = in_floats(spec, features[:split], bad[:split], minibatch)(features)
            area = lambda score, part: roc_auc_score(bad[part], score[part])
            rows = [f"{area(s, slice(0, split)):.4f} {area(s, slice(split, None)):.4f}" for s in (floats, integers)]
            print(f"{features.shape[1]}-{'-'.join(map(str, hidden))}-1, {epochs} epochs: floats {rows[0]}, integers {rows[1]}", flush=True)


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

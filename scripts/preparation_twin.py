"""Prepares development rows as `preparation/v1` does, a second time, from its written description alone.

No code of the circuits or of the prover takes part: what follows is docs/circuits/preparation-v1.md, and for the
training training_twin.py, or neural_training_twin.py where the model is a network. Needs numpy.

    python scripts/preparation_twin.py write
        prepares generated rows and writes scripts/data/expected-preparation.json, which a test of `circuits`
        compares its own prepared rows and counts with
    python scripts/preparation_twin.py check PACKAGE.zkaudit SECRETS SPEC.toml PIPELINE.toml DEVELOPMENT.csv
        for whoever made a package over the life cycle and holds its secrets: from the table of development rows
        to rules, split, counts, training rule, weights and the tables of both parts, comparing every value with
        those of package and secrets. Commitments and chain heads are not computed here. Ends with 1 at a difference
"""

import csv
import hashlib
import json
import math
import pathlib
import sys
import tomllib
import zipfile
from decimal import Decimal, InvalidOperation
from fractions import Fraction

import numpy as np

DATA = pathlib.Path(__file__).parent / "data"

MISSING = (1 << 24) - 1
KEY_LIMIT = 1 << 61
PART_MULTIPLE = 21
MARGIN = 1 << 12  # raw values in front of the value that becomes zero, at least
OUTCOMES = ["unknown", "good", "bad"]
REASONS = ["missing", "outside"]


def prepare(preparation, raw, group, outcome):
    """Prepared rows (features, and where a row is set aside its reason, else -1) and the profile.

    `raw` has a row a line and a column each, `group` and `outcome` a code a row.
    """
    rows, columns = len(raw), preparation["columns"]
    shape = dict((part[0], int(part[1:])) for part in preparation["shape"].split("."))
    prepared = np.zeros((rows, len(columns)), dtype=np.int64)
    missing, outside = np.zeros(rows, dtype=bool), np.zeros(rows, dtype=bool)
    counts = []
    for position, column in enumerate(columns):
        r = raw[:, position]
        gone = r == MISSING
        below, above = ~gone & (r < column["low"]), ~gone & (r > column["high"])
        inside = ~gone & ~below & ~above
        # Products reach 2^64: Python's integers.
        exact = column["multiplier"] * r[inside].astype(object) + column["addend"] >> 24
        prepared[inside, position] = exact.astype(np.int64)
        for region, rule, reason in [
            (below, column["below"], outside),
            (above, column["above"], outside),
            (gone, column["missing"], missing),
        ]:
            if rule == "void":
                reason |= region
            else:
                prepared[region, position] = rule["value"]
        counts.append([int(below.sum()), int(above.sum()), int(gone.sum())])
    counts += [[0, 0, 0]] * (shape["f"] - len(columns))
    reason = np.where(missing, 0, np.where(outside, 1, -1))
    prepared[reason >= 0] = 0

    def tally(codes, wanted):
        return [[int(((group == g) & (codes == c)).sum()) for c in range(wanted)] for g in range(shape["g"])]

    return prepared, reason, {"labels": tally(outcome, 3), "set_aside": tally(reason, 2), "columns": counts}


# Generated rows


def generated_columns(random, count):
    """Every combination of rules for what lies below, above, and is missing, over domains of several kinds."""
    rules = lambda number, bit: "void" if number >> bit & 1 else {"value": int(random.integers(0, 256))}
    columns = []
    for number in range(count):
        match number % 10:
            case 0:  # one raw value for each prepared one
                low, high, multiplier = 4096, 4096 + 255, 1 << 24
            case 1:  # many for each, which rounds down
                low, high, multiplier = 4000, 54195, round(2**24 * 255 / 50195)
            case 2:  # fewer than there are prepared ones
                low, high, multiplier = 10, 47, round(2**24 * 6.7)
            case 3:  # nothing below
                low, high, multiplier = 0, 1000, round(2**24 / 4)
            case 4:  # nothing above
                low, high, multiplier = MISSING - 301, MISSING - 1, round(2**24 / 3)
            case 5:  # one of a category
                low, high, multiplier = 77, 77, 1 << 24
            case 6:  # a flag
                low, high, multiplier = 5, 6, 1 << 24
            case 7:  # bins of a wide domain
                low, high, multiplier = 1000, 9_000_000, round(2**24 * 9 / 9_000_000)
            case 8:  # the largest multiplier
                low, high, multiplier = 200, 200, (1 << 40) - 1
            case _:  # all raw values
                low, high, multiplier = 0, MISSING - 1, 255
        # The first value of the domain becomes `start` with a fraction behind it.
        start = int(random.integers(0, 2)) if number % 10 in (0, 3, 5) else 0
        start = 0 if multiplier * (high - low) >> 24 == 255 else start
        addend = (start << 24) - multiplier * low + (1 << 20)
        assert 0 <= multiplier * high + addend >> 24 <= 255 and abs(addend) < 1 << 48
        columns.append(
            {
                "name": f"column {number}",
                "unit": "" if number % 2 else "EUR",
                # As the plan quantises in steps of one from zero, these are what raw values must stand for.
                "offset": f"{Decimal(addend) / 2**24:.6f}",
                "step": f"{Decimal(multiplier) / 2**24:.12f}",
                "low": low,
                "high": high,
                "multiplier": multiplier,
                "addend": addend,
                "below": rules(number, 0),
                "above": rules(number, 1),
                "missing": rules(number, 2),
            }
        )
    return columns


def generated_rows(random, columns, more, groups):
    """A row for each end of each region of each column, the others inside; then rows where anything may happen."""
    inside = lambda column: int(random.integers(column["low"], column["high"] + 1))
    # Each region from its first value to its last.
    ends = lambda c: [0, c["low"] - 1, c["low"], c["low"] + 1, c["high"] - 1, c["high"], c["high"] + 1, c["high"] + MISSING >> 1, MISSING - 1, MISSING]
    rows = []
    for position, column in enumerate(columns):
        for value in sorted({value for value in ends(column) if 0 <= value <= MISSING}):
            rows.append([value if other == position else inside(c) for other, c in enumerate(columns)])
    for _ in range(more):
        anything = random.random(len(columns)) < random.choice([0, 0.1, 0.5])
        rows.append([int(random.choice(ends(c)[2:])) if any_ else inside(c) for c, any_ in zip(columns, anything)])
    order = random.permutation(len(rows))
    raw = np.array(rows, dtype=np.int64)[order]
    # Every group with every label and decision, then whatever comes.
    every = np.array([(g, o, d) for g in range(groups) for o in range(3) for d in range(2)])
    codes = np.vstack([every, np.column_stack([random.integers(0, n, len(raw) - len(every)) for n in (groups, 3, 2)])])
    gaps = random.integers(0, KEY_LIMIT // len(raw), len(raw)) * (random.random(len(raw)) < 0.8)
    keys = np.cumsum(gaps + 1) - 1
    keys[0], keys[-1] = 0, KEY_LIMIT - 1
    return keys, raw, random.permutation(codes)


def write():
    cases = []
    for seed, count, names, undisclosed, more, training in [
        (1, 20, ["a", "b", "c", "d"], None, 100, 147),
        (2, 7, ["a", "b", "not disclosed"], 2, 60, 21),
    ]:
        random = np.random.default_rng(seed)
        columns = generated_columns(random, count)
        keys, raw, codes = generated_rows(random, columns, more, len(names))
        preparation = {
            "schema": "preparation/v1",
            "shape": "f20.w8.g4.b10.h0.n16",
            "columns": columns,
            "grouping": {"attribute": "letter", "names": names, "not_disclosed": undisclosed},
        }
        parts = []
        for part in (slice(0, training), slice(training, len(raw))):
            prepared, reason, profile = prepare(preparation, raw[part], codes[part, 0], codes[part, 1])
            rows = [
                [int(key), [int(c) for c in code], [int(v) for v in values], REASONS[r] if r >= 0 else [int(v) for v in x]]
                for key, code, values, x, r in zip(keys[part], codes[part], raw[part], prepared, reason)
            ]
            parts.append({"rows": rows, "profile": profile})
        cases.append({"preparation": preparation, "parts": parts})
    compact = lambda value: json.dumps(value, separators=(",", ":"))
    part = lambda part: '{"profile":' + compact(part["profile"]) + ',"rows":[\n' + ",\n".join(map(compact, part["rows"])) + "]}"
    case = lambda case: '{"preparation":' + compact(case["preparation"]) + ',"parts":[' + ",".join(map(part, case["parts"])) + "]}"
    (DATA / "expected-preparation.json").write_text("[\n" + ",\n".join(map(case, cases)) + "\n]\n", encoding="utf-8")


# A package of one's own


class Unreadable(Exception):
    """A cell is nothing that its column holds."""


class Comparison:
    """Counts what was compared and keeps what differs."""

    def __init__(self):
        self.compared, self.differences = 0, []

    def values(self, name, found, expected):
        """Compares scalars, or lists and objects of them value by value."""
        if isinstance(found, dict) and isinstance(expected, dict) and found.keys() == expected.keys():
            for key in expected:
                self.values(f"{name}.{key}", found[key], expected[key])
        elif isinstance(found, list) and isinstance(expected, list) and len(found) == len(expected):
            for position, pair in enumerate(zip(found, expected)):
                self.values(f"{name}[{position}]", *pair)
        else:
            self.compared += 1
            if type(found) is not type(expected) or found != expected:
                self.differences.append(f"{name}: stated {json.dumps(found)}, recomputed {json.dumps(expected)}")

    def section(self, title, compare):
        before, differing = self.compared, len(self.differences)
        compare()
        print(f"{self.compared - before:7} values, {len(self.differences) - differing} differ: {title}")


def decimal(text):
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise Unreadable(text) from None
    if not value.is_finite():
        raise Unreadable(text)
    return value


def away_from_zero(value):
    """A fraction rounded to the nearest integer, halves away from zero."""
    return int(math.copysign(math.floor(abs(value) + Fraction(1, 2)), value))


def meanings(source, words):
    return {text: code for code, word in enumerate(words) for text in source.get(word, [])}


def read_rows(spec, identifier, path, features):
    """Identifier, group, outcome, logged and values (None if missing) of every row that can be read; how many cannot."""
    columns = spec["columns"]
    absent = {"", *columns.get("missing_values", [])}
    groups = {text: code for code, group in enumerate(spec["grouping"]["group"]) for text in group["values"]}
    decision, outcome = columns["decision"], columns.get("outcome")
    logged = meanings(decision, ["declined", "approved"]) if "column" in decision else None
    label = meanings(outcome, OUTCOMES) if outcome else None
    by_name = {feature["name"]: feature for feature in spec["feature"]}
    cells = [by_name[name].get("column", name) for name in features]

    def code(of, text):
        if text not in of:
            raise Unreadable(text)
        return of[text]

    rows, unreadable = [], 0
    with open(path, encoding="utf-8", newline="") as table:
        for line in csv.DictReader(table):
            try:
                name = line[columns["group"]]
                group = code(groups, "" if name in absent and name not in groups else name)
                approved = 1 if logged is None else code(logged, line[decision["column"]])
                known = 0 if label is None or line[outcome["column"]] in absent else code(label, line[outcome["column"]])
                values = [None if line[cell] in absent else decimal(line[cell]) for cell in cells]
                rows.append((line[identifier], group, known, approved, values))
            except Unreadable:
                unreadable += 1
    return rows, unreadable


def expected_column(feature, values):
    """What raw values stand for, the domain and the rules outside it; the map follows from these and the feature."""
    numbers = [Decimal(feature["offset"]), *(value for value in values if value is not None)]
    places = max(0, *(-number.normalize().as_tuple().exponent for number in numbers))
    unit, step, offset = Fraction(1, 10**places), Fraction(feature["step"]), Fraction(feature["offset"])
    margin = max(MARGIN, math.floor(step / 2 / unit) + 1)
    low = math.floor(-step / 2 / unit) + 1 + margin
    high = math.ceil((feature["max"] + Fraction(1, 2)) * step / unit) - 1 + margin
    clamps = feature["outside"] == "clamp"
    return {
        "name": feature["name"],
        "unit": feature["unit"],
        "offset": offset - margin * unit,
        "step": unit,
        "low": low,
        "high": high,
        "below": {"value": 0} if clamps else "void",
        "above": {"value": feature["max"]} if clamps else "void",
        "missing": feature["missing"],
    }


def compare_rules(comparison, stated, plan, rows):
    """The rules against plan and table; the map at every value of its domain against the plan's own rounding."""
    comparison.values("preparation.grouping", stated["grouping"], plan["grouping"])
    comparison.values("preparation.columns", len(stated["columns"]), len(plan["features"]))
    for position, (column, feature) in enumerate(zip(stated["columns"], plan["features"])):
        expected = expected_column(feature, [row[4][position] for row in rows])
        found = {key: column[key] for key in expected} | {key: float(Fraction(column[key])) for key in ("offset", "step")}
        exact = {key: Fraction(column[key]) for key in ("offset", "step")}
        here = f"preparation.columns[{position}]"
        for key in ("offset", "step"):
            comparison.compared += 1
            if exact[key] != expected[key]:
                comparison.differences.append(f"{here}.{key}: stated {exact[key]}, recomputed {expected[key]}")
        plain = [key for key in expected if key not in exact]
        comparison.values(here, {key: found[key] for key in plain}, {key: expected[key] for key in plain})
        for raw in range(expected["low"], expected["high"] + 1):
            value = expected["offset"] + raw * expected["step"]
            wanted = away_from_zero((value - Fraction(feature["offset"])) / Fraction(feature["step"]))
            comparison.values(f"{here} at raw {raw}", column["multiplier"] * raw + column["addend"] >> 24, wanted)


def ordered(rows, key, columns, percent):
    """Rows by pseudonym as arrays, training rows and test rows."""
    pseudonym = lambda name: int.from_bytes(hashlib.sha256(key + name.encode()).digest()[:8], "big") % KEY_LIMIT
    by_key = {pseudonym(row[0]): row for row in rows}
    if len(by_key) != len(rows):
        sys.exit("an identifier stands twice in the table: no package can have been made of it")
    offsets, steps = ([Fraction(column[name]) for column in columns] for name in ("offset", "step"))

    def raw(value, position):
        if value is None:
            return MISSING
        return min(max(math.floor((Fraction(value) - offsets[position]) / steps[position]), 0), MISSING - 1)

    table = [by_key[key] for key in sorted(by_key)]
    values = np.array([[raw(value, position) for position, value in enumerate(row[4])] for row in table], dtype=np.int64)
    codes = np.array([row[1:4] for row in table], dtype=np.int64)
    wanted = len(table) * percent // 100
    training = wanted - wanted % PART_MULTIPLE
    return [(values[part], codes[part]) for part in (slice(0, training), slice(training, len(table)))]


def expected_training(plan, choices, prepared, reason):
    """The training rule that a pipeline's choices and the rows that count lead to; its minibatch is the circuit's."""
    scored = prepared[reason < 0].astype(np.float64)
    largest = np.array([feature["max"] for feature in plan["features"]])
    centres = np.clip(np.floor(scored.mean(axis=0) + 0.5), 0, largest)
    variance = ((scored - centres) ** 2).mean(axis=0)
    smallest = max(0.05, min([1.0, *variance[variance > 0]]))
    rate = lambda v: int(min(max(math.floor(2**19 * smallest / v + 0.5), 1), 2**19)) if v > 0 else 0
    first = choices["learning_rate"] * 2**14 / (minibatch(choices, plan) * smallest)
    return {
        "schema": "training-spec/v1",
        "kind": "logistic-regression",
        "epochs": choices["epochs"],
        "scale_bits": plan["scoring"]["scale_bits"],
        "direction": plan["scoring"]["direction"],
        "centres": [int(centre) for centre in centres],
        "initial_weights": [0] * len(largest),
        "initial_bias": 0,
        "feature_rates": [rate(v) for v in variance],
        "bias_rate": rate(1.0),
        "rate_numerator": max(1, math.floor(first * choices["half_after"] + 0.5)),
        "rate_offset": choices["half_after"],
        "decay": 0,
    }


def expected_network_training(plan, choices, prepared, reason):
    """The same for a network."""
    from neural_training_twin import chosen_spec

    scoring = plan["scoring"]
    return chosen_spec(
        prepared[reason < 0],
        choices["hidden"],
        network_minibatch(choices, plan),
        choices["epochs"],
        scoring["scale_bits"],
        choices["seed"],
        learning_rate=choices["learning_rate"],
        half_after=choices["half_after"],
        width=shape_of(plan)["w"],
        direction=scoring["direction"],
    )


def shape_of(plan):
    return {part[0]: int(part[1:]) for part in plan["shape"].split(".") if part[0] != "l"}


def network_minibatch(choices, plan):
    """Rows a step of the training circuit of a plan's network, from the table of networks over features of 8 bits."""
    shape = shape_of(plan)
    wanted = f"| {shape['f']}-{'-'.join(map(str, choices['hidden']))}-1 |"
    page = pathlib.Path(__file__).parent.parent / "docs" / "circuits" / "neural-training-v2.md"
    for line in page.read_text(encoding="utf-8").splitlines():
        if shape["w"] == 8 and line.startswith(wanted):
            return int(line.split("|")[choices["size_log2"] - 12])
    sys.exit(f"{wanted} stands in no line of {page.name}: its rows a minibatch are not known here")


def minibatch(choices, plan):
    """Rows a step of the training circuit of a plan's layout, from the table of all pinned circuits."""
    if "hidden" in choices:
        return network_minibatch(choices, plan)
    layout = ".".join(plan["shape"].split(".")[:3])
    wanted = f"training/v1@{layout}.b10.h0.n{choices['size_log2']}"
    page = pathlib.Path(__file__).parent.parent / "docs" / "circuits" / "scored-cohort-v1.md"
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith(wanted + " "):
            return int(line.split()[1])
    sys.exit(f"{wanted} stands in no line of {page.name}: its rows a minibatch are not known here")


def expected_table(plan, score, prepared, reason, codes):
    """Rows by score bin, group, outcome and logged decision; those set aside; histograms."""
    shape = shape_of(plan)
    counted = reason < 0
    x, (group, outcome, logged) = prepared[counted], codes[counted].T
    # A score equal to an edge belongs to the bin above, and so does a value.
    bins = np.searchsorted(plan["scoring"]["edges"], score(x), side="right")
    counts = np.zeros((shape["b"], shape["g"], 6), dtype=np.int64)
    np.add.at(counts, (bins, group, 2 * outcome + logged), 1)
    void = np.zeros((shape["g"], 4), dtype=np.int64)
    np.add.at(void, (codes[~counted, 0], reason[~counted]), 1)
    names = [feature["name"] for feature in plan["features"]]
    histograms = []
    for histogram in plan["histograms"]:
        places = np.searchsorted(histogram["edges"], x[:, names.index(histogram["feature"])], side="right")
        histograms.append(np.bincount(places, minlength=shape["b"]).tolist())
    return {"counts": counts.tolist(), "void": void.tolist(), "histograms": histograms}


def area(score, bad):
    """Under the ROC curve: the share of pairs of a bad and a good row in the right order, ties counting half."""
    values, places, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
    return (ranks[bad].sum() - bad.sum() * (bad.sum() + 1) / 2) / (bad.sum() * (~bad).sum())


def areas(rule, choices, step, width, score, prepared):
    """What the integers cost: the network of the package beside the same one trained the same way in floats."""
    from neural_training_twin import in_floats

    known = [(values[codes[:, 1] != 0], codes[codes[:, 1] != 0, 1] == 2) for values, _, codes in prepared]
    schedule = {"learning_rate": choices["learning_rate"], "half_after": choices["half_after"], "width": width}
    # Minibatches are those of all rows in the circuit, and of the known ones in floats.
    riskier = rule["direction"] == "higher-is-riskier"
    target = lambda bad: bad if riskier else ~bad
    floats = in_floats(rule, known[0][0], target(known[0][1]), step, **schedule)
    for name, (values, bad) in zip(("training", "test"), known):
        found = [area(scores, target(bad)) for scores in (score(values), floats(values))]
        print(f"area under the ROC curve, {name} rows of known outcome: integers {found[0]:.4f}, floats {found[1]:.4f}")


def check(package, secrets, spec, pipeline, development):
    import neural_training_twin
    import training_twin

    with zipfile.ZipFile(package) as entries:
        read = lambda name: json.loads(entries.read(name))
        plan, preparation, training, offline = (
            read(name) for name in ["plan.json", *(f"statements/{s}.json" for s in ("preparation", "training", "offline-metrics"))]
        )
    secrets = json.loads(pathlib.Path(secrets).read_text(encoding="utf-8"))
    spec, pipeline = (tomllib.loads(pathlib.Path(path).read_text(encoding="utf-8")) for path in (spec, pipeline))
    comparison = Comparison()
    section, compare = comparison.section, comparison.values

    digest = hashlib.sha256(pathlib.Path(package).read_bytes()).hexdigest()
    section("the package is that of the secrets", lambda: compare("package_sha256", secrets["package_sha256"], digest))

    features = [feature["name"] for feature in plan["features"]]
    rows, unreadable = read_rows(spec, pipeline["development"]["id"], development, features)
    rules, parts = preparation["preparation"], preparation["parts"]
    print(f"{len(rows)} rows read, {unreadable} left out as no prover can commit to them")
    section("rules, and the map at each value of each domain", lambda: compare_rules(comparison, rules, plan, rows))

    key = bytes.fromhex(secrets["development"]["pseudonym_key"])
    split = ordered(rows, key, rules["columns"], pipeline["development"]["training_percent"])
    compare("preparation.parts", len(parts), 2)
    prepared = []
    for name, stated, (raw, codes) in zip(("training", "test"), parts, split):
        values, reason, profile = prepare(rules, raw, codes[:, 0], codes[:, 1])
        # The outcome of a row set aside is unknown from here on.
        codes = np.column_stack([codes[:, 0], np.where(reason < 0, codes[:, 1], 0), codes[:, 2]])
        prepared.append((values, reason, codes))
        section(
            f"profile of the {name} rows",
            lambda: compare(f"preparation, {name} rows", {k: stated[k] for k in ("rows", "profile")}, {"rows": len(raw), "profile": profile}),
        )

    values, reason, codes = prepared[0]
    network = "hidden" in pipeline["training"]
    rule = (expected_network_training if network else expected_training)(plan, pipeline["training"], values, reason)
    section("training rule", lambda: compare("training.spec", training["spec"], rule))
    step = minibatch(pipeline["training"], plan)
    stated = {key: training[key] for key in ("rows", "steps")}
    counted = {"rows": len(values), "steps": rule["epochs"] * -(-len(values) // step)}
    section("length of the training", lambda: compare("training", stated, counted))
    if network:
        width = shape_of(plan)["w"]
        weights, biases = neural_training_twin.train(rule, values, codes[:, 1], step, width)
        layers = [{"weights": w.tolist(), "biases": b.tolist()} for w, b in zip(weights, biases)]
        section("weights and biases", lambda: compare("secrets.layers", secrets["layers"], layers))
        score = lambda x: neural_training_twin.forward(weights, biases, x, width)[2]
        areas(rule, pipeline["training"], step, width, score, prepared)
    else:
        weights, bias = training_twin.train(rule, values, codes[:, 1], step)
        section("weights and bias", lambda: compare("secrets", [secrets["weights"], secrets["bias"]], [weights, bias]))
        score = lambda x: x @ np.array(weights) + bias

    compare("offline-metrics.batches", [batch["role"] for batch in offline["batches"]], ["reference", "test"])
    for name, batch, rows_of in zip(("training", "test"), offline["batches"], prepared):
        stated = {key: batch[key] for key in ("rows", "table")}
        table = expected_table(plan, score, *rows_of)
        section(
            f"table of the {name} rows, with its histograms",
            lambda: compare(f"offline-metrics, {name} rows", stated, {"rows": len(rows_of[0]), "table": table}),
        )

    print(f"{comparison.compared} values compared, {len(comparison.differences)} differ")
    for difference in comparison.differences[:50]:
        print(f"  {difference}")
    if len(comparison.differences) > 50:
        print(f"  and {len(comparison.differences) - 50} more")
    return 1 if comparison.differences else 0


def main():
    match sys.argv[1:]:
        case ["write"]:
            write()
        case ["check", package, secrets, spec, pipeline, development]:
            sys.exit(check(package, secrets, spec, pipeline, development))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()

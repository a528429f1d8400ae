"""Writes the table fixtures next to this script.

Needs numpy, pandas and pyarrow. Run: python make_tables.py

`batches.csv` and the Parquet files hold the same synthetic, seeded rows, in pandas' own spelling of
each format: codes with missing cells as floats, times as nanoseconds or microseconds.
"""

import pathlib

import numpy as np
import pandas as pd

HERE = pathlib.Path(__file__).parent


def rows(n, start, days, seed):
    rng = np.random.default_rng(seed)
    seconds = np.sort(rng.integers(0, days * 86400, n))
    frame = pd.DataFrame(
        {
            "application": [f"A{seed}-{i:04}" for i in range(n)],
            "decided_at": pd.Timestamp(start) + pd.to_timedelta(seconds, unit="s"),
            "age_band": rng.choice(["18-29", "30-59", "60+"], n),
            "decision": rng.choice(["approved", "declined"], n, p=[0.7, 0.3]),
            "income": rng.integers(0, 200, n) * 50,
            "debt_ratio": np.round(rng.uniform(0, 1, n), 2),
            "age": rng.integers(18, 90, n),
            "late_payments": rng.poisson(0.6, n),
            "tenure": rng.integers(0, 240, n).astype(float),
            "utilisation": np.round(rng.beta(2, 3, n), 2),
            "defaulted": rng.choice([0.0, 1.0, np.nan], n, p=[0.6, 0.2, 0.2]),
        }
    )
    frame.loc[frame.sample(frac=0.05, random_state=seed).index, "tenure"] = np.nan
    return frame


reference = rows(200, "2025-12-01", 28, 1)
reference.to_csv(HERE / "reference.csv", index=False)
batches = rows(120, "2026-01-05", 21, 2)
# The second week stays empty, and the file is not in order of time.
week = batches["decided_at"].dt.isocalendar().week
batches = batches[week != 3].sample(frac=1, random_state=5)
batches.to_csv(HERE / "batches.csv", index=False)
microseconds = batches.assign(decided_at=batches["decided_at"].astype("datetime64[us]"))
microseconds.to_parquet(HERE / "batches_us.parquet", index=False, compression="snappy")
nanoseconds = batches.assign(decided_at=batches["decided_at"].astype("datetime64[ns]"))
nanoseconds.to_parquet(HERE / "batches_ns.parquet", index=False, compression="zstd")
zoned = batches.assign(decided_at=batches["decided_at"].dt.tz_localize("UTC").astype("datetime64[ms, UTC]"))
zoned.to_parquet(HERE / "batches_ms.parquet", index=False, compression="gzip")

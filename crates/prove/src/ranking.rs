//! How well does a score rank rows, and how well would a float model? A comparison the prover claims, no proof contains.

/// The share of pairs of a bad and a good row that a score puts in the right order, ties counting half.
pub(crate) fn auc(rows: &[(Vec<u32>, bool)], score: impl Fn(&[u32]) -> f64) -> f64 {
    let mut scored: Vec<(f64, bool)> = rows.iter().map(|(features, bad)| (score(features), *bad)).collect();
    scored.sort_by(|a, b| a.0.total_cmp(&b.0));
    let bad = scored.iter().filter(|(_, bad)| *bad).count() as f64;
    let good = scored.len() as f64 - bad;
    let (mut below, mut pairs) = (0.0, 0.0);
    for tied in scored.chunk_by(|a, b| a.0 == b.0) {
        let bad_here = tied.iter().filter(|(_, bad)| *bad).count() as f64;
        let good_here = tied.len() as f64 - bad_here;
        pairs += bad_here * (below + good_here / 2.0);
        below += good_here;
    }
    pairs / (bad * good)
}

/// A float logistic regression on standardised features, by full-batch descent: what the proven model is compared with.
pub(crate) struct FloatFit {
    centres: Vec<f64>,
    scales: Vec<f64>,
    weights: Vec<f64>,
    bias: f64,
}

impl FloatFit {
    pub(crate) fn of(rows: &[(Vec<u32>, bool)]) -> Self {
        let n = rows.len().max(1) as f64;
        let features = rows.first().map_or(0, |(features, _)| features.len());
        let mean = |f: &dyn Fn(&[u32]) -> f64| rows.iter().map(|(features, _)| f(features)).sum::<f64>() / n;
        let centres: Vec<f64> = (0..features).map(|j| mean(&|row| f64::from(row[j]))).collect();
        let scales = (0..features)
            .map(|j| {
                let variance = mean(&|row| (f64::from(row[j]) - centres[j]) * (f64::from(row[j]) - centres[j]));
                if variance > 0.0 { variance.sqrt() } else { 1.0 }
            })
            .collect();
        let mut fit = Self { centres, scales, weights: vec![0.0; features], bias: 0.0 };
        let standardised: Vec<(Vec<f64>, f64)> = rows.iter().map(|(row, bad)| (fit.standardised(row), f64::from(u8::from(*bad)))).collect();
        for _ in 0..3_000 {
            let (mut slope, mut lift) = (vec![0.0; features], 0.0);
            for (row, bad) in &standardised {
                let log_odds = fit.bias + fit.weights.iter().zip(row).map(|(w, x)| w * x).sum::<f64>();
                let error = crate::integer::probability(log_odds) - bad;
                lift += error;
                slope.iter_mut().zip(row).for_each(|(slope, x)| *slope += error * x);
            }
            fit.bias -= lift / n;
            fit.weights.iter_mut().zip(&slope).for_each(|(w, slope)| *w -= slope / n);
        }
        fit
    }

    fn standardised(&self, row: &[u32]) -> Vec<f64> {
        row.iter().zip(self.centres.iter().zip(&self.scales)).map(|(x, (centre, scale))| (f64::from(*x) - centre) / scale).collect()
    }

    pub(crate) fn log_odds(&self, row: &[u32]) -> f64 {
        self.bias + self.weights.iter().zip(self.standardised(row)).map(|(w, x)| w * x).sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(values: &[(u32, bool)]) -> Vec<(Vec<u32>, bool)> {
        values.iter().map(|(value, bad)| (vec![*value], *bad)).collect()
    }

    #[test]
    fn pairs_in_order_count_whole_and_ties_half() {
        let score = |features: &[u32]| f64::from(features[0]);
        assert_eq!(auc(&rows(&[(1, false), (2, true)]), score), 1.0);
        assert_eq!(auc(&rows(&[(2, false), (1, true)]), score), 0.0);
        assert_eq!(auc(&rows(&[(1, false), (1, true)]), score), 0.5);
        assert_eq!(auc(&rows(&[(1, false), (1, true), (0, false), (3, true)]), score), 0.875);
    }

    #[test]
    fn a_float_fit_finds_the_direction() {
        let seen = rows(&(0..40).map(|i| (i, i % 7 == 0 || i > 25)).collect::<Vec<_>>());
        let fit = FloatFit::of(&seen);
        assert!(fit.log_odds(&[39]) > fit.log_odds(&[1]));
    }
}

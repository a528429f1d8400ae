//! Every field of the measurement plan: what a bank would rather have been measured by.

use verifold_model::{
    decimal::Decimal,
    plan::{Calendar, MissingRule, OutsideRule, Plan, ScoreDirection},
    shape::Shape,
};

use super::{Edit, draw::Draw, statement::other_text};

/// Another plan, well formed: it does not open the commitment.
const OTHER: &[&str] = &["plan-commitment-differs"];
/// No plan at all.
const CONTRADICTS: &[&str] = &["plan-contradicts"];

fn feature(draw: &mut Draw, plan: &Plan) -> usize {
    draw.below(plan.features.len())
}

/// A feature without a histogram, whose name nothing else repeats.
fn plain_feature(draw: &mut Draw, plan: &Plan) -> usize {
    plan.histograms.len() + draw.below(plan.features.len() - plan.histograms.len())
}

fn shape_with(plan: &Plan, change: impl FnOnce(&mut [u8; 6])) -> Option<Shape> {
    let shape = plan.shape;
    // A shape without its hidden layers has no room for a network's plan.
    if !shape.hidden().is_empty() {
        return None;
    }
    let numbers = [shape.features(), shape.width_bits(), shape.groups(), shape.bins(), shape.histograms(), shape.size_log2() as usize];
    let mut numbers = numbers.map(|number| u8::try_from(number).unwrap_or(0));
    change(&mut numbers);
    let [features, width, groups, bins, histograms, size] = numbers;
    Shape::new(features, width, groups, bins, histograms, size).ok()
}

pub(crate) const EDITS: &[(&str, Edit)] = &[
    ("another size of the shape", |_, draw, parts| {
        parts.plan.shape = shape_with(&parts.plan, |numbers| numbers[5] = *draw.pick(&[15, 17, 18]))?;
        Some(&["shape-differs"])
    }),
    ("a shape with room for more", |_, draw, parts| {
        let (which, to) = *draw.pick(&[(0, 32), (0, 64), (1, 12), (1, 16), (2, 8)]);
        parts.plan.shape = shape_with(&parts.plan, |numbers| numbers[which] = to)?;
        Some(&["shape-differs"])
    }),
    ("a shape of other dimensions", |_, draw, parts| {
        let (which, to) = *draw.pick(&[(0, 8), (0, 16), (2, 2), (3, 20), (4, 0), (4, 1), (4, 8)]);
        parts.plan.shape = shape_with(&parts.plan, |numbers| numbers[which] = to)?;
        Some(CONTRADICTS)
    }),
    ("another name of a feature", |_, draw, parts| {
        let at = plain_feature(draw, &parts.plan);
        parts.plan.features[at].name = other_text(draw, &parts.plan.features[at].name);
        Some(OTHER)
    }),
    ("another name of a feature with a histogram", |_, draw, parts| {
        let at = draw.below(parts.plan.histograms.len());
        parts.plan.features[at].name.push('x');
        Some(CONTRADICTS)
    }),
    ("a name no feature may have", |_, draw, parts| {
        let (a, b) = draw.two_below(parts.plan.features.len());
        parts.plan.features[a].name = (*draw.pick(&[String::new(), "x".repeat(65), parts.plan.features[b].name.clone()])).clone();
        Some(CONTRADICTS)
    }),
    ("a unit", |_, draw, parts| {
        let at = feature(draw, &parts.plan);
        parts.plan.features[at].unit = other_text(draw, &parts.plan.features[at].unit);
        Some(OTHER)
    }),
    ("an offset", |_, draw, parts| {
        let at = feature(draw, &parts.plan);
        let feature = &mut parts.plan.features[at];
        feature.offset = Decimal::new(feature.offset.mantissa() + i64::try_from(draw.up_to(99)).ok()?, feature.offset.places())?;
        Some(OTHER)
    }),
    ("a step", |_, draw, parts| {
        let at = feature(draw, &parts.plan);
        let feature = &mut parts.plan.features[at];
        feature.step = Decimal::new(feature.step.mantissa() + i64::try_from(draw.up_to(99)).ok()?, feature.step.places())?;
        Some(OTHER)
    }),
    ("the same step in another spelling", |_, draw, parts| {
        let at = feature(draw, &parts.plan);
        let feature = &mut parts.plan.features[at];
        feature.step = Decimal::new(feature.step.mantissa() * 10, feature.step.places() + 1)?;
        Some(OTHER)
    }),
    ("a step that is not positive", |_, draw, parts| {
        let at = feature(draw, &parts.plan);
        parts.plan.features[at].step = Decimal::new(-i64::try_from(draw.below(10)).ok()?, 0)?;
        Some(CONTRADICTS)
    }),
    ("a largest value", |_, draw, parts| {
        let at = feature(draw, &parts.plan);
        let feature = &mut parts.plan.features[at];
        let last = parts.plan.histograms.get(at).and_then(|histogram| histogram.edges.last()).copied().unwrap_or(1);
        let least = if let MissingRule::Value(value) = feature.missing { value.max(last) } else { last };
        feature.max = least + u32::try_from(draw.below(usize::try_from(256 - least).ok()?)).ok()?;
        Some(OTHER)
    }),
    ("a histogram's edge above the largest value", |_, draw, parts| {
        let at = draw.below(parts.plan.histograms.len());
        let last = *parts.plan.histograms.get(at)?.edges.last()?;
        parts.plan.features[at].max = last - 1;
        Some(CONTRADICTS)
    }),
    ("a largest value out of range", |_, draw, parts| {
        let at = feature(draw, &parts.plan);
        parts.plan.features[at].max = *draw.pick(&[0, 256, 1 << 16, u32::MAX]);
        Some(CONTRADICTS)
    }),
    ("what happens outside the domain", |_, draw, parts| {
        let at = feature(draw, &parts.plan);
        let rule = &mut parts.plan.features[at].outside;
        *rule = if *rule == OutsideRule::Clamp { OutsideRule::Void } else { OutsideRule::Clamp };
        Some(OTHER)
    }),
    ("what stands in for a missing value", |_, draw, parts| {
        let at = feature(draw, &parts.plan);
        let feature = &mut parts.plan.features[at];
        let value = u32::try_from(draw.below(usize::try_from(feature.max).ok()? + 1)).ok()?;
        feature.missing = if draw.below(4) == 0 { MissingRule::Void } else { MissingRule::Value(value) };
        Some(OTHER)
    }),
    ("a stand-in above the largest value", |_, draw, parts| {
        let at = feature(draw, &parts.plan);
        let feature = &mut parts.plan.features[at];
        feature.missing = MissingRule::Value(feature.max + u32::try_from(draw.up_to(1000)).ok()?);
        Some(CONTRADICTS)
    }),
    ("two features exchanged", |_, draw, parts| {
        let first = parts.plan.histograms.len();
        let (a, b) = draw.two_below(parts.plan.features.len() - first);
        parts.plan.features.swap(first + a, first + b);
        Some(OTHER)
    }),
    ("two features with histograms exchanged", |_, draw, parts| {
        let (a, b) = draw.two_below(parts.plan.histograms.len());
        parts.plan.features.swap(a, b);
        if draw.below(2) == 0 {
            return Some(CONTRADICTS);
        }
        parts.plan.histograms.swap(a, b);
        Some(OTHER)
    }),
    ("a feature fewer", |_, _, parts| {
        parts.plan.features.pop();
        Some(OTHER)
    }),
    ("another scale", |_, draw, parts| {
        parts.plan.scoring.scale_bits = u8::try_from(draw.below(33)).ok()?;
        Some(OTHER)
    }),
    ("a scale out of range", |_, draw, parts| {
        parts.plan.scoring.scale_bits = *draw.pick(&[33, 64, 255]);
        Some(CONTRADICTS)
    }),
    ("the other direction of the score", |_, _, parts| {
        let direction = &mut parts.plan.scoring.direction;
        *direction = match direction {
            ScoreDirection::HigherIsRiskier => ScoreDirection::HigherIsSafer,
            ScoreDirection::HigherIsSafer => ScoreDirection::HigherIsRiskier,
        };
        Some(OTHER)
    }),
    ("a score edge by a little: what a tie belongs to", |_, draw, parts| {
        let at = draw.below(parts.plan.scoring.edges.len());
        parts.plan.scoring.edges[at] += *draw.pick(&[-1, 1, -100, 100]);
        Some(OTHER)
    }),
    ("every score edge", |_, draw, parts| {
        let by = i64::try_from(draw.up_to(9_999)).ok()?;
        parts.plan.scoring.edges.iter_mut().for_each(|edge| *edge -= by);
        Some(OTHER)
    }),
    ("score edges out of order", |_, draw, parts| {
        let (a, b) = draw.two_below(parts.plan.scoring.edges.len());
        if draw.below(2) == 0 {
            parts.plan.scoring.edges.swap(a, b);
        } else {
            parts.plan.scoring.edges[a] = parts.plan.scoring.edges[b];
        }
        Some(CONTRADICTS)
    }),
    ("a score edge no score reaches", |_, draw, parts| {
        let bound = 1i64 << Plan::score_bits(parts.plan.shape);
        let edges = &mut parts.plan.scoring.edges;
        let last = edges.len() - 1;
        if draw.below(2) == 0 {
            edges[0] = -bound - (draw.below(99) as i64);
        } else {
            edges[last] = bound + (draw.below(99) as i64);
        }
        Some(CONTRADICTS)
    }),
    ("another cut-off", |_, draw, parts| {
        parts.plan.scoring.cutoff = u8::try_from(draw.below(parts.plan.scoring.edges.len())).ok()?;
        Some(OTHER)
    }),
    ("a cut-off that is no edge", |_, draw, parts| {
        parts.plan.scoring.cutoff = *draw.pick(&[9, 10, 255]);
        Some(CONTRADICTS)
    }),
    ("an expected share of bad outcomes", |_, draw, parts| {
        let shares = &mut parts.plan.scoring.expected_bad_ppm;
        let at = draw.below(shares.len());
        shares[at] = u32::try_from(draw.below(1_000_001)).ok()?;
        Some(OTHER)
    }),
    ("an expected share above one", |_, draw, parts| {
        let shares = &mut parts.plan.scoring.expected_bad_ppm;
        let at = draw.below(shares.len());
        shares[at] = *draw.pick(&[1_000_001, u32::MAX]);
        Some(CONTRADICTS)
    }),
    ("what makes an outcome bad", |_, draw, parts| {
        parts.plan.outcome.bad_means = other_text(draw, &parts.plan.outcome.bad_means);
        Some(OTHER)
    }),
    ("when an outcome counts as known", |_, draw, parts| {
        parts.plan.outcome.maturity_days = u32::try_from(draw.below(1000)).ok()?;
        Some(OTHER)
    }),
    ("the attribute of groups", |_, draw, parts| {
        parts.plan.grouping.attribute = other_text(draw, &parts.plan.grouping.attribute);
        Some(OTHER)
    }),
    ("codes of two groups exchanged", |_, draw, parts| {
        let (a, b) = draw.two_below(parts.plan.grouping.names.len());
        parts.plan.grouping.names.swap(a, b);
        Some(OTHER)
    }),
    ("another name of a group", |_, draw, parts| {
        let names = &mut parts.plan.grouping.names;
        let at = draw.below(names.len());
        names[at] = other_text(draw, &names[at]);
        Some(OTHER)
    }),
    ("a group without a name, or with another's", |_, draw, parts| {
        let names = &mut parts.plan.grouping.names;
        let (a, b) = draw.two_below(names.len());
        names[a] = if draw.below(2) == 0 { String::new() } else { names[b].clone() };
        Some(CONTRADICTS)
    }),
    ("a group fewer", |_, _, parts| {
        parts.plan.grouping.names.pop();
        Some(OTHER)
    }),
    ("a group too many", |_, draw, parts| {
        parts.plan.grouping.names.push(format!("group {}", draw.below(100)));
        Some(CONTRADICTS)
    }),
    ("the group of those who do not disclose", |_, draw, parts| {
        parts.plan.grouping.not_disclosed = Some(u8::try_from(draw.below(parts.plan.grouping.names.len())).ok()?);
        Some(OTHER)
    }),
    ("an unnamed group of those who do not disclose", |_, draw, parts| {
        parts.plan.grouping.not_disclosed = Some(*draw.pick(&[4, 5, 255]));
        Some(CONTRADICTS)
    }),
    ("an edge of a histogram", |_, draw, parts| {
        let at = draw.below(parts.plan.histograms.len());
        let edges = &mut parts.plan.histograms[at].edges;
        let edge = draw.below(edges.len());
        edges[edge] += 1;
        Some(if edges.get(edge + 1).is_some_and(|next| *next <= edges[edge]) { CONTRADICTS } else { OTHER })
    }),
    ("edges of a histogram out of order or range", |_, draw, parts| {
        let at = draw.below(parts.plan.histograms.len());
        let edges = &mut parts.plan.histograms[at].edges;
        match draw.below(3) {
            0 => edges[0] = 0,
            1 => *edges.last_mut()? = *draw.pick(&[256, 1 << 20, u32::MAX]),
            _ => {
                let (a, b) = draw.two_below(edges.len());
                edges.swap(a, b);
            }
        }
        Some(CONTRADICTS)
    }),
    ("a histogram of another feature", |_, draw, parts| {
        let (a, b) = draw.two_below(parts.plan.features.len());
        parts.plan.histograms.get_mut(a)?.feature = parts.plan.features[b].name.clone();
        Some(CONTRADICTS)
    }),
    ("edges of two histograms exchanged", |_, draw, parts| {
        let (a, b) = draw.two_below(parts.plan.histograms.len());
        let edges = parts.plan.histograms[a].edges.clone();
        parts.plan.histograms[a].edges = std::mem::replace(&mut parts.plan.histograms[b].edges, edges);
        Some(OTHER)
    }),
    ("another calendar", |_, draw, parts| {
        parts.plan.calendar = *draw.pick(&[Calendar::Month, Calendar::Free]);
        Some(OTHER)
    }),
];

//! Values of the statement outside its batches: whose, when, under what, how many steps, to where.

use verifold_circuits::{CircuitFacts, native};
use verifold_model::{digest::Commitment, instant::Instant, limits::Limit, shape::Shape};

use super::{Causes, Edit, draw::Draw, sample::Parts};

/// A field element that is none of a sample's.
pub(crate) fn other_element(draw: &mut Draw) -> Commitment {
    let mut bytes = draw.bytes();
    bytes[0] &= 0x3f;
    Commitment::from_bytes(bytes)
}

/// 32 bytes that are no field element: at the modulus or beyond.
pub(crate) fn beyond_the_modulus(draw: &mut Draw) -> Commitment {
    let modulus: Commitment = "40000000000000000000000000000000224698fc0994a8dd8c46eb2100000001".parse().unwrap();
    let mut bytes = *modulus.as_bytes();
    match draw.below(3) {
        0 => {}
        1 => bytes[31] += 1,
        _ => {
            bytes = draw.bytes();
            bytes[0] |= 0x80;
        }
    }
    Commitment::from_bytes(bytes)
}

pub(crate) fn moved(at: Instant, secs: i64) -> Option<Instant> {
    at.unix_secs().checked_add_signed(secs).and_then(Instant::from_unix_secs)
}

const DAY: i64 = 86_400;

fn days(draw: &mut Draw) -> i64 {
    i64::try_from(draw.up_to(400)).unwrap_or(1) * DAY
}

/// Another text of about the same look.
pub(crate) fn other_text(draw: &mut Draw, text: &str) -> String {
    match draw.below(3) {
        0 => format!("{text}{}", draw.below(10)),
        1 => format!("{} {}", text, draw.below(1000)),
        _ => text.chars().rev().chain(['x']).collect(),
    }
}

/// What a period stated in the manifest as well is refused for: of several proofs, others may be about the days it leaves out, or not.
fn other_period(parts: &Parts, inverted: bool) -> Causes {
    match (parts.is_alone(), inverted) {
        (true, true) => &["period-inverted"],
        (true, false) => &["chain-differs"],
        (false, _) => &["chain-differs", "period-differs", "period-inverted"],
    }
}

pub(crate) const EDITS: &[(&str, Edit)] = &[
    ("another subject, in manifest and statement", |_, draw, parts| {
        let field = draw.below(4);
        for subject in [&mut parts.manifest.subject, &mut parts.statement.header.subject] {
            let text = [&mut subject.name, &mut subject.lei, &mut subject.system, &mut subject.model].into_iter().nth(field)?;
            text.push_str(&(parts.statement.steps + field as u64).to_string());
        }
        Some(if parts.is_alone() { &["chain-differs"] } else { &["subject-differs"] })
    }),
    ("another subject, in the statement alone", |_, draw, parts| {
        let subject = &mut parts.statement.header.subject;
        let text = [&mut subject.name, &mut subject.lei, &mut subject.system, &mut subject.model].into_iter().nth(draw.below(4))?;
        *text = other_text(draw, text);
        Some(&["subject-differs"])
    }),
    ("another subject, in the manifest alone", |_, draw, parts| {
        let subject = &mut parts.manifest.subject;
        let text = [&mut subject.name, &mut subject.lei, &mut subject.system, &mut subject.model].into_iter().nth(draw.below(4))?;
        *text = other_text(draw, text);
        Some(&["subject-differs"])
    }),
    ("a period that begins later or ends earlier", |_, draw, parts| {
        let (header, by) = (&mut parts.statement.header, days(draw) % (100 * DAY));
        if draw.below(2) == 0 {
            header.period.start = moved(header.period.start, by)?;
        } else {
            header.period.end = moved(header.period.end, -by)?;
        }
        parts.manifest.period = header.period;
        let inverted = header.period.start >= header.period.end;
        (by > 0).then(|| other_period(parts, inverted))
    }),
    ("a wider period, in manifest and statement", |_, draw, parts| {
        let (header, by) = (&mut parts.statement.header, days(draw));
        if draw.below(2) == 0 {
            header.period.start = moved(header.period.start, -by)?;
        } else {
            header.period.end = moved(header.period.end, by)?;
        }
        parts.manifest.period = header.period;
        Some(other_period(parts, false))
    }),
    ("a wider period, in the statement alone", |_, draw, parts| {
        let (period, by) = (&mut parts.statement.header.period, days(draw));
        if draw.below(2) == 0 {
            period.start = moved(period.start, -by)?;
        } else {
            period.end = moved(period.end, by)?;
        }
        Some(&["period-differs"])
    }),
    ("another period, in the manifest alone", |_, draw, parts| {
        let (period, by) = (&mut parts.manifest.period, days(draw) - 200 * DAY);
        if draw.below(2) == 0 {
            period.start = moved(period.start, by)?;
        } else {
            period.end = moved(period.end, by)?;
        }
        (by != 0).then_some(&["period-differs"])
    }),
    ("a chain that continues another package's", |_, draw, parts| {
        parts.statement.header.previous_chain_head = Some(other_element(draw));
        Some(&["chain-differs"])
    }),
    ("another shape of the circuit", |sample, draw, parts| {
        let circuit = &mut parts.statement.header.circuit;
        circuit.shape = other_shape(draw)?;
        Some(if circuit.shape.padded_constraints() > Limit::Constraints.default() {
            &["circuit-too-large"]
        } else if !circuit.is_consistent() {
            &["circuit-of-another-kind"]
        } else if !sample.policy.accepts(*circuit) {
            &["circuit-not-accepted"]
        } else if CircuitFacts::of(*circuit).is_some() {
            &["shape-differs"]
        } else {
            &["shape-without-room"]
        })
    }),
    ("another commitment to the plan", |_, draw, parts| {
        parts.statement.plan_commitment = other_element(draw);
        Some(&["plan-commitment-differs"])
    }),
    ("a commitment to the plan beyond the modulus", |_, draw, parts| {
        parts.statement.plan_commitment = beyond_the_modulus(draw);
        Some(&["plan-commitment-differs"])
    }),
    ("another commitment to the model", |_, draw, parts| {
        parts.statement.model_commitment = other_element(draw);
        Some(&["proof-rejected"])
    }),
    ("a bit of the commitment to the model", |_, draw, parts| {
        let mut bytes = *parts.statement.model_commitment.as_bytes();
        bytes[1 + draw.below(31)] ^= 1 << draw.below(8);
        parts.statement.model_commitment = Commitment::from_bytes(bytes);
        Some(&["proof-rejected"])
    }),
    ("a commitment to the model that is another value of the statement", |_, draw, parts| {
        let statement = &mut parts.statement;
        let batch = draw.pick(&statement.batches);
        statement.model_commitment =
            *draw.pick(&[Commitment::from_bytes([0; 32]), statement.plan_commitment, statement.chain_head, batch.row_commitment]);
        Some(&["proof-rejected"])
    }),
    ("a commitment to the model beyond the modulus", |_, draw, parts| {
        parts.statement.model_commitment = beyond_the_modulus(draw);
        Some(&["commitment-not-canonical"])
    }),
    ("more steps", |_, draw, parts| {
        parts.statement.steps += *draw.pick(&[1, 2, 25, 1 << 32, (1 << 53) - 1 - parts.statement.steps]);
        Some(if parts.statement.steps > Limit::Steps.default() { &["too-many-steps"] } else { &["step-count-differs"] })
    }),
    ("fewer steps", |_, draw, parts| {
        let steps = parts.statement.steps;
        parts.statement.steps = draw.next() % steps;
        Some(&["step-count-differs"])
    }),
    ("another chain head", |_, draw, parts| {
        parts.statement.chain_head = other_element(draw);
        Some(&["chain-differs"])
    }),
    ("a bit of the chain head", |_, draw, parts| {
        let mut bytes = *parts.statement.chain_head.as_bytes();
        bytes[draw.below(32)] ^= 1 << draw.below(8);
        parts.statement.chain_head = Commitment::from_bytes(bytes);
        Some(&["chain-differs"])
    }),
    ("a chain head beyond the modulus", |_, draw, parts| {
        parts.statement.chain_head = beyond_the_modulus(draw);
        Some(&["chain-differs"])
    }),
    ("a chain head that is another value of the statement", |_, draw, parts| {
        let statement = &mut parts.statement;
        let header = native::header_element(&statement.header);
        statement.chain_head =
            *draw.pick(&[Commitment::from_bytes([0; 32]), header, statement.plan_commitment, statement.model_commitment]);
        Some(&["chain-differs"])
    }),
];

/// Any shape of the menu.
fn other_shape(draw: &mut Draw) -> Option<Shape> {
    let (features, width) = (*draw.pick(&[8, 16, 20, 32, 64]), *draw.pick(&[8, 12, 16]));
    let (groups, bins) = (*draw.pick(&[2, 4, 8]), *draw.pick(&[10, 20]));
    Shape::new(features, width, groups, bins, *draw.pick(&[0, 1, 4, 8]), *draw.pick(&[15, 16, 17, 18])).ok()
}

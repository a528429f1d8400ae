//! Bytes of the proof, with every digest computed anew: nothing but the proof check stands in the way.

use super::{Edit, draw::Draw, sample::Parts};

/// Points and elements that decode to something else are for the proof check, the others for the decoder.
const DECODED: &[&str] = &["proof-undecodable", "proof-rejected"];

/// Moduli of the two Pasta fields, least significant byte first.
fn modulus(vesta: bool) -> [u8; 32] {
    let mut bytes = [0; 32];
    let low = if vesta { 0x0994_a8dd_8c46_eb21_0000_0001_u128 } else { 0x094c_f91b_992d_30ed_0000_0001_u128 };
    bytes[..16].copy_from_slice(&(low | 0x2246_98fc_u128 << 96).to_le_bytes());
    bytes[31] = 0x40;
    bytes
}

fn element(parts: &mut Parts, at: usize) -> &mut [u8] {
    &mut parts.proof[at..at + 32]
}

/// Adds `by` to a little-endian number; whether it overflows is of no interest.
fn add(number: &mut [u8], by: &[u8; 32]) {
    let mut carry = 0;
    for (byte, by) in number.iter_mut().zip(by) {
        let sum = u16::from(*byte) + u16::from(*by) + carry;
        *byte = sum as u8;
        carry = sum >> 8;
    }
}

fn one(value: u8) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[0] = value;
    bytes
}

pub(crate) const EDITS: &[(&str, Edit)] = &[
    ("a bit of a point or element", |sample, draw, parts| {
        let at = *draw.pick(&sample.elements);
        element(parts, at)[draw.below(32)] ^= 1 << draw.below(8);
        Some(&["proof-undecodable", "proof-not-canonical", "proof-rejected"])
    }),
    ("the sign bit, or the one below", |sample, draw, parts| {
        let at = *draw.pick(&sample.elements);
        element(parts, at)[31] ^= *draw.pick(&[0x80, 0x40]);
        Some(DECODED)
    }),
    ("a bit of a length prefix", |sample, draw, parts| {
        let (at, _) = *draw.pick(&sample.prefixes);
        parts.proof[at + draw.below(8)] ^= 1 << draw.below(8);
        Some(&["proof-structure-differs"])
    }),
    ("two elements exchanged", |sample, draw, parts| {
        let (a, b) = draw.two_below(sample.elements.len());
        let (a, b) = (sample.elements[a], sample.elements[b]);
        let first = element(parts, a).to_vec();
        parts.proof.copy_within(b..b + 32, a);
        element(parts, b).copy_from_slice(&first);
        Some(DECODED)
    }),
    ("neighbours exchanged", |sample, draw, parts| {
        let at = draw.below(sample.elements.len() - 1);
        let (a, b) = (sample.elements[at], sample.elements[at + 1]);
        let first = element(parts, a).to_vec();
        parts.proof.copy_within(b..b + 32, a);
        element(parts, b).copy_from_slice(&first);
        Some(DECODED)
    }),
    ("an element in the place of another", |sample, draw, parts| {
        let (a, b) = draw.two_below(sample.elements.len());
        parts.proof.copy_within(sample.elements[a]..sample.elements[a] + 32, sample.elements[b]);
        Some(DECODED)
    }),
    ("zero, which is the identity as a point", |sample, draw, parts| {
        let at = *draw.pick(&sample.elements);
        element(parts, at).fill(0);
        Some(DECODED)
    }),
    ("one, or another small number", |sample, draw, parts| {
        let at = *draw.pick(&sample.elements);
        element(parts, at).copy_from_slice(&one(u8::try_from(draw.up_to(255)).ok()?));
        Some(DECODED)
    }),
    ("one more, or one less", |sample, draw, parts| {
        let at = *draw.pick(&sample.elements);
        add(element(parts, at), &if draw.below(2) == 0 { one(1) } else { [0xff; 32] });
        Some(DECODED)
    }),
    ("the identity with its sign bit", |sample, draw, parts| {
        let at = *draw.pick(&sample.elements);
        element(parts, at).fill(0);
        element(parts, at)[31] = 0x80;
        Some(&["proof-undecodable", "proof-not-canonical"])
    }),
    ("a modulus", |sample, draw, parts| {
        let (at, vesta) = (*draw.pick(&sample.elements), draw.below(2) == 0);
        element(parts, at).copy_from_slice(&modulus(vesta));
        // The smaller one is an element of the larger field.
        Some(if vesta { &["proof-undecodable"] } else { DECODED })
    }),
    ("the same value beyond a modulus", |sample, draw, parts| {
        let (at, vesta) = (*draw.pick(&sample.elements), draw.below(2) == 0);
        add(element(parts, at), &modulus(vesta));
        Some(DECODED)
    }),
    ("the negative of an element", |sample, draw, parts| {
        let (at, vesta) = (*draw.pick(&sample.elements), draw.below(2) == 0);
        let value = element(parts, at);
        value.iter_mut().for_each(|byte| *byte = !*byte);
        add(value, &one(1));
        add(value, &modulus(vesta));
        Some(DECODED)
    }),
    ("all bits set", |sample, draw, parts| {
        let at = *draw.pick(&sample.elements);
        element(parts, at).fill(0xff);
        Some(&["proof-undecodable"])
    }),
    ("random bytes", |sample, draw, parts| {
        let at = *draw.pick(&sample.elements);
        let mut bytes = draw.bytes();
        bytes[31] &= 0x3f;
        element(parts, at).copy_from_slice(&bytes);
        Some(DECODED)
    }),
    ("every element zero from one on", |sample, draw, parts| {
        let from = draw.below(sample.elements.len());
        for at in &sample.elements[from..] {
            element(parts, *at).fill(0);
        }
        Some(DECODED)
    }),
    ("the final state of the proof", |sample, draw, parts| {
        let at = sample.elements[sample.elements.len() - draw.up_to(7)];
        let mut bytes = draw.bytes();
        bytes[31] &= 0x3f;
        element(parts, at).copy_from_slice(&bytes);
        Some(&["proof-rejected"])
    }),
];

/// The first `cut` elements of one proof and the rest of another.
pub(crate) fn spliced(draw: &mut Draw, elements: &[usize], first: &[u8], second: &[u8]) -> Vec<u8> {
    let cut = elements[draw.up_to(elements.len() - 1)];
    [&first[..cut], &second[cut..]].concat()
}

//! The chain from raw rows to monitored batches as a drawing: a column for each stage, artefacts, links with short digests.

use std::fmt::Write as _;

use verifold_model::{
    digest::Commitment,
    format::counted,
    lineage::{Artefact, ArtefactKind, Lineage, LineageLink, LinkState},
    record::Standing,
    state::Stage,
};

use crate::charts::hex;

const SIZE: (u32, u32) = (860, 380);
/// Left edge and width of each stage's column.
const COLUMNS: [(f64, f64); 4] = [(1.0, 188.0), (305.0, 188.0), (513.0, 128.0), (661.0, 198.0)];
const TOP: f64 = 34.0;
const ROW: f64 = 88.0;
const GAP: f64 = 38.0;

/// Where an artefact stands: left, top, width.
fn place(kind: ArtefactKind) -> (f64, f64, f64) {
    let (column, row) = match kind {
        ArtefactKind::TrainingRows => (0, 0.0),
        ArtefactKind::RawRows => (0, 1.0),
        ArtefactKind::TestRows => (0, 2.0),
        ArtefactKind::Model => (1, 0.0),
        ArtefactKind::OfflineMetrics => (1, 2.0),
        ArtefactKind::Batches => (3, 0.0),
        ArtefactKind::LaterOutcomes => (3, 2.0),
    };
    let (left, width) = COLUMNS[column];
    (left, TOP + row * (ROW + GAP), width)
}

/// The drawing as SVG, with the words a reader without eyes needs; none of a record without a chain.
///
/// Inference makes no artefact that the chain links: its column says how many proofs there are.
pub(crate) fn chain(lineage: &Lineage, inference: usize) -> Option<(String, String)> {
    if lineage.links.is_empty() {
        return None;
    }
    let mut svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{1}" viewBox="0 0 {0} {1}" font-family="Inter">"#,
        SIZE.0, SIZE.1
    );
    for ((left, width), stage) in COLUMNS.iter().zip(Stage::ALL) {
        text(&mut svg, (*left, 14.0), "start", 12.5, 600, &hex("light.color", "text"), stage.title());
        let line = hex("light.color", "line");
        let _ = write!(svg, r#"<path d="M{left} 23h{width}" stroke="{line}" fill="none"/>"#);
    }
    for link in &lineage.links {
        draw_link(&mut svg, link);
    }
    for artefact in &lineage.artefacts {
        let cut_off = lineage.links.iter().any(|link| link.state == LinkState::Broken && link.name.ends().1 == artefact.kind);
        draw_artefact(&mut svg, artefact, cut_off);
    }
    receipts(&mut svg, inference);
    svg.push_str("</svg>");
    let lines: Vec<String> =
        lineage.links.iter().map(|link| format!("{}: {}", link.name.title(), link.state.word().to_lowercase())).collect();
    Some((svg, format!("Artefacts of the life cycle with their links. {}. The table below holds the digests.", lines.join("; "))))
}

fn receipts(svg: &mut String, proofs: usize) {
    let (left, width) = COLUMNS[2];
    let top = TOP + 2.0 * (ROW + GAP);
    let ink = hex("light.state.uncovered", "ink");
    let (fill, dash, words) = match proofs {
        0 => (hex("light.color", "sunken"), r#" stroke-dasharray="3 3""#, "no proof in the package".to_owned()),
        n => (hex("light.color", "panel"), "", counted(n as u64, "proof", "proofs")),
    };
    let stroke = hex("light.state.uncovered", "chip_stroke");
    let _ = write!(svg, r#"<rect x="{left}" y="{top}" width="{width}" height="{ROW}" rx="7" fill="{fill}" stroke="{stroke}"{dash}/>"#);
    text(svg, (left + 12.0, top + 22.0), "start", 13.0, 600, &hex("light.color", "text"), "Receipts");
    for (i, part) in wrapped(&words, (width / 7.5) as usize).iter().rev().enumerate() {
        text(svg, (left + 12.0, top + ROW - 11.0 - 15.0 * i as f64), "start", 12.0, 500, &ink, part);
    }
}

fn draw_artefact(svg: &mut String, artefact: &Artefact, cut_off: bool) {
    let (left, top, width) = place(artefact.kind);
    let missing = artefact.standing == Standing::Missing;
    let (stroke, wide, dash) = match (cut_off, artefact.standing) {
        (true, _) => (hex("light.state.rejected", "mark"), 1.75, ""),
        (false, Standing::Proven) => (hex("light.color", "line_strong"), 1.0, ""),
        (false, _) => (hex("light.state.uncovered", "chip_stroke"), 1.0, r#" stroke-dasharray="3 3""#),
    };
    let fill = if missing { hex("light.color", "sunken") } else { hex("light.color", "panel") };
    let _ = write!(
        svg,
        r#"<rect x="{left}" y="{top}" width="{width}" height="{ROW}" rx="7" fill="{fill}" stroke="{stroke}" stroke-width="{wide}"{dash}/>"#
    );
    let (word, ink) = match (cut_off, artefact.standing) {
        (true, _) => ("link broken", hex("light.state.rejected", "ink")),
        (false, Standing::Proven) => ("proven", hex("light.state.satisfied", "ink")),
        (false, Standing::Claimed) => ("claimed, no valid proof", hex("light.state.uncovered", "ink")),
        (false, Standing::Missing) => ("no proof in the package", hex("light.state.uncovered", "ink")),
    };
    text(svg, (left + 12.0, top + 22.0), "start", 13.0, 600, &hex("light.color", "text"), artefact.kind.title());
    for (i, part) in wrapped(&artefact.detail, (width / 6.6) as usize).iter().take(2).enumerate() {
        text(svg, (left + 12.0, top + 40.0 + 15.0 * i as f64), "start", 12.0, 400, &hex("light.color", "text2"), part);
    }
    text(svg, (left + 12.0, top + ROW - 11.0), "start", 12.0, 500, &ink, word);
}

/// Solid is proven, dashed is claimed, cut in two is broken, dotted is not covered; a word stands beside each.
fn draw_link(svg: &mut String, link: &LineageLink) {
    let (earlier, later) = link.name.ends();
    let ((x0, y0, w0), (x1, y1, w1)) = (place(earlier), place(later));
    let upright = (x0 - x1).abs() < 1.0;
    let (from, to) = if upright {
        // The last column has room for words on the right of a line only where that stands on its left.
        let share = if later == ArtefactKind::LaterOutcomes { 0.16 } else { 0.5 };
        let x = x0 + w0 * share;
        if y0 < y1 { ((x, y0 + ROW), (x1 + w1 * share, y1)) } else { ((x, y0), (x, y1 + ROW)) }
    } else {
        ((x0 + w0, y0 + ROW / 2.0), (x1, y1 + ROW / 2.0))
    };
    let (colour, dash, width) = match link.state {
        LinkState::Holds => (hex("light.state.satisfied", "mark"), "", 1.75),
        LinkState::Claimed => (hex("light.state.uncovered", "mark"), r#" stroke-dasharray="5 3""#, 1.75),
        LinkState::Broken => (hex("light.state.rejected", "mark"), "", 1.75),
        LinkState::Missing => (hex("light.state.uncovered", "chip_stroke"), r#" stroke-dasharray="1.5 4""#, 1.25),
    };
    let middle = ((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0);
    let length = (to.0 - from.0).abs() + (to.1 - from.1).abs();
    let way = ((to.0 - from.0) / length, (to.1 - from.1) / length);
    let ahead = |(x, y): (f64, f64), by: f64| (x + way.0 * by, y + way.1 * by);
    let mut stroke = |a: (f64, f64), b: (f64, f64)| {
        let _ = write!(svg, r#"<path d="M{} {}L{} {}" stroke="{colour}" stroke-width="{width}" fill="none"{dash}/>"#, a.0, a.1, b.0, b.1);
    };
    if link.state == LinkState::Broken {
        stroke(from, ahead(middle, -9.0));
        stroke(ahead(middle, 9.0), ahead(to, -7.0));
        // Two strokes across the gap, as a link that has come apart.
        for by in [-9.0, 9.0] {
            let (x, y) = ahead(middle, by);
            stroke((x - 4.0, y - 6.0), (x + 4.0, y + 6.0));
        }
    } else {
        stroke(from, ahead(to, -7.0));
    }
    if link.state != LinkState::Missing {
        let (back, side) = (ahead(to, -9.0), (-way.1 * 4.0, way.0 * 4.0));
        let _ = write!(
            svg,
            r#"<path d="M{} {}L{} {}L{} {}Z" fill="{colour}"/>"#,
            to.0,
            to.1,
            back.0 + side.0,
            back.1 + side.1,
            back.0 - side.0,
            back.1 - side.1
        );
    }
    label(svg, link, middle, upright);
}

fn label(svg: &mut String, link: &LineageLink, (x, y): (f64, f64), upright: bool) {
    let broken = link.state == LinkState::Broken;
    let ink = if broken { hex("light.state.rejected", "ink") } else { hex("light.color", "text") };
    let first = match (link.state, link.compared.first()) {
        (LinkState::Broken, _) => "broken".to_owned(),
        (LinkState::Missing, _) | (_, None) => String::new(),
        (_, Some(value)) => short(value.earlier),
    };
    let differing: Vec<&str> =
        link.compared.iter().filter(|value| !broken || value.earlier != value.later).map(|value| value.what.as_str()).collect();
    let words = match differing.as_slice() {
        // More do not fit on a line of the chain; the table below it lists them.
        many if many.len() > 2 => format!("{} commitments", many.len()),
        few => few.join(", "),
    };
    let second = match link.state {
        LinkState::Missing => "not covered".to_owned(),
        LinkState::Broken => format!("{words}: two values"),
        LinkState::Claimed if words.is_empty() => "claimed".to_owned(),
        LinkState::Claimed => format!("{words}, claimed"),
        LinkState::Holds if words.is_empty() => "one proof".to_owned(),
        LinkState::Holds => words,
    };
    let quiet = if broken { ink.clone() } else { hex("light.color", "text3") };
    let (anchor, at, above, below) = match (upright, first.is_empty()) {
        (true, true) => ("start", x + 10.0, y, y + 4.0),
        (true, false) => ("start", x + 14.0, y - 4.0, y + 12.0),
        (false, _) => ("middle", x, y - 11.0, y + 20.0),
    };
    text(svg, (at, above), anchor, 12.0, if broken { 600 } else { 400 }, &ink, &first);
    text(svg, (at, below), anchor, 12.0, 400, &quiet, &second);
}

fn text(svg: &mut String, (x, y): (f64, f64), anchor: &str, size: f64, weight: u32, ink: &str, words: &str) {
    if words.is_empty() {
        return;
    }
    let words = words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = write!(
        svg,
        r#"<text x="{x}" y="{y}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}" fill="{ink}">{words}</text>"#
    );
}

/// First and last four digits.
fn short(value: Commitment) -> String {
    let full = value.to_string();
    format!("{}…{}", &full[..4], &full[full.len() - 4..])
}

/// Words in lines of at most `letters`.
fn wrapped(words: &str, letters: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split(' ').filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= letters => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use verifold_model::lineage::{LinkName, LinkedValue};

    use super::*;

    fn lineage(state: LinkState) -> Lineage {
        let artefact =
            |kind| Artefact { kind, standing: Standing::Proven, proof: Some("p".into()), digest: None, detail: "4 rows & more".into() };
        let value = |byte| Commitment::from_bytes([byte; 32]);
        let compared =
            vec![LinkedValue { what: "model".into(), earlier: value(1), later: value(if state == LinkState::Broken { 2 } else { 1 }) }];
        let link = LineageLink { name: LinkName::MonitoredTrained, state, compared, proofs: vec!["p".into()], text: String::new() };
        Lineage { artefacts: vec![artefact(ArtefactKind::Model), artefact(ArtefactKind::Batches)], links: vec![link] }
    }

    #[test]
    fn the_form_of_a_line_says_where_a_link_stands() {
        let drawn = |state| chain(&lineage(state), 0).unwrap().0;
        let strokes = |svg: &str, colour: &str| svg.matches(&format!("stroke=\"{colour}\" stroke-width=\"1.75\" fill=\"none\"")).count();
        let holds = drawn(LinkState::Holds);
        assert_eq!(strokes(&holds, &hex("light.state.satisfied", "mark")), 1);
        assert!(holds.contains(">0101…0101<") && !holds.contains("stroke-width=\"1.75\" fill=\"none\" stroke-dasharray"));
        let broken = drawn(LinkState::Broken);
        assert_eq!(strokes(&broken, &hex("light.state.rejected", "mark")), 4, "two halves and two ends");
        assert!(broken.contains(">broken<") && broken.contains(">link broken<"));
        assert!(drawn(LinkState::Claimed).contains("stroke-dasharray=\"5 3\"") && drawn(LinkState::Claimed).contains("model, claimed"));
        assert!(drawn(LinkState::Missing).contains("stroke-dasharray=\"1.5 4\"") && drawn(LinkState::Missing).contains("not covered"));
        assert!(holds.contains("4 rows &amp; more"));
        assert!(chain(&lineage(LinkState::Holds), 2).unwrap().0.contains(">2 proofs<"));
        assert_eq!(chain(&Lineage::default(), 0), None);
    }

    #[test]
    fn words_are_wrapped_between_words() {
        assert_eq!(wrapped("40 771 rows, 923 set aside", 16), ["40 771 rows, 923", "set aside"]);
    }
}

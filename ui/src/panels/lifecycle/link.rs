//! The inspector of a link: what was compared, both digests in full, the proofs it rests on.

use egui::{Frame, Margin, Stroke, Ui};
use verifold_model::{
    digest::Commitment,
    lineage::{LineageLink, LinkState, LinkedValue},
    record::AuditRecord,
};

use crate::{
    action::Action,
    icons::Icon,
    panels::Asked,
    place::{Screen, Selection},
    tokens::tokens,
    verdict::Verdict,
    widgets::{
        button, caption,
        controls::Weight,
        divider, key_value, link, note,
        text::{kind, sentence},
        theme, verdict_chip,
    },
};

const DOES_NOT_SHOW: &str = "That the rows are the real world’s, or that no other model is in use outside the committed batches. \
    A link says that two proofs speak of the same commitment, and nothing else.";

/// Draws what is known about a link.
pub fn link_ui(ui: &mut Ui, record: &AuditRecord, shown: &LineageLink, asked: &mut Asked) {
    let colors = theme(ui).color;
    verdict_chip(ui, &Verdict::from(shown.state));
    ui.add_space(4.0);
    let words = if shown.state == LinkState::Broken { broken(record, shown) } else { format!("{}.", first_upper(&shown.text)) };
    sentence(ui, &words, kind().body, colors.text);
    for value in &shown.compared {
        ui.add_space(6.0);
        compared(ui, record, shown, value);
    }
    if !shown.compared.is_empty() {
        ui.add_space(6.0);
        let label = if shown.compared.len() == 1 && equal(&shown.compared[0]) { "Copy digest" } else { "Copy digests" };
        if button(ui, Some(Icon::Copy), label, "", Weight::Default, true).clicked() {
            ui.ctx().copy_text(copied(shown));
        }
    }
    divider(ui);
    key_value(ui, "Link", |ui| {
        sentence(ui, &shown.name.title(), kind().table, colors.text);
    });
    let proofs: Vec<_> = shown.proofs.iter().filter_map(|id| record.proofs.iter().find(|proof| proof.id == *id)).collect();
    for (i, proof) in proofs.iter().enumerate() {
        let side = match (i, proofs.len()) {
            (_, 1) => "Both sides",
            (0, _) => "Earlier",
            _ => "Later",
        };
        key_value(ui, side, |ui| {
            if link(ui, &proof.title).clicked() {
                asked.push(Action::Open(Screen::Proofs, Selection::Proof(proof.id.clone())));
            }
            sentence(ui, &format!("{}, {}", proof.statement.name(), proof.state.word().to_lowercase()), kind().caption, colors.text3);
        });
    }
    if let Some((consequence, what_to_do)) = advice(shown.state) {
        divider(ui);
        caption(ui, "Consequence");
        sentence(ui, consequence, kind().table, colors.text);
        ui.add_space(4.0);
        caption(ui, "What to do");
        sentence(ui, what_to_do, kind().table, colors.text);
    }
    divider(ui);
    note(ui, Icon::EyeSlash, "This does not show", DOES_NOT_SHOW);
}

fn equal(value: &LinkedValue) -> bool {
    value.earlier == value.later
}

fn broken(record: &AuditRecord, shown: &LineageLink) -> String {
    let differing: Vec<String> = shown.compared.iter().filter(|value| !equal(value)).map(|value| format!("the {}", value.what)).collect();
    let (earlier, later) = (side(record, shown, 0), side(record, shown, 1));
    format!("{earlier} and {later} state different commitments to {}.", differing.join(" and "))
}

/// The title of the proof at one end.
fn side(record: &AuditRecord, shown: &LineageLink, at: usize) -> String {
    let id = shown.proofs.get(at).or(shown.proofs.last());
    let proof = id.and_then(|id| record.proofs.iter().find(|proof| proof.id == *id));
    proof.map_or_else(|| "the package".to_owned(), |proof| format!("“{}”", proof.title))
}

fn compared(ui: &mut Ui, record: &AuditRecord, shown: &LineageLink, value: &LinkedValue) {
    let what = first_upper(&value.what);
    if equal(value) {
        caption(ui, &format!("{what} commitment, equal on both sides"));
        digits(ui, value.earlier, false);
    } else {
        caption(ui, &format!("{what} commitment in {}", side(record, shown, 0)));
        digits(ui, value.earlier, false);
        ui.add_space(4.0);
        caption(ui, &format!("{what} commitment in {}", side(record, shown, 1)));
        digits(ui, value.later, true);
    }
}

/// All 64 digits in groups of four; tinted where they differ from those above.
fn digits(ui: &mut Ui, value: Commitment, differs: bool) {
    let look = theme(ui);
    let (fill, line, ink) = if differs {
        (look.state.rejected.soft_fill, look.state.rejected.mark, look.state.rejected.ink)
    } else {
        (look.color.sunken, look.color.line, look.color.text)
    };
    Frame::new().fill(fill).stroke(Stroke::new(1.0, line)).corner_radius(tokens().radius.note).inner_margin(Margin::symmetric(12, 8)).show(
        ui,
        |ui| {
            ui.set_min_width(ui.available_width());
            sentence(ui, &grouped(&value.to_string()), kind().mono, ink);
        },
    );
}

/// Groups of four digits, four to a line.
fn grouped(digits: &str) -> String {
    let groups: Vec<&str> = (0..digits.len()).step_by(4).filter_map(|at| digits.get(at..(at + 4).min(digits.len()))).collect();
    groups.chunks(4).map(|line| line.join(" ")).collect::<Vec<_>>().join("\n")
}

/// A line for each digest, whole.
fn copied(shown: &LineageLink) -> String {
    let line = |value: &LinkedValue| {
        if equal(value) {
            format!("{} {}\n", value.what, value.earlier)
        } else {
            format!("{0} earlier {1}\n{0} later {2}\n", value.what, value.earlier, value.later)
        }
    };
    shown.compared.iter().map(line).collect()
}

fn advice(state: LinkState) -> Option<(&'static str, &'static str)> {
    match state {
        LinkState::Holds => None,
        LinkState::Claimed => {
            Some(("Requirements on this link have no valid evidence.", "See why the proof is not valid, and ask for one that is."))
        }
        LinkState::Broken => Some((
            "Requirements on this link are rejected. What each proof shows stands on its own, and says nothing about the other side.",
            "Ask for the change record of the model or rows in use, and for proofs that link.",
        )),
        LinkState::Missing => Some((
            "Requirements on this link are uncovered.",
            "Ask for a proof of the stage that is not in the package, where the policy demands the link.",
        )),
    }
}

fn first_upper(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn digits_stand_in_groups_of_four_four_to_a_line() {
        assert_eq!(grouped("0123456789abcdef0123"), "0123 4567 89ab cdef\n0123");
        assert_eq!(grouped(""), "");
    }
}

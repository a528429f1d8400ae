//! The inspector of a proof: circuit, digests, sizes, timings.

use egui::Ui;
use verifold_model::{
    format,
    record::{AuditRecord, ProofState, ProofSummary},
};

use super::model::{power, segment_lines};
use crate::{
    tokens::Face,
    verdict::{Form, Verdict},
    widgets::{
        caption, digest, divider, key_value,
        text::{Fit, kind, paint_text, sentence},
        theme, verdict_chip, verdict_line,
    },
};

/// Draws what is known about a proof's circuit and this run.
pub fn circuit_ui(ui: &mut Ui, record: &AuditRecord, proof: &ProofSummary) {
    let colors = theme(ui).color;
    let words = |ui: &mut Ui, text: &str| {
        sentence(ui, text, kind().table, colors.text);
    };
    verdict_chip(ui, &Verdict::from(proof.state));
    ui.add_space(2.0);
    sentence(ui, &proof.title, kind().body, colors.text);
    if !proof.reason.is_empty() {
        sentence(ui, &proof.reason, kind().body, colors.text2);
    }
    divider(ui);
    caption(ui, "Circuit");
    key_value(ui, "Family", |ui| words(ui, proof.circuit.family.name()));
    key_value(ui, "Shape", |ui| {
        sentence(ui, &proof.circuit.shape.to_string(), kind().mono, colors.text);
    });
    key_value(ui, "System", |ui| words(ui, proof.system.title()));
    key_value(ui, "Parameters", |ui| match proof.key_digest {
        Some(key) => {
            digest(ui, "public parameters", &key.to_string(), false);
        }
        None => words(ui, "not derived"),
    });
    let derived = match (proof.key_digest, proof.key_pinned) {
        (Some(_), Some(true)) => Some((Form::Satisfied, "Derived here, equals the pinned digest")),
        (Some(_), Some(false)) => Some((Form::Rejected, "Derived here, differs from the pinned digest")),
        (Some(_), None) => Some((Form::Neutral, "Derived here, no digest is pinned for this shape")),
        (None, _) => None,
    };
    if let Some((form, text)) = derived {
        verdict_line_wrapped(ui, form, text);
    }
    divider(ui);
    caption(ui, "Size");
    let shape = proof.circuit.shape;
    key_value(ui, "Constraints", |ui| {
        words(ui, &format!("{} a step", format::count(proof.constraints)));
        sentence(
            ui,
            &format!("padded to {} = {}", format::count(1 << shape.size_log2()), power(shape.size_log2())),
            kind().caption.with(Face::Regular),
            colors.text3,
        );
    });
    key_value(ui, "Rows", |ui| words(ui, &format!("{} a step", format::count(u64::from(proof.rows_per_step)))));
    key_value(ui, "Steps", |ui| words(ui, &format::count(proof.steps)));
    key_value(ui, "Proof", |ui| words(ui, &format!("{} bytes", format::count(proof.proof_bytes))));
    if !proof.segments.is_empty() {
        key_value(ui, "Segments", |ui| words(ui, &proof.segments.len().to_string()));
        for line in segment_lines(proof) {
            sentence(ui, &line, kind().caption.with(Face::Regular), colors.text3);
        }
    }
    divider(ui);
    caption(ui, "Final state, every element compared with the one replayed here");
    let claimed = proof.state != ProofState::Valid;
    for (name, value) in proof.state_names.iter().zip(&proof.zn) {
        key_value(ui, name, |ui| {
            digest(ui, name, &value.to_string(), claimed);
        });
    }
    if !record.volatile.phases.is_empty() {
        divider(ui);
        caption(ui, "Time, this computer");
        for phase in &record.volatile.phases {
            let millis = phase.elapsed_micros as f64 / 1_000.0;
            let text = if millis >= 1_000.0 { format!("{:.2} s", millis / 1_000.0) } else { format!("{millis:.1} ms") };
            let (rect, response) = ui.allocate_exact_size(egui::vec2(ui.available_width(), 20.0), egui::Sense::hover());
            let time = paint_text(ui, rect, egui::Align::Max, &text, kind().mono, colors.text, Fit::Must);
            paint_text(ui, rect.with_max_x(time.left() - 8.0), egui::Align::Min, &phase.name, kind().table, colors.text3, Fit::MayCut);
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, format!("{}: {text}", phase.name)));
        }
        sentence(
            ui,
            &format!("{} threads, {}", record.volatile.threads, record.volatile.host),
            kind().caption.with(Face::Regular),
            colors.text3,
        );
    }
}

fn verdict_line_wrapped(ui: &mut Ui, form: Form, text: &str) {
    let color = theme(ui).color.text;
    let word = match form {
        Form::Satisfied => "Pinned",
        Form::Rejected => "Differs",
        _ => "Not pinned",
    };
    verdict_line(ui, &Verdict { form, word: word.into() });
    sentence(ui, text, kind().table, color);
}

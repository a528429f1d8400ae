//! The room when no metric was computed: what the package claims is listed, never measured.

use egui::{Frame, Margin, Stroke, Ui};
use verifold_model::{
    cohort::BatchRole,
    format,
    record::{AuditRecord, BatchRecord, Standing},
};

use crate::{
    action::Action,
    panels::Asked,
    place::Selection,
    tokens::tokens,
    verdict::{Form, Verdict},
    widgets::{
        heading,
        table::{Cell, Column, Row, table},
        text::{kind, sentence},
        theme,
    },
};

const COLUMNS: [Column; 5] = [
    Column::number("Batch", 42.0),
    Column::text("Label", 80.0, 0.3),
    Column::text("From", 96.0, 0.3),
    Column::number("Rows", 64.0),
    Column::text("Standing", 110.0, 0.4),
];

/// Says why nothing is drawn and lists the batches the package speaks of.
pub fn unmeasured_ui(ui: &mut Ui, record: &AuditRecord, selection: &Selection, asked: &mut Asked) {
    let colors = theme(ui).color;
    let batches: Vec<&BatchRecord> = record.batches.iter().filter(|batch| batch.role == BatchRole::Monitoring).collect();
    if batches.is_empty() {
        heading(ui, "Nothing to monitor", kind().headline);
        sentence(ui, "The package holds no batch this program could read, so there is no metric to draw.", kind().body, colors.text2);
        return;
    }
    heading(ui, "No metric is drawn, because no valid proof binds the batches", kind().headline);
    let claim = format::counted(batches.iter().filter(|batch| batch.content.is_some()).count() as u64, "batch", "batches");
    sentence(
        ui,
        &format!("The package claims {claim}. What is only claimed is listed here and never measured."),
        kind().body,
        colors.text2,
    );
    ui.add_space(8.0);
    let ground = Frame::new().fill(colors.panel).stroke(Stroke::new(1.0, colors.line)).corner_radius(tokens().radius.card);
    ground.inner_margin(Margin::same(1)).show(ui, |ui| {
        let at = batches.iter().position(|batch| *selection == Selection::Batch(batch.number));
        if let Some(i) = table(ui, "claimed batches", &COLUMNS, batches.len(), at, false, |i| row(batches[i])) {
            asked.push(Action::Select(Selection::Batch(batches[i].number)));
        }
    });
}

fn row(batch: &BatchRecord) -> Row {
    let (form, word) = match batch.standing {
        Standing::Proven => (Form::Satisfied, "Proven"),
        Standing::Claimed => (Form::Neutral, "Claimed"),
        Standing::Missing => (Form::Uncovered, "No evidence"),
    };
    let cells = vec![
        Cell::Number(batch.number.to_string()),
        Cell::Words(batch.label.clone()),
        Cell::Quiet(batch.start.date_text()),
        batch.content.as_ref().map_or(Cell::Empty, |content| Cell::Number(format::count(content.rows))),
        Cell::Verdict(Verdict { form, word: word.into() }),
    ];
    Row::Cells(cells, format!("Batch {}, {}, {}", batch.number, batch.label, word.to_lowercase()))
}

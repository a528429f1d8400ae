//! The few parts every screen is built from: text, buttons, cards, verdicts, digests, tables.
//!
//! Parts take their colours from the theme in use and their sizes from the tokens. Whatever reacts
//! to a click has an accessible name.

pub mod controls;
pub mod table;
pub mod text;

pub use controls::{
    button, card, divider, icon_button, key_value, link, note, segments, text_field, title_row, verdict_chip, verdict_line,
};
pub use text::{caption, digest, heading, kind, paint_icon, paint_text, sentence};

use egui::{Color32, Painter, Pos2, Rect, Response, Shape, Stroke, StrokeKind, Ui};

use crate::tokens::{Look, look, tokens};

/// The colours in use.
pub fn theme(ui: &Ui) -> &'static Look {
    look(ui.visuals().dark_mode)
}

/// A dashed rectangle: claimed, or no evidence.
pub fn dashed_rect(painter: &Painter, rect: Rect, color: Color32) {
    let stroke = Stroke::new(1.0, color);
    let corners = [rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom()];
    for (i, from) in corners.iter().enumerate() {
        dashed_line(painter, *from, corners[(i + 1) % 4], stroke, [3.0, 3.0]);
    }
}

/// A dashed line.
pub fn dashed_line(painter: &Painter, from: Pos2, to: Pos2, stroke: Stroke, [dash, gap]: [f32; 2]) {
    painter.extend(Shape::dashed_line(&[from, to], stroke, dash, gap));
}

/// The ring around what has the keyboard.
pub fn focus_ring(ui: &Ui, response: &Response, radius: u8) {
    if response.has_focus() {
        let stroke = Stroke::new(tokens().stroke.selected, theme(ui).color.focus);
        ui.painter().rect_stroke(response.rect.expand(2.0), radius.saturating_add(2), stroke, StrokeKind::Middle);
    }
}

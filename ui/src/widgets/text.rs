//! Text: sentences that wrap, cells that do not, digests that copy.

use std::sync::Arc;

use egui::{
    Align, Align2, Color32, FontId, Galley, Id, Label, Pos2, Rect, Response, RichText, Role, Sense, Ui, Vec2, WidgetInfo,
    text::{LayoutJob, TextFormat, TextWrapping},
};

use super::{dashed_line, theme};
use crate::{
    icons::Icon,
    tokens::{Face, Kind, Kinds, tokens},
};

/// The kinds of text.
pub fn kind() -> Kinds {
    tokens().kinds
}

fn rich(text: &str, kind: Kind, color: Color32) -> RichText {
    RichText::new(text).font(kind.font()).line_height(Some(kind.line)).color(color)
}

/// Text that wraps.
pub fn sentence(ui: &mut Ui, text: &str, kind: Kind, color: Color32) -> Response {
    ui.add(Label::new(rich(text, kind, color)).wrap().selectable(true))
}

/// A label above or beside something, in small type.
pub fn caption(ui: &mut Ui, text: &str) -> Response {
    let color = theme(ui).color.text3;
    ui.add(Label::new(rich(text, kind().caption, color)).wrap())
}

/// A heading announced as such.
pub fn heading(ui: &mut Ui, text: &str, kind: Kind) -> Response {
    let color = theme(ui).color.text;
    ui.add(Label::new(rich(text, kind, color)).wrap())
}

/// Where texts that had to be cut against the design are noted, for tests.
fn cut_texts() -> Id {
    Id::NULL.with("texts cut against the design")
}

/// Texts that did not fit where they must, since the context began.
pub fn take_cut_texts(ctx: &egui::Context) -> Vec<String> {
    ctx.data_mut(|data| data.remove_temp(cut_texts()).unwrap_or_default())
}

/// What happens to text wider than its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// It is a defect.
    Must,
    /// It ends in "…"; the whole text is shown on hover or beside it.
    MayCut,
}

/// One line cut to a width.
pub fn line(ui: &Ui, text: &str, font: FontId, color: Color32, width: f32, fit: Fit) -> Arc<Galley> {
    let mut job = LayoutJob::single_section(text.to_owned(), TextFormat { font_id: font, color, ..TextFormat::default() });
    job.wrap = TextWrapping { max_width: width.max(1.0), max_rows: 1, break_anywhere: true, overflow_character: Some('…') };
    let galley = ui.painter().layout_job(job);
    if galley.elided && fit == Fit::Must {
        ui.ctx().data_mut(|data| data.get_temp_mut_or_default::<Vec<String>>(cut_texts()).push(text.to_owned()));
    }
    galley
}

/// Paints one line inside a rectangle, centred vertically; returns what it covers.
pub fn paint_text(ui: &Ui, rect: Rect, align: Align, text: &str, kind: Kind, color: Color32, fit: Fit) -> Rect {
    let galley = line(ui, text, kind.font(), color, rect.width(), fit);
    let anchor = match align {
        Align::Min => Align2::LEFT_CENTER,
        Align::Center => Align2::CENTER_CENTER,
        Align::Max => Align2::RIGHT_CENTER,
    };
    let place = anchor.align_size_within_rect(galley.size(), rect);
    ui.painter().galley(place.min, galley, color);
    place
}

/// Paints an icon centred on a point.
pub fn paint_icon(ui: &Ui, center: Pos2, icon: Icon, size: f32, color: Color32) {
    let font = FontId::new(size, egui::FontFamily::Name("icons".into()));
    ui.painter().text(center, Align2::CENTER_CENTER, icon.glyph(), font, color);
}

/// Width of one line of text.
pub fn width(ui: &Ui, text: &str, font: FontId) -> f32 {
    ui.painter().layout_no_wrap(text.to_owned(), font, Color32::PLACEHOLDER).size().x
}

/// A digest or commitment: short, whole on hover, copied by a click; dashed underneath where only claimed.
pub fn digest(ui: &mut Ui, name: &str, full: &str, claimed: bool) -> Response {
    let colors = theme(ui).color;
    let short = if full.len() == 64 { format!("{}…{}", &full[..8], &full[56..]) } else { full.to_owned() };
    let font = kind().mono.font();
    let size = Vec2::new(width(ui, &short, font.clone()).min(ui.available_width()), 18.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let color = if response.hovered() || response.has_focus() { colors.accent } else { colors.text };
    let covered = paint_text(ui, rect, Align::Min, &short, kind().mono, color, Fit::MayCut);
    if claimed {
        dashed_line(ui.painter(), covered.left_bottom(), covered.right_bottom(), egui::Stroke::new(1.0, colors.text3), [3.0, 3.0]);
    }
    super::focus_ring(ui, &response, 2);
    if response.clicked() {
        ui.ctx().copy_text(full.to_owned());
    }
    let standing = if claimed { ", claimed" } else { "" };
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("{name} {full}{standing}, copy")));
    response.on_hover_ui(|ui| {
        let groups: Vec<String> = full
            .as_bytes()
            .chunks(16)
            .map(|line| line.chunks(4).map(|part| String::from_utf8_lossy(part).into_owned()).collect::<Vec<_>>().join(" "))
            .collect();
        ui.label(RichText::new(groups.join("\n")).font(kind().mono.font()));
        ui.label(
            RichText::new(if claimed { "Taken from the package. Click copies all 64 digits." } else { "Click copies all 64 digits." })
                .font(kind().caption.font())
                .color(theme(ui).color.text3),
        );
    })
}

/// A kind in `SemiBold`.
pub const fn strong(kind: Kind) -> Kind {
    kind.with(Face::SemiBold)
}

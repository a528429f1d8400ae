//! Buttons, fields, cards and verdicts.

use egui::{
    Align, Color32, CornerRadius, CursorIcon, Frame, Margin, Rect, Response, Role, Sense, Stroke, StrokeKind, TextEdit, Ui, Vec2,
    WidgetInfo, pos2, vec2,
};

use super::{
    dashed_rect, focus_ring,
    text::{Fit, kind, paint_icon, paint_text, strong, width},
    theme,
};
use crate::{
    icons::Icon,
    tokens::{Face, tokens},
    verdict::Verdict,
};

/// How much a button asks for attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// The one thing to do here.
    Primary,
    /// Bordered.
    Default,
    /// Without border.
    Quiet,
}

/// A button with an icon and a label, and its keys beside them.
pub fn button(ui: &mut Ui, icon: Option<Icon>, label: &str, keys: &str, weight: Weight, enabled: bool) -> Response {
    let colors = theme(ui).color;
    let text = kind().control;
    let icon_width = if icon.is_some() { 22.0 } else { 0.0 };
    let keys_width = if keys.is_empty() { 0.0 } else { width(ui, keys, kind().caption.font()) + 18.0 };
    let padding = 10.0;
    let size = vec2(width(ui, label, text.font()) + icon_width + keys_width + 2.0 * padding, tokens().size.button);
    let (rect, response) = ui.allocate_exact_size(size, if enabled { Sense::click() } else { Sense::hover() });
    let lit = enabled && (response.hovered() || response.is_pointer_button_down_on());
    let (fill, border, ink) = match weight {
        _ if !enabled => (Color32::TRANSPARENT, colors.line, colors.disabled),
        Weight::Primary => (if lit { colors.text2 } else { colors.primary }, colors.primary, colors.primary_text),
        Weight::Default => (if lit { colors.hover } else { colors.panel }, colors.line_strong, colors.text),
        Weight::Quiet => (if lit { colors.hover } else { Color32::TRANSPARENT }, Color32::TRANSPARENT, colors.text),
    };
    let radius = tokens().radius.control;
    ui.painter().rect(rect, radius, fill, Stroke::new(1.0, border), StrokeKind::Inside);
    let mut left = rect.left() + padding;
    if let Some(icon) = icon {
        paint_icon(ui, pos2(left + 8.0, rect.center().y), icon, 16.0, ink);
        left += icon_width;
    }
    paint_text(
        ui,
        Rect::from_min_max(pos2(left, rect.top()), pos2(rect.right() - padding - keys_width + 1.0, rect.bottom())),
        Align::Min,
        label,
        text,
        ink,
        Fit::Must,
    );
    if !keys.is_empty() {
        let chip = Rect::from_min_max(
            pos2(rect.right() - padding - keys_width + 8.0, rect.center().y - 8.0),
            pos2(rect.right() - padding + 2.0, rect.center().y + 8.0),
        );
        ui.painter().rect_stroke(
            chip,
            4,
            Stroke::new(1.0, if weight == Weight::Primary { ink } else { colors.line_strong }),
            StrokeKind::Inside,
        );
        paint_text(ui, chip, Align::Center, keys, kind().caption, if weight == Weight::Primary { ink } else { colors.text3 }, Fit::MayCut);
    }
    focus_ring(ui, &response, radius);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, label));
    if enabled { response.on_hover_cursor(CursorIcon::PointingHand) } else { response }
}

/// A square button with an icon alone; the name is its tooltip.
pub fn icon_button(ui: &mut Ui, icon: Icon, name: &str, enabled: bool) -> Response {
    let colors = theme(ui).color;
    let side = tokens().size.button;
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), if enabled { Sense::click() } else { Sense::hover() });
    if enabled && response.hovered() {
        ui.painter().rect_filled(rect, tokens().radius.control, colors.hover);
    }
    paint_icon(ui, rect.center(), icon, 16.0, if enabled { colors.text2 } else { colors.disabled });
    focus_ring(ui, &response, tokens().radius.control);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, name));
    response.on_hover_text(name)
}

/// A word that leads somewhere.
pub fn link(ui: &mut Ui, label: &str) -> Response {
    let colors = theme(ui).color;
    let size = vec2(width(ui, label, kind().control.font()).min(ui.available_width()), 24.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let covered = paint_text(ui, rect, Align::Min, label, kind().control, colors.accent, Fit::MayCut);
    if response.hovered() {
        ui.painter().hline(covered.x_range(), covered.bottom(), Stroke::new(1.0, colors.accent));
    }
    focus_ring(ui, &response, 2);
    response.widget_info(|| WidgetInfo::labeled(Role::Link, true, label));
    response.on_hover_cursor(CursorIcon::PointingHand)
}

/// A choice of one; returns the one clicked.
pub fn segments(ui: &mut Ui, labels: &[&str], selected: usize) -> Option<usize> {
    let colors = theme(ui).color;
    let mut clicked = None;
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing = vec2(0.0, 4.0);
        let wanted: f32 = labels.iter().map(|label| width(ui, label, strong(kind().control).font()) + 22.0).sum();
        let size = vec2(wanted.min(ui.available_width()), tokens().size.button);
        let row = egui::Layout::left_to_right(Align::Center).with_main_wrap(true);
        ui.allocate_ui_with_layout(size, row, |ui| {
            for (i, label) in labels.iter().enumerate() {
                let face = kind().control;
                let size = vec2(width(ui, label, strong(face).font()) + 22.0, tokens().size.button);
                let (rect, response) = ui.allocate_exact_size(size, Sense::click());
                let fill = match (i == selected, response.hovered()) {
                    (true, _) => colors.select,
                    (false, true) => colors.hover,
                    (false, false) => colors.panel,
                };
                let radius = CornerRadius {
                    nw: if i == 0 { 6 } else { 0 },
                    sw: if i == 0 { 6 } else { 0 },
                    ne: if i + 1 == labels.len() { 6 } else { 0 },
                    se: if i + 1 == labels.len() { 6 } else { 0 },
                };
                ui.painter().rect(
                    rect,
                    radius,
                    fill,
                    Stroke::new(1.0, if i == selected { colors.accent } else { colors.line_strong }),
                    StrokeKind::Inside,
                );
                paint_text(
                    ui,
                    rect,
                    Align::Center,
                    label,
                    if i == selected { strong(face) } else { face },
                    if i == selected { colors.text } else { colors.text2 },
                    Fit::MayCut,
                );
                focus_ring(ui, &response, 6);
                response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, i == selected, *label));
                if response.clicked() {
                    clicked = Some(i);
                }
            }
        });
    });
    clicked
}

/// A field of one line with an accessible name.
pub fn text_field(ui: &mut Ui, name: &str, hint: &str, text: &mut String, width: f32) -> Response {
    let colors = theme(ui).color;
    let edit = TextEdit::singleline(text)
        .hint_text(egui::RichText::new(hint).color(colors.text3))
        .font(kind().table.font())
        .desired_width(width - 16.0)
        .min_size(vec2(width, tokens().size.button))
        .align(egui::Align2::LEFT_CENTER)
        .margin(Margin::symmetric(8, 5))
        .background_color(colors.panel);
    let response = ui
        .scope(|ui| {
            ui.visuals_mut().widgets.inactive.bg_stroke = Stroke::new(1.0, colors.field_line);
            ui.visuals_mut().widgets.hovered.bg_stroke = Stroke::new(1.0, colors.text2);
            ui.add(edit)
        })
        .inner;
    let value = text.clone();
    response.widget_info(|| WidgetInfo { label: Some(name.to_owned()), ..WidgetInfo::text_edit(true, &value, &value, hint) });
    response
}

/// A bordered surface.
pub fn card<R>(ui: &mut Ui, add: impl FnOnce(&mut Ui) -> R) -> R {
    let colors = theme(ui).color;
    Frame::new()
        .fill(colors.panel)
        .stroke(Stroke::new(1.0, colors.line))
        .corner_radius(tokens().radius.card)
        .inner_margin(Margin::symmetric(16, 12))
        .show(ui, |ui| {
            ui.set_min_width(ui.available_width());
            add(ui)
        })
        .inner
}

/// A quiet surface for what is not shown.
pub fn note(ui: &mut Ui, icon: Icon, title: &str, text: &str) {
    let colors = theme(ui).color;
    Frame::new()
        .fill(colors.sunken)
        .stroke(Stroke::new(1.0, colors.line))
        .corner_radius(tokens().radius.note)
        .inner_margin(Margin::symmetric(12, 10))
        .show(ui, |ui| {
            ui.set_min_width(ui.available_width());
            if !title.is_empty() {
                ui.horizontal(|ui| {
                    let (rect, _) = ui.allocate_exact_size(Vec2::splat(18.0), Sense::hover());
                    paint_icon(ui, rect.center(), icon, 16.0, colors.text2);
                    super::sentence(ui, title, strong(kind().control), colors.text);
                });
            }
            super::sentence(ui, text, kind().table, colors.text2);
        });
}

/// A hairline with room around it.
pub fn divider(ui: &mut Ui) {
    ui.add_space(6.0);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 1.0), Sense::hover());
    ui.painter().hline(rect.x_range(), rect.center().y, Stroke::new(1.0, theme(ui).color.line));
    ui.add_space(6.0);
}

/// A name and a value beside it.
pub fn key_value(ui: &mut Ui, key: &str, add: impl FnOnce(&mut Ui)) {
    ui.horizontal_top(|ui| {
        let color = theme(ui).color.text3;
        let (rect, _) = ui.allocate_exact_size(vec2(92.0, 20.0), Sense::hover());
        paint_text(ui, rect, Align::Min, key, kind().table, color, Fit::Must);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            ui.add_space(1.0);
            ui.set_min_width(ui.available_width());
            add(ui);
        });
    });
}

/// A verdict as a chip.
pub fn verdict_chip(ui: &mut Ui, verdict: &Verdict) -> Response {
    let colors = verdict.form.colors(theme(ui));
    let face = kind().caption;
    let size = vec2(width(ui, &verdict.word, face.font()) + 34.0, tokens().size.chip);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    ui.painter().rect_filled(rect, tokens().radius.chip, colors.chip_fill);
    if verdict.form.is_dashed() {
        dashed_rect(ui.painter(), rect, colors.chip_stroke);
    } else {
        ui.painter().rect_stroke(rect, tokens().radius.chip, Stroke::new(1.0, colors.chip_stroke), StrokeKind::Inside);
    }
    paint_icon(ui, pos2(rect.left() + 14.0, rect.center().y), verdict.form.icon(), 14.0, colors.chip_text);
    paint_text(ui, rect.with_min_x(rect.left() + 26.0), Align::Min, &verdict.word, face, colors.chip_text, Fit::Must);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &verdict.word));
    response
}

/// A verdict as icon and word in a line.
pub fn verdict_line(ui: &mut Ui, verdict: &Verdict) {
    let colors = verdict.form.colors(theme(ui));
    let face = kind().table.with(Face::Medium);
    let size = vec2(width(ui, &verdict.word, face.font()) + 24.0, 22.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    paint_icon(ui, pos2(rect.left() + 8.0, rect.center().y), verdict.form.icon(), 16.0, colors.mark);
    paint_text(ui, rect.with_min_x(rect.left() + 22.0), Align::Min, &verdict.word, face, colors.ink, Fit::Must);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &verdict.word));
}

/// A heading with an aside at the left and controls at the right, last one first; below each other where they do not fit.
pub fn title_row(ui: &mut Ui, title: &str, aside: &str, controls: f32, add: impl FnOnce(&mut Ui)) {
    let colors = theme(ui).color;
    let wanted = width(ui, title, kind().headline.font()) + width(ui, aside, kind().body.font()) + 20.0;
    let beside = ui.available_width() >= wanted + controls;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 32.0), Sense::hover());
    let covered = paint_text(ui, rect, Align::Min, title, kind().headline, colors.text, Fit::MayCut);
    paint_text(ui, rect.with_min_x(covered.right() + 10.0), Align::Min, aside, kind().body, colors.text3, Fit::MayCut);
    response.widget_info(|| WidgetInfo::labeled(Role::Heading, true, format!("{title}, {aside}")));
    if beside {
        let place = rect.with_min_x(rect.right() - controls);
        add(&mut ui.new_child(egui::UiBuilder::new().max_rect(place).layout(egui::Layout::right_to_left(Align::Center))));
    } else {
        ui.horizontal_wrapped(add);
    }
}

/// A turning arc, one turn a second at ten frames a second: more would take the processor from the work it stands for.
pub fn spinner(ui: &mut Ui, size: f32) {
    ui.ctx().request_repaint_after(std::time::Duration::from_millis(100));
    let turn = ui.input(|input| input.time.fract()) as f32;
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(size), Sense::hover());
    let radius = size / 2.0 - 2.0;
    let points = (0..=16).map(|i| rect.center() + radius * Vec2::angled((turn + i as f32 / 22.0) * std::f32::consts::TAU)).collect();
    ui.painter().add(egui::Shape::line(points, Stroke::new(2.0, theme(ui).color.accent)));
    response.widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, "Working"));
}

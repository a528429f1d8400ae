//! Groups and drift of one batch, drawn: rates with intervals, indices as bars.

use egui::{Align, Align2, Color32, Rect, Role, Sense, Shape, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};
use verifold_model::format;

use super::{
    chart::ticks,
    model::{Drift, DriftBar, Groups},
};
use crate::{
    tokens::Face,
    widgets::{
        text::{Fit, kind, paint_text, sentence, strong, width},
        theme,
    },
};

/// Group rates with their intervals and the band the limit leaves.
pub(super) fn groups_ui(ui: &mut Ui, groups: &Groups) {
    let look = theme(ui);
    ui.spacing_mut().item_spacing.y = 4.0;
    sentence(ui, &groups.title, kind().title, look.color.text);
    sentence(ui, &groups.aside, kind().caption.with(Face::Regular), look.color.text3);
    let row = 24.0;
    let height = row * groups.rates.len() as f32 + 24.0;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    let names = groups.rates.iter().map(|g| width(ui, &g.name, strong(kind().table).font())).fold(40.0, f32::max) + 12.0;
    let values = 108.0;
    let plot = Rect::from_min_max(pos2(rect.left() + names, rect.top()), pos2(rect.right() - values, rect.bottom() - 22.0));
    let (lo, hi) = groups.rates.iter().fold(groups.band.unwrap_or((1.0, 0.0)), |(lo, hi), g| (lo.min(g.interval.0), hi.max(g.interval.1)));
    let (lo, hi) = ((lo * 20.0).floor() / 20.0, (hi * 20.0).ceil() / 20.0);
    let x = |value: f64| plot.left() + ((value - lo) / (hi - lo).max(0.05)) as f32 * plot.width();
    if let Some((from, to)) = groups.band {
        ui.painter().rect_filled(Rect::from_x_y_ranges(x(from)..=x(to), plot.y_range()), 0, look.chart.parity);
        ui.painter().vline(x(from), plot.y_range(), Stroke::new(1.5, look.chart.limit));
    }
    ui.painter().hline(plot.x_range(), plot.bottom(), Stroke::new(1.0, look.color.axis));
    let about = (plot.width() / 48.0).clamp(2.0, 8.0);
    let coarse = ticks((lo, hi), about);
    // One tick gives no scale.
    for value in if coarse.len() < 2 { ticks((lo, hi), 2.0 * about) } else { coarse } {
        ui.painter().text(
            pos2(x(value), plot.bottom() + 12.0),
            Align2::CENTER_CENTER,
            format!("{value:.2}"),
            kind().caption.with(Face::Regular).font(),
            look.color.text3,
        );
    }
    ui.painter().text(
        pos2(rect.right() - 46.0, plot.bottom() + 12.0),
        Align2::RIGHT_CENTER,
        "rate",
        kind().caption.font(),
        look.color.text3,
    );
    ui.painter().text(pos2(rect.right(), plot.bottom() + 12.0), Align2::RIGHT_CENTER, "n", kind().caption.font(), look.color.text3);
    for (i, group) in groups.rates.iter().enumerate() {
        let line = Rect::from_min_size(pos2(rect.left(), rect.top() + row * i as f32), vec2(rect.width(), row));
        let face = if group.beyond { strong(kind().table) } else { kind().table };
        paint_text(ui, line.with_max_x(plot.left() - 6.0), Align::Min, &group.name, face, look.color.text, Fit::MayCut);
        let (y, color) = (line.center().y, if group.beyond { look.chart.vermillion } else { look.chart.blue });
        let text = match group.rate {
            Some(rate) => {
                let stroke = Stroke::new(1.75, color);
                ui.painter().hline(x(group.interval.0)..=x(group.interval.1), y, stroke);
                for end in [group.interval.0, group.interval.1] {
                    ui.painter().vline(x(end), y - 4.0..=y + 4.0, stroke);
                }
                let at = pos2(x(rate), y);
                if group.beyond {
                    let half = 5.0;
                    let points = vec![pos2(at.x, y - half), pos2(at.x + half, y), pos2(at.x, y + half), pos2(at.x - half, y)];
                    ui.painter().add(Shape::convex_polygon(points, color, Stroke::new(1.0, Color32::TRANSPARENT)));
                } else {
                    ui.painter().circle_filled(at, 4.0, color);
                }
                format!("{rate:.3}")
            }
            None => "–".to_owned(),
        };
        paint_text(
            ui,
            line.with_max_x(rect.right() - 46.0).with_min_x(plot.right() + 2.0),
            Align::Max,
            &text,
            kind().mono,
            look.color.text,
            Fit::Must,
        );
        paint_text(
            ui,
            line.with_min_x(rect.right() - 44.0),
            Align::Max,
            &format::count(group.n),
            kind().mono,
            look.color.text3,
            Fit::MayCut,
        );
    }
    let read = groups.rates.iter().map(|g| format!("{} {} of {}", g.name, g.approved, g.n)).collect::<Vec<_>>().join(", ");
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("{}. {read}", groups.title)));
}

/// Drift indices as bars with the warning level and limit.
pub(super) fn drift_ui(ui: &mut Ui, drift: &Drift) {
    let look = theme(ui);
    ui.spacing_mut().item_spacing.y = 4.0;
    sentence(ui, &drift.title, kind().title, look.color.text);
    sentence(
        ui,
        "PSI of score bins and CSI of inputs against the committed reference",
        kind().caption.with(Face::Regular),
        look.color.text3,
    );
    let row = 21.0;
    let shown = drift.bars.len().min(8);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), row * shown as f32 + 22.0), Sense::hover());
    let names =
        drift.bars.iter().take(shown).map(|bar| width(ui, &bar.name, kind().table.font())).fold(40.0, f32::max).min(rect.width() * 0.4)
            + 10.0;
    let plot = Rect::from_min_max(pos2(rect.left() + names, rect.top()), pos2(rect.right() - 56.0, rect.bottom() - 20.0));
    let top = drift.bars.iter().map(|bar| bar.value).chain(drift.marks.iter().map(|(v, _)| *v)).fold(1e-6, f64::max) * 1.08;
    let x = |value: f64| plot.left() + (value / top).clamp(0.0, 1.0) as f32 * plot.width();
    for (i, DriftBar { name, value, beyond }) in drift.bars.iter().take(shown).enumerate() {
        let line = Rect::from_min_size(pos2(rect.left(), rect.top() + row * i as f32), vec2(rect.width(), row));
        paint_text(ui, line.with_max_x(plot.left() - 6.0), Align::Min, name, kind().table, look.color.text, Fit::MayCut);
        let bar = Rect::from_x_y_ranges(plot.left()..=x(*value).max(plot.left() + 1.0), line.center().y - 6.0..=line.center().y + 6.0);
        ui.painter().rect(bar, 0, if *beyond { look.chart.vermillion } else { look.chart.blue }, Stroke::NONE, StrokeKind::Inside);
        paint_text(
            ui,
            line.with_min_x(rect.right() - 54.0),
            Align::Max,
            &format!("{value:.3}"),
            if *beyond { kind().mono.with(Face::MonoBold) } else { kind().mono },
            look.color.text,
            Fit::Must,
        );
    }
    let mut taken = rect.left();
    for (level, word) in &drift.marks {
        ui.painter().vline(x(*level), plot.y_range(), Stroke::new(1.25, if *word == "limit" { look.chart.limit } else { look.color.axis }));
        let text = format!("{level:.2} {word}");
        let half = width(ui, &text, kind().caption.font()) / 2.0;
        let at = x(*level).max(taken + half).clamp(rect.left() + half, (rect.right() - half).max(rect.left() + half));
        taken = at + half + 10.0;
        ui.painter().text(
            pos2(at, plot.bottom() + 11.0),
            Align2::CENTER_CENTER,
            text,
            kind().caption.with(Face::Regular).font(),
            look.color.text2,
        );
    }
    let read = drift.bars.iter().map(|bar| format!("{} {:.3}", bar.name, bar.value)).collect::<Vec<_>>().join(", ");
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("{}. {read}", drift.title)));
}

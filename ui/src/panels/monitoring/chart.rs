//! The line of one metric: limit, warning level, violating batches, gaps, selection.

use egui::{Align, Align2, Color32, Pos2, Rangef, Rect, Response, Role, Sense, Shape, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};
use verifold_model::{metric::Unit, record::Standing};

use super::model::{Model, Slot};
use crate::{
    tokens::Face,
    verdict::Form,
    widgets::{
        dashed_line, dashed_rect, focus_ring,
        text::{Fit, kind, paint_icon, paint_text, width},
        theme,
    },
};

/// Where slots and values fall on screen.
struct Scale<'a> {
    plot: Rect,
    model: &'a Model,
}

impl Scale<'_> {
    fn step(&self) -> f32 {
        self.plot.width() / self.model.slots.len().max(1) as f32
    }

    fn x(&self, slot: usize) -> f32 {
        self.plot.left() + self.step() * (slot as f32 + 0.5)
    }

    fn y(&self, value: f64) -> f32 {
        let (lo, hi) = self.model.range;
        let part = ((value - lo) / (hi - lo)) as f32;
        self.plot.bottom() - part.clamp(0.0, 1.0) * self.plot.height()
    }

    /// Where a text of this width at this height is farthest from every value: left, middle or right.
    fn quiet(&self, y: f32, width: f32) -> Rangef {
        let nearest = |from: f32| self.clear(from, width, y);
        let starts = [self.plot.left(), self.plot.right() - width, self.plot.center().x - width / 2.0];
        let best = starts.into_iter().reduce(|best, next| if nearest(next) > nearest(best) + 4.0 { next } else { best });
        let from = best.unwrap_or(self.plot.left());
        Rangef::new(from, from + width)
    }

    /// How far words of this width at a height would be from the values they stand over.
    fn clear(&self, from: f32, width: f32, y: f32) -> f32 {
        let values = self.model.slots.iter().enumerate().filter(|(i, _)| (from..=from + width).contains(&self.x(*i)));
        values.filter_map(|(_, slot)| slot.mid()).map(|value| (self.y(value) - y).abs()).fold(f32::INFINITY, f32::min)
    }

    fn slot_at(&self, x: f32) -> Option<usize> {
        let at = ((x - self.plot.left()) / self.step()).floor();
        (at >= 0.0 && (at as usize) < self.model.slots.len()).then_some(at as usize)
    }
}

/// Draws the chart; returns the slot clicked.
pub(super) fn chart_ui(ui: &mut Ui, model: &Model, selected: Option<u32>, height: f32) -> Option<usize> {
    let look = theme(ui);
    legend(ui, model);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click());
    let ticks = ticks(model.range, 4.0);
    let labels: Vec<String> = ticks.iter().map(|v| tick_text(model.unit, *v)).collect();
    let margin = labels.iter().map(|l| width(ui, l, kind().caption.font())).fold(24.0, f32::max) + 8.0;
    let scale = Scale {
        plot: Rect::from_min_max(pos2(rect.left() + margin, rect.top() + 8.0), pos2(rect.right() - 4.0, rect.bottom() - 38.0)),
        model,
    };
    let plot = scale.plot;
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    if let Some((limit, _)) = &model.limit {
        let y = scale.y(*limit);
        let beyond = if model.limit_is_maximum { plot.with_max_y(y) } else { plot.with_min_y(y) };
        painter.rect_filled(beyond, 0, look.chart.beyond);
    }
    for (value, label) in ticks.iter().zip(&labels) {
        let y = scale.y(*value);
        painter.hline(plot.x_range(), y, Stroke::new(1.0, look.color.grid));
        painter.text(pos2(plot.left() - 8.0, y), Align2::RIGHT_CENTER, label, kind().caption.font(), look.color.text3);
    }
    let hovered = response.hover_pos().and_then(|pos| scale.slot_at(pos.x));
    let selected_slot = selected.and_then(|number| model.slots.iter().position(|slot| slot.number == number));
    if let Some(at) = selected_slot {
        let half = (scale.step() / 2.0).clamp(3.0, 24.0);
        let band = Rect::from_x_y_ranges(scale.x(at) - half..=scale.x(at) + half, plot.y_range());
        painter.rect(band, 2, look.color.select, Stroke::new(1.0, look.color.accent), StrokeKind::Inside);
    }
    painter.hline(plot.x_range(), plot.bottom(), Stroke::new(1.0, look.color.axis));
    let level = |y: f64, away: f32, text: String, ink: Color32| {
        let y = scale.y(y) + away;
        let room = scale.quiet(y, width(ui, &text, kind().caption.font()) + 16.0);
        painter.text(pos2(room.min + 8.0, y), Align2::LEFT_CENTER, text, kind().caption.font(), ink);
    };
    let beyond = if model.limit_is_maximum { -9.0 } else { 9.0 };
    if let Some((warn, text)) = &model.warn {
        let y = scale.y(*warn);
        dashed_line(&painter, pos2(plot.left(), y), pos2(plot.right(), y), Stroke::new(1.0, look.state.unverifiable.mark), [2.0, 3.0]);
        level(*warn, -beyond, format!("watch {text}"), look.color.text3);
    }
    if let Some((limit, text)) = &model.limit {
        painter.hline(plot.x_range(), scale.y(*limit), Stroke::new(1.5, look.chart.limit));
        level(*limit, beyond, format!("limit {text}"), look.state.violated.ink);
    }
    gaps(ui, &scale);
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    line(&painter, &scale, look.chart.blue);
    marks(&painter, &scale, look.chart.blue, look.chart.vermillion, look.state.violated.ink, look.color.panel);
    changes(ui, &scale);
    axis(ui, &scale, rect, selected_slot);
    focus_ring(ui, &response, 4);
    describe(&response, model);
    let clicked = if response.clicked() { response.interact_pointer_pos().and_then(|pos| scale.slot_at(pos.x)) } else { None };
    if let Some(slot) = hovered.and_then(|at| model.slots.get(at)) {
        response.on_hover_text_at_pointer(read(slot));
    }
    clicked
}

fn read(slot: &Slot) -> String {
    format!(
        "Batch {}, {}, from {}\n{} · n {} · {}",
        slot.number,
        slot.label,
        slot.day,
        slot.text,
        verifold_model::format::count(slot.n),
        slot.verdict.word.to_lowercase()
    )
}

fn describe(response: &Response, model: &Model) {
    let changes: String = model.changes.iter().map(|change| format!(" Marked: {}.", change.sentence)).collect();
    let said = format!("Chart. {}.{changes} The table below holds the same values.", model.title);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &said));
}

/// Changes of model: a line between the batches of one model and of the next, with words at its head or its foot.
fn changes(ui: &Ui, scale: &Scale<'_>) {
    let look = theme(ui);
    let font = kind().caption.with(Face::SemiBold).font();
    for change in &scale.model.changes {
        let x = scale.x(change.slot) - scale.step() / 2.0;
        dashed_line(ui.painter(), pos2(x, scale.plot.top()), pos2(x, scale.plot.bottom()), Stroke::new(1.5, look.color.text), [6.0, 3.0]);
        let wide = width(ui, &change.label, font.clone());
        // On the side of the new model, unless the chart ends there.
        let (at, align) = if x + wide + 6.0 <= scale.plot.right() { (x + 6.0, Align::Min) } else { (x - 6.0, Align::Max) };
        let from = if align == Align::Min { at } else { at - wide };
        let [head, foot] = [scale.plot.top() + 10.0, scale.plot.bottom() - 10.0];
        let y = if scale.clear(from, wide, head) > scale.clear(from, wide, foot) { head } else { foot };
        ui.painter().text(pos2(at, y), Align2([align, Align::Center]), &change.label, font.clone(), look.color.text);
    }
}

fn legend(ui: &mut Ui, model: &Model) {
    let look = theme(ui);
    let beyond = model.slots.iter().filter(|s| s.beyond).count();
    let missing = model.slots.iter().filter(|s| s.standing == Standing::Missing).count();
    let claimed = model.slots.iter().filter(|s| s.standing == Standing::Claimed).count();
    let text2 = look.color.text2;
    let item = |ui: &mut Ui, label: &str, draw: &dyn Fn(&Ui, Rect)| {
        let size = vec2(width(ui, label, kind().caption.font()) + 32.0, 18.0);
        let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
        draw(ui, rect.with_max_x(rect.left() + 22.0));
        paint_text(ui, rect.with_min_x(rect.left() + 28.0), Align::Min, label, kind().caption, text2, Fit::Must);
    };
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 12.0;
        item(ui, "proven", &|ui, r| {
            ui.painter().hline(r.x_range(), r.center().y, Stroke::new(1.75, look.chart.blue));
            ui.painter().circle_filled(r.center(), 3.2, look.chart.blue);
        });
        item(ui, &if claimed == 0 { "claimed, none".to_owned() } else { format!("claimed, {claimed}") }, &|ui, r| {
            dashed_line(ui.painter(), r.left_center(), r.right_center(), Stroke::new(1.75, look.chart.blue), [5.0, 3.0]);
        });
        if model.limit.is_some() {
            item(ui, &format!("beyond the limit, {beyond}"), &|ui, r| {
                diamond(ui.painter(), r.center(), 5.0, look.chart.vermillion, Color32::TRANSPARENT);
            });
            item(ui, &format!("limit {}", model.limit.as_ref().map_or("", |(_, t)| t)), &|ui, r| {
                ui.painter().hline(r.x_range(), r.center().y, Stroke::new(1.5, look.chart.limit));
            });
        }
        if !model.changes.is_empty() {
            item(ui, &format!("change of model, {}", model.changes.len()), &|ui, r| {
                let stroke = Stroke::new(1.5, look.color.text);
                dashed_line(ui.painter(), r.center_top(), r.center_bottom(), stroke, [6.0, 3.0]);
            });
        }
        if missing > 0 {
            item(ui, &format!("no evidence, {missing}"), &|ui, r| dashed_rect(ui.painter(), r.shrink2(vec2(4.0, 3.0)), look.color.axis));
        }
    });
}

fn gaps(ui: &Ui, scale: &Scale<'_>) {
    let look = theme(ui);
    for (i, slot) in scale.model.slots.iter().enumerate().filter(|(_, slot)| slot.standing == Standing::Missing) {
        let half = (scale.step() / 2.0).clamp(1.5, 14.0);
        let frame = Rect::from_x_y_ranges(scale.x(i) - half..=scale.x(i) + half, scale.plot.y_range());
        ui.painter().rect_filled(frame, 0, look.chart.gap);
        dashed_rect(ui.painter(), frame, look.color.axis);
        if half >= 9.0 {
            paint_icon(ui, pos2(frame.center().x, frame.top() + 16.0), Form::Uncovered.icon(), 15.0, look.state.uncovered.mark);
        }
        debug_assert!(slot.value.is_none(), "a missing batch has no value");
    }
}

/// Neighbouring values joined: solid where both ends are proven, dashed otherwise; at most two points per pixel column.
fn line(painter: &egui::Painter, scale: &Scale<'_>, color: Color32) {
    let stroke = Stroke::new(1.75, color);
    let slots = &scale.model.slots;
    let mut run: Vec<Pos2> = Vec::new();
    let mut solid = true;
    let mut column: Option<(i32, f32, f32)> = None;
    let dense = scale.step() < 1.0;
    let flush = |run: &mut Vec<Pos2>, solid: bool| {
        if run.len() > 1 {
            if solid {
                painter.add(Shape::line(std::mem::take(run), stroke));
            } else {
                painter.extend(Shape::dashed_line(run, stroke, 5.0, 3.0));
            }
        }
        run.clear();
    };
    for (i, slot) in slots.iter().enumerate() {
        let Some(value) = slot.mid() else {
            column = None;
            flush(&mut run, solid);
            continue;
        };
        let (point, proven) = (pos2(scale.x(i), scale.y(value)), slot.standing == Standing::Proven);
        if proven != solid && !run.is_empty() {
            let last = run.last().copied();
            flush(&mut run, solid);
            run.extend(last);
        }
        solid = proven;
        if dense {
            // Keep the extremes of each pixel column.
            let x = point.x as i32;
            match &mut column {
                Some((at, lo, hi)) if *at == x => {
                    if point.y < *lo || point.y > *hi {
                        *lo = lo.min(point.y);
                        *hi = hi.max(point.y);
                        run.push(point);
                    }
                    continue;
                }
                _ => column = Some((x, point.y, point.y)),
            }
        }
        run.push(point);
    }
    flush(&mut run, solid);
}

fn marks(painter: &egui::Painter, scale: &Scale<'_>, color: Color32, beyond: Color32, ink: Color32, background: Color32) {
    let model = scale.model;
    let labelled = model.slots.iter().filter(|s| s.beyond).count() <= 6;
    let mut last = f32::NEG_INFINITY;
    for (i, slot) in model.slots.iter().enumerate() {
        let Some(value) = slot.mid() else { continue };
        let at = pos2(scale.x(i), scale.y(value));
        if slot.beyond {
            // At most one diamond per three pixels: more would be one bar of colour and a frame of work.
            if at.x - last < 3.0 && scale.step() < 3.0 {
                continue;
            }
            last = at.x;
            diamond(painter, at, 6.0, beyond, background);
            if labelled {
                let neighbour = |i: Option<usize>| i.and_then(|i| model.slots.get(i)).is_some_and(|s| s.beyond);
                let up = if model.limit_is_maximum { -7.0 } else { 7.0 };
                // Beside a neighbour that is labelled too, each label stands on its own side.
                let (offset, anchor) = match (neighbour(i.checked_sub(1)), neighbour(Some(i + 1))) {
                    (true, _) => (vec2(9.0, up), Align2::LEFT_CENTER),
                    (false, true) => (vec2(-9.0, up), Align2::RIGHT_CENTER),
                    (false, false) => (vec2(0.0, 2.0 * up), Align2::CENTER_CENTER),
                };
                painter.text(at + offset, anchor, &slot.text, kind().caption.with(Face::SemiBold).font(), ink);
            }
        } else if scale.step() >= 6.0 {
            if let Some((lo, hi)) = slot.value.filter(|(lo, hi)| (scale.y(*lo) - scale.y(*hi)).abs() > 2.0) {
                painter.vline(at.x, scale.y(hi)..=scale.y(lo), Stroke::new(1.0, color));
            }
            painter.circle(at, 3.2, color, Stroke::new(1.0, background));
        }
    }
}

fn diamond(painter: &egui::Painter, at: Pos2, half: f32, fill: Color32, edge: Color32) {
    let points = vec![pos2(at.x, at.y - half), pos2(at.x + half, at.y), pos2(at.x, at.y + half), pos2(at.x - half, at.y)];
    painter.add(Shape::convex_polygon(points, fill, Stroke::new(1.0, edge)));
}

fn axis(ui: &Ui, scale: &Scale<'_>, rect: Rect, selected: Option<usize>) {
    let colors = theme(ui).color;
    let slots = &scale.model.slots;
    let every = |wanted: f32| ((wanted / scale.step()).ceil().max(1.0)) as usize;
    let (numbers, days) = (every(26.0), every(60.0).max(4));
    for (i, slot) in slots.iter().enumerate() {
        let strong = selected == Some(i);
        let x = scale.x(i);
        if i % numbers == 0 || strong {
            let face = if strong { kind().caption.with(Face::SemiBold) } else { kind().caption.with(Face::Regular) };
            ui.painter().text(
                pos2(x, scale.plot.bottom() + 11.0),
                Align2::CENTER_CENTER,
                slot.number.to_string(),
                face.font(),
                if strong { colors.text } else { colors.text2 },
            );
        }
        let near_selected = selected.is_some_and(|s| s != i && (s.abs_diff(i) as f32) * scale.step() < 56.0);
        if (i % days == 0 && !near_selected) || strong {
            let wide = width(ui, &slot.day, kind().caption.font()) / 2.0;
            let x = x.clamp(rect.left() + wide, rect.right() - wide);
            ui.painter().text(
                pos2(x, scale.plot.bottom() + 27.0),
                Align2::CENTER_CENTER,
                &slot.day,
                kind().caption.with(Face::Regular).font(),
                colors.text3,
            );
        }
    }
}

/// Round numbers inside a range, at most about so many.
pub(super) fn ticks((lo, hi): (f64, f64), about: f32) -> Vec<f64> {
    let rough = (hi - lo) / f64::from(about);
    let mut unit = 1e-9;
    while unit * 10.0 <= rough {
        unit *= 10.0;
    }
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|k| k * unit).find(|step| *step * (1.0 + 1e-6) >= rough).unwrap_or(rough);
    let first = (lo / step - 1e-6).ceil() as i64;
    (first..).map(|k| k as f64 * step).take_while(|v| *v <= hi + step * 1e-6).take(12).collect()
}

/// A tick of the vertical axis in the unit of the metric.
pub(super) fn tick_text(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Rows => verifold_model::format::count(value.max(0.0) as u64),
        Unit::Percent => format!("{:.1}\u{202F}%", value * 100.0),
        Unit::RateDifference | Unit::Ratio => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        let close = |range, expected: &[f64]| {
            let found = ticks(range, 4.0);
            assert_eq!(found.len(), expected.len(), "{found:?}");
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9), "{found:?}");
        };
        close((0.0, 0.15), &[0.0, 0.05, 0.1, 0.15]);
        close((0.7, 0.9), &[0.7, 0.75, 0.8, 0.85, 0.9]);
        close((0.0, 2000.0), &[0.0, 500.0, 1000.0, 1500.0, 2000.0]);
    }
}

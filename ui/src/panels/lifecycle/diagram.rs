//! The chain as drawn: artefacts in a column for each stage, links between them.
//!
//! Places are fixed, not laid out: the two parts of the data run in two rows from left to right, and the raw rows
//! stand between them, so that no two links cross.

use egui::{Align, Color32, Pos2, Rect, Response, Role, Sense, Shape, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};
use verifold_model::{
    lineage::{ArtefactKind, LinkName, LinkState},
    record::Standing,
    state::Stage,
};

use super::model::{Edge, Lane, Model, Node};
use crate::{
    action::Action,
    icons::Icon,
    panels::Asked,
    place::{Screen, Selection},
    tokens::{Face, tokens},
    verdict::{Form, Verdict},
    widgets::{
        dashed_line, dashed_rect, focus_ring,
        text::{Fit, kind, paint_icon, paint_text, strong, width},
        theme,
    },
};

/// Least widths from left to right: a column for each stage, and the room between them that links need.
const LEAST: [f32; 7] = [148.0, 96.0, 148.0, 10.0, 106.0, 10.0, 166.0];
/// How width beyond the least is shared.
const SHARES: [f32; 7] = [0.28, 0.06, 0.28, 0.02, 0.08, 0.02, 0.26];
/// Room between rows.
const GAP: f32 = 30.0;
/// Stage and its proofs above each column.
const HEADER: f32 = 48.0;
const PADDING: f32 = 10.0;
const BADGE: f32 = 13.0;
/// Size of one batch in the box of batches, and its distance to the next.
const SLOT: (f32, f32) = (8.0, 3.0);

/// Where everything stands.
struct Plan {
    /// Left and right of each stage's column.
    columns: [(f32, f32); 4],
    top: f32,
    row: f32,
    /// Height of the box of batches: as tall as its batches need.
    batches: f32,
}

impl Plan {
    fn rect(&self, column: usize, row: usize) -> Rect {
        let (left, right) = self.columns[column];
        Rect::from_min_size(pos2(left, self.top + HEADER + row as f32 * (self.row + GAP)), vec2(right - left, self.row))
    }

    fn node(&self, kind: ArtefactKind) -> Rect {
        match kind {
            ArtefactKind::TrainingRows => self.rect(0, 0),
            ArtefactKind::RawRows => self.rect(0, 1),
            ArtefactKind::TestRows => self.rect(0, 2),
            ArtefactKind::Model => self.rect(1, 0),
            ArtefactKind::OfflineMetrics => self.rect(1, 2),
            ArtefactKind::Batches => {
                let place = self.rect(3, 0);
                place.with_max_y(place.top() + self.batches)
            }
            ArtefactKind::LaterOutcomes => self.rect(3, 2),
        }
    }

    /// From, to, and the target of a click.
    fn edge(&self, name: LinkName) -> (Pos2, Pos2, Rect) {
        let (earlier, later) = name.ends();
        let beside = later == ArtefactKind::LaterOutcomes;
        let (earlier, later) = (self.node(earlier), self.node(later));
        if beside {
            // The last column has room for words on the right of a line only where that stands on its left.
            let (from, to) = (pos2(earlier.left() + 26.0, earlier.bottom()), pos2(later.left() + 26.0, later.top()));
            let middle = from.lerp(to, 0.5).y;
            let room = ((to.y - from.y) / 2.0 - 2.0).min(24.0);
            return (from, to, Rect::from_x_y_ranges(from.x - 24.0..=earlier.right(), middle - room..=middle + room));
        }
        if earlier.center().x == later.center().x {
            let down = earlier.top() < later.top();
            let (from, to) =
                if down { (earlier.center_bottom(), later.center_top()) } else { (earlier.center_top(), later.center_bottom()) };
            let middle = from.lerp(to, 0.5).y;
            let room = ((to.y - from.y).abs() / 2.0 - 2.0).min(24.0);
            (from, to, Rect::from_x_y_ranges(from.x - 24.0..=earlier.right() + 28.0, middle - room..=middle + room))
        } else {
            let y = earlier.center().y;
            let (from, to) = (earlier.right(), later.left());
            (pos2(from, y), pos2(to, y), Rect::from_x_y_ranges(from + 3.0..=to - 3.0, y - 34.0..=y + 34.0))
        }
    }
}

/// Draws columns, artefacts and links; a click on an artefact opens its proof, one on a link shows its digests.
pub(super) fn diagram_ui(ui: &mut Ui, model: &Model, selection: &Selection, asked: &mut Asked) {
    let least: f32 = LEAST.iter().sum();
    let total = ui.available_width().max(least);
    let mut columns = [(0.0, 0.0); 4];
    let widths: Vec<f32> = LEAST.iter().zip(SHARES).map(|(width, share)| width + (total - least) * share).collect();
    let inner = |column: usize| widths[2 * column] - 2.0 * PADDING;
    let stage_of = |node: &Node| Stage::ALL.iter().position(|stage| *stage == node.kind.stage()).unwrap_or_default();
    let tallest = model.nodes.iter().map(|node| wrapped(ui, &node.detail, inner(stage_of(node)), Color32::PLACEHOLDER).size().y);
    let row = 2.0 * PADDING + 24.0 + tallest.fold(20.0, f32::max) + 24.0;
    let batches = model.nodes.iter().map(|node| slots_height(ui, node, inner(3))).fold(row, f32::max);
    let height = HEADER + (3.0 * row + 2.0 * GAP).max(batches);
    let (rect, _) = ui.allocate_exact_size(vec2(total, height), Sense::hover());
    let mut x = rect.left();
    for (i, width) in widths.iter().enumerate() {
        if i % 2 == 0 {
            columns[i / 2] = (x, x + width);
        }
        x += width;
    }
    let plan = Plan { columns, top: rect.top(), row, batches };
    for (column, lane) in plan.columns.iter().zip(&model.lanes) {
        header(ui, Rect::from_min_max(pos2(column.0, rect.top()), pos2(column.1, rect.top() + HEADER - 8.0)), lane);
    }
    // In life-cycle order, which is the order of the Tab key.
    for (kind, leading) in [
        (ArtefactKind::RawRows, &[][..]),
        (ArtefactKind::TrainingRows, &[LinkName::PreparedTraining][..]),
        (ArtefactKind::TestRows, &[LinkName::PreparedTest]),
        (ArtefactKind::Model, &[LinkName::TrainedOnPrepared]),
        (ArtefactKind::OfflineMetrics, &[LinkName::MeasuredOnPrepared, LinkName::MeasuredTrained]),
        (ArtefactKind::Batches, &[LinkName::MonitoredTrained]),
        (ArtefactKind::LaterOutcomes, &[LinkName::LaterOfMonitored]),
    ] {
        for edge in leading.iter().filter_map(|name| model.edges.iter().find(|edge| edge.name == *name)) {
            if link(ui, &plan, edge, *selection == Selection::Link(edge.name)) {
                asked.push(Action::Select(Selection::Link(edge.name)));
            }
        }
        if kind == ArtefactKind::Batches {
            inference(ui, plan.rect(2, 2), &model.lanes[2], asked);
        }
        if let Some(node) = model.nodes.iter().find(|node| node.kind == kind)
            && artefact(ui, plan.node(kind), node)
            && let Some(proof) = &node.proof
        {
            asked.push(Action::Open(Screen::Proofs, Selection::Proof(proof.clone())));
        }
    }
}

fn wrapped(ui: &Ui, text: &str, width: f32, color: Color32) -> std::sync::Arc<egui::Galley> {
    ui.painter().layout(text.to_owned(), kind().caption.with(Face::Regular).font(), color, width)
}

fn slots_per_line(width: f32) -> usize {
    ((width + SLOT.1) / (SLOT.0 + SLOT.1)).max(1.0) as usize
}

/// Height of an artefact with its batches drawn one by one; 0 for one without.
fn slots_height(ui: &Ui, node: &Node, width: f32) -> f32 {
    let lines = node.slots.len().div_ceil(slots_per_line(width));
    if lines == 0 {
        return 0.0;
    }
    let detail = wrapped(ui, &node.detail, width, Color32::PLACEHOLDER).size().y;
    2.0 * PADDING + 24.0 + detail + lines as f32 * (2.0 * SLOT.0 + SLOT.1) + 36.0
}

fn header(ui: &mut Ui, rect: Rect, lane: &Lane) {
    let look = theme(ui);
    let full = lane.stage.title();
    let face = strong(kind().table);
    let fits = width(ui, full, face.font()) <= rect.width();
    let title = if fits { full } else { full.split(" &").next().unwrap_or(full) };
    paint_text(ui, rect.with_max_y(rect.top() + 20.0), Align::Min, title, face, look.color.text, Fit::Must);
    let below = rect.with_min_y(rect.top() + 20.0).with_max_y(rect.top() + 38.0);
    paint_icon(ui, pos2(below.left() + 7.0, below.center().y), lane.verdict.form.icon(), 13.0, lane.verdict.form.colors(look).mark);
    let words = below.with_min_x(below.left() + 18.0);
    paint_text(ui, words, Align::Min, &lane.proofs, kind().caption.with(Face::Regular), look.color.text2, Fit::Must);
    ui.painter().hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, look.color.line));
    let response = ui.interact(rect, ui.scope_id().with(("stage", full)), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("Stage {full}, {}", lane.proofs)));
}

const fn icon(kind: ArtefactKind) -> Icon {
    match kind {
        ArtefactKind::RawRows => Icon::Database,
        ArtefactKind::TrainingRows | ArtefactKind::TestRows => Icon::Table,
        ArtefactKind::Model => Icon::Cube,
        ArtefactKind::OfflineMetrics => Icon::Gauge,
        ArtefactKind::Batches => Icon::Pulse,
        ArtefactKind::LaterOutcomes => Icon::Clock,
    }
}

/// A surface for an artefact: solid where proven, dashed where claimed or missing, in the alarm's colour where cut off.
fn surface(ui: &Ui, rect: Rect, response: &Response, form: Form, dashed: bool, alarm: bool) {
    let look = theme(ui);
    let radius = tokens().radius.card;
    let fill = match (form, response.hovered() && response.sense.senses_click()) {
        (_, true) => look.color.hover,
        (Form::Uncovered, _) => Color32::TRANSPARENT,
        _ => look.color.panel,
    };
    ui.painter().rect_filled(rect, radius, fill);
    if alarm {
        let stroke = Stroke::new(tokens().stroke.alarm, look.state.rejected.mark);
        ui.painter().rect_stroke(rect, radius, stroke, StrokeKind::Inside);
    } else if dashed {
        dashed_rect(ui.painter(), rect.shrink(0.5), look.state.uncovered.chip_stroke);
    } else {
        ui.painter().rect_stroke(rect, radius, Stroke::new(1.0, look.color.line_strong), StrokeKind::Inside);
    }
}

fn artefact(ui: &mut Ui, rect: Rect, node: &Node) -> bool {
    let look = theme(ui);
    let sense = if node.proof.is_some() { Sense::click() } else { Sense::hover() };
    let response = ui.interact(rect, ui.scope_id().with(("artefact", node.kind.title())), sense);
    let missing = node.verdict.form == Form::Uncovered;
    surface(ui, rect, &response, node.verdict.form, node.claimed || missing, node.cut_off);
    let inside = rect.shrink(PADDING);
    let ink = if missing { look.color.text2 } else { look.color.text };
    title(ui, inside, icon(node.kind), node.kind.title(), ink);
    let text = inside.left_top() + vec2(0.0, 23.0);
    if missing {
        absent(ui, text, inside.width(), &node.verdict);
    } else {
        let galley = wrapped(ui, &node.detail, inside.width(), look.color.text2);
        let below = text.y + galley.size().y + 6.0;
        ui.painter().galley(text, galley, look.color.text2);
        slots(ui, pos2(inside.left(), below), inside.width(), &node.slots, node.cut_off);
        verdict(ui, inside, &node.verdict);
    }
    focus_ring(ui, &response, tokens().radius.card);
    let role = if node.proof.is_some() { Role::Button } else { Role::Label };
    response.widget_info(|| WidgetInfo::labeled(role, true, &node.sentence));
    let tip = if node.proof.is_some() { format!("{}. Click opens its proof.", node.sentence) } else { node.sentence.clone() };
    response.on_hover_text(tip).clicked()
}

fn title(ui: &Ui, inside: Rect, icon: Icon, title: &str, ink: Color32) {
    let line = inside.with_max_y(inside.top() + 20.0);
    paint_icon(ui, pos2(line.left() + 8.0, line.center().y), icon, 16.0, theme(ui).color.text2);
    paint_text(ui, line.with_min_x(line.left() + 22.0), Align::Min, title, strong(kind().table), ink, Fit::Must);
}

/// Icon and words of something that is not there.
fn absent(ui: &Ui, at: Pos2, wide: f32, verdict: &Verdict) {
    let paint = verdict.form.colors(theme(ui));
    paint_icon(ui, at + vec2(7.0, 8.0), verdict.form.icon(), 14.0, paint.mark);
    let galley = wrapped(ui, &verdict.word, wide - 22.0, paint.ink);
    ui.painter().galley(at + vec2(22.0, 0.0), galley, paint.ink);
}

fn verdict(ui: &Ui, inside: Rect, verdict: &Verdict) {
    let paint = verdict.form.colors(theme(ui));
    let line = inside.with_min_y(inside.bottom() - 18.0);
    paint_icon(ui, pos2(line.left() + 8.0, line.center().y), verdict.form.icon(), 15.0, paint.mark);
    let face = kind().table.with(Face::Medium);
    paint_text(ui, line.with_min_x(line.left() + 22.0), Align::Min, &verdict.word, face, paint.ink, Fit::Must);
}

/// One mark for each batch: filled where proven, outlined where claimed, dashed where missing.
fn slots(ui: &Ui, at: Pos2, wide: f32, slots: &[Standing], cut_off: bool) {
    let look = theme(ui);
    let per_line = slots_per_line(wide);
    let paint = if cut_off { look.state.rejected } else { look.state.satisfied };
    for (i, standing) in slots.iter().enumerate() {
        let (line, place) = (i / per_line, i % per_line);
        let corner = at + vec2(place as f32 * (SLOT.0 + SLOT.1), line as f32 * (2.0 * SLOT.0 + SLOT.1));
        let slot = Rect::from_min_size(corner, vec2(SLOT.0, 2.0 * SLOT.0));
        match standing {
            Standing::Proven => {
                let fill = if cut_off { paint.soft_fill } else { paint.chip_fill };
                let stroke = Stroke::new(1.0, if cut_off { paint.mark } else { paint.chip_stroke });
                ui.painter().rect(slot, 2, fill, stroke, StrokeKind::Inside);
            }
            Standing::Claimed => {
                ui.painter().rect_stroke(slot, 2, Stroke::new(1.0, look.color.line_strong), StrokeKind::Inside);
            }
            Standing::Missing => dashed_rect(ui.painter(), slot.shrink(0.5), look.state.uncovered.mark),
        }
    }
}

/// Inference has no artefact of its own in the chain: its column says whether there are proofs.
fn inference(ui: &mut Ui, rect: Rect, lane: &Lane, asked: &mut Asked) {
    let look = theme(ui);
    let sense = if lane.proof.is_some() { Sense::click() } else { Sense::hover() };
    let response = ui.interact(rect, ui.scope_id().with("inference"), sense);
    surface(ui, rect, &response, lane.verdict.form, lane.proof.is_none(), false);
    let inside = rect.shrink(PADDING);
    title(ui, inside, Icon::FileText, "Receipts", if lane.proof.is_some() { look.color.text } else { look.color.text2 });
    if lane.proof.is_some() {
        verdict(ui, inside, &lane.verdict);
    } else {
        absent(ui, inside.left_top() + vec2(0.0, 23.0), inside.width(), &lane.verdict);
    }
    focus_ring(ui, &response, tokens().radius.card);
    let name = format!("Artefact receipts of single rows, {}", lane.verdict.word.to_lowercase());
    let role = if lane.proof.is_some() { Role::Button } else { Role::Label };
    response.widget_info(|| WidgetInfo::labeled(role, true, &name));
    if response.clicked()
        && let Some(proof) = &lane.proof
    {
        asked.push(Action::Open(Screen::Proofs, Selection::Proof(proof.clone())));
    }
}

fn link(ui: &mut Ui, plan: &Plan, edge: &Edge, selected: bool) -> bool {
    let look = theme(ui);
    let (from, to, target) = plan.edge(edge.name);
    let response = ui.interact(target, ui.scope_id().with(("link", edge.name.title())), Sense::click());
    if selected || response.hovered() {
        let fill = if selected { look.color.select } else { look.color.hover };
        ui.painter().rect_filled(target, tokens().radius.control, fill);
    }
    line(ui, from, to, edge.state);
    labels(ui, from, to, target, edge);
    focus_ring(ui, &response, tokens().radius.control);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, selected, &edge.sentence));
    response.on_hover_text(format!("{}\n{}. Click shows its digests in full.", edge.name.title(), edge.state.word())).clicked()
}

/// The form says where a link stands, colour repeats it: solid, dashed, cut in two with a badge, dotted.
pub(super) fn line(ui: &Ui, from: Pos2, to: Pos2, state: LinkState) {
    let look = theme(ui);
    let way = (to - from).normalized();
    let tip = to - way * 1.0;
    let stroke = |color| Stroke::new(1.75, color);
    match state {
        LinkState::Holds => {
            let color = look.state.satisfied.mark;
            ui.painter().line_segment([from, tip - way * 7.0], stroke(color));
            arrow(ui, tip, way, color);
        }
        LinkState::Claimed => {
            let color = look.state.uncovered.mark;
            dashed_line(ui.painter(), from, tip - way * 7.0, stroke(color), [5.0, 3.0]);
            arrow(ui, tip, way, color);
        }
        LinkState::Broken => {
            let paint = look.state.rejected;
            let middle = from.lerp(to, 0.5);
            let room = BADGE + 4.0;
            if from.distance(middle) > room {
                ui.painter().line_segment([from, middle - way * room], stroke(paint.mark));
                ui.painter().line_segment([middle + way * room, tip - way * 7.0], stroke(paint.mark));
            }
            arrow(ui, tip, way, paint.mark);
            ui.painter().circle_filled(middle, BADGE, paint.chip_fill);
            paint_icon(ui, middle, Icon::LinkBreak, 15.0, paint.chip_text);
        }
        LinkState::Missing => dashed_line(ui.painter(), from, tip, Stroke::new(1.25, look.state.uncovered.chip_stroke), [1.5, 4.0]),
    }
}

fn arrow(ui: &Ui, tip: Pos2, way: egui::Vec2, color: Color32) {
    let (back, side) = (tip - way * 9.0, way.rot90() * 4.0);
    ui.painter().add(Shape::convex_polygon(vec![tip, back + side, back - side], color, Stroke::NONE));
}

fn labels(ui: &Ui, from: Pos2, to: Pos2, target: Rect, edge: &Edge) {
    let look = theme(ui);
    let broken = edge.state == LinkState::Broken;
    let (first, first_kind, ink) = if broken {
        (edge.state.word(), strong(kind().caption), look.state.rejected.ink)
    } else {
        (edge.digest.as_str(), kind().mono, look.color.text)
    };
    let small = kind().caption.with(Face::Regular);
    let second = if broken { look.state.rejected.ink } else { look.color.text3 };
    if from.x == to.x {
        let middle = from.lerp(to, 0.5).y;
        let beside = target.with_min_x(from.x + if broken { BADGE + 8.0 } else { 9.0 });
        let line = |y: f32| Rect::from_x_y_ranges(beside.x_range(), y - 8.0..=y + 8.0);
        if first.is_empty() {
            paint_text(ui, line(middle), Align::Min, &edge.label, small, second, Fit::Must);
        } else {
            paint_text(ui, line(middle - 8.0), Align::Min, first, first_kind, ink, Fit::Must);
            paint_text(ui, line(middle + 9.0), Align::Min, &edge.label, small, second, Fit::Must);
        }
    } else {
        let away = if broken { BADGE } else { 0.0 };
        let line = |y: f32| Rect::from_x_y_ranges(target.x_range(), y - 8.0..=y + 8.0);
        paint_text(ui, line(from.y - away - 11.0), Align::Center, first, first_kind, ink, Fit::Must);
        paint_text(ui, line(from.y + away + 11.0), Align::Center, &edge.label, small, second, Fit::Must);
    }
}

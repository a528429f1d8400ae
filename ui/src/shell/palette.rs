//! Search and commands in one field: Ctrl+K, type, Enter.

use egui::{Align, Area, Context, Frame, Id, Key, Margin, Modifiers, Order, Role, ScrollArea, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use verifold_model::record::BatchRecord;

use crate::{
    action::{Action, shortcut_text},
    icons::Icon,
    panels::Asked,
    place::{Screen, Selection},
    tokens::{Face, look, tokens},
    verdict::Verdict,
    widgets::{
        text::{Fit, kind, paint_icon, paint_text, sentence},
        text_field, theme,
    },
    workbench::Workbench,
};

/// Entries drawn at most.
const MOST: usize = 40;

/// The open palette.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Palette {
    /// Text looked for.
    pub query: String,
    at: usize,
}

struct Entry {
    icon: Icon,
    label: String,
    aside: String,
    action: Action,
}

/// Draws the palette if it is open.
pub(super) fn palette_ui(workbench: &mut Workbench, ctx: &Context, asked: &mut Asked) {
    let Some(mut palette) = workbench.palette.take() else { return };
    let entries = entries(workbench, &palette.query);
    let colors = look(ctx.global_style().visuals.dark_mode).color;
    let screen = ctx.content_rect();
    let width = (screen.width() - 24.0).min(560.0);
    let mut chosen = None;
    let mut open = true;
    ctx.input_mut(|input| {
        if input.consume_key(Modifiers::NONE, Key::ArrowDown) {
            palette.at += 1;
        }
        if input.consume_key(Modifiers::NONE, Key::ArrowUp) {
            palette.at = palette.at.saturating_sub(1);
        }
        if input.consume_key(Modifiers::NONE, Key::Enter) {
            chosen = Some(palette.at.min(entries.len().saturating_sub(1)));
        }
    });
    palette.at = palette.at.min(entries.len().saturating_sub(1));
    let area = Area::new(Id::NULL.with("palette"))
        .order(Order::Foreground)
        .fixed_pos(pos2(screen.center().x - width / 2.0, screen.top() + 52.0))
        .show(ctx, |ui| {
            Frame::new()
                .fill(colors.raised)
                .stroke(Stroke::new(1.0, colors.line_strong))
                .corner_radius(tokens().radius.card)
                .inner_margin(Margin::same(8))
                .show(ui, |ui| {
                    ui.set_width(width - 16.0);
                    let wide = ui.available_width();
                    let field = text_field(ui, "Search or command", "Requirement, batch, proof, link or command", &mut palette.query, wide);
                    if field.changed() {
                        palette.at = 0;
                    }
                    field.request_focus();
                    ui.add_space(4.0);
                    ui.spacing_mut().item_spacing.y = 0.0;
                    let room = (screen.height() - 140.0).clamp(90.0, 420.0);
                    ScrollArea::vertical().max_height(room).auto_shrink([false, true]).show(ui, |ui| {
                        if entries.is_empty() {
                            sentence(ui, "Nothing matches", kind().body, colors.text3);
                        }
                        for (i, entry) in entries.iter().enumerate() {
                            if row(ui, entry, i == palette.at) {
                                chosen = Some(i);
                            }
                        }
                    });
                });
        });
    let outside =
        ctx.input(|input| input.pointer.any_pressed() && input.pointer.interact_pos().is_some_and(|pos| !area.response.rect.contains(pos)));
    if let Some(entry) = chosen.and_then(|i| entries.into_iter().nth(i)) {
        asked.push(entry.action);
        open = false;
    }
    if open && !outside {
        workbench.palette = Some(palette);
    }
}

fn row(ui: &mut Ui, entry: &Entry, at: bool) -> bool {
    let colors = theme(ui).color;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 32.0), Sense::click());
    if at || response.hovered() {
        ui.painter().rect_filled(rect, tokens().radius.control, if at { colors.select } else { colors.hover });
    }
    if at {
        response.scroll_to_me(None);
    }
    paint_icon(ui, pos2(rect.left() + 16.0, rect.center().y), entry.icon, 16.0, colors.text2);
    let aside = paint_text(
        ui,
        rect.with_min_x(rect.center().x).with_max_x(rect.right() - 8.0),
        Align::Max,
        &entry.aside,
        kind().caption.with(Face::Regular),
        colors.text3,
        Fit::MayCut,
    );
    paint_text(
        ui,
        rect.with_min_x(rect.left() + 32.0).with_max_x(aside.left() - 8.0),
        Align::Min,
        &entry.label,
        kind().table,
        colors.text,
        Fit::MayCut,
    );
    response.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, at, format!("Palette: {}", entry.label)));
    response.clicked()
}

fn entries(workbench: &Workbench, query: &str) -> Vec<Entry> {
    let wanted = query.trim().to_lowercase();
    let mut list = Vec::new();
    let mut offer = |entry: Entry| {
        let text = format!("{} {}", entry.label, entry.aside).to_lowercase();
        if list.len() < MOST && wanted.split_whitespace().all(|word| text.contains(word)) {
            list.push(entry);
        }
    };
    let audit = workbench.audit.as_ref();
    for action in Action::LISTED {
        let needs_audit = matches!(action, Action::Report | Action::PreviousBatch | Action::NextBatch)
            || matches!(action, Action::Go(screen) if screen != Screen::Welcome);
        let runs = matches!(workbench.run, crate::workbench::Run::Verifying(_));
        if (needs_audit && audit.is_none()) || (action == Action::Cancel) != runs && action == Action::Cancel || action == Action::Palette {
            continue;
        }
        let Some(shown) = action.offer() else { continue };
        let aside = shown.shortcut.map(shortcut_text).unwrap_or_default();
        offer(Entry { icon: shown.icon, label: shown.label.to_owned(), aside, action });
    }
    if let Some(audit) = audit {
        for result in &audit.record.requirements {
            let verdict = Verdict::from(result);
            offer(Entry {
                icon: verdict.form.icon(),
                label: format!("{} {}", result.id, result.title),
                aside: verdict.word,
                action: Action::Open(Screen::Requirements, Selection::Requirement(result.id.clone())),
            });
        }
        for proof in &audit.record.proofs {
            let verdict = Verdict::from(proof.state);
            offer(Entry {
                icon: verdict.form.icon(),
                label: format!("Proof {}", proof.title),
                aside: verdict.word,
                action: Action::Open(Screen::Proofs, Selection::Proof(proof.id.clone())),
            });
        }
        for edge in &audit.lifecycle.edges {
            let verdict = Verdict::from(edge.state);
            offer(Entry {
                icon: verdict.form.icon(),
                label: format!("Link {}", edge.name.title()),
                aside: verdict.word,
                action: Action::Open(Screen::Lifecycle, Selection::Link(edge.name)),
            });
        }
        // Batches are many: they are looked for by number or label, not listed.
        if !wanted.is_empty() {
            for batch in audit.record.batches.iter().filter(|batch| batch.number > 0 && batch_matches(batch, &wanted)) {
                offer(Entry {
                    icon: Icon::CalendarBlank,
                    label: format!("Batch {}", batch.number),
                    aside: batch.label.clone(),
                    action: Action::Open(Screen::Monitoring, Selection::Batch(batch.number)),
                });
            }
        }
    }
    list
}

/// A cheap look before anything is written down: there may be a hundred thousand batches.
fn batch_matches(batch: &BatchRecord, wanted: &str) -> bool {
    wanted
        .split_whitespace()
        .all(|word| "batch".starts_with(word) || batch.label.to_lowercase().contains(word) || word.parse() == Ok(batch.number))
}

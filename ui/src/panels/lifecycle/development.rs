//! The development data: rows and labels, values outside their domains, histograms of both parts.

use egui::{Align, Align2, Rect, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};
use verifold_model::{
    development::{ColumnProfile, DatasetProfile, Development, FeatureHistogram, PartHistograms},
    format::{count, counted},
    record::Standing,
};

use crate::{
    tokens::Face,
    widgets::{
        card,
        text::{Fit, heading, kind, paint_text, sentence, strong},
        theme,
    },
};

/// Least size of one histogram with its title and ends.
const CHART: egui::Vec2 = vec2(250.0, 150.0);

/// Least width for both tables of counts side by side.
const SIDE_BY_SIDE: f32 = 940.0;

/// Draws the section.
pub(super) fn development_ui(ui: &mut Ui, development: &Development) {
    let colors = theme(ui).color;
    let Development { profile, histograms } = development;
    heading(ui, "Development data", kind().section);
    sentence(
        ui,
        &(standing(&profile.proof, profile.standing, "Counts of the raw rows") + " Extremes that were observed are not disclosed."),
        kind().body,
        colors.text2,
    );
    if ui.available_width() < SIDE_BY_SIDE {
        card(ui, |ui| labels_ui(ui, profile));
        card(ui, |ui| columns_ui(ui, profile));
    } else {
        ui.columns(2, |columns| {
            card(&mut columns[0], |ui| labels_ui(ui, profile));
            card(&mut columns[1], |ui| columns_ui(ui, profile));
        });
    }
    if let Some(histograms) = histograms {
        histograms_ui(ui, histograms);
    }
}

/// By which proof, or that none binds it.
fn standing(proof: &str, standing: Standing, what: &str) -> String {
    match standing {
        Standing::Proven => format!("{what}, proven by {proof}."),
        Standing::Claimed | Standing::Missing => format!("{what}, claimed: no valid proof binds them ({proof})."),
    }
}

/// Widths of the columns of a small table: the first takes what the others leave.
struct Columns<'a>(&'a [(&'a str, f32)], Align);

/// Least width of the first column.
const FIRST: f32 = 150.0;

/// Draws a header and lines; those behind the words are numbers. Each line is read as one sentence.
fn lines(ui: &mut Ui, name: &str, words: &Columns<'_>, numbers: &Columns<'_>, rows: &[(Vec<String>, Vec<u64>)]) {
    ScrollArea::horizontal().id_salt(name).auto_shrink([false, true]).show(ui, |ui| {
        let rest: f32 = words.0.iter().skip(1).chain(numbers.0).map(|(_, wide)| wide).sum();
        ui.set_min_width(ui.available_width().max(rest + FIRST));
        ui.spacing_mut().item_spacing.y = 0.0;
        table(ui, words, numbers, rows);
    });
}

fn table(ui: &mut Ui, words: &Columns<'_>, numbers: &Columns<'_>, rows: &[(Vec<String>, Vec<u64>)]) {
    let colors = theme(ui).color;
    let columns: Vec<(&str, f32, Align)> =
        [words, numbers].iter().flat_map(|of| of.0.iter().map(|(title, wide)| (*title, *wide, of.1))).collect();
    let rest: f32 = columns.iter().skip(1).map(|(_, wide, _)| wide).sum();
    let cells = |rect: Rect| {
        let mut left = rect.left();
        columns
            .iter()
            .enumerate()
            .map(|(at, (_, wide, _))| {
                let wide = if at == 0 { rect.width() - rest } else { *wide };
                let cell = Rect::from_x_y_ranges(left..=left + wide - 8.0, rect.y_range());
                left += wide;
                cell
            })
            .collect::<Vec<_>>()
    };
    let wide = ui.available_width();
    let (rect, _) = ui.allocate_exact_size(vec2(wide, 20.0), Sense::hover());
    for (cell, (title, _, align)) in cells(rect).into_iter().zip(&columns) {
        paint_text(ui, cell, *align, title, kind().caption, colors.text3, Fit::Must);
    }
    ui.painter().hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, colors.line));
    for (texts, counts) in rows {
        let (rect, response) = ui.allocate_exact_size(vec2(wide, 20.0), Sense::hover());
        let mut cells = cells(rect).into_iter();
        for (text, cell) in texts.iter().zip(&mut cells) {
            paint_text(ui, cell, words.1, text, kind().table, colors.text, Fit::MayCut);
        }
        for (n, cell) in counts.iter().zip(cells) {
            let ink = if *n == 0 { colors.text3 } else { colors.text };
            paint_text(ui, cell, numbers.1, &count(*n), kind().mono, ink, Fit::Must);
        }
        let named = numbers.0.iter().zip(counts).map(|((title, _), n)| format!("{} {}", title.to_lowercase(), count(*n)));
        let read = format!("{}: {}", texts.join(", "), named.collect::<Vec<_>>().join(", "));
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, read.clone()));
    }
}

fn labels_ui(ui: &mut Ui, profile: &DatasetProfile) {
    let colors = theme(ui).color;
    ui.spacing_mut().item_spacing.y = 0.0;
    sentence(ui, "Rows by group and label", kind().title, colors.text);
    for part in &profile.parts {
        let aside = match part.missing + part.outside {
            0 => "none set aside".to_owned(),
            n => format!("{} set aside: {} with a missing value, {} outside a domain", count(n), count(part.missing), count(part.outside)),
        };
        let mut name = part.name.clone();
        name.get_mut(..1).map(str::make_ascii_uppercase);
        ui.add_space(8.0);
        sentence(ui, &format!("{name}: {}, {aside}", counted(part.rows, "row", "rows")), strong(kind().table), colors.text);
        let rows: Vec<_> = part.groups.iter().map(|group| (vec![group.name.clone()], vec![group.unknown, group.good, group.bad])).collect();
        let numbers = [("No label", 72.0), ("Good", 72.0), ("Bad", 72.0)];
        lines(ui, &part.name, &Columns(&[("Group", 0.0)], Align::Min), &Columns(&numbers, Align::Max), &rows);
    }
}

fn columns_ui(ui: &mut Ui, profile: &DatasetProfile) {
    let colors = theme(ui).color;
    ui.spacing_mut().item_spacing.y = 0.0;
    sentence(ui, "Values outside their declared domains", kind().title, colors.text);
    let unclean: Vec<&ColumnProfile> = profile.columns.iter().filter(|column| !column.is_clean()).collect();
    let clean = (profile.columns.len() - unclean.len()) as u64;
    ui.add_space(8.0);
    let text = format!("{} with every value of every row inside its domain", counted(clean, "column", "columns"));
    sentence(ui, &text, strong(kind().table), colors.text);
    if unclean.is_empty() {
        return;
    }
    let of = |column: &ColumnProfile| -> Vec<(Vec<String>, Vec<u64>)> {
        let parts = column.counts.iter().zip(&profile.parts);
        parts
            .map(|(counts, part)| {
                let part = part.name.trim_end_matches(" rows").to_owned();
                (vec![column.name.clone(), column.domain.clone(), part], counts.to_vec())
            })
            .collect()
    };
    let rows: Vec<_> = unclean.into_iter().flat_map(of).collect();
    let words = [("Column", 0.0), ("Declared domain", 128.0), ("Part", 64.0)];
    let numbers = [("Below", 58.0), ("Above", 58.0), ("Missing", 64.0)];
    lines(ui, "columns", &Columns(&words, Align::Min), &Columns(&numbers, Align::Max), &rows);
}

fn histograms_ui(ui: &mut Ui, histograms: &PartHistograms) {
    let look = theme(ui);
    let text = standing(&histograms.proof, histograms.standing, "Prepared rows by value");
    sentence(ui, &text, kind().body, look.color.text2);
    ui.horizontal(|ui| {
        for (fill, words) in [(look.color.axis, "training rows"), (look.chart.blue, "test rows")] {
            let (rect, _) = ui.allocate_exact_size(vec2(12.0, 12.0), Sense::hover());
            ui.painter().rect_filled(rect, 0, fill);
            sentence(ui, words, kind().caption.with(Face::Regular), look.color.text2);
        }
        sentence(ui, "share of each part's scored rows", kind().caption.with(Face::Regular), look.color.text3);
    });
    let abreast = ((ui.available_width() / CHART.x) as usize).clamp(1, 4);
    for row in histograms.features.chunks(abreast) {
        ui.columns(abreast, |columns| {
            for (ui, histogram) in columns.iter_mut().zip(row) {
                card(ui, |ui| histogram_ui(ui, histogram));
            }
        });
    }
}

/// Bars of both parts side by side, each as a share of its part.
fn histogram_ui(ui: &mut Ui, histogram: &FeatureHistogram) {
    let look = theme(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), CHART.y), Sense::hover());
    let unit = if histogram.unit.is_empty() { String::new() } else { format!(", {}", histogram.unit) };
    let title = format!("{}{unit}", histogram.feature);
    paint_text(ui, rect.with_max_y(rect.top() + 18.0), Align::Min, &title, strong(kind().table), look.color.text, Fit::MayCut);
    let plot = Rect::from_min_max(pos2(rect.left(), rect.top() + 24.0), pos2(rect.right(), rect.bottom() - 18.0));
    let bins = histogram.counts.iter().map(Vec::len).max().unwrap_or(0);
    let total = |part: &[u64]| part.iter().sum::<u64>().max(1) as f64;
    let share = |part: usize, bin: usize| {
        let counts = histogram.counts.get(part)?;
        Some(*counts.get(bin)? as f64 / total(counts))
    };
    let top = (0..bins).flat_map(|bin| [share(0, bin), share(1, bin)]).flatten().fold(1e-6, f64::max);
    let wide = plot.width() / bins.max(1) as f32;
    for bin in 0..bins {
        for (part, fill) in [(0, look.color.axis), (1, look.chart.blue)] {
            let Some(share) = share(part, bin) else { continue };
            let left = plot.left() + wide * bin as f32 + 2.0 + part as f32 * (wide - 4.0) / 2.0;
            let bar = Rect::from_min_max(
                pos2(left, plot.bottom() - (share / top) as f32 * plot.height()),
                pos2(left + (wide - 4.0) / 2.0, plot.bottom()),
            );
            ui.painter().rect(bar, 0, fill, Stroke::NONE, StrokeKind::Inside);
        }
    }
    ui.painter().hline(plot.x_range(), plot.bottom(), Stroke::new(1.0, look.color.axis));
    let small = kind().caption.with(Face::Regular).font();
    for (at, align, x) in [(0, Align2::LEFT_CENTER, plot.left()), (bins.saturating_sub(1), Align2::RIGHT_CENTER, plot.right())] {
        ui.painter().text(pos2(x, plot.bottom() + 10.0), align, histogram.bin(at), small.clone(), look.color.text3);
    }
    let line = |bin: usize| {
        let counts: Vec<String> = histogram.counts.iter().map(|part| count(part.get(bin).copied().unwrap_or(0))).collect();
        format!("{}: {}", histogram.bin(bin), counts.join(" training, ") + " test")
    };
    let read = (0..bins).map(line).collect::<Vec<_>>().join("; ");
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("{title}. {read}")));
    if let Some(at) = response.hover_pos().filter(|at| plot.expand(4.0).contains(*at)) {
        let bin = ((((at.x - plot.left()) / wide).max(0.0)) as usize).min(bins.saturating_sub(1));
        response.on_hover_text_at_pointer(line(bin));
    }
}

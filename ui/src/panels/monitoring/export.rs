//! The chart as something to paste elsewhere: its values as CSV, its drawing as SVG.
//!
//! Both carry the conclusion, the unit, n and whether each value is proven, so that a copy says as much as the screen.

use std::fmt::Write as _;

use egui::Color32;
use verifold_model::record::Standing;

use super::{
    chart::{tick_text, ticks},
    model::Model,
};
use crate::tokens::Look;

/// One line a batch: number, label, first day, n, lowest and highest value, state, standing.
pub fn csv(model: &Model) -> String {
    let mut out = String::from("batch,label,from,n,lowest,highest,state,standing\r\n");
    for slot in &model.slots {
        let (lo, hi) = slot.value.map_or_else(Default::default, |(lo, hi)| (lo.to_string(), hi.to_string()));
        let standing = standing(slot.standing);
        let line = [&slot.number.to_string(), &slot.label, &slot.day, &slot.n.to_string(), &lo, &hi, &slot.verdict.word, standing]
            .map(field)
            .join(",");
        out.push_str(&line);
        out.push_str("\r\n");
    }
    out
}

/// A CSV field (RFC 4180, § 2).
fn field(text: &str) -> String {
    if text.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

const fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Proven => "proven",
        Standing::Claimed => "claimed",
        Standing::Missing => "missing",
    }
}

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 360.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 64.0;
const BOTTOM: f64 = 44.0;

/// The chart on a ground of its own, in the colours of `look`.
pub fn svg(model: &Model, look: &Look) -> String {
    let (plot_width, plot_height) = (WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
    let step = plot_width / model.slots.len().max(1) as f64;
    let x = |slot: usize| LEFT + step * (slot as f64 + 0.5);
    let (lo, hi) = model.range;
    let y = |value: f64| TOP + plot_height * (1.0 - ((value - lo) / (hi - lo)).clamp(0.0, 1.0));
    let bottom = TOP + plot_height;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"Inter, sans-serif\" font-size=\"12\">\
         <title>{title}</title><rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"{ground}\"/>",
        title = escaped(&model.title),
        ground = hex(look.color.panel)
    );
    let mut text = |x: f64, y: f64, anchor: &str, size: u32, weight: u32, color: Color32, words: &str| {
        let (color, words) = (hex(color), escaped(words));
        // Writing to a string cannot fail.
        let _ = write!(
            out,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" font-size=\"{size}\" font-weight=\"{weight}\" fill=\"{color}\">{words}</text>"
        );
    };
    // In smaller letters where the conclusion would run over the edge.
    let size = if model.title.chars().count() > 105 { 12 } else { 15 };
    text(16.0, 24.0, "start", size, 600, look.color.text, &model.title);
    let claimed = model.slots.iter().filter(|slot| slot.standing == Standing::Claimed).count();
    let how = if claimed == 0 { "solid: proven".to_owned() } else { format!("dashed: {claimed} claimed") };
    text(16.0, 44.0, "start", 12, 400, look.color.text2, &format!("{} · {} · {how}", model.formula, model.rows));
    let marks = ticks(model.range, 4.0);
    for value in &marks {
        text(LEFT - 8.0, y(*value) + 4.0, "end", 12, 400, look.color.text3, &tick_text(model.unit, *value));
    }
    let every = (28.0 / step).ceil().max(1.0) as usize;
    for (i, slot) in model.slots.iter().enumerate().step_by(every) {
        text(x(i), bottom + 16.0, "middle", 12, 400, look.color.text2, &slot.number.to_string());
        if (i / every).is_multiple_of(4) {
            text(x(i), bottom + 32.0, "middle", 12, 400, look.color.text3, &slot.day);
        }
    }
    if let Some((limit, words)) = &model.limit {
        let above = if model.limit_is_maximum { -5.0 } else { 14.0 };
        text(WIDTH - RIGHT - 4.0, y(*limit) + above, "end", 12, 500, look.state.violated.ink, &format!("limit {words}"));
    }
    let mut line = |x1: f64, y1: f64, x2: f64, y2: f64, color: Color32, width: f64, dash: &str| {
        let color = hex(color);
        let dash = if dash.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dash}\"") };
        let _ = write!(
            out,
            "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"{color}\" stroke-width=\"{width}\"{dash}/>"
        );
    };
    for value in &marks {
        line(LEFT, y(*value), WIDTH - RIGHT, y(*value), look.color.grid, 1.0, "");
    }
    line(LEFT, bottom, WIDTH - RIGHT, bottom, look.color.axis, 1.0, "");
    if let Some((warn, _)) = &model.warn {
        line(LEFT, y(*warn), WIDTH - RIGHT, y(*warn), look.state.unverifiable.mark, 1.0, "2 3");
    }
    if let Some((limit, _)) = &model.limit {
        line(LEFT, y(*limit), WIDTH - RIGHT, y(*limit), look.chart.limit, 1.5, "");
    }
    for (i, pair) in model.slots.windows(2).enumerate() {
        if let [(Some(a), from), (Some(b), to)] = [(pair[0].mid(), pair[0].standing), (pair[1].mid(), pair[1].standing)] {
            let proven = from == Standing::Proven && to == Standing::Proven;
            line(x(i), y(a), x(i + 1), y(b), look.chart.blue, 1.75, if proven { "" } else { "5 3" });
        }
    }
    for (i, slot) in model.slots.iter().enumerate() {
        let (cx, label) = (x(i), escaped(&format!("Batch {}, {}: {}", slot.number, slot.label, slot.text)));
        let _ = match slot.mid().map(y) {
            Some(cy) if slot.beyond => write!(
                out,
                "<path d=\"M{cx:.1} {:.1}l6 6l-6 6l-6 -6z\" fill=\"{}\"><title>{label}</title></path>",
                cy - 6.0,
                hex(look.chart.vermillion)
            ),
            Some(cy) => write!(
                out,
                "<circle cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"3.2\" fill=\"{}\"><title>{label}</title></circle>",
                hex(look.chart.blue)
            ),
            None => write!(
                out,
                "<rect x=\"{:.1}\" y=\"{TOP}\" width=\"{step:.1}\" height=\"{plot_height}\" fill=\"{}\"><title>{label}</title></rect>",
                cx - step / 2.0,
                hex(look.chart.gap)
            ),
        };
    }
    out.push_str("</svg>\n");
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// As `#rrggbb`; what is translucent on screen stands on the panel, which the drawing has too.
fn hex(color: Color32) -> String {
    let [r, g, b, _] = color.to_srgba_unmultiplied();
    format!("#{r:02x}{g:02x}{b:02x}")
}

//! One chart per monitored metric: value per batch, limit, batches beyond it, gaps where there is no value.

use plotters::{
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};
use verifold_model::{
    format,
    metric::Unit,
    record::{AuditRecord, RequirementResult},
    state::State,
};

use crate::{ReportError, world::TOKENS};

const SIZE: (u32, u32) = (860, 240);
const FACE: &str = "Inter";

/// A colour role of the light theme, from the same tokens as the screen.
fn colour(section: &str, role: &str) -> RGBColor {
    let mut here = false;
    for line in TOKENS.lines() {
        let line = line.trim();
        if line.starts_with('[') {
            here = line.split(']').next() == Some(&format!("[{section}"));
        } else if here
            && let Some((name, value)) = line.split_once('=')
            && name.trim() == role
            && let Some(hex) = value.trim().strip_prefix("\"#")
        {
            let part = |at: usize| hex.get(at..at + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok()).unwrap_or(0);
            return RGBColor(part(0), part(2), part(4));
        }
    }
    BLACK
}

/// The same as it is written in a drawing.
pub(crate) fn hex(section: &str, role: &str) -> String {
    let RGBColor(r, g, b) = colour(section, role);
    format!("#{r:02X}{g:02X}{b:02X}")
}

/// One value to draw.
struct Mark {
    number: u32,
    value: f64,
    beyond: bool,
}

/// The chart of a requirement whose metric is compared batch by batch, as SVG with the words a reader without eyes needs.
pub(crate) fn chart(record: &AuditRecord, result: &RequirementResult) -> Result<Option<(String, String)>, ReportError> {
    let (Some(key), Some(limit)) = (&result.metric, result.limit_value) else { return Ok(None) };
    let Some(series) = record.series.iter().find(|series| series.key == *key) else { return Ok(None) };
    if result.batches.is_empty() {
        return Ok(None);
    }
    let marks: Vec<Mark> = result
        .batches
        .iter()
        .filter(|batch| matches!(batch.state, State::Satisfied | State::Violated))
        .filter_map(|batch| {
            let index = record.batches.iter().find(|b| b.number == batch.number)?.index?;
            let point = series.points.iter().find(|point| point.batch == Some(index))?;
            Some(Mark { number: batch.number, value: point.value?.mid().to_f64(), beyond: batch.state == State::Violated })
        })
        .collect();
    if marks.is_empty() {
        return Ok(None);
    }
    let last = record.batches.iter().map(|batch| batch.number).max().unwrap_or(1);
    let changes: Vec<(u32, String)> = (record.model_changes.iter().filter(|change| change.batch > 0))
        .map(|change| (change.batch, format!("model changed, {} from here", change.new_model.short())))
        .collect();
    let svg = draw(&marks, &changes, limit.to_f64(), last, series.unit, result.limit_is_maximum)
        .map_err(|error| ReportError::Chart { metric: series.title.clone(), reason: error.to_string() })?;
    let beyond = marks.iter().filter(|mark| mark.beyond).count();
    let alt = format!(
        "{} for {} batches, limit {}; {beyond} of {} miss it.{} The table of the requirement holds the values.",
        series.title,
        marks.len(),
        result.limit,
        marks.len(),
        record.model_changes.iter().map(|change| format!(" Marked: {}.", change.words())).collect::<String>(),
    );
    Ok(Some((svg, alt)))
}

fn draw(
    marks: &[Mark],
    changes: &[(u32, String)],
    limit: f64,
    last: u32,
    unit: Unit,
    maximum: bool,
) -> Result<String, Box<dyn std::error::Error>> {
    let mut svg = String::new();
    {
        let (blue, vermillion, limit_colour) =
            (colour("light.chart", "blue"), colour("light.chart", "vermillion"), colour("light.chart", "limit"));
        let (text, grid, beyond) = (colour("light.color", "text2"), colour("light.color", "grid"), colour("light.chart", "beyond"));
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        root.fill(&WHITE)?;
        let values = || marks.iter().map(|mark| mark.value).chain([limit]);
        let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
        let room = ((high - low) * 0.15).max(0.01);
        let floor = if low >= 0.0 { (low - room).max(0.0) } else { low - room };
        let ceiling = high + room;
        let mut area = ChartBuilder::on(&root)
            .margin(10)
            .x_label_area_size(34)
            .y_label_area_size(58)
            .build_cartesian_2d(0.5..f64::from(last) + 0.5, floor..ceiling)?;
        let missed =
            if maximum { [(0.5, limit), (f64::from(last) + 0.5, ceiling)] } else { [(0.5, floor), (f64::from(last) + 0.5, limit)] };
        area.draw_series([Rectangle::new(missed, beyond.filled())])?;
        area.configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(grid)
            .axis_style(grid)
            .x_labels((last as usize).min(26))
            .x_label_formatter(&|x| format!("{x:.0}"))
            .y_labels(6)
            .y_label_formatter(&|y| level(*y, unit))
            .x_desc("batch")
            .label_style((FACE, 13).into_font().color(&text))
            .draw()?;
        // A line runs only between neighbours: a gap stays a gap.
        let mut run: Vec<(f64, f64)> = Vec::new();
        let mut runs = Vec::new();
        let mut previous = None;
        for mark in marks {
            if previous.is_some_and(|number: u32| number + 1 != mark.number) {
                runs.push(std::mem::take(&mut run));
            }
            run.push((f64::from(mark.number), mark.value));
            previous = Some(mark.number);
        }
        runs.push(run);
        for run in runs {
            area.draw_series(LineSeries::new(run, blue.stroke_width(2)))?;
        }
        area.draw_series([PathElement::new(vec![(0.5, limit), (f64::from(last) + 0.5, limit)], limit_colour.stroke_width(2))])?;
        area.draw_series(
            marks.iter().filter(|mark| !mark.beyond).map(|mark| Circle::new((f64::from(mark.number), mark.value), 4, blue.filled())),
        )?;
        area.draw_series(marks.iter().filter(|mark| mark.beyond).map(|mark| {
            EmptyElement::at((f64::from(mark.number), mark.value))
                + Polygon::new(vec![(0, -7), (7, 0), (0, 7), (-7, 0)], vermillion.filled())
        }))?;
        for (batch, label) in changes {
            let at = f64::from(*batch) - 0.5;
            let ink = colour("light.color", "text");
            area.draw_series(DashedLineSeries::new([(at, floor), (at, ceiling)], 6, 4, ink.stroke_width(2)))?;
            // On the side with more room.
            let (side, shift) = if at * 2.0 > f64::from(last) { (HPos::Right, -6) } else { (HPos::Left, 6) };
            let style = (FACE, 13).into_font().color(&ink).pos(Pos::new(side, VPos::Bottom));
            area.draw_series([EmptyElement::at((at, floor)) + Text::new(label.clone(), (shift, -4), style)])?;
        }
        root.present()?;
    }
    Ok(svg)
}

/// A level of the vertical axis in the unit of the metric.
fn level(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Rows => format::count(value.max(0.0) as u64),
        Unit::Percent => format!("{:.1}\u{202F}%", value * 100.0),
        Unit::RateDifference | Unit::Ratio => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(number: u32, value: f64, beyond: bool) -> Mark {
        Mark { number, value, beyond }
    }

    #[test]
    fn a_gap_breaks_the_line_and_a_missed_limit_is_a_diamond() {
        let svg =
            draw(&[mark(1, 0.05, false), mark(2, 0.06, false), mark(4, 0.12, true), mark(5, 0.07, false)], &[], 0.1, 5, Unit::Ratio, true)
                .unwrap();
        let stroke = format!("stroke=\"{}\"", hex("light.chart", "blue"));
        assert_eq!(
            svg.lines().filter(|line| line.contains("<polyline") && line.contains("stroke-width=\"2\"") && line.contains(&stroke)).count(),
            2
        );
        assert_eq!(svg.matches("<polygon").count(), 1);
        assert_eq!(svg.matches("<circle").count(), 3);
    }

    #[test]
    fn a_change_of_model_is_a_line_with_words() {
        let values = [mark(1, 0.05, false), mark(2, 0.06, false), mark(3, 0.07, false)];
        let change = [(3, "model changed, 9c11…04ab from here".to_owned())];
        let svg = draw(&values, &change, 0.1, 3, Unit::Ratio, true).unwrap();
        assert!(svg.contains("model changed, 9c11…04ab from here"), "{svg}");
        let ink = format!("stroke=\"{}\"", hex("light.color", "text"));
        assert!(svg.matches(&ink).count() > 5, "the line is dashed: {svg}");
        assert!(!draw(&values, &[], 0.1, 3, Unit::Ratio, true).unwrap().contains("model changed"));
    }

    #[test]
    fn colours_come_from_the_tokens() {
        assert_ne!(colour("light.chart", "blue"), BLACK);
        assert_ne!(colour("light.chart", "limit"), colour("light.chart", "blue"));
    }
}

//! Which colour, size and face a role has: `assets/tokens.toml`, read once. Code names roles, never values.

use std::sync::LazyLock;

use egui::{Color32, FontFamily, FontId};
use serde::{Deserialize, Deserializer, de::Error as _};

const SOURCE: &str = include_str!("../../assets/tokens.toml");

#[expect(clippy::expect_used, reason = "the file is part of the program; a test reads every role")]
static TOKENS: LazyLock<Tokens> = LazyLock::new(|| read(SOURCE).expect("assets/tokens.toml has every role"));

/// The tokens of both themes.
pub fn tokens() -> &'static Tokens {
    &TOKENS
}

/// The colours of one theme.
pub fn look(dark: bool) -> &'static Look {
    if dark { &TOKENS.dark } else { &TOKENS.light }
}

fn read(source: &str) -> Result<Tokens, toml::de::Error> {
    toml::from_str(source)
}

/// All design tokens.
#[derive(Debug, Clone, Deserialize)]
pub struct Tokens {
    /// Light theme.
    pub light: Look,
    /// Dark theme.
    pub dark: Look,
    /// Sizes and faces of text.
    #[serde(rename = "type")]
    pub kinds: Kinds,
    /// Corner radii.
    pub radius: Radius,
    /// Line widths.
    pub stroke: Strokes,
    /// Heights and widths of parts.
    pub size: Sizes,
}

/// Colours of one theme.
#[derive(Debug, Clone, Deserialize)]
pub struct Look {
    /// Surfaces, text and lines.
    pub color: Colors,
    /// One set per verdict.
    pub state: States,
    /// Charts.
    pub chart: Chart,
}

macro_rules! colors {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Deserialize)]
        pub struct $name {
            $($(#[$field_doc])* #[serde(deserialize_with = "hex_color")] pub $field: Color32,)*
        }
    };
}

colors! {
    /// Surfaces, text and lines.
    Colors {
        /// Window background behind cards.
        canvas,
        /// Cards, inspector, bars.
        panel,
        /// Left pane, table group rows, notes.
        sunken,
        /// Menus, popups, tooltips.
        raised,
        /// Hovered row or button.
        hover,
        /// Selected row, checked segment, drop target.
        select,
        /// Separators and card borders.
        line,
        /// Button borders, tree guides.
        line_strong,
        /// Outlines of text fields.
        field_line,
        /// Primary text.
        text,
        /// Secondary text and icons.
        text2,
        /// Captions, units, placeholders.
        text3,
        /// Text of disabled controls.
        disabled,
        /// Links, progress.
        accent,
        /// Text on accent.
        accent_text,
        /// Primary button.
        primary,
        /// Text on the primary button.
        primary_text,
        /// Keyboard focus ring.
        focus,
        /// Rules of tables and charts.
        grid,
        /// Chart axes and ticks.
        axis,
    }
}

colors! {
    /// Chart colours.
    Chart {
        /// First series.
        blue,
        /// Reserved for values beyond the limit.
        vermillion,
        /// Reserved for the reference.
        grey,
        /// Limit line.
        limit,
        /// Area beyond the limit.
        beyond,
        /// Band inside the limit.
        parity,
        /// Missing batch.
        gap,
    }
}

/// Colours of one verdict.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct StateColors {
    /// Icon and chart mark.
    #[serde(deserialize_with = "hex_color")]
    pub mark: Color32,
    /// Word beside the icon.
    #[serde(deserialize_with = "hex_color")]
    pub ink: Color32,
    /// Text on the chip.
    #[serde(deserialize_with = "hex_color")]
    pub chip_text: Color32,
    /// Chip.
    #[serde(deserialize_with = "hex_color")]
    pub chip_fill: Color32,
    /// Border of the chip.
    #[serde(deserialize_with = "hex_color")]
    pub chip_stroke: Color32,
    /// Tint behind a headline rung; the alarm has one of its own because its chip is filled.
    #[serde(default, deserialize_with = "hex_color")]
    pub soft_fill: Color32,
}

/// Colours per verdict.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "the fields are the verdict words")]
pub struct States {
    pub satisfied: StateColors,
    pub violated: StateColors,
    pub rejected: StateColors,
    pub unverifiable: StateColors,
    pub uncovered: StateColors,
    pub waived: StateColors,
    pub not_applicable: StateColors,
    pub judgement: StateColors,
}

fn hex_color<'de, D: Deserializer<'de>>(d: D) -> Result<Color32, D::Error> {
    let text = String::deserialize(d)?;
    let full = Some(&text).filter(|text| text.len() == 7);
    full.and_then(|text| Color32::from_hex(text).ok())
        .ok_or_else(|| D::Error::custom(format!("expected a colour such as #RRGGBB, found {text:?}")))
}

/// Size, line height and face of a kind of text.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Kind {
    /// Points.
    pub size: f32,
    /// Line height in points.
    pub line: f32,
    /// Which bundled face.
    pub face: Face,
}

/// A bundled face.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Face {
    /// Inter Regular.
    Regular,
    /// Inter Medium.
    Medium,
    /// Inter `SemiBold`.
    SemiBold,
    /// JetBrains Mono Regular.
    Mono,
    /// JetBrains Mono Bold.
    MonoBold,
}

impl Face {
    /// The family it is registered under.
    pub fn family(self) -> FontFamily {
        match self {
            Self::Regular => FontFamily::Proportional,
            Self::Medium => FontFamily::Name("medium".into()),
            Self::SemiBold => FontFamily::Name("semibold".into()),
            Self::Mono => FontFamily::Monospace,
            Self::MonoBold => FontFamily::Name("mono-bold".into()),
        }
    }
}

impl Kind {
    /// As the toolkit names it.
    pub fn font(self) -> FontId {
        FontId::new(self.size, self.face.family())
    }

    /// The same size in another face.
    pub const fn with(self, face: Face) -> Self {
        Self { face, ..self }
    }
}

/// Kinds of text.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Kinds {
    /// Welcome screen only.
    pub welcome: Kind,
    /// One per screen: the conclusion.
    pub headline: Kind,
    /// Groups of cards.
    pub section: Kind,
    /// Card and chart titles.
    pub title: Kind,
    /// Sentences.
    pub body: Kind,
    /// Buttons and segments.
    pub control: Kind,
    /// Table cells.
    pub table: Kind,
    /// Labels, units, legal references.
    pub caption: Kind,
    /// Counts, always followed by "of N".
    pub count: Kind,
    /// Digests and numbers in columns.
    pub mono: Kind,
    /// Elapsed time.
    pub elapsed: Kind,
}

/// Corner radii in points.
#[derive(Debug, Clone, Copy, Deserialize)]
#[expect(missing_docs, reason = "the fields are the parts")]
pub struct Radius {
    pub chip: u8,
    pub control: u8,
    pub note: u8,
    pub card: u8,
}

/// Line widths in points.
#[derive(Debug, Clone, Copy, Deserialize)]
#[expect(missing_docs, reason = "the fields are the uses")]
pub struct Strokes {
    pub line: f32,
    pub selected: f32,
    pub alarm: f32,
}

/// Heights and widths in points.
#[derive(Debug, Clone, Copy, Deserialize)]
#[expect(missing_docs, reason = "the fields are the parts")]
pub struct Sizes {
    pub top_bar: f32,
    pub ladder: f32,
    pub status_bar: f32,
    pub left_pane: f32,
    pub inspector: f32,
    pub pane_header: f32,
    pub main_min: f32,
    pub nav_row: f32,
    pub tree_row: f32,
    pub table_header: f32,
    pub table_row: f32,
    pub table_group: f32,
    pub button: f32,
    pub button_large: f32,
    pub input: f32,
    pub chip: f32,
    pub tile: f32,
    pub matrix_row: f32,
    pub rung_number: f32,
    pub hit_min: f32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_is_in_the_file() {
        let tokens = read(SOURCE).unwrap();
        assert!(tokens.kinds.caption.size >= 12.0, "nothing is set below 12 points");
        assert_ne!(tokens.light.color.canvas, tokens.dark.color.canvas);
    }

    #[test]
    fn a_wrong_colour_is_named() {
        let broken = SOURCE.replace("#F4F5F7", "#F4F5");
        assert!(read(&broken).unwrap_err().to_string().contains("expected a colour such as #RRGGBB, found \"#F4F5\""));
    }
}

//! How the toolkit is dressed: bundled faces, both themes, spacing. Nothing animates.

use std::sync::Arc;

use egui::{
    Context, CornerRadius, FontData, FontDefinitions, FontFamily, Stroke, Style, TextStyle, Theme, Visuals,
    style::{Selection, WidgetVisuals},
};

use crate::tokens::{Face, look, tokens};

/// Installs fonts and both themes; the same on every host.
pub fn install(ctx: &Context) {
    ctx.set_fonts(fonts());
    for theme in [Theme::Light, Theme::Dark] {
        ctx.set_style_of(theme, style(theme == Theme::Dark));
    }
    // Zoom is an action of ours with its own limits.
    ctx.options_mut(|options| options.zoom_with_keyboard = false);
}

fn fonts() -> FontDefinitions {
    let faces: [(Face, &'static str, &'static [u8]); 5] = [
        (Face::Regular, "inter-regular", include_bytes!("../../assets/fonts/Inter-Regular.otf")),
        (Face::Medium, "inter-medium", include_bytes!("../../assets/fonts/Inter-Medium.otf")),
        (Face::SemiBold, "inter-semibold", include_bytes!("../../assets/fonts/Inter-SemiBold.otf")),
        (Face::Mono, "jetbrains-mono", include_bytes!("../../assets/fonts/JetBrainsMono-Regular.ttf")),
        (Face::MonoBold, "jetbrains-mono-bold", include_bytes!("../../assets/fonts/JetBrainsMono-Bold.ttf")),
    ];
    let mut fonts = FontDefinitions::empty();
    fonts.font_data.insert("icons".into(), Arc::new(FontData::from_static(include_bytes!("../../assets/fonts/Phosphor-subset.ttf"))));
    for (face, name, bytes) in faces {
        fonts.font_data.insert(name.into(), Arc::new(FontData::from_static(bytes)));
        // Icons and the narrow no-break space, which the monospaced face lacks, come from the faces behind.
        fonts.families.insert(face.family(), vec![name.into(), "inter-regular".into(), "icons".into()]);
    }
    fonts.families.insert(FontFamily::Name("icons".into()), vec!["icons".into(), "inter-regular".into()]);
    fonts
}

fn style(dark: bool) -> Style {
    let (look, kinds) = (look(dark), tokens().kinds);
    let colors = look.color;
    let mut style = Style { animation_time: 0.0, ..Style::default() };
    style.text_styles = [
        (TextStyle::Small, kinds.caption.font()),
        (TextStyle::Body, kinds.body.font()),
        (TextStyle::Button, kinds.control.font()),
        (TextStyle::Heading, kinds.headline.font()),
        (TextStyle::Monospace, kinds.mono.font()),
    ]
    .into();
    style.spacing.item_spacing = egui::vec2(8.0, 4.0);
    // A handle one can see on every ground, and no groove.
    style.spacing.scroll = egui::style::ScrollStyle {
        foreground_color: true,
        dormant_background_opacity: 0.0,
        active_background_opacity: 0.0,
        interact_background_opacity: 0.0,
        dormant_handle_opacity: 0.35,
        active_handle_opacity: 0.5,
        interact_handle_opacity: 0.8,
        ..egui::style::ScrollStyle::thin()
    };
    style.spacing.tooltip_width = 420.0;
    style.interaction.selectable_labels = false;
    style.visuals = visuals(dark);
    style.visuals.override_text_color = Some(colors.text);
    style
}

fn visuals(dark: bool) -> Visuals {
    let look = look(dark);
    let (colors, radius) = (look.color, tokens().radius);
    let mut visuals = if dark { Visuals::dark() } else { Visuals::light() };
    let line = |color| Stroke::new(tokens().stroke.line, color);
    visuals.panel_fill = colors.canvas;
    visuals.window_fill = colors.raised;
    visuals.window_stroke = line(colors.line_strong);
    visuals.window_corner_radius = CornerRadius::same(radius.card);
    visuals.menu_corner_radius = CornerRadius::same(radius.control);
    visuals.extreme_bg_color = colors.panel;
    visuals.faint_bg_color = colors.sunken;
    visuals.hyperlink_color = colors.accent;
    visuals.selection = Selection { bg_fill: colors.select, stroke: Stroke::new(1.5, colors.focus) };
    let widget = |bg, border, fg| WidgetVisuals {
        bg_fill: bg,
        weak_bg_fill: bg,
        bg_stroke: line(border),
        corner_radius: CornerRadius::same(radius.control),
        fg_stroke: Stroke::new(1.0, fg),
        expansion: 0.0,
    };
    visuals.widgets.noninteractive = widget(colors.panel, colors.line, colors.text);
    visuals.widgets.inactive = widget(colors.panel, colors.line_strong, colors.text2);
    visuals.widgets.hovered = widget(colors.hover, colors.line_strong, colors.text);
    visuals.widgets.active = widget(colors.select, colors.accent, colors.text);
    visuals.widgets.open = widget(colors.hover, colors.line_strong, colors.text);
    visuals
}

//! Top bar and status bar.

use egui::{Align, Color32, Layout, Rect, Role, Sense, Shape, Stroke, StrokeKind, ThemePreference, Ui, WidgetInfo, pos2, vec2};

use crate::{
    action::Action,
    icons::Icon,
    panels::Asked,
    place::Screen,
    tokens::{Face, tokens},
    verdict::Verdict,
    widgets::{
        button,
        controls::Weight,
        focus_ring, icon_button,
        text::{Fit, kind, paint_icon, paint_text, strong, width},
        theme,
    },
    workbench::{Run, Workbench},
};

/// Name, audit, search, actions.
pub(super) fn top_ui(workbench: &Workbench, ui: &mut Ui, asked: &mut Asked) {
    let colors = theme(ui).color;
    let bar = ui.max_rect();
    ui.painter().hline(ui.clip_rect().x_range(), bar.bottom() - 0.5, Stroke::new(1.0, colors.line));
    let wide = bar.width() >= 860.0;
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let verifying = matches!(workbench.run, Run::Verifying(_));
        if let Some(audit) = workbench.audit.as_ref().filter(|_| !verifying && workbench.here().screen != Screen::Welcome) {
            let named = |action: Action| action.offer().map(|offer| (offer.label, offer.tooltip)).unwrap_or_default();
            let (label, tooltip) = named(Action::Report);
            if button(ui, Some(Icon::FileText), label, "", Weight::Primary, !audit.record.program.is_empty())
                .on_hover_text(tooltip)
                .clicked()
            {
                asked.push(Action::Report);
            }
            if wide {
                if button(ui, Some(Icon::ArrowsClockwise), "Verify again", "", Weight::Default, true).clicked() {
                    asked.push(Action::Verify);
                }
            } else if icon_button(ui, Icon::ArrowsClockwise, "Verify again", true).clicked() {
                asked.push(Action::Verify);
            }
            if ui.ctx().content_rect().width() < super::DRAWER_BELOW && icon_button(ui, Icon::SidebarSimple, "Inspector", true).clicked() {
                asked.push(Action::Inspector);
            }
        }
        theme_button(ui, asked);
        search(ui, wide, asked);
        let rest = ui.available_rect_before_wrap();
        crumbs(workbench, ui, rest);
    });
}

fn theme_button(ui: &mut Ui, asked: &mut Asked) {
    let (icon, name, next) = match Workbench::theme_preference(ui.ctx()) {
        ThemePreference::Light => (Icon::Sun, "Theme: light", ThemePreference::Dark),
        ThemePreference::Dark => (Icon::Moon, "Theme: dark", ThemePreference::System),
        ThemePreference::System => (Icon::CircleHalf, "Theme: as the system", ThemePreference::Light),
    };
    if icon_button(ui, icon, name, true).clicked() {
        asked.push(Action::Theme(next));
    }
}

fn search(ui: &mut Ui, wide: bool, asked: &mut Asked) {
    let colors = theme(ui).color;
    const NAME: &str = "Search or run a command";
    if !wide {
        if icon_button(ui, Icon::MagnifyingGlass, NAME, true).clicked() {
            asked.push(Action::Palette);
        }
        return;
    }
    let (rect, response) = ui.allocate_exact_size(vec2(264.0, tokens().size.button), Sense::click());
    ui.painter().rect(
        rect,
        tokens().radius.control,
        if response.hovered() { colors.hover } else { colors.sunken },
        Stroke::new(1.0, colors.line),
        StrokeKind::Inside,
    );
    paint_icon(ui, pos2(rect.left() + 16.0, rect.center().y), Icon::MagnifyingGlass, 15.0, colors.text2);
    paint_text(ui, rect.with_min_x(rect.left() + 30.0), Align::Min, NAME, kind().table, colors.text2, Fit::Must);
    let keys = Rect::from_min_max(pos2(rect.right() - 50.0, rect.center().y - 9.0), pos2(rect.right() - 8.0, rect.center().y + 9.0));
    ui.painter().rect(keys, 4, colors.panel, Stroke::new(1.0, colors.line), StrokeKind::Inside);
    paint_text(ui, keys, Align::Center, "Ctrl K", kind().caption.with(Face::Regular), colors.text3, Fit::MayCut);
    focus_ring(ui, &response, tokens().radius.control);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, NAME));
    if response.clicked() {
        asked.push(Action::Palette);
    }
}

fn crumbs(workbench: &Workbench, ui: &mut Ui, rect: Rect) {
    let colors = theme(ui).color;
    let mark = Rect::from_center_size(pos2(rect.left() + 10.0, rect.center().y), vec2(18.0, 16.0));
    logo(ui, mark);
    let name = paint_text(ui, rect.with_min_x(rect.left() + 32.0), Align::Min, "Verifold", strong(kind().body), colors.text, Fit::MayCut);
    let mut left = name.right() + 12.0;
    if left + 60.0 > rect.right() {
        return;
    }
    ui.painter().vline(left, rect.center().y - 12.0..=rect.center().y + 12.0, Stroke::new(1.0, colors.line));
    left += 12.0;
    let verifying = matches!(workbench.run, Run::Verifying(_));
    let parts: Vec<String> = match workbench.audit.as_ref().filter(|_| workbench.here().screen != Screen::Welcome) {
        _ if verifying => vec![file_name(&workbench.files.package)],
        Some(audit) => {
            let record = &audit.record;
            match (&record.subject, &record.period) {
                (Some(subject), Some(period)) => vec![subject.value.name.clone(), subject.value.model.clone(), period.value.text()],
                (Some(subject), None) => vec![subject.value.name.clone(), subject.value.model.clone()],
                _ => vec![record.package.file_name.clone()],
            }
        }
        None => vec!["No audit open".to_owned()],
    };
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            if left + 24.0 + width(ui, part, kind().table.font()) > rect.right() {
                break;
            }
            paint_text(ui, rect.with_min_x(left), Align::Min, "/", kind().table, colors.text3, Fit::MayCut);
            left += 16.0;
        }
        let face = if i == 0 && parts.len() > 1 { strong(kind().body) } else { kind().table };
        let covered = paint_text(
            ui,
            rect.with_min_x(left).with_max_x(rect.right() - 8.0),
            Align::Min,
            part,
            face,
            if i == 0 { colors.text } else { colors.text2 },
            Fit::MayCut,
        );
        left = covered.right() + 12.0;
    }
}

/// The mark: two folded sheets meeting in a V.
fn logo(ui: &Ui, rect: Rect) {
    let look = theme(ui);
    let (l, r, t, b, m) = (rect.left(), rect.right(), rect.top(), rect.bottom(), rect.center().x);
    let left = vec![pos2(l, t), pos2(l + 6.0, t), pos2(m + 1.0, b - 3.0), pos2(m - 1.5, b)];
    let right = vec![pos2(r, t), pos2(r - 6.0, t), pos2(m - 1.5, b - 3.0), pos2(m - 1.5, b)];
    ui.painter().add(Shape::convex_polygon(left, look.color.text, Stroke::new(0.0, Color32::TRANSPARENT)));
    ui.painter().add(Shape::convex_polygon(right, look.color.accent, Stroke::new(0.0, Color32::TRANSPARENT)));
}

fn file_name(path: &str) -> String {
    path.rsplit(['/', '\\']).next().unwrap_or(path).to_owned()
}

/// In a window of its own the program has no network code; on a page it is the shell that lets nothing through.
const OFFLINE: &str = if cfg!(target_arch = "wasm32") { "Offline: connections are refused" } else { "Offline: no network code" };

/// What is under way or how the last run ended, standing facts at the right.
pub(super) fn status_ui(workbench: &Workbench, ui: &mut Ui, asked: &mut Asked) {
    let look = theme(ui);
    let colors = look.color;
    let bar = ui.max_rect();
    ui.painter().hline(ui.clip_rect().x_range(), bar.top() + 0.5, Stroke::new(1.0, colors.line));
    let face = kind().caption.with(Face::Regular);
    let text = workbench.status();
    let (icon, ink) = match (&workbench.run, &workbench.audit) {
        (Run::Verifying(_), _) => (Icon::Clock, colors.accent),
        (Run::Failed { .. }, _) => (Icon::Warning, look.state.violated.ink),
        (Run::Cancelled { .. }, _) => (Icon::MinusCircle, colors.text2),
        (Run::Idle, Some(audit)) => {
            let form = Verdict::from(audit.record.exit).form;
            (form.icon(), form.colors(look).ink)
        }
        (Run::Idle, None) => (Icon::Info, colors.text2),
    };
    let text_width = width(ui, &text, face.font()) + 30.0;
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let item = |ui: &mut Ui, icon: Option<Icon>, text: &str| {
            let lead = if icon.is_some() { 20.0 } else { 0.0 };
            let wanted = width(ui, text, face.font()) + lead;
            if ui.available_width() < wanted + text_width {
                return;
            }
            let (rect, response) = ui.allocate_exact_size(vec2(wanted, bar.height()), Sense::hover());
            if let Some(icon) = icon {
                paint_icon(ui, pos2(rect.left() + 7.0, rect.center().y), icon, 14.0, colors.text2);
            }
            paint_text(ui, rect.with_min_x(rect.left() + lead), Align::Min, text, face, colors.text2, Fit::MayCut);
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
            ui.add_space(8.0);
        };
        item(ui, None, &format!("Verifold {}", env!("CARGO_PKG_VERSION")));
        item(ui, None, &format!("{} %", workbench.zoom));
        if let Some(audit) = workbench.audit.as_ref().filter(|_| workbench.here().screen != Screen::Welcome) {
            item(ui, None, &format!("Policy {}", audit.record.policy.digest.short()));
        }
        item(ui, Some(Icon::WifiSlash), OFFLINE);
        if let Run::Verifying(progress) = &workbench.run {
            if icon_button_small(ui, "Cancel verification") {
                asked.push(Action::Cancel);
            }
            let elapsed = super::running::clock(progress.elapsed);
            item(ui, None, &elapsed);
        }
        let rest = ui.available_rect_before_wrap();
        paint_icon(ui, pos2(rest.left() + 7.0, rest.center().y), icon, 14.0, ink);
        paint_text(ui, rest.with_min_x(rest.left() + 20.0), Align::Min, &text, face, colors.text2, Fit::MayCut);
        let response = ui.interact(rest, ui.scope_id().with("status"), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &text));
        response.on_hover_text(&text);
    });
}

fn icon_button_small(ui: &mut Ui, name: &str) -> bool {
    let colors = theme(ui).color;
    let (rect, response) = ui.allocate_exact_size(vec2(24.0, 24.0), Sense::click());
    if response.hovered() {
        ui.painter().rect_filled(rect, 4, colors.hover);
    }
    paint_icon(ui, rect.center(), Icon::X, 14.0, colors.text);
    focus_ring(ui, &response, 4);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
    response.on_hover_text(name).clicked()
}

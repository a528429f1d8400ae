//! Everything a person can ask for. A label, tooltip and shortcut stand here once and feed
//! buttons, the palette and the keyboard alike.

use egui::{Key, KeyboardShortcut, Modifiers, ThemePreference};

use crate::{
    backend::{Menu, MenuItem, Pick},
    icons::Icon,
    place::{Screen, Selection},
};

/// Something to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Show a room.
    Go(Screen),
    /// Select, in the current room.
    Select(Selection),
    /// Show something in the room made for it.
    Open(Screen, Selection),
    /// Show the metric of a requirement, by its identifier, in Monitoring at a batch, by its number.
    ShowMetric(String, u32),
    /// Ask for a file.
    Browse(Pick),
    /// Verify the chosen files.
    Verify,
    /// Verify these files.
    VerifyFiles(crate::backend::AuditFiles),
    /// End the verification under way.
    Cancel,
    /// Ask where the report goes.
    Report,
    /// Write the report to the path in the sheet.
    WriteReport,
    /// Close what lies on top.
    Dismiss,
    /// To the place before.
    Back,
    /// To the place after.
    Forward,
    /// To the batch before.
    PreviousBatch,
    /// To the batch after.
    NextBatch,
    /// Search and commands.
    Palette,
    /// Show or hide the inspector.
    Inspector,
    /// Larger.
    ZoomIn,
    /// Smaller.
    ZoomOut,
    /// 100 %.
    ZoomReset,
    /// Light, dark or as the system.
    Theme(ThemePreference),
}

/// How an action is offered.
#[derive(Debug, Clone, Copy)]
pub struct Offer {
    /// On buttons and in the palette; "…" where more input follows.
    pub label: &'static str,
    /// One sentence more.
    pub tooltip: &'static str,
    /// Icon.
    pub icon: Icon,
    /// Keys, if any.
    pub shortcut: Option<KeyboardShortcut>,
}

const fn keys(modifiers: Modifiers, key: Key) -> Option<KeyboardShortcut> {
    Some(KeyboardShortcut::new(modifiers, key))
}

impl Action {
    /// Actions the palette lists and the keyboard reaches.
    pub const LISTED: [Self; 26] = [
        Self::Go(Screen::Overview),
        Self::Go(Screen::Requirements),
        Self::Go(Screen::Lifecycle),
        Self::Go(Screen::Monitoring),
        Self::Go(Screen::Proofs),
        Self::Go(Screen::Welcome),
        Self::Browse(Pick::Package),
        Self::Browse(Pick::Policy),
        Self::Browse(Pick::Engagement),
        Self::Browse(Pick::Overlay),
        Self::Browse(Pick::Key),
        Self::Verify,
        Self::Cancel,
        Self::Report,
        Self::Back,
        Self::Forward,
        Self::PreviousBatch,
        Self::NextBatch,
        Self::Palette,
        Self::Inspector,
        Self::ZoomIn,
        Self::ZoomOut,
        Self::ZoomReset,
        Self::Theme(ThemePreference::Light),
        Self::Theme(ThemePreference::Dark),
        Self::Theme(ThemePreference::System),
    ];

    /// How it is offered; absent for actions that carry data of their own.
    pub const fn offer(&self) -> Option<Offer> {
        const fn offer(label: &'static str, tooltip: &'static str, icon: Icon, shortcut: Option<KeyboardShortcut>) -> Option<Offer> {
            Some(Offer { label, tooltip, icon, shortcut })
        }
        match self {
            Self::Go(Screen::Welcome) => {
                offer("Open another audit", "Choose policy, engagement and package", Icon::FolderOpen, keys(Modifiers::CTRL, Key::N))
            }
            Self::Go(Screen::Overview) => {
                offer("Overview", "Headline, totals and the matrix of requirements", Icon::SquaresFour, keys(Modifiers::CTRL, Key::Num1))
            }
            Self::Go(Screen::Requirements) => {
                offer("Requirements", "Every requirement and why it is in its state", Icon::ListChecks, keys(Modifiers::CTRL, Key::Num2))
            }
            Self::Go(Screen::Lifecycle) => offer(
                "Life cycle",
                "The chain from raw rows to monitored batches, and what each stage covers",
                Icon::TreeStructure,
                keys(Modifiers::CTRL, Key::Num3),
            ),
            Self::Go(Screen::Monitoring) => {
                offer("Monitoring", "Metrics batch by batch", Icon::ChartLine, keys(Modifiers::CTRL, Key::Num4))
            }
            Self::Go(Screen::Proofs) => {
                offer("Proofs", "Statements, circuits and digests", Icon::SealCheck, keys(Modifiers::CTRL, Key::Num5))
            }
            Self::Browse(Pick::Package) => {
                offer("Open package…", "Choose the proof package that was handed over", Icon::FolderOpen, keys(Modifiers::CTRL, Key::O))
            }
            Self::Browse(Pick::Policy) => offer(
                "Open policy…",
                "Choose the policy: what must hold",
                Icon::Scales,
                keys(Modifiers::CTRL.plus(Modifiers::SHIFT), Key::O),
            ),
            Self::Browse(Pick::Engagement) => offer(
                "Open engagement…",
                "Choose the engagement: what you expect of this audit",
                Icon::Crosshair,
                keys(Modifiers::CTRL, Key::E),
            ),
            Self::Browse(Pick::Overlay) => offer(
                "Add overlay…",
                "Tailor the policy by a signed overlay: each change with its reason, owner and expiry",
                Icon::Plus,
                None,
            ),
            Self::Browse(Pick::Key) => offer(
                "Trust a key…",
                "Trust a public key for signatures of policy, overlays and engagement, in this audit",
                Icon::Key,
                None,
            ),
            Self::Browse(Pick::Report) => offer("Browse…", "Choose where the report goes", Icon::Folder, None),
            Self::Verify | Self::VerifyFiles(_) => {
                offer("Verify", "Check every proof of the chosen package here", Icon::ArrowsClockwise, keys(Modifiers::NONE, Key::F5))
            }
            Self::Cancel => offer("Cancel", "End the check at once; nothing is concluded", Icon::X, None),
            Self::Report => offer("Report…", "Write this audit as a PDF", Icon::FileText, keys(Modifiers::CTRL, Key::P)),
            Self::WriteReport => offer("Write report", "Write the PDF to the path above", Icon::FileText, None),
            Self::Dismiss => offer("Close", "Close what lies on top", Icon::X, None),
            Self::Back => offer("Back", "To the place before", Icon::ArrowLeft, keys(Modifiers::ALT, Key::ArrowLeft)),
            Self::Forward => offer("Forward", "To the place after", Icon::ArrowRight, keys(Modifiers::ALT, Key::ArrowRight)),
            Self::PreviousBatch => {
                offer("Previous batch", "Select the batch before", Icon::ArrowLeft, keys(Modifiers::CTRL, Key::ArrowLeft))
            }
            Self::NextBatch => offer("Next batch", "Select the batch after", Icon::ArrowRight, keys(Modifiers::CTRL, Key::ArrowRight)),
            Self::Palette => offer(
                "Search or run a command",
                "Find a requirement, batch, proof or command",
                Icon::MagnifyingGlass,
                keys(Modifiers::CTRL, Key::K),
            ),
            Self::Inspector => offer("Inspector", "Show or hide the inspector", Icon::SidebarSimple, keys(Modifiers::NONE, Key::F4)),
            Self::ZoomIn => offer("Zoom in", "Larger, up to 200 %", Icon::Plus, keys(Modifiers::CTRL, Key::Plus)),
            Self::ZoomOut => offer("Zoom out", "Smaller, down to 80 %", Icon::Minus, keys(Modifiers::CTRL, Key::Minus)),
            Self::ZoomReset => offer("Zoom to 100 %", "Text at its own size", Icon::MagnifyingGlass, keys(Modifiers::CTRL, Key::Num0)),
            Self::Theme(ThemePreference::Light) => offer("Light theme", "Dark text on light", Icon::Sun, None),
            Self::Theme(ThemePreference::Dark) => offer("Dark theme", "Light text on dark", Icon::Moon, None),
            Self::Theme(ThemePreference::System) => {
                offer("Theme of the system", "Light or dark as the system is set", Icon::CircleHalf, None)
            }
            Self::Select(_) | Self::Open(..) | Self::ShowMetric(..) => None,
        }
    }
}

/// The menus of a window that has a menu bar: every listed action, by its place in [`Action::LISTED`].
pub fn menus() -> Vec<Menu> {
    let title = |action: &Action| match action {
        Action::Browse(_) | Action::Go(Screen::Welcome) | Action::Verify | Action::Cancel | Action::Report => "Audit",
        Action::Go(_) | Action::Back | Action::Forward | Action::PreviousBatch | Action::NextBatch | Action::Palette => "Go",
        _ => "View",
    };
    let listed = || (0_u32..).zip(&Action::LISTED);
    let line = |(item, action): (u32, &Action)| {
        let offer = action.offer()?;
        let keys = offer.shortcut.map(|keys| format!("   ({})", shortcut_text(keys))).unwrap_or_default();
        Some(MenuItem { item, label: format!("{}{keys}", offer.label) })
    };
    let menu = |name: &str| Menu {
        title: name.to_owned(),
        items: listed().filter(|(_, action)| title(action) == name).filter_map(line).collect(),
    };
    ["Audit", "Go", "View"].map(menu).into()
}

/// Keys as people read them: `Ctrl Shift O`.
pub fn shortcut_text(shortcut: KeyboardShortcut) -> String {
    let mut text = String::new();
    for (held, name) in [(shortcut.modifiers.ctrl, "Ctrl "), (shortcut.modifiers.alt, "Alt "), (shortcut.modifiers.shift, "Shift ")] {
        if held {
            text.push_str(name);
        }
    }
    text.push_str(match shortcut.logical_key {
        Key::ArrowLeft => "←",
        Key::ArrowRight => "→",
        Key::Plus => "+",
        Key::Minus => "−",
        key => key.name(),
    });
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_action_is_offered_once() {
        for (i, action) in Action::LISTED.iter().enumerate() {
            let offer = action.offer().unwrap();
            for other in &Action::LISTED[..i] {
                let other = other.offer().unwrap();
                assert_ne!(offer.label, other.label);
                assert!(offer.shortcut.is_none() || offer.shortcut != other.shortcut, "{} and {}", offer.label, other.label);
            }
        }
        let menus = menus();
        assert_eq!(menus.iter().map(|menu| menu.items.len()).sum::<usize>(), Action::LISTED.len());
        assert_eq!(menus[0].items[0], MenuItem { item: 5, label: "Open another audit   (Ctrl N)".into() });
        assert_eq!((crate::backend::Command::Menus { menus }).check(), Ok(()));
        assert_eq!(shortcut_text(Action::Browse(Pick::Policy).offer().unwrap().shortcut.unwrap()), "Ctrl Shift O");
    }
}

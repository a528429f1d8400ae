//! Which glyph stands for what: Phosphor regular, in the subset that ships with the program.

/// An icon of the bundled subset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icon {
    /// Phosphor `check-circle`: satisfied.
    CheckCircle,
    /// Phosphor `x-circle`: violated.
    XCircle,
    /// Phosphor `warning-octagon`: rejected.
    WarningOctagon,
    /// Phosphor `question`: unverifiable.
    Question,
    /// Phosphor `circle-dashed`: uncovered.
    CircleDashed,
    /// Phosphor `flag-pennant`: waived.
    FlagPennant,
    /// Phosphor `minus-circle`: not applicable, not established.
    MinusCircle,
    /// Phosphor `user`: judgement, open.
    User,
    /// Phosphor `user-check`: judgement, determined.
    UserCheck,
    /// Phosphor `package`.
    Package,
    /// Phosphor `key`.
    Key,
    /// Phosphor `seal-check`.
    SealCheck,
    /// Phosphor `scales`.
    Scales,
    /// Phosphor `clock`.
    Clock,
    /// Phosphor `squares-four`.
    SquaresFour,
    /// Phosphor `list-checks`.
    ListChecks,
    /// Phosphor `chart-line`.
    ChartLine,
    /// Phosphor `file-text`.
    FileText,
    /// Phosphor `magnifying-glass`.
    MagnifyingGlass,
    /// Phosphor `arrows-clockwise`.
    ArrowsClockwise,
    /// Phosphor `x`.
    X,
    /// Phosphor `caret-right`.
    CaretRight,
    /// Phosphor `caret-down`.
    CaretDown,
    /// Phosphor `copy`.
    Copy,
    /// Phosphor `wifi-slash`.
    WifiSlash,
    /// Phosphor `warning`.
    Warning,
    /// Phosphor `info`.
    Info,
    /// Phosphor `cube`.
    Cube,
    /// Phosphor `pulse`.
    Pulse,
    /// Phosphor `cpu`.
    Cpu,
    /// Phosphor `calendar-blank`.
    CalendarBlank,
    /// Phosphor `funnel`.
    Funnel,
    /// Phosphor `folder`.
    Folder,
    /// Phosphor `folder-open`.
    FolderOpen,
    /// Phosphor `eye-slash`.
    EyeSlash,
    /// Phosphor `sun`.
    Sun,
    /// Phosphor `moon`.
    Moon,
    /// Phosphor `arrow-left`.
    ArrowLeft,
    /// Phosphor `arrow-right`.
    ArrowRight,
    /// Phosphor `check`.
    Check,
    /// Phosphor `crosshair`.
    Crosshair,
    /// Phosphor `circle-half`.
    CircleHalf,
    /// Phosphor `circle-notch`.
    CircleNotch,
    /// Phosphor `sidebar-simple`.
    SidebarSimple,
    /// Phosphor `plus`.
    Plus,
    /// Phosphor `minus`.
    Minus,
    /// Phosphor `tree-structure`: life cycle.
    TreeStructure,
    /// Phosphor `link`.
    Link,
    /// Phosphor `link-break`: a broken link.
    LinkBreak,
    /// Phosphor `database`.
    Database,
    /// Phosphor `table`.
    Table,
    /// Phosphor `gauge`.
    Gauge,
}

impl Icon {
    /// The glyph in the icon font's private use area.
    pub const fn glyph(self) -> &'static str {
        match self {
            Self::CheckCircle => "\u{E184}",
            Self::XCircle => "\u{E4F8}",
            Self::WarningOctagon => "\u{E4E4}",
            Self::Question => "\u{E3E8}",
            Self::CircleDashed => "\u{E602}",
            Self::FlagPennant => "\u{ECF0}",
            Self::MinusCircle => "\u{E32C}",
            Self::User => "\u{E4C2}",
            Self::UserCheck => "\u{EAFA}",
            Self::Package => "\u{E390}",
            Self::Key => "\u{E2D6}",
            Self::SealCheck => "\u{E606}",
            Self::Scales => "\u{E750}",
            Self::Clock => "\u{E19A}",
            Self::SquaresFour => "\u{E464}",
            Self::ListChecks => "\u{EADC}",
            Self::ChartLine => "\u{E154}",
            Self::FileText => "\u{E23A}",
            Self::MagnifyingGlass => "\u{E30C}",
            Self::ArrowsClockwise => "\u{E094}",
            Self::X => "\u{E4F6}",
            Self::CaretRight => "\u{E13A}",
            Self::CaretDown => "\u{E136}",
            Self::Copy => "\u{E1CA}",
            Self::WifiSlash => "\u{E4F2}",
            Self::Warning => "\u{E4E0}",
            Self::Info => "\u{E2CE}",
            Self::Cube => "\u{E1DA}",
            Self::Pulse => "\u{E000}",
            Self::Cpu => "\u{E610}",
            Self::CalendarBlank => "\u{E10A}",
            Self::Funnel => "\u{E266}",
            Self::Folder => "\u{E24A}",
            Self::FolderOpen => "\u{E256}",
            Self::EyeSlash => "\u{E224}",
            Self::Sun => "\u{E472}",
            Self::Moon => "\u{E330}",
            Self::ArrowLeft => "\u{E058}",
            Self::ArrowRight => "\u{E06C}",
            Self::Check => "\u{E182}",
            Self::Crosshair => "\u{E1D6}",
            Self::CircleHalf => "\u{E18C}",
            Self::CircleNotch => "\u{EB44}",
            Self::SidebarSimple => "\u{EC24}",
            Self::Plus => "\u{E3D4}",
            Self::Minus => "\u{E32A}",
            Self::TreeStructure => "\u{E67C}",
            Self::Link => "\u{E2E2}",
            Self::LinkBreak => "\u{E2E4}",
            Self::Database => "\u{E1DE}",
            Self::Table => "\u{E476}",
            Self::Gauge => "\u{E628}",
        }
    }
}

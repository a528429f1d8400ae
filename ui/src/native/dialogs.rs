//! File dialogs of this desktop.

use std::time::{Duration, Instant};

use verifold_host::{Answer, Dialogs, kind, title};
use verifold_ui::backend::Pick;

/// A dialog that closes faster than this was never shown.
const NEVER_SHOWN: Duration = Duration::from_millis(250);

/// Dialogs through the desktop portal, or zenity.
pub(super) struct Portal;

impl Dialogs for Portal {
    #[expect(clippy::disallowed_methods, reason = "the dialog library reports a missing dialog only by returning at once")]
    fn ask(&self, pick: Pick, suggestion: &str) -> Answer {
        let before = Instant::now();
        let (name, extension) = kind(pick);
        let dialog = rfd::FileDialog::new().set_title(title(pick)).add_filter(name, &[extension]);
        let path = if pick == Pick::Report { dialog.set_file_name(suggestion).save_file() } else { dialog.pick_file() };
        match path {
            Some(path) => Answer::Chosen(path),
            None if before.elapsed() > NEVER_SHOWN => Answer::Cancelled,
            None => Answer::Unavailable(
                "No file dialog could be shown on this system (neither a desktop portal nor zenity answered). Type the path instead, or drop the file on the window.".to_owned(),
            ),
        }
    }
}

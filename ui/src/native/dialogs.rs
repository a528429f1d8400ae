//! File dialogs, each on a thread of its own so that the window keeps painting.

use std::time::{Duration, Instant};

use verifold_ui::backend::{Event, Pick};

use super::worker::Outlet;

/// A dialog that closes faster than this was never shown.
const NEVER_SHOWN: Duration = Duration::from_millis(250);

/// Asks for a path; the answer arrives at the outlet.
pub(super) fn pick(pick: Pick, suggestion: String, outlet: Outlet) {
    std::thread::spawn(move || {
        let (path, shown) = ask(pick, &suggestion);
        let problem = if path.is_none() && !shown {
            "No file dialog could be shown on this system (neither a desktop portal nor zenity answered). Type the path instead, or drop the file on the window.".to_owned()
        } else {
            String::new()
        };
        outlet.tell(Event::Picked { pick, path, problem });
    });
}

#[expect(clippy::disallowed_methods, reason = "the dialog library reports a missing dialog only by returning at once")]
fn ask(pick: Pick, suggestion: &str) -> (Option<String>, bool) {
    let before = Instant::now();
    let dialog = rfd::FileDialog::new();
    let path = match pick {
        Pick::Policy => dialog.set_title("Open policy").add_filter("Policy", &["toml"]).pick_file(),
        Pick::Engagement => dialog.set_title("Open engagement").add_filter("Engagement", &["toml"]).pick_file(),
        Pick::Package => dialog.set_title("Open package").add_filter("Proof package", &["zkaudit"]).pick_file(),
        Pick::Report => dialog.set_title("Write report").add_filter("PDF", &["pdf"]).set_file_name(suggestion).save_file(),
    };
    (path.map(|path| path.to_string_lossy().into_owned()), before.elapsed() > NEVER_SHOWN)
}

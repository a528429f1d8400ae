//! File dialogs of the toolkit the window is drawn with.

use tauri::AppHandle;
use tauri_plugin_dialog::DialogExt as _;
use verifold_host::{Answer, kind, title};
use verifold_model::workbench::Pick;

/// Dialogs over the window.
pub(crate) struct Dialogs {
    app: AppHandle,
}

impl Dialogs {
    pub(crate) fn new(app: &AppHandle) -> Self {
        Self { app: app.clone() }
    }
}

impl verifold_host::Dialogs for Dialogs {
    fn ask(&self, pick: Pick, suggestion: &str) -> Answer {
        let (name, extension) = kind(pick);
        let dialog = self.app.dialog().file().set_title(title(pick)).add_filter(name, &[extension]);
        // These wait, which is why the host asks on a thread of its own.
        let path = if pick == Pick::Report { dialog.set_file_name(suggestion).blocking_save_file() } else { dialog.blocking_pick_file() };
        match path.map(tauri_plugin_dialog::FilePath::into_path) {
            Some(Ok(path)) => Answer::Chosen(path),
            Some(Err(error)) => Answer::Unavailable(format!("What was chosen is not a file here: {error}. Type its path instead.")),
            None => Answer::Cancelled,
        }
    }
}

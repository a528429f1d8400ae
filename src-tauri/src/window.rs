//! The window: one page that came with the program, and nowhere else to go.

use std::path::Path;

use tauri::{
    AppHandle, DragDropEvent, Manager as _, RunEvent, Url, WebviewUrl, WebviewWindowBuilder, WindowEvent, webview::NewWindowResponse,
};
use verifold_host::opened;

use crate::bridge::Bridge;

const LABEL: &str = "main";

/// Opens the window.
pub(crate) fn open(app: &AppHandle) -> tauri::Result<()> {
    WebviewWindowBuilder::new(app, LABEL, WebviewUrl::default())
        .title("Verifold")
        .inner_size(1280.0, 800.0)
        .min_inner_size(480.0, 320.0)
        // Nothing of the page is kept on disk. A driver of tests, which the framework admits by this variable, needs the
        // context in which things are kept.
        .incognito(std::env::var_os("TAURI_WEBVIEW_AUTOMATION").is_none())
        .on_navigation(is_own)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        // Files are written by the host, where a person chose.
        .on_download(|_, _| false)
        .build()?;
    Ok(())
}

/// Whether an address is the page's: the framework serves it under a scheme of its own, on Windows under a host name.
fn is_own(to: &Url) -> bool {
    if cfg!(windows) { to.host_str() == Some("tauri.localhost") } else { to.scheme() == "tauri" && to.host_str() == Some("localhost") }
}

/// Brings the window to the front.
pub(crate) fn raise(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(LABEL) {
        let _ = window.unminimize();
        let _ = window.set_focus();
    }
}

/// What the system says of the window and the program.
pub(crate) fn heard(app: &AppHandle, event: &RunEvent) {
    let Some(bridge) = app.try_state::<Bridge>() else { return };
    match event {
        RunEvent::WindowEvent { event: WindowEvent::DragDrop(DragDropEvent::Drop { paths, .. }), .. } => {
            bridge.tell(opened(paths.iter().map(|path| path.to_string_lossy().into_owned()), Path::new("")));
        }
        #[cfg(target_os = "macos")]
        RunEvent::Opened { urls } => {
            let paths = urls.iter().filter_map(|url| url.to_file_path().ok());
            bridge.tell(opened(paths.map(|path| path.to_string_lossy().into_owned()), Path::new("")));
        }
        _ => {}
    }
}

#[cfg(all(test, not(windows)))]
mod tests {
    use super::*;

    #[test]
    fn the_page_goes_nowhere_else() {
        let check = |address: &str| is_own(&address.parse().unwrap());
        assert!(check("tauri://localhost") && check("tauri://localhost/index.html"));
        for elsewhere in
            ["http://tauri.localhost/", "https://localhost/", "tauri://example.org/", "file:///localhost", "about:blank", "data:,"]
        {
            assert!(!check(elsewhere), "{elsewhere}");
        }
    }
}

//! `verifold-shell`: the workbench in a Tauri window.
//!
//! `verifold-shell [POLICY] [PACKAGE] [ENGAGEMENT]`; the name of a sample opens that. A second start hands its files to the
//! window that is open.
//!
//! - [`bridge`]: messages between page and host, with their limits
//! - [`window`]: the window, and where the page may not go
//! - [`menu`]: the bar of menus, and the box about the program
//! - [`dialogs`]: a person is asked for a path
//! - [`kept`]: the zoom, from one start to the next
//!
//! No logic and no cryptography: packages are verified by `verifold worker`, which lies beside this program.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a shell reads its arguments and folder; the framework's context is generated"
)]
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

mod bridge;
mod dialogs;
mod kept;
mod menu;
mod window;

use std::{path::Path, process::ExitCode, sync::Arc};

use tauri::Manager as _;
use verifold_host::{Outlet, opened};
use verifold_model::workbench::Event;

use crate::{bridge::Bridge, dialogs::Dialogs};

const USAGE: &str = "Usage: verifold-shell [POLICY] [PACKAGE] [ENGAGEMENT] [--engagement FILE]

Files are told apart by name: *.zkaudit, *engagement*.toml, *overlay*.toml, *.toml, *.pub. Instead, the name of a sample,
a folder, or an engagement alone opens the audit that lies there.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("--help" | "-h") => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Some("--version" | "-V") => {
            println!("verifold-shell {}", env!("CARGO_PKG_VERSION"));
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    // Without a display the toolkit does not return an error.
    let started = std::panic::catch_unwind(|| start(arguments));
    let problem = match started {
        Ok(Ok(())) => return ExitCode::SUCCESS,
        Ok(Err(error)) => error.to_string(),
        Err(_) => "the window system did not answer".to_owned(),
    };
    eprintln!(
        "verifold-shell: no window could be opened: {problem}\nWithout a window: verifold verify --policy POLICY [--engagement ENGAGEMENT] PACKAGE"
    );
    ExitCode::FAILURE
}

fn start(arguments: Vec<String>) -> tauri::Result<()> {
    let state = tauri_plugin_window_state::StateFlags::SIZE
        | tauri_plugin_window_state::StateFlags::POSITION
        | tauri_plugin_window_state::StateFlags::MAXIMIZED;
    tauri::Builder::default()
        // First, so that a second start ends before it does anything else.
        .plugin(tauri_plugin_single_instance::init(|app, arguments, folder| {
            window::raise(app);
            if let Some(bridge) = app.try_state::<Bridge>() {
                bridge.tell(opened(arguments.into_iter().skip(1), Path::new(&folder)));
            }
        }))
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_window_state::Builder::new().with_state_flags(state).build())
        .invoke_handler(tauri::generate_handler![bridge::connect, bridge::dispatch])
        .on_menu_event(|app, event| {
            if menu::quits(&event) {
                // The window's size and place are kept on the way out.
                app.exit(0);
            }
            if let (Some(chosen), Some(bridge)) = (menu::chosen(&event), app.try_state::<Bridge>()) {
                bridge.tell(chosen);
            }
        })
        .setup(move |app| {
            let (dialogs, menus) = (Dialogs::new(app.handle()), menu::show(app.handle()));
            let kept = app.path().app_config_dir()?;
            let zoom = kept::zoom(&kept);
            let bridge = Bridge::new(Arc::new(dialogs), menus, move |zoom| kept::keep_zoom(&kept, zoom));
            if let Some(zoom) = zoom {
                bridge.tell(Event::Kept { zoom });
            }
            if !arguments.is_empty() {
                bridge.tell(opened(arguments, &std::env::current_dir()?));
            }
            app.manage(bridge);
            window::open(app.handle())?;
            Ok(())
        })
        .build(tauri::generate_context!())?
        .run(|app, event| window::heard(app, &event));
    Ok(())
}

/// Events to whoever listens: what the window system adds to what the host says.
fn outlet(page: &Arc<bridge::Page>) -> Outlet {
    let page = Arc::clone(page);
    Outlet::new(move |event| page.tell(event))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    /// Laid over each other as the framework's bundler does (RFC 7396).
    fn merge(base: &mut Value, patch: Value) {
        match (base, patch) {
            (Value::Object(base), Value::Object(patch)) => {
                for (key, value) in patch {
                    merge(base.entry(key).or_insert(Value::Null), value);
                }
            }
            (base, patch) => *base = patch,
        }
    }

    #[test]
    fn the_installers_configuration_is_one_the_framework_reads() {
        let mut config: Value = serde_json::from_str(include_str!("../tauri.conf.json")).unwrap();
        merge(&mut config, serde_json::from_str(include_str!("../tauri.installers.json")).unwrap());
        // Unknown keys are errors of its schema.
        let read: tauri::Config = serde_json::from_value(config.clone()).unwrap();
        assert_eq!(read.bundle.external_bin.as_ref().map(Vec::len), Some(1));
        assert!(read.app.windows.is_empty() && read.app.security.csp.is_some());
        config["bundle"]["externalBins"] = Value::Null;
        assert!(serde_json::from_value::<tauri::Config>(config).is_err());
    }
}

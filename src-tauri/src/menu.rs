//! The bar of menus as the workbench wants it, and the box about the program.

use tauri::{
    AppHandle,
    menu::{AboutMetadata, Menu as Bar, MenuEvent, MenuItem, PredefinedMenuItem, Submenu},
};
use verifold_model::{
    protocol::PROTOCOL_VERSION,
    workbench::{Event, Menu},
};

/// Names the line that ends the program; the workbench's lines have numbers for names.
const QUIT: &str = "quit";

/// Shows menus on the bar of the window.
pub(crate) fn show(app: &AppHandle) -> impl Fn(Vec<Menu>) + Send + Sync + 'static {
    let app = app.clone();
    move |menus| {
        if let Err(error) = bar(&app, &menus).and_then(|bar| app.set_menu(bar)) {
            // The workbench has its palette; a bar is one way more.
            eprintln!("verifold-shell: the menus could not be shown: {error}");
        }
    }
}

fn bar(app: &AppHandle, menus: &[Menu]) -> tauri::Result<Bar<tauri::Wry>> {
    let bar = Bar::new(app)?;
    for (position, menu) in menus.iter().enumerate() {
        let submenu = Submenu::new(app, &menu.title, true)?;
        for line in &menu.items {
            // The page has the keys: a second reader would act twice.
            submenu.append(&MenuItem::with_id(app, line.item.to_string(), &line.label, true, None::<&str>)?)?;
        }
        if position == 0 {
            // Not the toolkit's own line, which is dead on Linux.
            let quit = MenuItem::with_id(app, QUIT, "Quit", true, None::<&str>)?;
            submenu.append_items(&[&PredefinedMenuItem::separator(app)?, &quit])?;
        }
        bar.append(&submenu)?;
    }
    let help = Submenu::new(app, "Help", true)?;
    help.append(&PredefinedMenuItem::about(app, Some("About Verifold"), Some(about(app)))?)?;
    bar.append(&help)?;
    Ok(bar)
}

fn about(app: &AppHandle) -> AboutMetadata<'_> {
    let engine = tauri::webview_version().unwrap_or_else(|_| "unknown".to_owned());
    AboutMetadata {
        name: Some("Verifold".to_owned()),
        version: Some(app.package_info().version.to_string()),
        comments: Some(format!(
            "Audit workbench for zero-knowledge proofs about machine-learning systems.\n\
             Worker protocol {PROTOCOL_VERSION}, Tauri {}, web engine {engine}",
            tauri::VERSION
        )),
        license: Some(LICENCES.to_owned()),
        icon: app.default_window_icon().cloned(),
        ..AboutMetadata::default()
    }
}

const LICENCES: &str = "Verifold: MIT or Apache-2.0, at your choice.\n\
    Inter and JetBrains Mono: SIL Open Font License 1.1. Phosphor icons: MIT.\n\
    Libraries: MIT, Apache-2.0, BSD, ISC, Zlib, BSL-1.0, MPL-2.0 and Unicode-3.0; the list with versions is installed with the \
    program as THIRD-PARTY.txt.";

/// Whether a choice from the bar ends the program.
pub(crate) fn quits(event: &MenuEvent) -> bool {
    event.id().0 == QUIT
}

/// What a choice from the bar means to the workbench, if it is one of its lines.
pub(crate) fn chosen(event: &MenuEvent) -> Option<Event> {
    event.id().0.parse().ok().map(|item| Event::Chosen { item })
}

//! Names the page's two commands, so that a window has neither unless a capability says so.

fn main() {
    let attributes = tauri_build::Attributes::new().app_manifest(tauri_build::AppManifest::new().commands(&["connect", "dispatch"]));
    if let Err(error) = tauri_build::try_build(attributes) {
        println!("cargo::error=the shell's configuration: {error:#}");
    }
}

//! The native host: a window around the windowless host, dialogs, pictures of screens.

mod dialogs;
mod host;
mod screenshot;

use eframe::{CreationContext, NativeOptions};
use egui::{ViewportBuilder, vec2};
use verifold_ui::{pace::Pace, style, workbench::Workbench};

use crate::Arguments;
use host::NativeHost;
use screenshot::Camera;

/// Opens the window and stays until it closes.
///
/// # Errors
/// In words, why no window could be opened and what to do instead.
pub(crate) fn run(arguments: Arguments) -> Result<(), String> {
    let size = arguments.size.unwrap_or([1280.0, 800.0]);
    let viewport = ViewportBuilder::default()
        .with_title("Verifold")
        .with_app_id("verifold")
        .with_inner_size(vec2(size[0], size[1]))
        .with_min_inner_size(vec2(480.0, 320.0))
        .with_icon(icon());
    let options = NativeOptions { viewport, persist_window: false, ..NativeOptions::default() };
    // A missing system library shows as an error or, in one case, as a panic inside the windowing crate.
    let started = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        eframe::run_native("Verifold", options, Box::new(move |creation| Ok(Box::new(App::new(creation, arguments)))))
    }));
    match started {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(cannot_open(&error.to_string())),
        Err(_) => Err(cannot_open("a system library for windows is missing")),
    }
}

fn cannot_open(cause: &str) -> String {
    let hint = if cfg!(target_os = "linux") {
        "\nOn Debian or Ubuntu: apt-get install libx11-6 libx11-xcb1 libxcursor1 libxi6 libxrandr2 libxkbcommon-x11-0 libgl1 libegl1"
    } else {
        ""
    };
    format!(
        "no window could be opened: {cause}.{hint}\nWithout a window: verifold verify --policy POLICY [--engagement ENGAGEMENT] PACKAGE"
    )
}

fn icon() -> egui::IconData {
    // A picture that cannot be decoded costs the window its icon, nothing else.
    eframe::icon_data::from_png_bytes(include_bytes!("../../../icons/verifold-128.png")).unwrap_or_default()
}

struct App {
    workbench: Workbench,
    camera: Option<Camera>,
    pace: Option<Pace>,
}

impl App {
    fn new(creation: &CreationContext<'_>, arguments: Arguments) -> Self {
        let ctx = &creation.egui_ctx;
        style::install(ctx);
        if let Some(theme) = arguments.theme {
            ctx.set_theme(theme);
        }
        let mut workbench = Workbench::new(Box::new(NativeHost::new(ctx.clone())), arguments.files);
        workbench.set_zoom(arguments.zoom.unwrap_or(100));
        let camera = arguments.screenshot.map(|output| Camera::new(output, arguments.screen, arguments.select));
        if let (None, Some(screen)) = (&camera, arguments.screen) {
            workbench.open_on(screen);
        }
        Self { workbench, camera, pace: arguments.pace.map(Pace::new) }
    }
}

impl eframe::App for App {
    fn raw_input_hook(&mut self, _ctx: &egui::Context, raw_input: &mut egui::RawInput) {
        if self.camera.is_some() {
            // A picture shows the room, not where the pointer happens to rest.
            raw_input.events.retain(|event| !matches!(event, egui::Event::PointerMoved(_)));
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        self.workbench.show(ui);
        if let Some(camera) = &mut self.camera {
            camera.look(&mut self.workbench, ui.ctx());
        }
        if let Some(pace) = &mut self.pace {
            let rested = !pace.has_begun();
            let found = pace.look(&mut self.workbench, ui.ctx(), frame.info().cpu_usage);
            if rested && pace.has_begun() {
                say("begun");
            }
            if let Some(text) = found.and_then(|found| serde_json::to_string(&found).ok()) {
                // The window stays, so that its memory can be looked at.
                self.pace = None;
                say(&text);
            }
        }
    }
}

/// Two lines of a measurement: that it has begun, and what it found.
#[expect(clippy::print_stdout, reason = "a measurement asked for on the command line is answered there")]
fn say(line: &str) {
    println!("{line}");
}

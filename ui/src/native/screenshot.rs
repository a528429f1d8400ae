//! One screen into one PNG, then the end: how the pictures of the documentation are made.

use std::path::PathBuf;

use egui::{Context, ThemePreference, ViewportCommand};
use verifold_ui::{place::Screen, workbench::Workbench};

/// Frames drawn before the picture is taken, so that layouts have settled.
const SETTLE: u32 = 4;

/// Takes one picture.
pub(super) struct Camera {
    output: PathBuf,
    screen: Option<Screen>,
    select: Option<String>,
    settled: u32,
    placed: bool,
    asked: bool,
}

impl Camera {
    pub(super) fn new(output: PathBuf, screen: Option<Screen>, select: Option<String>) -> Self {
        Self { output, screen, select, settled: 0, placed: false, asked: false }
    }

    /// After each frame: waits for work to end, goes to the room, takes the picture, closes.
    pub(super) fn look(&mut self, workbench: &mut Workbench, ctx: &Context) {
        ctx.request_repaint();
        if workbench.is_waiting() || self.asked {
            return;
        }
        if !self.placed {
            self.placed = true;
            if let Some(screen) = self.screen {
                workbench.open_on(screen);
            }
            if let Some(select) = &self.select {
                workbench.select_named(select, ctx);
            }
            return;
        }
        self.settled += 1;
        if self.settled > SETTLE {
            self.asked = true;
            if ctx.options(|options| options.theme_preference) == ThemePreference::System {
                ctx.set_theme(ThemePreference::Light);
            }
            let (output, window) = (self.output.clone(), ctx.clone());
            ctx.request_screenshot(move |image| {
                finish(&output, &image);
                window.send_viewport_cmd(ViewportCommand::Close);
                window.request_repaint();
            });
        }
    }
}

#[expect(clippy::print_stderr, reason = "a picture that cannot be written must be said on the command line")]
fn finish(output: &std::path::Path, image: &egui::ColorImage) {
    if let Err(problem) = write(output, image) {
        eprintln!("verifold-workbench: {problem}: {}", output.display());
    }
}

fn write(output: &std::path::Path, image: &egui::ColorImage) -> Result<(), String> {
    let [width, height] = [image.size[0], image.size[1]];
    let pixels: Vec<u8> = image.pixels.iter().flat_map(|pixel| pixel.to_srgba_unmultiplied()).collect();
    let file = std::fs::File::create(output).map_err(|error| format!("the picture could not be written: {error}"))?;
    let side = |side: usize| u32::try_from(side).map_err(|_| "the picture is too large".to_owned());
    let mut encoder = png::Encoder::new(std::io::BufWriter::new(file), side(width)?, side(height)?);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder
        .write_header()
        .and_then(|mut writer| writer.write_image_data(&pixels))
        .map_err(|error| format!("the picture could not be encoded: {error}"))
}

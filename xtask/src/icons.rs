//! The application's icons in `icons/`, drawn from `assets/logo.svg`: squares of each size for Linux, one file of all
//! sizes each for Windows and macOS.
//!
//! Drawing needs libraries that nothing else here needs, so they stand behind the feature `pack`.

use std::path::Path;

/// Arguments of `cargo xtask icons`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Write nothing; fail if an icon differs from what the logo gives
    #[arg(long)]
    check: bool,
}

/// Draws or compares the icons.
///
/// # Errors
/// If the logo cannot be drawn, a file not written, or with `--check` if one differs.
#[cfg(feature = "pack")]
pub(crate) fn run(root: &Path, args: &Args) -> anyhow::Result<()> {
    use anyhow::{Context as _, bail};

    let folder = root.join("icons");
    let mut stale = Vec::new();
    for (name, bytes) in drawn::all(&root.join("assets/logo.svg"))? {
        let path = folder.join(&name);
        if std::fs::read(&path).ok().as_ref() == Some(&bytes) {
            continue;
        }
        if !args.check {
            std::fs::write(&path, bytes).with_context(|| format!("writing {}", path.display()))?;
        }
        stale.push(name);
    }
    match (args.check, stale.is_empty()) {
        (true, false) => bail!("not what assets/logo.svg gives: {}. Run `cargo xtask icons`", stale.join(", ")),
        (true, true) => println!("the icons are what assets/logo.svg gives"),
        (false, _) => println!("{} icons written anew", stale.len()),
    }
    Ok(())
}

/// Runs the build of this program that can draw.
///
/// # Errors
/// If that one fails.
#[cfg(not(feature = "pack"))]
pub(crate) fn run(root: &Path, args: &Args) -> anyhow::Result<()> {
    crate::programs::with_pack(root, &["icons"], args.check.then_some("--check"))
}

#[cfg(feature = "pack")]
mod drawn {
    use std::{fs, io::Cursor, path::Path};

    use anyhow::{Context as _, anyhow};
    use resvg::{
        tiny_skia::{Pixmap, Transform},
        usvg::{Options, Tree},
    };

    /// Sides of the squares, in pixels: what desktops ask for.
    const SIDES: [u32; 7] = [16, 32, 48, 64, 128, 256, 512];
    /// Of these, what goes into the file for Windows, and into the one for macOS (the last for dense screens).
    const WINDOWS: [u32; 5] = [16, 32, 48, 64, 256];
    const MACOS: [u32; 5] = [16, 32, 128, 256, 512];

    /// Every icon: file name and content.
    pub(super) fn all(logo: &Path) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
        let text = fs::read_to_string(logo).with_context(|| format!("reading {}", logo.display()))?;
        let tree = Tree::from_str(&text, &Options::default()).with_context(|| format!("reading {}", logo.display()))?;
        let mut files = Vec::new();
        for side in SIDES {
            files.push((format!("verifold-{side}.png"), square(&tree, side)?.encode_png().context("encoding a picture")?));
        }

        let mut windows = ico::IconDir::new(ico::ResourceType::Icon);
        for side in WINDOWS {
            let image = ico::IconImage::from_rgba_data(side, side, straight(&square(&tree, side)?));
            windows.add_entry(ico::IconDirEntry::encode(&image).context("encoding a picture")?);
        }
        let mut bytes = Vec::new();
        windows.write(&mut bytes).context("writing verifold.ico")?;
        files.push(("verifold.ico".to_owned(), bytes));

        let mut macos = icns::IconFamily::new();
        for side in MACOS {
            let pixels = straight(&square(&tree, side)?);
            let image = icns::Image::from_data(icns::PixelFormat::RGBA, side, side, pixels).context("encoding a picture")?;
            macos.add_icon(&image).context("encoding a picture")?;
        }
        let mut bytes = Cursor::new(Vec::new());
        macos.write(&mut bytes).context("writing verifold.icns")?;
        files.push(("verifold.icns".to_owned(), bytes.into_inner()));
        Ok(files)
    }

    fn square(tree: &Tree, side: u32) -> anyhow::Result<Pixmap> {
        let mut pixels = Pixmap::new(side, side).ok_or_else(|| anyhow!("a picture of {side} pixels"))?;
        let scale = Transform::from_scale(side as f32 / tree.size().width(), side as f32 / tree.size().height());
        resvg::render(tree, scale, &mut pixels.as_mut());
        Ok(pixels)
    }

    /// Colours as they are, not yet multiplied with how much they cover.
    fn straight(pixels: &Pixmap) -> Vec<u8> {
        let colour = |pixel: &resvg::tiny_skia::PremultipliedColorU8| {
            let colour = pixel.demultiply();
            [colour.red(), colour.green(), colour.blue(), colour.alpha()]
        };
        pixels.pixels().iter().flat_map(colour).collect()
    }
}

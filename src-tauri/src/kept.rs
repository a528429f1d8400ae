//! What is kept from one start to the next beside the window's size and place: the zoom, a number of percent in a file.

use std::{fs, io, path::Path};

use verifold_model::workbench::ZOOM_PERCENT;

const FILE: &str = "zoom";

/// The zoom kept in this folder, if one is and it is in range.
pub(crate) fn zoom(folder: &Path) -> Option<u16> {
    fs::read_to_string(folder.join(FILE)).ok()?.trim().parse().ok().filter(|zoom| ZOOM_PERCENT.contains(zoom))
}

/// Keeps it.
pub(crate) fn keep_zoom(folder: &Path, zoom: u16) {
    if let Err(problem) = write(folder, zoom) {
        // The next start has 100 %; nothing else depends on it.
        eprintln!("verifold-shell: the zoom is not kept in {}: {problem}", folder.display());
    }
}

fn write(folder: &Path, zoom: u16) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let new = folder.join("zoom.new");
    fs::write(&new, format!("{zoom}\n"))?;
    fs::rename(new, folder.join(FILE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zoom_is_read_as_it_was_kept_and_nothing_else_is() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("new");
        assert_eq!(zoom(&folder), None);
        keep_zoom(&folder, 150);
        keep_zoom(&folder, 80);
        assert_eq!((zoom(&folder), fs::read_dir(&folder).unwrap().count()), (Some(80), 1));
        for wrong in ["", "79", "201", "1e2", "-5"] {
            fs::write(folder.join(FILE), wrong).unwrap();
            assert_eq!(zoom(&folder), None, "{wrong}");
        }
    }
}

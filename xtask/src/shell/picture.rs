//! Pictures of windows: read, compared, set side by side.

use std::{collections::BTreeSet, fs::File, io::BufWriter, path::Path};

use anyhow::{Context as _, ensure};

/// Red, green, blue, row by row from the top.
pub(super) struct Picture {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) rgb: Vec<u8>,
}

/// Greatest difference of a channel that the same drawing by two graphics libraries may have: rounding of blends.
const ROUNDING: u8 = 24;

impl Picture {
    /// From a PNG of 8 bits a channel.
    pub(super) fn read(bytes: &[u8]) -> anyhow::Result<Self> {
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().context("the picture is no PNG")?;
        let mut pixels = vec![0; reader.output_buffer_size().context("the picture is too large")?];
        let info = reader.next_frame(&mut pixels).context("the picture is cut off")?;
        let channels = info.color_type.samples();
        ensure!(channels >= 3 && info.bit_depth == png::BitDepth::Eight, "the picture is not in colours of 8 bits");
        let rgb = pixels.chunks_exact(channels).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
        Ok(Self { width: info.width as usize, height: info.height as usize, rgb })
    }

    /// Writes it as a PNG.
    pub(super) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let file = File::create(path).with_context(|| format!("creating {}", path.display()))?;
        let mut encoder = png::Encoder::new(BufWriter::new(file), u32::try_from(self.width)?, u32::try_from(self.height)?);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::High);
        let mut writer = encoder.write_header().context("encoding the picture")?;
        writer.write_image_data(&self.rgb).context("encoding the picture")
    }

    /// Different colours, every seventh pixel looked at.
    pub(super) fn colours(&self) -> usize {
        self.rgb.chunks_exact(3).step_by(7).collect::<BTreeSet<_>>().len()
    }

    /// Pixels that differ by more than rounding, of all.
    ///
    /// # Errors
    /// If they are of two sizes.
    pub(super) fn differing(&self, other: &Self) -> anyhow::Result<(usize, usize)> {
        let size = |picture: &Self| (picture.width, picture.height);
        ensure!(size(self) == size(other), "pictures of two sizes: {:?} and {:?}", size(self), size(other));
        let pixels = self.rgb.chunks_exact(3).zip(other.rgb.chunks_exact(3));
        let different = pixels.filter(|(mine, other)| mine.iter().zip(*other).any(|(a, b)| a.abs_diff(*b) > ROUNDING)).count();
        Ok((different, self.width * self.height))
    }

    /// This one left and the other right, at half their size, on one ground.
    pub(super) fn beside(&self, other: &Self, gap: usize) -> Self {
        let (mine, other) = (self.halved(), other.halved());
        let (width, height) = (mine.width + gap + other.width, mine.height.max(other.height));
        let mut rgb = vec![u8::MAX; 3 * width * height];
        for (picture, left) in [(&mine, 0), (&other, mine.width + gap)] {
            for (y, row) in picture.rgb.chunks_exact(3 * picture.width).enumerate() {
                let at = 3 * (y * width + left);
                rgb[at..at + row.len()].copy_from_slice(row);
            }
        }
        Self { width, height, rgb }
    }

    /// Each pixel the mean of four.
    fn halved(&self) -> Self {
        let (width, height) = (self.width / 2, self.height / 2);
        let at = |x: usize, y: usize, channel: usize| u16::from(self.rgb[3 * (y * self.width + x) + channel]);
        let mean = |x: usize, y: usize, channel: usize| {
            let four = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(dx, dy)| at(2 * x + dx, 2 * y + dy, channel));
            u8::try_from(four.iter().sum::<u16>() / 4).unwrap_or(u8::MAX)
        };
        let rgb = (0..height).flat_map(|y| (0..width).flat_map(move |x| [0, 1, 2].map(|channel| mean(x, y, channel)))).collect();
        Self { width, height, rgb }
    }

    /// The part of so many columns and rows below so many rows at the top, from the left; less where there is less.
    pub(super) fn part(&self, top: usize, width: usize, height: usize) -> Self {
        let (width, height) = (width.min(self.width), height.min(self.height.saturating_sub(top)));
        let rows = self.rgb.chunks_exact(3 * self.width).skip(top).take(height);
        Self { width, height, rgb: rows.flat_map(|row| row[..3 * width].iter().copied()).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: usize, rgb: &[u8]) -> Picture {
        Picture { width, height: rgb.len() / 3 / width, rgb: rgb.to_vec() }
    }

    #[test]
    fn rounding_is_no_difference_and_a_colour_is() {
        let (one, rounded, other) = (picture(2, &[0, 0, 0, 9, 9, 9]), picture(2, &[24, 0, 0, 9, 9, 0]), picture(2, &[25, 0, 0, 9, 9, 9]));
        assert_eq!(one.differing(&rounded).unwrap(), (0, 2));
        assert_eq!(one.differing(&other).unwrap(), (1, 2));
        assert!(one.differing(&picture(1, &[0; 6])).is_err());
    }

    #[test]
    fn two_pictures_stand_on_one_ground() {
        let black = picture(2, &[0; 12]);
        let both = black.beside(&picture(2, &[200; 24]), 1);
        assert_eq!((both.width, both.height), (3, 2));
        assert_eq!(both.rgb, [0, 0, 0, 255, 255, 255, 200, 200, 200, 255, 255, 255, 255, 255, 255, 200, 200, 200]);
        let part = both.part(1, 2, 9);
        assert_eq!((part.width, part.height, part.rgb.len()), (2, 1, 6));
    }
}

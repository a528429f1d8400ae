//! Which bytes are a container, and is it the only one with these entries?
//!
//! A package is a zip file that any tool opens, of which exactly one spelling is accepted: entries
//! stored and back to back, the manifest first and the rest by path, one fixed date, no flags,
//! extra fields or comments. [`encode`] writes that spelling. [`decode`] reads the central
//! directory, names the usual deviations by their cause, and then requires the file to equal
//! what `encode` makes of the entries found, so nothing can hide in a place it did not look at.
//!
//! Fields and offsets follow the zip format description (APPNOTE 6.3.10, § 4.3.7, 4.3.12, 4.3.16).

use verifold_model::limits::{Limit, Limits};

use crate::error::PackageError;

/// Path of the manifest, always the first entry.
pub const MANIFEST: &str = "manifest.json";

const LOCAL_HEADER: [u8; 4] = *b"PK\x03\x04";
const CENTRAL_HEADER: [u8; 4] = *b"PK\x01\x02";
const END_RECORD: [u8; 4] = *b"PK\x05\x06";

const LOCAL_HEADER_BYTES: usize = 30;
const CENTRAL_HEADER_BYTES: usize = 46;
const END_RECORD_BYTES: usize = 22;

/// Version 1.0 of the format: stored entries need no later one.
const VERSION: u16 = 10;
/// 1 January 1980, the earliest date the format can write.
const DATE: u16 = 0x0021;

/// Most bytes of an entry's path.
const MAX_PATH_BYTES: usize = 128;

/// An entry as it lies in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawEntry<'a> {
    /// Path with `/` between its parts.
    pub path: &'a str,
    /// The bytes.
    pub bytes: &'a [u8],
}

/// Writes the canonical container of `entries` (path, bytes) in the order given.
///
/// Says nothing about whether order, paths and contents are acceptable: [`decode`] does. The
/// caller keeps the whole below 4 GiB, which [`Limits`] does by far.
pub fn encode<P: AsRef<str>, B: AsRef<[u8]>>(entries: &[(P, B)]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut directory = Vec::new();
    for (path, bytes) in entries {
        let (path, bytes) = (path.as_ref().as_bytes(), bytes.as_ref());
        let offset = field32(file.len());
        let mut shared = Vec::new();
        for half in [VERSION, 0, 0, 0, DATE] {
            shared.extend(half.to_le_bytes()); // version needed, flags, method, time, date
        }
        shared.extend(crc32fast::hash(bytes).to_le_bytes());
        shared.extend(field32(bytes.len())); // compressed size
        shared.extend(field32(bytes.len()));
        shared.extend(field16(path.len()));
        shared.extend([0; 2]); // no extra field

        file.extend(LOCAL_HEADER);
        file.extend(&shared);
        file.extend(path);
        file.extend(bytes);

        directory.extend(CENTRAL_HEADER);
        directory.extend(VERSION.to_le_bytes()); // version made by
        directory.extend(&shared);
        directory.extend([0; 2 + 2 + 2 + 4]); // comment length, disk, internal and external attributes
        directory.extend(offset);
        directory.extend(path);
    }
    let directory_offset = field32(file.len());
    file.extend(&directory);
    file.extend(END_RECORD);
    file.extend([0; 4]); // this disk, disk of the directory
    file.extend(field16(entries.len())); // entries on this disk
    file.extend(field16(entries.len()));
    file.extend(field32(directory.len()));
    file.extend(directory_offset);
    file.extend([0; 2]); // no comment
    file
}

/// A length in 32 bits. One that does not fit is cut off, and the container then differs from any that `decode` accepts.
#[expect(clippy::cast_possible_truncation, reason = "documented on the function")]
const fn field32(length: usize) -> [u8; 4] {
    (length as u32).to_le_bytes()
}

/// A length in 16 bits; as [`field32`].
#[expect(clippy::cast_possible_truncation, reason = "documented on the function")]
const fn field16(length: usize) -> [u8; 2] {
    (length as u16).to_le_bytes()
}

/// Reads the entries of a canonical container, in file order. Nothing is copied.
///
/// # Errors
/// The first deviation found; see [`PackageError`].
pub fn decode<'a>(file: &'a [u8], limits: &Limits) -> Result<Vec<RawEntry<'a>>, PackageError> {
    limits.check(Limit::PackageBytes, file.len() as u64, "")?;
    if !file.starts_with(&LOCAL_HEADER) && !file.starts_with(&END_RECORD) {
        let found = file.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        return Err(PackageError::NotAZip { found });
    }
    let end = find_end_record(file)?;
    let stated_entries = usize::from(half(file, end + 10)?);
    limits.check(Limit::Entries, stated_entries as u64, "")?;
    let directory = word(file, end + 16)?;

    let mut entries: Vec<RawEntry<'a>> = Vec::with_capacity(stated_entries);
    let mut at = directory;
    let mut next_offset = 0;
    for _ in 0..stated_entries {
        if file.get(at..).and_then(|rest| rest.get(..4)) != Some(&CENTRAL_HEADER[..]) {
            return Err(PackageError::Truncated { what: "an entry of the directory" });
        }
        let method = half(file, at + 10)?;
        let stated_checksum = double(file, at + 16)?;
        let size = word(file, at + 20)?;
        let path_length = usize::from(half(file, at + 28)?);
        let behind_path = usize::from(half(file, at + 30)?) + usize::from(half(file, at + 32)?);
        let offset = word(file, at + 42)?;
        let path = checked_path(slice(file, at + CENTRAL_HEADER_BYTES, path_length, "the path of an entry")?)?;
        at += CENTRAL_HEADER_BYTES + path_length + behind_path;

        if method != 0 {
            return Err(PackageError::CompressedEntry { path: path.to_owned(), method });
        }
        if entries.iter().any(|earlier| earlier.path == path) {
            return Err(PackageError::DuplicateEntry { path: path.to_owned() });
        }
        if offset != next_offset {
            return Err(PackageError::EntryMisplaced { path: path.to_owned(), expected: next_offset, found: offset });
        }
        let bytes = slice(file, offset + LOCAL_HEADER_BYTES + path_length, size, "the content of an entry")?;
        next_offset = offset + LOCAL_HEADER_BYTES + path_length + size;

        let found = crc32fast::hash(bytes);
        if found != stated_checksum {
            return Err(PackageError::ChecksumDiffers { path: path.to_owned(), stated: stated_checksum, found });
        }
        if let Some(before) = entries.last()
            && (path == MANIFEST || (before.path != MANIFEST && before.path > path))
        {
            return Err(PackageError::EntryOrder { path: path.to_owned(), after: before.path.to_owned() });
        }
        entries.push(RawEntry { path, bytes });
    }
    check_canonical(file, &entries)?;
    Ok(entries)
}

/// Position of the end record, which must be the last thing in the file.
fn find_end_record(file: &[u8]) -> Result<usize, PackageError> {
    let missing = PackageError::Truncated { what: "the end record" };
    let Some(last) = file.len().checked_sub(END_RECORD_BYTES) else { return Err(missing) };
    if file[last..].starts_with(&END_RECORD) {
        return Ok(last);
    }
    let Some(earlier) = file[..last + 3].windows(4).rposition(|window| window == END_RECORD) else { return Err(missing) };
    let offset = earlier + END_RECORD_BYTES;
    let count = file.len() - offset;
    if usize::from(half(file, earlier + 20)?) == count {
        Err(PackageError::ArchiveComment { count })
    } else {
        Err(PackageError::TrailingBytes { offset, count })
    }
}

/// A path that means the same everywhere: lower-case ASCII, relative, without empty or dotted parts.
fn checked_path(bytes: &[u8]) -> Result<&str, PackageError> {
    let refuse = |problem| {
        let path = bytes.escape_ascii().take(MAX_PATH_BYTES).map(char::from).collect();
        Err(PackageError::PathRefused { path, problem })
    };
    let Ok(path) = std::str::from_utf8(bytes) else { return refuse("a path is ASCII") };
    if path.is_empty() || path.len() > MAX_PATH_BYTES {
        return refuse("a path has 1 to 128 bytes");
    }
    if path.contains('\\') {
        return refuse("a path has no backslash");
    }
    if path.starts_with('/') || path.contains(':') {
        return refuse("a path is relative to the package");
    }
    if path.split('/').any(|part| part == "..") {
        return refuse("a path does not lead upwards");
    }
    if path.split('/').any(|part| part.is_empty() || part == ".") {
        return refuse("a path has no empty part");
    }
    if !path.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-/".contains(&byte)) {
        return refuse("a path consists of a–z, 0–9, dot, hyphen, underscore and slash");
    }
    Ok(path)
}

/// Requires the file to be the canonical container of what was found in it.
fn check_canonical(file: &[u8], entries: &[RawEntry<'_>]) -> Result<(), PackageError> {
    let pairs: Vec<(&str, &[u8])> = entries.iter().map(|entry| (entry.path, entry.bytes)).collect();
    let canonical = encode(&pairs);
    // Where they part is looked for only if they do.
    if canonical == file {
        return Ok(());
    }
    match canonical.iter().zip(file).position(|(expected, found)| expected != found) {
        Some(offset) => Err(PackageError::ContainerNotCanonical { offset, expected: canonical[offset], found: file[offset] }),
        None if file.len() < canonical.len() => Err(PackageError::Truncated { what: "the end record" }),
        None => Err(PackageError::TrailingBytes { offset: canonical.len(), count: file.len() - canonical.len() }),
    }
}

fn slice<'a>(file: &'a [u8], at: usize, length: usize, what: &'static str) -> Result<&'a [u8], PackageError> {
    at.checked_add(length).and_then(|end| file.get(at..end)).ok_or(PackageError::Truncated { what })
}

fn array<const N: usize>(file: &[u8], at: usize) -> Result<[u8; N], PackageError> {
    let bytes = slice(file, at, N, "part of a header")?;
    bytes.try_into().map_err(|_| PackageError::Truncated { what: "part of a header" })
}

fn half(file: &[u8], at: usize) -> Result<u16, PackageError> {
    array(file, at).map(u16::from_le_bytes)
}

fn double(file: &[u8], at: usize) -> Result<u32, PackageError> {
    array(file, at).map(u32::from_le_bytes)
}

/// A 32-bit length or offset.
fn word(file: &[u8], at: usize) -> Result<usize, PackageError> {
    // Where addresses are narrower than 32 bits, such an offset lies outside every file.
    double(file, at).map(|value| usize::try_from(value).unwrap_or(usize::MAX / 4))
}

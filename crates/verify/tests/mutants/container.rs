//! Zip level: the container's own records, with checksums as they must be wherever a forger could compute them.

use verifold_model::digest::Digest;
use verifold_package::{EntryRole, container, manifest::ListedEntry};

use super::{
    Make,
    draw::Draw,
    sample::{Entry, Sample, bank, listed, sealed},
};

const LOCAL: usize = 30;
const CENTRAL: usize = 46;

/// Where the records of an entry stand.
#[derive(Clone, Copy)]
pub(crate) struct Record {
    local: usize,
    content: usize,
    content_end: usize,
    directory: usize,
}

/// Where the records of a canonical container stand.
pub(crate) struct Records {
    entries: Vec<Record>,
    end: usize,
}

impl Records {
    pub(crate) fn of(entries: &[Entry]) -> Self {
        let mut at = 0;
        let mut found = Vec::new();
        for (path, bytes) in entries {
            let content = at + LOCAL + path.len();
            found.push(Record { local: at, content, content_end: content + bytes.len(), directory: 0 });
            at = content + bytes.len();
        }
        for ((path, _), record) in entries.iter().zip(&mut found) {
            record.directory = at;
            at += CENTRAL + path.len();
        }
        Self { entries: found, end: at }
    }
}

/// What a change of the byte at `at` alone can be refused for.
pub(crate) fn causes_at(entries: &[Entry], records: &Records, at: usize) -> &'static [&'static str] {
    const CANONICAL: &[&str] = &["container-not-canonical"];
    if at >= records.end {
        return match at - records.end {
            0..4 | 16..20 => &["truncated"],
            10..12 => &["container-not-canonical", "truncated", "too-many-entries"],
            _ => CANONICAL,
        };
    }
    let last = records.entries.len() - 1;
    for (i, Record { local, content, content_end, directory }) in records.entries.iter().copied().enumerate() {
        if (local..content).contains(&at) {
            return if i == 0 && at < 4 { &["not-a-zip"] } else { CANONICAL };
        }
        if (content..content_end).contains(&at) {
            return &["checksum-differs"];
        }
        if (directory..directory + CENTRAL + entries[i].0.len()).contains(&at) {
            return match at - directory {
                0..4 => &["truncated"],
                10..12 => &["compressed-entry"],
                16..20 => &["checksum-differs"],
                20..24 => &["truncated", "checksum-differs"],
                28..30 => &["path-refused", "truncated", "checksum-differs"],
                30..34 if i < last => &["truncated"],
                42..46 => &["entry-misplaced"],
                CENTRAL.. => &["path-refused", "entry-order", "container-not-canonical"],
                _ => CANONICAL,
            };
        }
    }
    &[]
}

/// Writes `value` into a field of the local header and the directory record of an entry; offsets within each.
fn put(file: &mut [u8], record: Record, local: usize, central: usize, value: &[u8]) {
    file[record.local + local..][..value.len()].copy_from_slice(value);
    file[record.directory + central..][..value.len()].copy_from_slice(value);
}

fn any_record(sample: &Sample, draw: &mut Draw) -> (Vec<u8>, Record) {
    (sample.package.clone(), *draw.pick(&Records::of(&sample.entries).entries))
}

fn noise(draw: &mut Draw, most: usize) -> Vec<u8> {
    (0..draw.up_to(most)).map(|_| draw.next() as u8).collect()
}

pub(crate) const MAKES: &[(&str, Make)] = &[
    ("cut off", |sample, draw| {
        let kept = draw.below(sample.package.len());
        Some((sample.package[..kept].to_vec(), if kept < 4 { &["not-a-zip"] } else { &["truncated"] }))
    }),
    ("bytes behind the end", |sample, draw| Some(([&sample.package[..], &noise(draw, 99)].concat(), &["trailing-bytes"]))),
    ("a comment", |sample, draw| {
        let comment = noise(draw, 99);
        let mut file = sample.package.clone();
        let at = file.len() - 2;
        file[at..].copy_from_slice(&u16::try_from(comment.len()).ok()?.to_le_bytes());
        file.extend(comment);
        Some((file, &["archive-comment"]))
    }),
    ("bytes in front", |sample, draw| {
        let front = [&b"x"[..], &noise(draw, 99)].concat();
        Some(([&front[..], &sample.package].concat(), &["not-a-zip"]))
    }),
    ("two packages, one behind the other", |sample, _| Some(([&sample.package[..], &sample.package].concat(), &["trailing-bytes"]))),
    ("an entry the manifest does not list", |sample, draw| {
        let mut entries = sample.entries.clone();
        entries.push((format!("z{}.txt", draw.below(1000)), noise(draw, 99)));
        Some((container::encode(&entries), &["unlisted-entry"]))
    }),
    ("a listed entry of no use", |sample, draw| {
        let (path, bytes) = (format!("z{}.txt", draw.below(1000)), noise(draw, 99));
        let mut manifest = sample.parts.manifest.clone();
        let role = *draw.pick(&[EntryRole::Plan, EntryRole::Statement, EntryRole::Proof, EntryRole::Manifest]);
        let (size, sha256) = (bytes.len() as u64, Digest::of(&bytes));
        manifest.entries.push(ListedEntry { path: path.clone(), media_type: role.media_type().to_owned(), size, sha256, role });
        let mut contents = listed(sample);
        contents.push((path, bytes));
        Some((sealed(&manifest, contents, &bank()), &["manifest-contradicts"]))
    }),
    ("an entry in front of its place", |sample, draw| {
        let mut entries = sample.entries.clone();
        entries.insert(1 + draw.below(3), (format!("z{}.txt", draw.below(1000)), noise(draw, 9)));
        Some((container::encode(&entries), &["entry-order"]))
    }),
    ("a missing entry", |sample, draw| {
        let mut entries = sample.entries.clone();
        let at = draw.below(entries.len());
        // A package without its signature is whole.
        (at != sample.signature()).then(|| entries.remove(at))?;
        Some((container::encode(&entries), if at == 0 { &["missing-manifest"] } else { &["missing-entry"] }))
    }),
    ("an entry missing here and in the manifest", |sample, draw| {
        let (mut manifest, mut contents) = (sample.parts.manifest.clone(), listed(sample));
        let at = draw.below(contents.len());
        // Nothing is owed a record of a change; a requirement asks for it.
        (!contents[at].0.starts_with("changes/")).then(|| contents.remove(at))?;
        manifest.entries.remove(at);
        Some((sealed(&manifest, contents, &bank()), &["missing-entry"]))
    }),
    ("an entry twice", |sample, draw| {
        let mut entries = sample.entries.clone();
        let at = draw.below(entries.len());
        let mut copy = entries[at].clone();
        if draw.below(2) == 0 {
            copy.1 = noise(draw, 99);
        }
        entries.insert(at + draw.below(2), copy);
        Some((container::encode(&entries), &["duplicate-entry"]))
    }),
    ("entries in another order", |sample, draw| {
        let mut entries = sample.entries.clone();
        let (a, b) = draw.two_below(entries.len());
        entries.swap(a, b);
        Some((container::encode(&entries), &["entry-order"]))
    }),
    ("a path that leads elsewhere", |sample, draw| {
        let mut entries = sample.entries.clone();
        let at = draw.below(entries.len());
        let path = &mut entries[at].0;
        *path = match draw.below(9) {
            0 => format!("../{path}"),
            1 => format!("/{path}"),
            2 => format!("a/../../{path}"),
            3 => format!("c:{path}"),
            4 => path.replace('.', "\\"),
            5 => format!("./{path}"),
            6 => path.to_uppercase(),
            7 => format!("{path}/"),
            _ => format!("{path}\u{0}"),
        };
        Some((container::encode(&entries), &["path-refused"]))
    }),
    ("another path", |sample, draw| {
        let mut entries = sample.entries.clone();
        let at = *draw.pick(&sample.listed());
        entries[at].0.push_str(&draw.below(100).to_string());
        Some((container::encode(&entries), &["missing-entry"]))
    }),
    ("a compression method", |sample, draw| {
        let (mut file, record) = any_record(sample, draw);
        put(&mut file, record, 8, 10, &[*draw.pick(&[1, 8, 9, 12, 14, 93, 99]), 0]);
        Some((file, &["compressed-entry"]))
    }),
    ("flags, a version or a time", |sample, draw| {
        let (mut file, record) = any_record(sample, draw);
        let (local, central) = *draw.pick(&[(4, 6), (6, 8), (10, 12)]);
        let value = [file[record.local + local] ^ draw.up_to(255) as u8, 0];
        put(&mut file, record, local, central, &value);
        Some((file, &["container-not-canonical"]))
    }),
    ("another checksum", |sample, draw| {
        let (mut file, record) = any_record(sample, draw);
        put(&mut file, record, 14, 16, &(draw.next() as u32).to_le_bytes());
        Some((file, &["checksum-differs"]))
    }),
    ("another size", |sample, draw| {
        let (mut file, record) = any_record(sample, draw);
        let size = record.content_end - record.content;
        let other = *draw.pick(&[0, size - 1, size + 1, size / 2, sample.package.len(), 1 << 31, u32::MAX as usize]);
        put(&mut file, record, 18, 20, &u32::try_from(other).ok()?.to_le_bytes());
        Some((file, &["checksum-differs", "truncated"]))
    }),
    ("another uncompressed size", |sample, draw| {
        let (mut file, record) = any_record(sample, draw);
        put(&mut file, record, 22, 24, &(draw.next() as u32).to_le_bytes());
        Some((file, &["container-not-canonical"]))
    }),
    ("entries that overlap", |sample, draw| {
        let records = Records::of(&sample.entries).entries;
        let (a, b) = draw.two_below(records.len());
        let mut file = sample.package.clone();
        file[records[a].directory + 42..][..4].copy_from_slice(&u32::try_from(records[b].local + draw.below(9)).ok()?.to_le_bytes());
        Some((file, &["entry-misplaced"]))
    }),
    ("bytes between entries, offsets moved", |sample, draw| {
        let records = Records::of(&sample.entries);
        let (at, gap) = (draw.up_to(sample.entries.len()), noise(draw, 99));
        let mut file = sample.package.clone();
        let shift = |file: &mut [u8], field: usize| {
            let value = u32::from_le_bytes(file[field..field + 4].try_into().unwrap()) + gap.len() as u32;
            file[field..field + 4].copy_from_slice(&value.to_le_bytes());
        };
        for record in records.entries.iter().skip(at) {
            shift(&mut file, record.directory + 42);
        }
        shift(&mut file, records.end + 16);
        let before = records.entries.get(at).map_or(records.entries[0].directory, |record| record.local);
        file.splice(before..before, gap.iter().copied());
        Some((file, if at < sample.entries.len() { &["entry-misplaced"] } else { &["container-not-canonical"] }))
    }),
    ("an extra field in the directory", |sample, draw| {
        let records = Records::of(&sample.entries);
        let mut file = sample.package.clone();
        let at = draw.below(sample.entries.len());
        let (central, path) = (records.entries[at].directory, sample.entries[at].0.len());
        let extra = noise(draw, 60);
        file[central + 30 + 2 * draw.below(2)] = u8::try_from(extra.len()).ok()?;
        let size = records.end + 12;
        let value = u32::from_le_bytes(file[size..size + 4].try_into().unwrap()) + extra.len() as u32;
        file[size..size + 4].copy_from_slice(&value.to_le_bytes());
        file.splice(central + CENTRAL + path..central + CENTRAL + path, extra);
        Some((file, &["container-not-canonical"]))
    }),
    ("another number of entries", |sample, draw| {
        let end = Records::of(&sample.entries).end;
        let mut file = sample.package.clone();
        let number = *draw.pick(&[0_u16, 1, 2, 3, 4, 6, 256, 257, 1000, u16::MAX]);
        file[end + 8..end + 10].copy_from_slice(&number.to_le_bytes());
        file[end + 10..end + 12].copy_from_slice(&number.to_le_bytes());
        Some((
            file,
            match usize::from(number) {
                fewer if fewer < sample.entries.len() => &["container-not-canonical"],
                ..=256 => &["truncated"],
                _ => &["too-many-entries"],
            },
        ))
    }),
    ("a directory elsewhere", |sample, draw| {
        let end = Records::of(&sample.entries).end;
        let mut file = sample.package.clone();
        file[end + 16..end + 20].copy_from_slice(&(draw.next() as u32).to_le_bytes());
        Some((file, &["truncated"]))
    }),
    ("other content under the listed digest", |sample, draw| {
        let mut entries = sample.entries.clone();
        let bytes = &mut entries[*draw.pick(&sample.listed())].1;
        let at = draw.below(bytes.len());
        bytes[at] ^= draw.up_to(255) as u8;
        Some((container::encode(&entries), &["digest-differs"]))
    }),
    ("longer or shorter content under the listed digest", |sample, draw| {
        let mut entries = sample.entries.clone();
        let bytes = &mut entries[*draw.pick(&sample.listed())].1;
        let length = draw.below(bytes.len());
        if draw.below(2) == 0 {
            bytes.truncate(length);
        } else {
            bytes.extend(noise(draw, 99));
        }
        Some((container::encode(&entries), &["size-differs"]))
    }),
    ("contents of two entries exchanged", |sample, draw| {
        let mut entries = sample.entries.clone();
        let listed = sample.listed();
        let (a, b) = draw.two_below(listed.len());
        let (a, b) = (listed[a], listed[b]);
        let same_size = entries[a].1.len() == entries[b].1.len();
        let first = entries[a].1.clone();
        entries[a].1 = std::mem::replace(&mut entries[b].1, first);
        Some((container::encode(&entries), if same_size { &["digest-differs"] } else { &["size-differs"] }))
    }),
];

//! What the kernel says of processes (proc(5)).

use std::fs;

/// Of CPU time (USER_HZ).
const TICKS_PER_SECOND: f64 = 100.0;

/// A process and all it started, directly or not, each after the one that started it.
pub(super) fn tree(root: u32) -> Vec<u32> {
    let parent = |id: u32| -> Option<u32> { stat(id)?.get(1)?.parse().ok() };
    let running: Vec<(u32, u32)> = fs::read_dir("/proc")
        .map(|entries| entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect::<Vec<u32>>())
        .unwrap_or_default()
        .into_iter()
        .filter_map(|id| Some((id, parent(id)?)))
        .collect();
    let mut found = vec![root];
    let mut at = 0;
    while let Some(&id) = found.get(at) {
        found.extend(running.iter().filter(|(_, parent)| *parent == id).map(|(id, _)| *id));
        at += 1;
    }
    found
}

/// The fields of a process after its name, from the third, its state.
fn stat(id: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    Some(text.rsplit_once(')')?.1.split_whitespace().map(str::to_owned).collect())
}

/// CPU seconds of a process and all it started that still run.
pub(super) fn cpu(root: u32) -> f64 {
    let ticks = |id: &u32| -> Option<f64> {
        let fields = stat(*id)?;
        Some(fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?)
    };
    tree(root).iter().filter_map(ticks).sum::<f64>() / TICKS_PER_SECOND
}

/// Memory of a process, what it shares with others in proportion, in bytes.
pub(super) fn share(id: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{id}/smaps_rollup")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    Some(line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()? * 1024)
}

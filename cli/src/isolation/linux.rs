//! Isolation by the means of Linux.

use std::{collections::BTreeMap, error::Error};

use landlock::{ABI, Access as _, AccessFs, AccessNet, LandlockStatus, Ruleset, RulesetAttr as _, RulesetStatus, Scope};
use rayon::ThreadPoolBuilder;
use rustix::process::{Resource, Rlimit, Signal, getrlimit, set_parent_process_death_signal, setrlimit};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
    apply_filter_all_threads,
};

use verifold_model::protocol::Bounds;

use super::Layer;

/// Newest landlock whose rights are taken away; an older kernel takes those it knows, and seccomp all of them.
const RIGHTS: ABI = ABI::V6;

/// Address space that a thread reserves without using it: its stack, and arenas of the allocator.
const RESERVED_PER_THREAD: u64 = 256 << 20;

/// Seconds between the signal that says CPU time is over and the one that cannot be ignored.
const GRACE_SECS: u64 = 5;

pub(super) fn enter(bounds: Bounds) -> Vec<Layer> {
    let threads = threads();
    let layer = |name, done: Result<String, Box<dyn Error>>| Layer {
        name,
        holds: done.map_err(|error| format!("this kernel cannot isolate by {name} ({error})")),
    };
    let mut layers = vec![
        layer("landlock", landlock()),
        // After landlock, which opens a file descriptor.
        layer("limits", limits(bounds, threads as u64)),
        layer("seccomp", seccomp()),
    ];
    // Counting processors reads files that are out of reach now.
    if let Err(error) = ThreadPoolBuilder::new().num_threads(threads).build_global() {
        layers.push(layer("threads", Err(error.into())));
    }
    layers
}

/// Threads that compute: as many as rayon would start on its own.
fn threads() -> usize {
    #[expect(clippy::disallowed_methods, reason = "the variable by which rayon is told how many threads to start")]
    let told = std::env::var("RAYON_NUM_THREADS").ok().and_then(|text| text.parse().ok()).filter(|threads| *threads > 0);
    told.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
}

fn landlock() -> Result<String, Box<dyn Error>> {
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(RIGHTS))?
        .handle_access(AccessNet::from_all(RIGHTS))?
        .scope(Scope::from_all(RIGHTS))?
        .create()?
        .restrict_self()?;
    match (status.ruleset, status.landlock) {
        (RulesetStatus::NotEnforced, _) => Err("it is not there".into()),
        (_, LandlockStatus::Available { effective_abi, .. }) => Ok(format!("no path can be opened or executed (version {effective_abi})")),
        _ => Ok("no path can be opened or executed".to_owned()),
    }
}

fn limits(bounds: Bounds, threads: u64) -> Result<String, Box<dyn Error>> {
    let address_space = bounds.memory_bytes.saturating_add(threads.saturating_mul(RESERVED_PER_THREAD));
    for (resource, soft, hard) in [
        (Resource::Data, bounds.memory_bytes, bounds.memory_bytes),
        (Resource::As, address_space, address_space),
        (Resource::Cpu, bounds.cpu_seconds, bounds.cpu_seconds.saturating_add(GRACE_SECS)),
        (Resource::Fsize, 0, 0),
        // Standard input, output and error are all there is.
        (Resource::Nofile, 3, 3),
        (Resource::Core, 0, 0),
    ] {
        // Whoever started this may have set a lower one, which stays.
        let most = getrlimit(resource).maximum.unwrap_or(u64::MAX);
        setrlimit(resource, Rlimit { current: Some(soft.min(most)), maximum: Some(hard.min(most)) })?;
    }
    // A host that was killed cannot cancel.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    Ok(format!("{} MiB of memory, {} s of CPU time, no file written or opened, no core", bounds.memory_bytes >> 20, bounds.cpu_seconds))
}

fn seccomp() -> Result<String, Box<dyn Error>> {
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    // Of two filters the stricter answer counts. The first answers clone3, whose arguments no filter can read, as a
    // kernel would that does not have it: the C library then falls back to clone, whose arguments the second reads.
    let absent = errno(libc::ENOSYS)?;
    let old = SeccompFilter::new(BTreeMap::from([(libc::SYS_clone3, Vec::new())]), SeccompAction::Allow, absent, arch)?;
    let refused = errno(libc::EPERM)?;
    let needed = SeccompFilter::new(needed()?, refused, SeccompAction::Allow, arch)?;
    apply_filter_all_threads(&BpfProgram::try_from(old)?)?;
    apply_filter_all_threads(&BpfProgram::try_from(needed)?)?;
    Ok("no system call but those that computing needs: no file, socket, program, process or tracing".to_owned())
}

fn errno(number: i32) -> Result<SeccompAction, Box<dyn Error>> {
    Ok(SeccompAction::Errno(u32::try_from(number)?))
}

/// System calls of computing threads, each with the arguments it is allowed with; none means any.
fn needed() -> Result<BTreeMap<i64, Vec<SeccompRule>>, Box<dyn Error>> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = [
        // Memory.
        libc::SYS_brk,
        libc::SYS_munmap,
        libc::SYS_mremap,
        libc::SYS_madvise,
        // Threads and what they wait for.
        libc::SYS_clone3,
        libc::SYS_futex,
        libc::SYS_sched_yield,
        libc::SYS_sched_getaffinity,
        libc::SYS_set_robust_list,
        libc::SYS_rseq,
        libc::SYS_gettid,
        libc::SYS_getpid,
        libc::SYS_exit,
        libc::SYS_exit_group,
        // Signals: a stack overflow and an abort end the process as they should.
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_sigaltstack,
        libc::SYS_restart_syscall,
        // Time and randomness.
        libc::SYS_clock_gettime,
        libc::SYS_clock_nanosleep,
        libc::SYS_getrandom,
    ]
    .into_iter()
    .map(|call| (call, Vec::new()))
    .collect();
    let one = |conditions: Vec<SeccompCondition>| SeccompRule::new(conditions);
    // Memory that is no file's, and never code.
    let no_code = || bits(2, libc::PROT_EXEC, 0);
    rules.insert(libc::SYS_mmap, vec![one(vec![no_code()?, bits(3, libc::MAP_ANONYMOUS, libc::MAP_ANONYMOUS)?])?]);
    rules.insert(libc::SYS_mprotect, vec![one(vec![no_code()?])?]);
    rules.insert(libc::SYS_clone, vec![one(vec![bits(0, libc::CLONE_THREAD, libc::CLONE_THREAD)?])?]);
    rules.insert(libc::SYS_prctl, vec![one(vec![equal(0, libc::PR_SET_NAME)?])?]);
    // Abort raises its signal in this process.
    rules.insert(libc::SYS_tgkill, vec![one(vec![equal(0, i32::try_from(std::process::id())?)?])?]);
    for call in [libc::SYS_write, libc::SYS_writev] {
        rules.insert(call, vec![one(vec![equal(0, 1)?])?, one(vec![equal(0, 2)?])?]);
    }
    Ok(rules)
}

/// Argument `position`, 32 bits of it, is `value`.
fn equal(position: u8, value: i32) -> Result<SeccompCondition, Box<dyn Error>> {
    Ok(SeccompCondition::new(position, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, u64::try_from(value)?)?)
}

/// Of argument `position` the bits `mask` are `value`.
fn bits(position: u8, mask: i32, value: i32) -> Result<SeccompCondition, Box<dyn Error>> {
    Ok(SeccompCondition::new(position, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(u64::try_from(mask)?), u64::try_from(value)?)?)
}

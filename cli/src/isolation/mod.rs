//! What may the process that reads untrusted bytes still do? Whatever of it is known to a platform stands here.
//!
//! On Linux, three layers:
//! - limits of the process: memory, CPU time, no file written, none opened, no core
//! - landlock: no path can be opened, made, removed or executed, no TCP port bound or connected to
//! - seccomp: of some 350 system calls those that computing threads need, and writing to standard output and error.
//!   Every other is refused with EPERM: no file, socket, other program, other process, tracing. A refused call, and not
//!   a killed process, is what a library that merely asks (how many processors?) can live with
//!
//! Elsewhere nothing is taken away, and [`enter`] says so. Isolation contains what a hostile package does to this
//! computer; it does not make a verdict true.

pub(crate) mod check;
#[cfg(target_os = "linux")]
mod linux;

use verifold_model::protocol::Bounds;

/// One layer: what it is called, and what it takes away or why it does not.
pub(crate) struct Layer {
    pub(crate) name: &'static str,
    /// What holds, or what this system cannot do, as a clause.
    pub(crate) holds: Result<String, String>,
}

/// Gives up all but computing and writing to standard output and error. To be called once, while there is one thread.
pub(crate) fn enter(bounds: Bounds) -> Vec<Layer> {
    #[cfg(target_os = "linux")]
    return linux::enter(bounds);
    #[cfg(not(target_os = "linux"))]
    {
        let _ = bounds;
        vec![Layer { name: "isolation", holds: Err(format!("the worker is not isolated on this system ({})", std::env::consts::OS)) }]
    }
}

/// What layers could not do.
pub(crate) fn missing(layers: &[Layer]) -> Vec<String> {
    layers.iter().filter_map(|layer| layer.holds.as_ref().err().cloned()).collect()
}

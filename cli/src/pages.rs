//! `verifold completions` and `verifold man`: what shells and readers of manuals want, from the description of the
//! command line that its help is printed from.

use std::path::PathBuf;

use clap::CommandFactory as _;
use clap_complete::Shell;
use verifold_model::state::Exit;

use crate::{Arguments, failure::Failure};

/// Which completions.
#[derive(Debug, clap::Args)]
pub(crate) struct Completions {
    /// The shell they are for.
    shell: Shell,
}

/// Where the manual goes.
#[derive(Debug, clap::Args)]
pub(crate) struct Man {
    /// Folder for the pages, one for each command.
    folder: PathBuf,
}

pub(crate) fn completions(arguments: &Completions) -> Exit {
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "verifold", &mut std::io::stdout());
    Exit::Met
}

pub(crate) fn man(arguments: &Man) -> Result<Exit, Failure> {
    clap_mangen::generate_to(Arguments::command(), &arguments.folder).map_err(|error| {
        Failure::new(Exit::Usage, format!("the manual could not be written: {error}: {}", arguments.folder.display()), "")
    })?;
    Ok(Exit::Met)
}

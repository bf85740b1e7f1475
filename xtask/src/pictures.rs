//! `pictures`: the pictures in the user guide, each as a test has made it, so that none shows what is not so.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;

use crate::{setup, test, workspace};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Put them here [default: docs]
    #[arg(long, value_name = "DIRECTORY")]
    to: Option<PathBuf>,
    /// Only these, by their file names without the end
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

/// Who makes which: the end-to-end executable, a test of it, and what that calls the picture; and its name in docs.
const PICTURES: &[(&str, &str, &str, &str)] = &[
    (
        "panel",
        "what_the_guide_shows_of_the_panel",
        "guide-panel",
        "panel",
    ),
    (
        "panel",
        "what_a_running_app_writes",
        "panel-changes-decided",
        "changes",
    ),
    ("gnome", "what_the_guide_shows_of_gnome", "gnome", "gnome"),
];

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    setup::ensure(false)?;
    let directory = args
        .to
        .clone()
        .unwrap_or_else(|| workspace::root().join("docs"));
    let wanted = PICTURES.iter().filter(|(.., name)| {
        args.names.is_empty() || args.names.iter().any(|wanted| wanted == name)
    });
    let shots: Vec<_> = wanted
        .map(|(executable, test, shot, name)| test::Shot {
            executable,
            test,
            shot,
            to: directory.join(format!("{name}.png")),
        })
        .collect();
    let missing = test::shoot(&shots)?;
    for shot in &shots {
        println!("{}", shot.to.display());
    }
    for name in &missing {
        eprintln!("xtask: no test made {name}");
    }
    Ok(if missing.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

//! `check`: what must hold before a change is offered: format, lints, licences, documentation.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::{setup, sh};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Install cargo-deny if it is missing (takes minutes)
    #[arg(long)]
    install_tools: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let mut steps = vec![
        cargo(&["fmt", "--all", "--check"]),
        cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--quiet",
            "--",
            "-D",
            "warnings",
        ]),
    ];
    if args.install_tools {
        setup::ensure_cargo_deny(false)?;
    }
    let has_deny = setup::has_cargo_deny();
    if has_deny {
        // The advisories are a repository of their own, which machines without network lack.
        steps.push(cargo(&[
            "deny",
            "--offline",
            "--log-level=error",
            "check",
            "bans",
            "licenses",
            "sources",
        ]));
    }
    let mut doc = cargo(&[
        "doc",
        "--workspace",
        "--no-deps",
        "--document-private-items",
        "--quiet",
    ]);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    steps.push(doc);

    let mut failed = Vec::new();
    for step in &mut steps {
        eprintln!("== {}", sh::shown(step));
        if let Err(error) = sh::run(step) {
            failed.push(error.to_string());
        }
    }
    for error in &failed {
        println!("{error}");
    }
    if !has_deny {
        println!(
            "licences were not checked: cargo-deny is missing, `cargo xtask check --install-tools` gets it"
        );
    }
    println!(
        "{}",
        if failed.is_empty() {
            "all checks passed"
        } else {
            "some checks failed"
        }
    );
    Ok(if failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn cargo(arguments: &[&str]) -> Command {
    let mut cargo = sh::cargo();
    cargo.args(arguments);
    cargo
}

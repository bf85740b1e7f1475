//! `oz completions`: what a shell needs to complete `oz`.

use clap::CommandFactory;

use crate::arguments::{Arguments, Completions};
use crate::error::Result;
use crate::out;

pub(crate) fn run(what: &Completions) -> Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(what.shell, &mut Arguments::command(), "oz", &mut script);
    out::text(&String::from_utf8_lossy(&script))?;
    Ok(0)
}

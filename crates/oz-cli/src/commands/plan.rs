//! `oz plan`: everything that a launch would do, before it does it.

mod readable;

use oz_core::plan::Plan as Launch;

use crate::arguments::Plan;
use crate::bus::Bus;
use crate::error::{Error, Result};
use crate::launch::{self, Options};
use crate::out;

pub(crate) async fn run(what: Plan) -> Result<u8> {
    let mut options = Options {
        profile: what.profile,
        ephemeral: what.ephemeral.then_some(true),
        home: what.home.map(|home| home.word().to_owned()),
        network: what.net.map(|mode| mode.word().to_owned()),
        ..Options::default()
    };
    launch::session(&mut options);
    let argv = match what.name {
        Some(name) => launch::app(vec![name.into()], &mut options)?,
        None => {
            launch::measure(what.command.first(), &mut options);
            launch::command(what.command)
        }
    };
    options.arguments = None;
    let json: String = Bus::connect()
        .await?
        .manager("Plan", &(argv, options))
        .await?;
    if what.json {
        out::line(&json)?;
        return Ok(0);
    }
    let plan: Launch = serde_json::from_str(&json).map_err(|error| {
        Error::failed(
            format!("the daemon's plan is not one that this `oz` knows: {error}."),
            "It may be of another version: end it, and it is started anew by the next command.",
        )
    })?;
    out::text(&readable::text(&plan, out::is_read()))?;
    Ok(0)
}

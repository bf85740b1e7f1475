//! `oz plan`: everything that a launch would do, before it does it.

mod readable;

use crate::arguments::Plan;
use crate::error::Result;
use crate::launch::{self, Options};
use crate::out;

pub(crate) async fn run(what: Plan) -> Result<u8> {
    let mut options = Options {
        profile: what.profile,
        ephemeral: what.ephemeral.then_some(true),
        ..Options::default()
    };
    launch::Kind {
        home: what.home,
        cow: what.cow,
        trial: what.trial,
        dir: &what.dir,
        network: what.net,
        root: what.root.as_deref(),
        root_cow: what.root_cow,
    }
    .ask(&mut options)?;
    launch::session(&mut options);
    let argv = match what.name {
        Some(name) => launch::app(vec![name.into()], &mut options)?,
        None => {
            launch::measure(what.command.first(), &mut options);
            launch::command(what.command)
        }
    };
    let json = launch::plan(argv, options).await?;
    if what.json {
        out::line(&json)?;
        return Ok(0);
    }
    let plan = launch::read_plan(&json)?;
    out::text(&readable::text(&plan, out::is_read()))?;
    Ok(0)
}

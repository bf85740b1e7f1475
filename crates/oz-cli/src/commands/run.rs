//! `oz run`: an app, or any command, in a sandbox.

mod trial;

use oz_core::plan::Mode;
use oz_core::profile::files::Home;

use crate::arguments::Run;
use crate::error::{Error, Result};
use crate::launch::{self, How, Options, Wanted};

pub(crate) async fn run(what: Run) -> Result<u8> {
    launch(what).await.map_err(Error::of_a_launch)
}

fn home(what: &Run) -> Option<Home> {
    (what.cow || what.trial)
        .then_some(Home::CopyOnWrite)
        .or(what.home)
}

fn network(what: &Run) -> Option<Mode> {
    let none = what.trial.then_some(Mode::None);
    what.net.or(none)
}

async fn launch(what: Run) -> Result<u8> {
    let home = home(&what);
    let mut options = Options {
        profile: what.profile.clone(),
        ephemeral: what.ephemeral.then_some(true),
        sandbox: what.sandbox.clone(),
        home: home.map(|home| home.word().to_owned()),
        network: network(&what).map(|mode| mode.word().to_owned()),
        trial: what.trial.then_some(true),
        copy: trial::places(&what.dir)?,
        ..Options::default()
    };
    launch::session(&mut options);
    if what.command && options.sandbox.is_none() {
        launch::measure(what.words.first(), &mut options);
    }
    let wanted = Wanted {
        read: what.read,
        write: what.write,
    };
    wanted.open(&mut options)?;
    let argv = if what.words.is_empty() {
        return Err(Error::usage(
            "there is nothing to run.",
            "Name an app, or write a command behind `--`: `oz run -- COMMAND`.",
        ));
    } else if what.command {
        launch::command(what.words)
    } else {
        launch::app(what.words, &mut options)?
    };
    if what.trial {
        // They are in the copies; given, they would be changed themselves.
        options.arguments = None;
    }
    if what.detach {
        return launch::detached(argv, options).await;
    }
    let json = what.json;
    let explain = what.explain.map(|file| How {
        file,
        json,
        train: None,
    });
    let mut id = None;
    let code = launch::attached_in(argv, options, explain, &mut id).await;
    match id.filter(|_| what.trial) {
        Some(id) => trial::end(&id, code?, what.then, what.protected).await,
        None => code,
    }
}

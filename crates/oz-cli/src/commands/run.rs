//! `oz run`: an app, or any command, in a sandbox.

use oz_core::profile::files::Home;

use crate::arguments::Run;
use crate::error::{Error, Result};
use crate::launch::{self, How, Options, Wanted};

pub(crate) async fn run(what: Run) -> Result<u8> {
    launch(what).await.map_err(Error::of_a_launch)
}

fn home(what: &Run) -> Option<Home> {
    what.cow.then_some(Home::CopyOnWrite).or(what.home)
}

async fn launch(what: Run) -> Result<u8> {
    let home = home(&what);
    let mut options = Options {
        profile: what.profile,
        ephemeral: what.ephemeral.then_some(true),
        sandbox: what.sandbox,
        home: home.map(|home| home.word().to_owned()),
        network: what.net.map(|mode| mode.word().to_owned()),
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
    if what.detach {
        launch::detached(argv, options).await
    } else {
        let json = what.json;
        let explain = what.explain.map(|file| How {
            file,
            json,
            train: None,
        });
        launch::attached(argv, options, explain).await
    }
}

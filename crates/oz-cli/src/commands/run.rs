//! `oz run`: an app, or any command, in a sandbox.

mod trial;

use crate::arguments::Run;
use crate::error::{Error, Result};
use crate::launch::{self, How, Options, Wanted};

pub(crate) async fn run(what: Run) -> Result<u8> {
    launch(what).await.map_err(Error::of_a_launch)
}

async fn launch(what: Run) -> Result<u8> {
    if what.json && !what.trial && what.explain.is_none() {
        return Err(Error::usage(
            "there is nothing to say as JSON.",
            "`--json` goes with --explain, or with --try.",
        ));
    }
    let mut options = Options {
        profile: what.profile.clone(),
        ephemeral: what.ephemeral.then_some(true),
        sandbox: what.sandbox.clone(),
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
    let wish = trial::Wish {
        then: what.then,
        protected: what.protected,
        json,
    };
    match id.filter(|_| what.trial) {
        Some(id) => trial::end(&id, code?, &wish).await,
        None => code,
    }
}

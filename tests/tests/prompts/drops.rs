//! Files that are dropped, where the profile asks.

use anyhow::{Result, ensure};
use oz_e2e::Session;
use oz_e2e::drags::{LIST, Tool, drag, held, list, offer};
use oz_e2e::fixtures::write;

use super::service::Service;
use super::{answer, nothing_waits, prompt_shown};

#[test]
fn dropped_files_are_given_after_a_yes_and_the_question_names_them() -> Result<()> {
    let session = Session::begin();
    let service = Service::start(&[]);
    let tool = Tool::install(&session);
    let _profile = session.profile(
        "dropper",
        r#"{ "description": "t", "extends": "generic", "match": { "executables": ["oz-drag"] },
             "files": { "drops": "ask" } }"#,
    );
    let dir = session.fresh_dir("dropped");
    let (refused, given) = (write(&dir.join("no"), b"1"), write(&dir.join("yes"), b"2"));
    let guest = tool.inside("guest", 700, &["--profile", "dropper"], &["--take", LIST])?;
    for (file, word) in [(&refused, "no"), (&given, "yes")] {
        let host = tool.outside(&["--offer", &offer(&[file])])?;
        drag(&session, &host.window, &guest.window)?;
        let prompt = prompt_shown("notification");
        ensure!(prompt["sandbox"] == guest.inside.id() && prompt["kind"] == "files");
        let body = prompt["body"].as_str().unwrap_or_default();
        ensure!(body.contains(&format!("“{}”", file.display())), "{prompt}");
        ensure!(held(&guest.inside, file).is_none());
        answer(&prompt, word);
        nothing_waits();
        guest.says("took");
    }
    ensure!(
        guest
            .says("got text/uri-list: file")
            .starts_with(&list(&[&given])[4..])
    );
    ensure!(held(&guest.inside, &refused).is_none() && held(&guest.inside, &given).is_some());
    drop(service);
    Ok(())
}

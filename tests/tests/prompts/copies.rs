//! What was copied, where the clipboard asks.

use anyhow::{Result, ensure};
use oz_e2e::copying::gedit_in_use;
use oz_e2e::{Session, oz, wait};

use super::service::Service;
use super::{answer, nothing_waits, prompt_shown};

#[test]
fn what_the_host_copied_is_pasted_after_a_yes_and_not_after_a_no() -> Result<()> {
    let session = Session::begin();
    let service = Service::start(&[]);
    session.copy("first")?;
    let (file, inside) = gedit_in_use(&session)?;
    oz(["clipboard", inside.id(), "ask"]).run().ok();

    let paste = |word: &str| -> Result<()> {
        session.chord(&["ctrl", "v"])?;
        let prompt = prompt_shown("notification");
        ensure!(
            prompt["sandbox"] == inside.id() && prompt["kind"] == "copy",
            "{prompt}"
        );
        answer(&prompt, word);
        nothing_waits();
        Ok(())
    };
    let saved = |expected: &str| {
        wait::for_condition("the document", || {
            let _ = session.chord(&["ctrl", "s"]);
            wait::pause(std::time::Duration::from_millis(300));
            std::fs::read_to_string(&file).is_ok_and(|now| now == expected)
        });
    };
    paste("yes")?;
    saved("first\n");
    session.copy("second")?;
    paste("no")?;
    session.type_text("x")?;
    saved("firstx\n");
    drop(service);
    Ok(())
}

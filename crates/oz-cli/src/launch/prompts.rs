//! Questions of the sandbox, named on the terminal that its app was started from. That is no place
//! to answer them, since the app writes there too.

use tokio::sync::OnceCell;

use crate::bus::{Bus, Prompt};
use crate::error::Result;
use crate::out;

/// Names each prompt of a sandbox once, for as long as it is polled.
pub(super) async fn tell(bus: &OnceCell<Bus>, sandbox: &str) {
    // Without them the app runs as well.
    if let Ok(bus) = super::on(bus).await {
        let _ = follow(bus, sandbox).await;
    }
    std::future::pending().await
}

async fn follow(bus: &Bus, sandbox: &str) -> Result<()> {
    let mut changes = bus.prompt_changes().await?;
    let mut told = String::new();
    loop {
        let list = bus.prompts().await?;
        // A sandbox has one at a time.
        if let Some(prompt) = list.iter().find(|prompt| prompt.sandbox == sandbox)
            && prompt.id != told
        {
            out::note_on_terminal(&line(prompt));
            told.clone_from(&prompt.id);
        }
        if changes.next().await.is_none() {
            return Ok(());
        }
    }
}

fn line(prompt: &Prompt) -> String {
    let (title, id) = (out::safe(&prompt.title), out::safe(&prompt.id));
    format!("{title} Answer it on your desktop, or by `oz answer {id} yes|no`.")
}

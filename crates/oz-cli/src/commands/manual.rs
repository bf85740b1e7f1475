//! `oz manual`: the manual, as packages carry it.

use clap::CommandFactory;

use crate::arguments::{Arguments, Manual};
use crate::error::{Error, Result};

pub(crate) fn run(what: &Manual) -> Result<u8> {
    let directory = &what.directory;
    let made = std::fs::create_dir_all(directory)
        .and_then(|()| clap_mangen::generate_to(Arguments::command(), directory));
    made.map_err(|error| {
        Error::failed(
            format!(
                "cannot write the manual to {}: {error}.",
                crate::out::safe(&directory.to_string_lossy())
            ),
            "Name a directory in which you can write.",
        )
    })?;
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_verb_has_a_page_and_what_is_hidden_has_none() {
        let directory = std::env::temp_dir().join(format!("oz-manual-{}", std::process::id()));
        let what = Manual {
            directory: directory.clone(),
        };
        assert_eq!(run(&what).expect("written"), 0);
        let page = |name: &str| std::fs::read_to_string(directory.join(name)).ok();
        let first = page("oz.1").expect("a page");
        assert!(first.contains("oz\\-run(1)"), "{first}");
        let run = page("oz-run.1").expect("a page");
        assert!(
            run.contains("oz run") && run.contains("\\-\\-ephemeral"),
            "{run}"
        );
        assert!(page("oz-manual.1").is_none());
        std::fs::remove_dir_all(&directory).expect("removed");
    }
}

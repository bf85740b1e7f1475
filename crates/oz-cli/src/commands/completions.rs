//! `oz completions`: what a shell needs to complete `oz`.
//!
//! What can be known beforehand is in the script; which sandboxes have written over copies the script asks `oz` when somebody
//! completes the name of one. Names of sandboxes are plain, so no shell takes one for anything else.

use std::fmt::Write;

use clap::CommandFactory;
use clap_complete::Shell;
use oz_host::copies;

use crate::arguments::{Arguments, Completions};
use crate::error::Result;
use crate::out;

/// The verbs whose first word is the name of a sandbox that has written over copies.
const OF_KEPT: &[&str] = &["changes", "merge", "discard", "clone", "reset", "unbox"];

pub(crate) fn run(what: &Completions) -> Result<u8> {
    let text = match what.shell {
        Some(shell) => script(shell),
        None => names(),
    };
    out::text(&text)?;
    Ok(0)
}

fn names() -> String {
    let all = copies::all(&copies::here());
    all.into_iter().map(|(id, _)| format!("{id}\n")).collect()
}

fn script(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "oz", &mut script);
    let mut script = String::from_utf8_lossy(&script).into_owned();
    let verbs = OF_KEPT.join("|");
    // Writing to a string does not fail.
    let _ = match shell {
        Shell::Bash => write!(
            script,
            r#"
_oz_or_kept() {{
    _oz "$@"
    local word="${{COMP_WORDS[COMP_CWORD]}}"
    case "${{COMP_WORDS[1]}}" in
        {verbs})
            if [[ $word != -* && $COMP_CWORD -eq 2 ]]; then
                COMPREPLY=($(compgen -W "$(oz completions --kept 2>/dev/null)" -- "$word"))
            fi
            ;;
    esac
}}
complete -F _oz_or_kept -o nosort -o bashdefault -o default oz
"#
        ),
        Shell::Zsh => {
            // The script ends with a call that needs it.
            script = of_kept_in_zsh(&script).replacen(ZSH_BEGINS, KEPT_IN_ZSH, 1);
            Ok(())
        }
        Shell::Fish => writeln!(
            script,
            "complete -c oz -n '__fish_seen_subcommand_from {}; and test (count (commandline -opc)) -eq 2' -f -a '(oz completions --kept 2>/dev/null)'",
            OF_KEPT.join(" ")
        ),
        // Others complete verbs and options.
        _ => Ok(()),
    };
    script
}

/// Stands at the beginning of that shell's script, and with it what asks for names.
const ZSH_BEGINS: &str = "autoload -U is-at-least\n";
const KEPT_IN_ZSH: &str = r#"autoload -U is-at-least

_oz_kept() {
    local -a names
    names=(${(f)"$(oz completions --kept 2>/dev/null)"})
    compadd -a names
}
"#;

/// In the script of that shell each verb is a case with its arguments below.
fn of_kept_in_zsh(script: &str) -> String {
    let mut of_kept = false;
    let mut text = String::new();
    for line in script.lines() {
        if let Some(verb) = line
            .strip_prefix('(')
            .and_then(|line| line.strip_suffix(')'))
        {
            of_kept = OF_KEPT.contains(&verb);
        }
        let named = line.starts_with("':id ") && of_kept;
        match named.then(|| line.replace(":_default'", ":_oz_kept'")) {
            Some(line) => text.push_str(&line),
            None => text.push_str(line),
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_of_what_is_kept_completes_its_names() {
        let zsh = script(Shell::Zsh);
        assert!(zsh.contains(KEPT_IN_ZSH), "{zsh}");
        assert_eq!(zsh.matches(":_oz_kept'").count(), OF_KEPT.len(), "{zsh}");
        for shell in [Shell::Bash, Shell::Fish] {
            let script = script(shell);
            assert!(script.contains("oz completions --kept"), "{script}");
        }
        let command = Arguments::command();
        for verb in OF_KEPT {
            let found = command.find_subcommand(verb).expect("a verb");
            let first = found.get_positionals().next().expect("a word");
            assert_eq!(first.get_id(), "id", "{verb}");
        }
    }
}

//! `oz doctor`: what this machine can enforce, and what to install.

mod checks;

use serde::Serialize;

use crate::arguments::Doctor;
use crate::error::Result;
use crate::out;

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
enum State {
    /// As it should be.
    Good,
    /// Something works less well.
    Weak,
    /// Sandboxes cannot be made.
    Bad,
}

/// One check; also one element of `--json`, whose schema is tested.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Finding {
    /// What was looked at.
    check: &'static str,
    state: State,
    /// What was found.
    found: String,
    /// What to do; absent if it is good.
    remedy: Option<String>,
}

pub(crate) fn run(what: &Doctor) -> Result<u8> {
    let findings = checks::all();
    let bad = findings.iter().any(|finding| finding.state == State::Bad);
    if what.json {
        out::json(&findings)?;
    } else {
        out::text(&text(&findings))?;
    }
    Ok(u8::from(bad))
}

fn text(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let word = match finding.state {
            State::Good => "good",
            State::Weak => "weak",
            State::Bad => "BAD ",
        };
        text.push_str(&format!(
            "{word}  {}: {}\n",
            finding.check,
            out::safe(&finding.found)
        ));
        if let Some(remedy) = &finding.remedy {
            text.push_str(&format!("      {remedy}\n"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_comes_with_what_to_do() {
        let findings = [
            Finding {
                check: "kernel",
                state: State::Good,
                found: "6.18".into(),
                remedy: None,
            },
            Finding {
                check: "user namespaces",
                state: State::Bad,
                found: "refused".into(),
                remedy: Some("Allow them.".into()),
            },
        ];
        insta::assert_snapshot!(text(&findings), @r"
        good  kernel: 6.18
        BAD   user namespaces: refused
              Allow them.
        ");
        insta::assert_json_snapshot!("doctor-schema", schemars::schema_for!(Vec<Finding>));
    }

    #[test]
    fn every_check_answers_here() {
        for finding in checks::all() {
            assert_eq!(
                finding.state == State::Good,
                finding.remedy.is_none(),
                "{finding:?}"
            );
        }
    }
}

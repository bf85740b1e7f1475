//! A proposal as the text of a profile, each decision above what was decided.

use serde_json::Value;

use super::Proposal;
use crate::OsBytes;

/// Characters on a line of comment.
const WIDTH: usize = 100;

/// The text; it ends with a new line.
pub fn text(proposal: &Proposal) -> String {
    let mut out = Out::default();
    out.comment(0, "Made to measure by `oz profile new`, without running it. Each line has its reason above it; what is not said is as the template has it.");
    for remark in &proposal.remarks {
        out.comment(0, &format!("{remark}."));
    }
    out.line(0, "{");
    out.comment(1, &format!("{}.", proposal.template.why));
    out.value(1, "extends", &proposal.template.template.as_str().into());
    out.value(1, "description", &proposal.description.as_str().into());
    out.line(1, "\"match\": {");
    if !proposal.desktop.is_empty() {
        out.value(2, "desktop", &proposal.desktop.clone().into());
    }
    out.value(2, "executables", &proposal.executables.clone().into());
    out.line(1, "},");
    let mut sections: Vec<&str> = Vec::new();
    for key in &proposal.keys {
        let section = key.key.split('.').next().unwrap_or_default();
        if !sections.contains(&section) {
            sections.push(section);
        }
    }
    for section in sections {
        out.line(1, &format!("{}: {{", Value::from(section)));
        for key in &proposal.keys {
            if let Some(name) = key
                .key
                .strip_prefix(section)
                .and_then(|rest| rest.strip_prefix('.'))
            {
                out.comment(2, &format!("{}.", key.why));
                out.value(2, name, &key.value);
            }
        }
        out.line(1, "},");
    }
    out.line(0, "}");
    out.0
}

#[derive(Default)]
struct Out(String);

impl Out {
    fn line(&mut self, depth: usize, line: &str) {
        self.0.push_str(&"  ".repeat(depth));
        self.0.push_str(line);
        self.0.push('\n');
    }

    /// Whatever is in it, it stays a comment, and begins with a capital letter.
    fn comment(&mut self, depth: usize, text: &str) {
        let text = OsBytes::from(super::sentence(text).as_str()).to_string();
        let mut line = String::from("//");
        for word in text.split(' ') {
            if line.chars().count() + word.chars().count() + 2 * depth >= WIDTH && line != "//" {
                self.line(depth, &line);
                line = String::from("//");
            }
            line.push(' ');
            line.push_str(word);
        }
        self.line(depth, &line);
    }

    fn value(&mut self, depth: usize, key: &str, value: &Value) {
        let value = match value {
            // As people write lists.
            Value::Array(all) => {
                let all: Vec<String> = all.iter().map(Value::to_string).collect();
                format!("[{}]", all.join(", "))
            }
            other => other.to_string(),
        };
        self.line(depth, &format!("{}: {value},", Value::from(key)));
    }
}

//! A line of the socket, read into what it asks for.

use anyhow::{Context, Result, bail};

use crate::keys;

/// What happens to a key or a button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Down,
    Up,
    /// Down, then up.
    Click,
}

/// A command.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    Move { x: u32, y: u32 },
    Button { code: u32, action: Action },
    Axis { horizontal: bool, value: f64 },
    Key { code: u32, action: Action },
    Type(String),
    Layout(String),
}

/// Reads a line.
pub fn parse(line: &str) -> Result<Request> {
    let line = line.trim_end_matches(['\r', '\n']);
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    let words: Vec<&str> = rest.split_whitespace().collect();
    Ok(match (verb, &words[..]) {
        ("move", [x, y]) => Request::Move {
            x: x.parse()
                .with_context(|| format!("not a coordinate: {x}"))?,
            y: y.parse()
                .with_context(|| format!("not a coordinate: {y}"))?,
        },
        ("button", [name]) => Request::Button {
            code: button(name)?,
            action: Action::Click,
        },
        ("button", [name, what]) => Request::Button {
            code: button(name)?,
            action: action(what)?,
        },
        ("axis", [axis @ ("vertical" | "horizontal"), value]) => Request::Axis {
            horizontal: *axis == "horizontal",
            value: value
                .parse()
                .with_context(|| format!("not a number: {value}"))?,
        },
        ("key", [name]) => Request::Key {
            code: keys::code(name)?,
            action: Action::Click,
        },
        ("key", [name, what]) => Request::Key {
            code: keys::code(name)?,
            action: action(what)?,
        },
        ("type", _) => Request::Type(rest.to_owned()),
        ("layout", [name])
            if name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)) =>
        {
            Request::Layout((*name).to_owned())
        }
        _ => bail!("not a command: {line}"),
    })
}

fn button(name: &str) -> Result<u32> {
    Ok(match name {
        "left" => 0x110,
        "right" => 0x111,
        "middle" => 0x112,
        _ => bail!("not a button: {name}"),
    })
}

fn action(word: &str) -> Result<Action> {
    Ok(match word {
        "down" => Action::Down,
        "up" => Action::Up,
        "click" | "press" => Action::Click,
        _ => bail!("neither down, up nor press: {word}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read() {
        assert_eq!(parse("move 3 4\n").unwrap(), Request::Move { x: 3, y: 4 });
        assert_eq!(
            parse("button left").unwrap(),
            Request::Button {
                code: 0x110,
                action: Action::Click
            }
        );
        assert_eq!(
            parse("key enter down").unwrap(),
            Request::Key {
                code: 28,
                action: Action::Down
            }
        );
        assert_eq!(
            parse("type a  b ").unwrap(),
            Request::Type("a  b ".to_owned())
        );
        assert_eq!(
            parse("axis vertical -15").unwrap(),
            Request::Axis {
                horizontal: false,
                value: -15.0
            }
        );
    }

    #[test]
    fn nonsense_is_refused() {
        for line in [
            "",
            "move 1",
            "move a b",
            "button top",
            "key nokey",
            "layout us\"x",
            "fly",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}

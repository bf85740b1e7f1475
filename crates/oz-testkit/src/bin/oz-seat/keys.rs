//! Keys by name and characters by key, on a us keyboard; numbers are those of linux/input.h.

use anyhow::{Result, bail};

pub const LEFT_SHIFT: u32 = 42;

/// Keys that have a name; letters and digits come from the rows below.
const NAMED: &[(&str, u32)] = &[
    ("escape", 1),
    ("minus", 12),
    ("equal", 13),
    ("backspace", 14),
    ("tab", 15),
    ("enter", 28),
    ("return", 28),
    ("leftctrl", 29),
    ("ctrl", 29),
    ("leftshift", LEFT_SHIFT),
    ("shift", LEFT_SHIFT),
    ("rightshift", 54),
    ("leftalt", 56),
    ("alt", 56),
    ("space", 57),
    ("capslock", 58),
    ("rightctrl", 97),
    ("print", 99),
    ("altgr", 100),
    ("home", 102),
    ("up", 103),
    ("pageup", 104),
    ("left", 105),
    ("right", 106),
    ("end", 107),
    ("down", 108),
    ("pagedown", 109),
    ("insert", 110),
    ("delete", 111),
    ("super", 125),
];

/// The rows of the keyboard: the code of the first key, its characters, the same with shift.
const ROWS: &[(u32, &str, &str)] = &[
    (2, "1234567890-=", "!@#$%^&*()_+"),
    (16, "qwertyuiop[]", "QWERTYUIOP{}"),
    (30, "asdfghjkl;'`", "ASDFGHJKL:\"~"),
    (43, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
];

/// The code of a key by name, by its character, or by its number.
pub fn code(name: &str) -> Result<u32> {
    let lower = name.to_ascii_lowercase();
    let lower = lower.strip_prefix("key_").unwrap_or(&lower);
    if let Some((_, code)) = NAMED.iter().find(|(known, _)| *known == lower) {
        return Ok(*code);
    }
    let mut chars = lower.chars();
    if let (Some(c), None) = (chars.next(), chars.next())
        && let Some((code, _)) = key_of(c)
    {
        return Ok(code);
    }
    if let Some(number) = lower.strip_prefix('f').and_then(|n| n.parse::<u32>().ok()) {
        match number {
            1..=10 => return Ok(58 + number),
            11 | 12 => return Ok(76 + number),
            _ => {}
        }
    }
    match lower.parse() {
        Ok(code @ 1..=247) => Ok(code),
        _ => bail!("not a key: {name}"),
    }
}

/// The key that makes a character, and whether with shift.
pub fn key_of(c: char) -> Option<(u32, bool)> {
    match c {
        ' ' => return Some((57, false)),
        '\n' => return Some((28, false)),
        '\t' => return Some((15, false)),
        _ => {}
    }
    ROWS.iter().find_map(|&(first, plain, shifted)| {
        let at = |row: &str| {
            row.chars()
                .position(|k| k == c)
                .and_then(|n| u32::try_from(n).ok())
        };
        at(plain)
            .map(|n| (first + n, false))
            .or_else(|| at(shifted).map(|n| (first + n, true)))
    })
}

/// The bit of a modifier key in the compiled keymap's real modifiers.
pub fn modifier(code: u32) -> Option<u32> {
    match code {
        LEFT_SHIFT | 54 => Some(1),
        29 | 97 => Some(4),
        56 => Some(8),
        125 => Some(64),
        100 => Some(128),
        _ => None,
    }
}

/// A keymap for the compositor to compile.
pub fn keymap(layout: &str) -> String {
    format!(
        "xkb_keymap {{\n\
         xkb_keycodes {{ include \"evdev+aliases(qwerty)\" }};\n\
         xkb_types {{ include \"complete\" }};\n\
         xkb_compat {{ include \"complete\" }};\n\
         xkb_symbols {{ include \"pc+{layout}+inet(evdev)\" }};\n\
         }};\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_printable_character_has_a_key() {
        for c in ' '..='~' {
            assert!(key_of(c).is_some(), "{c:?}");
        }
        assert_eq!(key_of('z'), Some((44, false)));
        assert_eq!(key_of('?'), Some((53, true)));
        assert_eq!(key_of('`'), Some((41, false)));
        assert_eq!(key_of('~'), Some((41, true)));
        assert_eq!(key_of('ä'), None);
    }

    #[test]
    fn keys_have_names_characters_and_numbers() {
        assert_eq!(code("KEY_A").unwrap(), 30);
        assert_eq!(code("f1").unwrap(), 59);
        assert_eq!(code("F12").unwrap(), 88);
        assert_eq!(code("125").unwrap(), 125);
        assert_eq!(code("1").unwrap(), 2);
        assert!(code("hyper").is_err());
        assert!(code("9999").is_err());
    }
}

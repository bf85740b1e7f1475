//! The server's keymap as a text that apps can read: what XKB says of keys, types and modifiers, written down in
//! the format of <https://xkbcommon.org/doc/current/keymap-text-format-v1-v2.html>.
//!
//! It is what the server has at this moment, however it came to it: layouts, options, xmodmap. What keys do in the
//! server (lock, latch, switch layouts) is not in it: apps are told of modifiers and layouts as they change.

use std::fmt::Write;

use x11rb::errors::ReplyError;
use x11rb::protocol::xkb::{ConnectionExt as _, GetMapReply, GetNamesReply, MapPart, NameDetail};
use x11rb::protocol::xproto::{ConnectionExt as _, ModMask};

use super::keyboard::CORE;
use super::screen::Screen;

/// Real modifiers, by bit.
const REAL: [&str; 8] = [
    "Shift", "Lock", "Control", "Mod1", "Mod2", "Mod3", "Mod4", "Mod5",
];
/// The types that every keymap begins with. An X server that reads one without these names adds its own, which libxkbcommon does
/// not take from it.
const CANONICAL: [&str; 4] = ["ONE_LEVEL", "TWO_LEVEL", "ALPHABETIC", "KEYPAD"];
/// The longest name that is written.
const NAME: usize = 128;

/// One key.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    code: u8,
    /// Type and symbols of each group.
    groups: Vec<(u8, Vec<u32>)>,
}

/// How modifiers choose a level.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Type {
    levels: u8,
    modifiers: u16,
    /// Modifiers, the level that they choose, and those that are not used up by it.
    map: Vec<(u16, u8, u16)>,
}

/// All of a keymap that apps need.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Keymap {
    types: Vec<Type>,
    keys: Vec<Key>,
    /// Keys that are modifiers.
    modifiers: Vec<(u8, u16)>,
    /// Virtual modifiers, and the real ones that they are.
    virtuals: Vec<(String, u16)>,
    layouts: Vec<String>,
}

/// Asks the server.
pub(super) fn ask(screen: &Screen) -> Result<String, ReplyError> {
    let conn = &screen.conn;
    let full =
        MapPart::KEY_TYPES | MapPart::KEY_SYMS | MapPart::MODIFIER_MAP | MapPart::VIRTUAL_MODS;
    let none = MapPart::from(0_u16);
    let all_virtual = u16::MAX.into();
    let map = conn.xkb_get_map(
        CORE,
        full,
        none,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        all_virtual,
        0,
        0,
        0,
        0,
        0,
        0,
    )?;
    let which = NameDetail::VIRTUAL_MOD_NAMES | NameDetail::GROUP_NAMES;
    let names = conn.xkb_get_names(CORE, which)?;
    let (map, names) = (map.reply()?, names.reply()?);
    let values = &names.value_list;
    let texts = |atoms: Option<&Vec<u32>>| -> Result<Vec<String>, ReplyError> {
        let cookies: Vec<_> = atoms
            .into_iter()
            .flatten()
            .map(|atom| conn.get_atom_name(*atom))
            .collect::<Result<_, _>>()?;
        // One without a name is an error of the server's; the others keep their places.
        let text =
            |cookie: x11rb::cookie::Cookie<'_, _, x11rb::protocol::xproto::GetAtomNameReply>| {
                cookie
                    .reply()
                    .map(|reply| plain(&reply.name))
                    .unwrap_or_default()
            };
        Ok(cookies.into_iter().map(text).collect())
    };
    let virtual_names = texts(values.virtual_mod_names.as_ref())?;
    let layouts = texts(values.groups.as_ref())?;
    Ok(read(&map, &names, virtual_names, layouts).text())
}

/// What a name may have that is put into the text.
fn plain(name: &[u8]) -> String {
    let fits = |c: &char| c.is_alphanumeric() || " ()-_,.".contains(*c);
    String::from_utf8_lossy(name)
        .chars()
        .filter(fits)
        .take(NAME)
        .collect()
}

fn mask(modifiers: ModMask) -> u16 {
    u16::from(modifiers) & 0xff
}

fn read(
    map: &GetMapReply,
    names: &GetNamesReply,
    virtual_names: Vec<String>,
    layouts: Vec<String>,
) -> Keymap {
    let types = map.map.types_rtrn.as_deref().unwrap_or_default();
    let one = |it: &x11rb::protocol::xkb::KeyType| {
        let kept = |n: usize| it.preserve.get(n).map_or(0, |kept| mask(kept.mask));
        let entry = |(n, entry): (usize, &x11rb::protocol::xkb::KTMapEntry)| {
            entry
                .active
                .then(|| (mask(entry.mods_mask), entry.level, kept(n)))
        };
        // Virtual modifiers may be the same real ones; the server goes by the first entry.
        let mut entries: Vec<(u16, u8, u16)> = Vec::new();
        for entry in it.map.iter().enumerate().filter_map(entry) {
            if entries.iter().all(|known| known.0 != entry.0) {
                entries.push(entry);
            }
        }
        Type {
            levels: it.num_levels,
            modifiers: mask(it.mods_mask),
            map: entries,
        }
    };
    let types: Vec<Type> = types.iter().map(one).collect();
    let key = |(code, it): (u8, &x11rb::protocol::xkb::KeySymMap)| {
        let width = usize::from(it.width);
        let group = |(n, kind): (usize, &u8)| {
            let levels = types.get(usize::from(*kind))?.levels;
            let symbols = it.syms.iter().skip(n * width).take(width);
            Some((*kind, symbols.take(levels.into()).copied().collect()))
        };
        let count = usize::from(it.group_info & 0x0f);
        let groups = it.kt_index.iter().take(count).enumerate();
        let groups: Vec<_> = groups.filter_map(group).collect();
        (!groups.is_empty()).then_some(Key { code, groups })
    };
    let symbols = map.map.syms_rtrn.as_deref().unwrap_or_default();
    let keys = (map.first_key_sym..=u8::MAX)
        .zip(symbols)
        .filter_map(key)
        .collect();
    let modifiers = map.map.modmap_rtrn.iter().flatten();
    let modifiers = modifiers.map(|it| (it.keycode, mask(it.mods))).collect();
    // Both lists have an entry for each bit that is set.
    let bits = |set: u16| (0..16).filter(move |bit| set & (1 << bit) != 0);
    let real = map.map.vmods_rtrn.iter().flatten();
    let real: Vec<(u16, u16)> = bits(map.virtual_mods.into())
        .zip(real.map(|it| mask(*it)))
        .collect();
    let of = |(bit, name): (u16, String)| {
        let (_, real) = real.iter().find(|(it, _)| *it == bit)?;
        let fits = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric());
        fits.then_some((name, *real))
    };
    Keymap {
        keys,
        modifiers,
        virtuals: bits(names.virtual_mods.into())
            .zip(virtual_names)
            .filter_map(of)
            .collect(),
        layouts,
        types,
    }
}

fn type_name(number: usize) -> String {
    let known = CANONICAL.get(number);
    known.map_or_else(|| format!("T{number}"), |name| (*name).to_owned())
}

/// Modifiers as the text has them.
fn sum(modifiers: u16) -> String {
    let names = (0..8).filter(|bit| modifiers & (1 << bit) != 0);
    let names: Vec<&str> = names.map(|bit: usize| REAL[bit]).collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join("+")
    }
}

impl Keymap {
    fn text(&self) -> String {
        let mut text = String::with_capacity(64 * 1024);
        // Writing to a string cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, to: &mut String) -> std::fmt::Result {
        to.push_str("xkb_keymap {\nxkb_keycodes \"oz\" {\n\tminimum = 8;\n\tmaximum = 255;\n");
        for key in &self.keys {
            writeln!(to, "\t<K{0}> = {0};", key.code)?;
        }
        // Xwayland 22.1 ends when it is asked for its lights and has none.
        to.push_str("\tindicator 1 = \"Caps Lock\";\n");
        to.push_str("};\nxkb_types \"oz\" {\n");
        self.write_virtuals(to)?;
        for (n, kind) in self.types.iter().enumerate() {
            let name = type_name(n);
            write!(
                to,
                "\ttype \"{name}\" {{ modifiers = {};",
                sum(kind.modifiers)
            )?;
            for (modifiers, level, kept) in &kind.map {
                let modifiers = sum(*modifiers);
                write!(to, " map[{modifiers}] = Level{};", u16::from(*level) + 1)?;
                if *kept != 0 {
                    write!(to, " preserve[{modifiers}] = {};", sum(*kept))?;
                }
            }
            // Without them Xwayland has a keymap that libxkbcommon cannot read from it.
            for level in 1..=kind.levels {
                write!(to, " level_name[Level{level}] = \"{level}\";")?;
            }
            to.push_str(" };\n");
        }
        to.push_str("};\nxkb_compatibility \"oz\" {\n");
        self.write_virtuals(to)?;
        to.push_str(
            "\tinterpret Any+AnyOf(all) { action = NoAction(); };\n\
             \tindicator \"Caps Lock\" { whichModState = locked; modifiers = Lock; };\n\
             };\nxkb_symbols \"oz\" {\n",
        );
        self.write_virtuals(to)?;
        for (n, layout) in (1..).zip(&self.layouts) {
            writeln!(to, "\tname[Group{n}] = \"{layout}\";")?;
        }
        for key in &self.keys {
            write!(to, "\tkey <K{}> {{ ", key.code)?;
            for (n, (kind, symbols)) in (1..).zip(&key.groups) {
                let symbol = |it: &u32| match it {
                    0 => "NoSymbol".to_owned(),
                    it => format!("{it:#x}"),
                };
                let symbols: Vec<String> = symbols.iter().map(symbol).collect();
                let comma = if n == 1 { "" } else { ", " };
                let symbols = symbols.join(", ");
                let name = type_name((*kind).into());
                write!(
                    to,
                    "{comma}type[Group{n}] = \"{name}\", symbols[Group{n}] = [ {symbols} ]"
                )?;
            }
            to.push_str(" };\n");
        }
        for (bit, name) in REAL.iter().enumerate() {
            let keys = self.modifiers.iter().filter(|(_, it)| it & (1 << bit) != 0);
            let keys = keys.filter(|(code, _)| self.keys.iter().any(|key| key.code == *code));
            let keys: Vec<String> = keys.map(|(code, _)| format!("<K{code}>")).collect();
            if !keys.is_empty() {
                writeln!(to, "\tmodifier_map {name} {{ {} }};", keys.join(", "))?;
            }
        }
        to.push_str("};\n};\n");
        Ok(())
    }

    fn write_virtuals(&self, to: &mut String) -> std::fmt::Result {
        for (name, real) in &self.virtuals {
            writeln!(to, "\tvirtual_modifiers {name} = {};", sum(*real))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use smithay::input::keyboard::xkb;

    /// Two layouts, with Shift, Caps Lock and a third level.
    fn keymap() -> Keymap {
        Keymap {
            types: vec![
                Type {
                    levels: 1,
                    modifiers: 0,
                    map: Vec::new(),
                },
                Type {
                    levels: 3,
                    modifiers: 0x83,
                    map: vec![(1, 1, 0), (2, 1, 2), (0x80, 2, 0)],
                },
            ],
            keys: vec![
                Key {
                    code: 50,
                    groups: vec![(0, vec![0xffe1])],
                },
                Key {
                    code: 24,
                    groups: vec![
                        (1, vec![0x71, 0x51, 0x0100_20ac]),
                        (1, vec![0x06ca, 0x06ea, 0]),
                    ],
                },
            ],
            modifiers: vec![(50, 1), (99, 8)],
            virtuals: vec![("Alt".to_owned(), 8), ("LevelThree".to_owned(), 0x80)],
            layouts: vec![plain(b"English (US)"), plain(b"Rus\"sian}")],
        }
    }

    #[test]
    fn what_is_written_is_what_apps_understand() {
        let context = xkb::Context::new(xkb::CONTEXT_NO_DEFAULT_INCLUDES);
        let text = keymap().text();
        let compiled = xkb::Keymap::new_from_string(
            &context,
            text.clone(),
            xkb::KEYMAP_FORMAT_TEXT_V1,
            xkb::KEYMAP_COMPILE_NO_FLAGS,
        )
        .expect(&text);
        let mut state = xkb::State::new(&compiled);
        let mut types = |modifiers, group| {
            state.update_mask(modifiers, 0, 0, 0, 0, group);
            state.key_get_utf8(24_u32.into())
        };
        assert_eq!(types(0, 0), "q");
        assert_eq!(types(1, 0), "Q");
        assert_eq!(types(0x80, 0), "€");
        assert_eq!(types(0, 1), "й");
        assert_eq!(compiled.layout_get_name(1), "Russian");
        assert_ne!(compiled.mod_get_index("Alt"), xkb::MOD_INVALID);
        assert_ne!(compiled.led_get_index("Caps Lock"), xkb::LED_INVALID);
    }
}

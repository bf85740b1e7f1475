//! The GNOME extension, laid out in a prefix.
//!
//! Its source is modules of ECMAScript, which GNOME Shell loads since version 45. Before, a script was evaluated and what
//! it left in its scope imported; the difference is in lines that begin with `import` or `export`, one line each, and in a
//! base class.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{sh, stage, workspace};

/// Its name, and that of its directory.
const UUID: &str = "oz@oz.org";
/// The first version of the shell that loads modules.
const MODULES: u32 = 45;
/// The base class of extensions, and what the shell calls.
const EXTENSION: &str = "\
const Extension = class {
    constructor({uuid}) {
        this.uuid = uuid;
        imports.misc.extensionUtils.initTranslations();
    }

    getSettings() {
        return imports.misc.extensionUtils.getSettings();
    }
};
";
const INIT_EXTENSION: &str = "\
function init(metadata) {
    return new Default(metadata);
}
";
/// The same of their settings.
const PREFERENCES: &str = "\
const ExtensionPreferences = class {
    getSettings() {
        return imports.misc.extensionUtils.getSettings();
    }
};
";
const INIT_PREFERENCES: &str = "\
function init() {
    imports.misc.extensionUtils.initTranslations();
}

function fillPreferencesWindow(window) {
    new Default().fillPreferencesWindow(window);
}
";

/// How it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As its source is.
    Modules,
    /// For shells that load no modules.
    Scripts,
}

impl Form {
    /// What this machine's shell loads; modules where there is none.
    pub(crate) fn of_this_machine() -> Self {
        if shell_version().is_some_and(|version| version < MODULES) {
            Self::Scripts
        } else {
            Self::Modules
        }
    }
}

/// Lays it out.
pub(crate) fn place(prefix: &Path, form: Form) -> Result<()> {
    let to = prefix.join("share/gnome-shell/extensions").join(UUID);
    if to.exists() {
        // A file that was removed from the tree must not live on in the prefix.
        fs::remove_dir_all(&to).with_context(|| format!("cannot clear {}", to.display()))?;
    }
    let from = workspace::root().join("gnome-extension");
    let scripts = form == Form::Scripts;
    for entry in fs::read_dir(&from).with_context(|| format!("cannot read {}", from.display()))? {
        let file = entry?.path();
        let name = file.file_name().unwrap_or_default().to_owned();
        let kind = file.extension().unwrap_or_default();
        let text = match kind.to_str() {
            Some("js" | "json" | "css") => fs::read_to_string(&file)?,
            _ => continue,
        };
        let text = match kind.to_str() {
            Some("js") if scripts => script(&text).with_context(|| file.display().to_string())?,
            Some("json") if scripts => older(&text)?,
            _ => text,
        };
        let target = to.join(name);
        stage::make_parent(&target)?;
        stage::replace(&target, 0o644, |temporary| Ok(fs::write(temporary, &text)?))?;
    }
    stage::place_translations(&from.join("po"), &to.join("locale"))?;
    stage::copy_tree(&from.join("schemas"), &to.join("schemas"))?;
    sh::run_quietly(
        Command::new("glib-compile-schemas")
            .arg("--strict")
            .arg(to.join("schemas")),
    )
}

/// The major version of this machine's GNOME Shell.
fn shell_version() -> Option<u32> {
    // A machine without it is normal.
    let said = sh::read_quietly(Command::new("gnome-shell").arg("--version")).ok()?;
    let version = said.split_whitespace().last()?;
    version.split('.').next()?.parse().ok()
}

/// Says of what it says that versions before modules load it.
fn older(metadata: &str) -> Result<String> {
    let mut metadata: serde_json::Value = serde_json::from_str(metadata)?;
    metadata["shell-version"] = serde_json::json!(["43", "44"]);
    Ok(serde_json::to_string_pretty(&metadata)?)
}

/// A module as a script.
fn script(module: &str) -> Result<String> {
    let mut lines = Vec::new();
    let mut last = "";
    for line in module.lines() {
        let written = if let Some(import) = line.strip_prefix("import ") {
            imported(import).with_context(|| format!("not understood: {line}"))?
        } else if let Some(class) = line.strip_prefix("export default class ") {
            last = if class.contains(" ExtensionPreferences ") {
                INIT_PREFERENCES
            } else {
                INIT_EXTENSION
            };
            format!("var Default = class {class}")
        } else if let Some(class) = line.strip_prefix("export class ") {
            let name = class.split(' ').next().unwrap_or_default();
            format!("var {name} = class {class}")
        } else if let Some(constant) = line.strip_prefix("export const ") {
            format!("var {constant}")
        } else {
            line.strip_prefix("export ").unwrap_or(line).to_owned()
        };
        lines.push(written);
    }
    Ok(format!("{}\n{last}", lines.join("\n")))
}

/// What stands for an `import` without that word.
fn imported(import: &str) -> Result<String> {
    let (names, from) = import.split_once(" from ").context("no `from`")?;
    let from = from.trim_matches(['\'', ';']);
    let file = |path: &str| path.trim_end_matches(".js").replace('/', ".");
    // `a as b` of a module is `a: b` of an object.
    let names = names.trim_start_matches("* as ").replace(" as ", ": ");
    if let Some(library) = from.strip_prefix("gi://") {
        return Ok(format!("const {names} = imports.gi.{library};"));
    }
    if let Some(own) = from.strip_prefix("./") {
        let own = file(own);
        return Ok(format!(
            "const {names} = imports.misc.extensionUtils.getCurrentExtension().imports.{own};"
        ));
    }
    if from.ends_with("/extensions/extension.js") || from.ends_with("/extensions/prefs.js") {
        let words = "const _ = imports.misc.extensionUtils.gettext;\n";
        let base = match names.split(',').next().unwrap_or_default() {
            "{Extension" => EXTENSION,
            "{ExtensionPreferences" => PREFERENCES,
            _ => "",
        };
        return Ok(format!("{words}{base}"));
    }
    match from.strip_prefix("resource:///org/gnome/shell/") {
        Some(shell) => Ok(format!("const {names} = imports.{};", file(shell))),
        None => bail!("no script has it: {from}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_module_is_a_script_without_its_imports_and_exports() {
        let module = "\
import Gio from 'gi://Gio';
import {gettext as _} from 'resource:///org/gnome/shell/extensions/extension.js';
import * as Main from 'resource:///org/gnome/shell/ui/main.js';
import {Row, said as s} from './row.js';
export const A = 1;
export function b() {
}
export class C {
}
";
        let script = script(module).unwrap();
        assert_eq!(
            script,
            "\
const Gio = imports.gi.Gio;
const _ = imports.misc.extensionUtils.gettext;

const Main = imports.ui.main;
const {Row, said: s} = imports.misc.extensionUtils.getCurrentExtension().imports.row;
var A = 1;
function b() {
}
var C = class C {
}
"
        );
    }

    #[test]
    fn what_the_shell_looks_for_in_a_script_is_there() {
        let extension = script("export default class Oz extends Extension {\n}").unwrap();
        assert!(extension.contains("var Default = class Oz extends Extension {"));
        assert!(extension.contains("function init(metadata)"));
        let preferences =
            script("export default class P extends ExtensionPreferences {\n}").unwrap();
        assert!(preferences.contains("new Default().fillPreferencesWindow(window)"));
        assert!(script("import a from 'https://example.org/a.js';").is_err());
    }

    #[test]
    fn every_sentence_has_its_german_and_nothing_else_has() {
        let source = workspace::root().join("gnome-extension");
        let mut said = BTreeSet::new();
        for entry in fs::read_dir(&source).unwrap() {
            let file = entry.unwrap().path();
            if file.extension().is_some_and(|end| end == "js") {
                let text = fs::read_to_string(&file).unwrap();
                let sentences = text.split("_('").skip(1);
                said.extend(sentences.map(|rest| rest.split('\'').next().unwrap().to_owned()));
            }
        }
        let text = fs::read_to_string(source.join("po/de.po")).unwrap();
        let mut german = BTreeSet::new();
        for entry in text.split("\n\n").skip(1) {
            let (sentence, translation) = entry.split_once('\n').unwrap();
            let value = |line: &str| {
                line.trim_end()
                    .split_once('"')
                    .unwrap()
                    .1
                    .trim_end_matches('"')
                    .to_owned()
            };
            let (sentence, translation) = (value(sentence), value(translation));
            assert_eq!(
                sentence.contains("%s"),
                translation.contains("%s"),
                "{sentence}"
            );
            assert!(!translation.is_empty(), "{sentence}");
            german.insert(sentence);
        }
        assert_eq!(said, german);
    }

    #[test]
    fn nothing_of_a_module_is_left_in_any_file() {
        let source = workspace::root().join("gnome-extension");
        let mut count = 0;
        for entry in fs::read_dir(source).unwrap() {
            let file = entry.unwrap().path();
            if file.extension().is_some_and(|end| end == "js") {
                let script = script(&fs::read_to_string(&file).unwrap()).unwrap();
                let left = script
                    .lines()
                    .find(|line| line.starts_with("import ") || line.starts_with("export "));
                assert_eq!(left, None, "{}", file.display());
                count += 1;
            }
        }
        assert!(count > 3);
    }
}

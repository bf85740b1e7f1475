//! Input methods: the desktop's write into apps that know nothing of them.

use oz_e2e::{Session, oz, wait};
use oz_testkit::desktop::Shell;

use super::bar::Outcome;

/// What the keys of `Vieejt` are in Telex, which nothing but the engine knows.
const TYPED: &str = "Vieejt Nam";
const MEANT: &str = "Việt Nam\n";

/// Has the desktop write by an engine of ibus.
fn choose(shell: &Shell, engine: &str) -> Outcome {
    shell.wait_until(
        "ibus is there",
        "imports.misc.ibusManager.getIBusManager()._ready === true",
    )?;
    shell.eval::<()>(&format!(
        "(() => {{
            const {{Gio, GLib}} = imports.gi;
            const settings = new Gio.Settings({{schema_id: 'org.gnome.desktop.input-sources'}});
            settings.set_value('sources', new GLib.Variant('a(ss)', [['xkb', 'us'], ['ibus', '{engine}']]));
        }})()"
    ))?;
    let sources = "imports.ui.status.keyboard.getInputSourceManager()";
    shell.wait_until(
        "the engine is listed",
        &format!("Object.values({sources}.inputSources).some(source => source.id === '{engine}')"),
    )?;
    shell.eval::<()>(&format!(
        "void Object.values({sources}.inputSources).find(source => source.id === '{engine}').activate(true)"
    ))?;
    shell.wait_until(
        "the engine is chosen",
        &format!("{sources}.currentSource.id === '{engine}'"),
    )
}

#[test]
fn an_engine_of_ibus_writes_into_an_app_that_has_no_bus_for_it() -> Outcome {
    let session = Session::begin();
    let shell = session.shell();
    shell.leave_overview()?;
    choose(&shell, "Unikey")?;
    let dir = session.fresh_dir("engine");
    let _run = oz(["run", "--write"])
        .arg(&dir)
        .args(["foot", "sh", "-c", "cat > typed"])
        .dir(&dir)
        .start();
    shell.wait_for_window(|window| window.app_id.contains("foot"))?;
    // A desktop that has just started may come back to it.
    shell.leave_overview()?;
    shell.wait_until(
        "the app says that it can be written into",
        "Main.inputMethod.currentFocus !== null && !Main.overview.visible",
    )?;
    // As a person types: of keys that come faster than it answers, the engine has lost the text without Oz as well.
    for key in TYPED.chars() {
        shell.press(key)?;
    }
    shell.wait_until(
        "the engine has written",
        "Main.inputMethod._preeditStr === 'Nam'",
    )?;
    shell.type_line("")?;
    let file = dir.join("typed");
    let read = || std::fs::read_to_string(&file).is_ok_and(|text| text == MEANT);
    wait::for_condition("the engine's text in the file", read);
    session.shoot("input-method")?;
    shell.close_windows()
}

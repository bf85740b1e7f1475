//! The host's compositor is killed and another started: apps go on, and their windows come back.

use std::path::Path;

use anyhow::{Result, ensure};
use oz_e2e::run::Started;
use oz_e2e::second::Second;
use oz_e2e::{Session, cli, oz, typing, wait};
use oz_testkit::desktop::{Picture, Window};

/// A terminal with a script in it that notes what is typed, and a text to see.
fn terminal(second: &Second, dir: &Path) -> Result<(Started, Window)> {
    let script = format!(
        "cd {}; echo 'Dear reader,'; echo 'this is still here.'; {}",
        dir.display(),
        typing::SCRIPT
    );
    let run = second
        .oz(["run", "--ephemeral", "--write"])
        .arg(dir)
        .args(["foot", "-T", "letter", "sh", "-c", &script])
        .start();
    let window = named(second, "letter")?;
    wait::for_condition("the script", || dir.join("ready").exists());
    Ok((run, window))
}

fn named(second: &Second, title: &str) -> Result<Window> {
    let desktop = &second.desktop;
    let window = desktop.wait_for_window(wait::LONG, |window| window.title.contains(title))?;
    // Away from the window: nothing in it is to depend on the pointer.
    desktop.point((5, 5))?;
    desktop.give_focus(&window)?;
    Ok(window)
}

/// A window as it is once it does not change any more.
fn settled(second: &Second, window: &Window, name: &str) -> Result<(Picture, Window)> {
    let picture = second.desktop.settled_but_for_the_cursor(window)?;
    second.desktop.shoot(name)?;
    Ok((picture, second.desktop.again(window)?))
}

/// Kills the compositor, shows that nobody minds, and starts another.
fn lose_and_find(second: &mut Second, runs: &mut [&mut Started]) {
    second.kill();
    // Whoever ends with its compositor has heard of it long before the next one is there.
    second.again();
    for run in runs {
        assert!(run.is_running(), "{}", run.complaint_so_far());
    }
    assert!(!cli::running().is_empty());
}

/// How much of a window is not as it was.
fn change(before: &Picture, was: &Window, after: &Picture, is: &Window) -> Result<f64> {
    ensure!(was.content == is.content, "{was:?} came back as {is:?}");
    Ok(after.difference(before, is.content))
}

#[test]
fn a_terminal_comes_back_with_its_text_and_its_mark_and_takes_what_is_typed() -> Result<()> {
    let session = Session::begin();
    let mut second = Second::begin(&session);
    let dir = session.fresh_dir("lost");
    let (mut run, was) = terminal(&second, &dir)?;
    let (before, was) = settled(&second, &was, "lost-terminal-before")?;
    ensure!(was.mark.as_deref() == Some("foot"), "{was:?}");

    lose_and_find(&mut second, &mut [&mut run]);
    let is = named(&second, "letter")?;
    ensure!(is.mark == was.mark, "{is:?}");
    let (after, is) = settled(&second, &is, "lost-terminal-after")?;
    let change = change(&before, &was, &after, &is)?;
    ensure!(change < 0.01, "{change} of it is not as it was");
    // The same process, which still reads.
    typing::arrives(&second.desktop, &dir, &is, "and so am I")?;
    run.end_within(wait::PATIENCE).ok();
    Ok(())
}

#[test]
fn a_toolkits_window_comes_back_also_with_a_menu_open_and_can_be_closed() -> Result<()> {
    let session = Session::begin();
    let mut second = Second::begin(&session);
    let mut run = second.oz(["run", "--ephemeral", "gtk4-demo"]).start();
    let was = named(&second, "GTK Demo")?;
    let (before, was) = settled(&second, &was, "lost-gtk-before")?;
    let open_menu = |second: &Second, window: &Window| -> Result<Picture> {
        second.desktop.point(window.content.centre())?;
        second.desktop.button("right", "click")?;
        Ok(settled(second, window, "lost-gtk-menu")?.0)
    };
    let menu = open_menu(&second, &was)?;
    ensure!(menu.difference(&before, was.rect) > 0.005, "no menu");

    lose_and_find(&mut second, &mut [&mut run]);
    let is = named(&second, "GTK Demo")?;
    let (after, is) = settled(&second, &is, "lost-gtk-after")?;
    let change = change(&before, &was, &after, &is)?;
    ensure!(change < 0.02, "{change} of it is not as it was");
    // Another menu opens, where the first was.
    let menu = open_menu(&second, &is)?;
    ensure!(menu.difference(&after, is.rect) > 0.005, "no menu");
    second.desktop.key("escape", "press")?;
    second.desktop.close(&is)?;
    run.end_within(wait::PATIENCE).ok();
    Ok(())
}

#[test]
fn the_next_compositors_clipboard_is_the_apps() -> Result<()> {
    let session = Session::begin();
    let mut second = Second::begin(&session);
    let dir = session.fresh_dir("lost");
    let (mut run, _) = terminal(&second, &dir)?;
    lose_and_find(&mut second, &mut [&mut run]);
    let window = named(&second, "letter")?;
    second
        .desktop
        .copy("a line from outside that is long enough to be seen")?;
    second.desktop.click_window(&window)?;
    let (before, _) = settled(&second, &window, "lost-clipboard")?;
    second.desktop.chord(&["ctrl", "shift", "v"])?;
    // It is read through a pipe; what is typed meanwhile would come before it.
    wait::for_condition("the text", || {
        let now = second.desktop.look();
        now.is_ok_and(|now| now.difference(&before, window.content) > 0.001)
    });
    second.desktop.type_text("\n")?;
    second.desktop.chord(&["ctrl", "d"])?;
    wait::for_content(
        &dir.join("typed"),
        "a line from outside that is long enough to be seen\n",
    );
    run.end_within(wait::PATIENCE).ok();
    Ok(())
}

#[test]
fn the_next_compositors_clipboard_is_that_of_x11_apps_as_well() -> Result<()> {
    let session = Session::begin();
    let mut second = Second::begin(&session);
    let dir = session.fresh_dir("lost");
    let script = format!(
        "cd {}; echo > ready; while read -r line; do eval \"$line\"; done",
        dir.display()
    );
    let mut run = second
        .oz(["run", "--ephemeral", "--write"])
        .arg(&dir)
        .args(["xterm", "-T", "letter", "-e", "sh", "-c", &script])
        .start();
    named(&second, "letter")?;
    wait::for_condition("the shell", || dir.join("ready").exists());
    lose_and_find(&mut second, &mut [&mut run]);
    let window = named(&second, "letter")?;
    let desktop = &second.desktop;
    desktop.copy("from outside")?;
    let got = dir.join("got");
    let reads = || -> Result<String> {
        let _ = std::fs::remove_file(&got);
        desktop.give_focus(&window)?;
        desktop.type_text("xclip -o -selection clipboard > new; mv new got\n")?;
        wait::for_condition("an answer", || got.exists());
        Ok(std::fs::read_to_string(&got)?)
    };
    wait::for_condition("what was copied outside", || {
        reads().is_ok_and(|it| it == "from outside")
    });
    desktop.type_text("printf 'of X' | xclip -selection clipboard\n")?;
    wait::for_condition("what was copied inside", || {
        desktop
            .paste()
            .is_ok_and(|it| it.as_deref() == Some("of X"))
    });
    Ok(())
}

#[test]
fn an_app_that_is_started_before_goes_on_while_there_is_no_compositor() -> Result<()> {
    let session = Session::begin();
    let mut second = Second::begin(&session);
    let dir = session.fresh_dir("lost");
    let script = format!(
        "cd {}; n=0; while test ! -e stop; do n=$((n+1)); echo $n > count; sleep 0.1; done",
        dir.display()
    );
    let run = second
        .oz(["run", "--ephemeral", "--write"])
        .arg(&dir)
        .args(["foot", "-T", "letter", "sh", "-c", &script])
        .start();
    named(&second, "letter")?;
    second.kill();
    let count = || -> u64 {
        let text = std::fs::read_to_string(dir.join("count")).unwrap_or_default();
        text.trim().parse().unwrap_or(0)
    };
    let before = count();
    wait::for_condition("the app to go on", || count() > before + 20);
    // It ends by itself, and that is its end and no fault of the compositor's.
    std::fs::write(dir.join("stop"), "")?;
    run.end_within(wait::PATIENCE).ok();
    wait::for_condition("the sandbox to end", || cli::running().is_empty());
    Ok(())
}

/// Types into the window that came to the session's own compositor.
fn goes_on_here(session: &Session, dir: &Path) -> Result<()> {
    let here = session.wait_for_window(wait::LONG, |window| window.title.contains("letter"))?;
    ensure!(here.mark.as_deref() == Some("foot"), "{here:?}");
    typing::arrives(session, dir, &here, "over here")
}

#[test]
fn windows_go_to_another_compositor_when_they_are_told_and_theirs_is_still_there() -> Result<()> {
    let session = Session::begin();
    let second = Second::begin(&session);
    let dir = session.fresh_dir("lost");
    let (run, _) = terminal(&second, &dir)?;
    oz(["attach", "foot", "--display", "no-such-display"])
        .run()
        .fails()
        .complains("does not answer");
    ensure!(second.desktop.windows()?.len() == 1, "it went nowhere");
    oz(["attach", "foot"]).run().ok();
    goes_on_here(&session, &dir)?;
    ensure!(second.desktop.windows()?.is_empty(), "it is not there too");
    run.end_within(wait::PATIENCE).ok();
    Ok(())
}

#[test]
fn windows_without_a_compositor_go_to_another_when_they_are_told() -> Result<()> {
    let session = Session::begin();
    let mut second = Second::begin(&session);
    let dir = session.fresh_dir("lost");
    let (run, _) = terminal(&second, &dir)?;
    second.kill();
    oz(["attach", "foot"]).run().ok();
    goes_on_here(&session, &dir)?;
    run.end_within(wait::PATIENCE).ok();
    Ok(())
}

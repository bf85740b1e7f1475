//! The desktop of these tests is what it claims to be.

use oz_e2e::Session;

use super::bar::Outcome;

#[test]
fn a_click_on_the_clock_opens_its_menu() -> Outcome {
    let session = Session::begin();
    let shell = session.shell();
    shell.leave_overview()?;
    let before = session.look()?;
    let clock: [i32; 4] = shell.eval("ozTest.place(Main.panel.statusArea.dateMenu)")?;
    let middle = (clock[0] + clock[2] / 2, clock[1] + clock[3] / 2);
    shell.click_at(middle)?;
    shell.wait_until(
        "the menu opens",
        "Main.panel.statusArea.dateMenu.menu.isOpen",
    )?;
    shell.wait_for_text(|text| text == "Do Not Disturb")?;
    assert!(session.look()?.difference(&before, before.rect()) > 0.05);
    shell.eval("void Main.panel.statusArea.dateMenu.menu.close()")
}

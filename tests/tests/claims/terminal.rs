//! The terminal of the person who runs `oz`.

use oz_e2e::Session;
use oz_e2e::terminal::Terminal;

#[test]
fn does_not_have_its_caller_s_terminal() {
    let _session = Session::begin();
    let terminal = Terminal::open("claims");
    terminal.line("tty > $HOME/outer-tty");
    terminal.line("oz run --ephemeral -- sh -c 'echo inner:$(tty):$(ls /dev/pts | wc -l)'");
    let outer = || std::fs::read_to_string(oz_e2e::session::home().join("outer-tty")).ok();
    let inner = oz_e2e::wait::until("the terminal inside", || {
        terminal
            .lines()
            .iter()
            .find_map(|line| line.strip_prefix("inner:/dev/pts/").map(str::to_owned))
    });
    assert!(outer().is_some());
    // A private instance has its own numbers and shows nobody else's: one terminal and ptmx.
    assert_eq!(inner, "0:2");
}

#[test]
fn cannot_type_into_its_caller_s_shell() {
    let _session = Session::begin();
    let terminal = Terminal::open("tiocsti");
    let push = "perl -e 'for (split //, qq(touch pushed\\n)) { ioctl(STDIN, 0x5412, $_) or print qq(no\\n) and last }'";
    terminal.line(&format!("cd; oz run --ephemeral -- {push}; echo done: $?"));
    terminal.wait_for_line("done: 0");
    terminal.line("echo the next line");
    terminal.wait_for_line("the next line");
    assert!(
        terminal.lines().iter().any(|line| line == "no"),
        "{}",
        terminal.screen()
    );
    assert!(!oz_e2e::session::home().join("pushed").exists());
}

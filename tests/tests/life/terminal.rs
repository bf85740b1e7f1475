//! A real terminal: its size, job control, and ^C.

use oz_e2e::terminal::Terminal;
use oz_e2e::{Inside, Session, cli};

fn shell(name: &str) -> (Terminal, Inside) {
    let inside = Inside::start(&["--", "sleep", "1000"]);
    let terminal = Terminal::open(name);
    terminal.line(&format!("oz shell {}; echo left:$?", inside.id()));
    terminal.line("PS1='inside> '");
    terminal.line("test -t 0 -a -t 1 -a -t 2 && echo on-a-terminal");
    terminal.wait_for_line("on-a-terminal");
    (terminal, inside)
}

#[test]
fn a_shell_has_the_size_of_the_terminal_also_after_a_change() {
    let _session = Session::begin();
    let (terminal, _inside) = shell("size");
    terminal.line("stty size");
    terminal.wait_for_line("24 80");
    terminal.resize(100, 30);
    terminal.line("sleep 0.3; stty size");
    terminal.wait_for_line("30 100");
    // A program that only waits is told of the change.
    terminal.line("sh -c \"trap 'stty size' WINCH; while :; do sleep 0.1; done\"");
    oz_e2e::wait::pause(std::time::Duration::from_millis(700));
    terminal.resize(90, 20);
    terminal.wait_for_line("20 90");
}

#[test]
fn interrupting_ends_the_program_and_not_the_shell() {
    let _session = Session::begin();
    let (terminal, _inside) = shell("interrupt");
    terminal.line("sleep 500; echo status:$?");
    oz_e2e::wait::pause(std::time::Duration::from_millis(700));
    terminal.key("C-c");
    terminal.line("echo alive");
    terminal.wait_for_line("alive");
}

#[test]
fn a_program_can_be_suspended_and_continued() {
    let _session = Session::begin();
    let (terminal, _inside) = shell("jobs");
    terminal.line("sleep 400");
    oz_e2e::wait::pause(std::time::Duration::from_millis(700));
    terminal.key("C-z");
    terminal.line("jobs | grep -c sleep");
    terminal.wait_for_line("1");
    terminal.line("bg; kill %1; wait; echo all-done");
    terminal.wait_for_line("all-done");
}

#[test]
fn the_end_of_input_leaves_the_shell_with_its_status() {
    let _session = Session::begin();
    let (terminal, inside) = shell("leave");
    terminal.line("exit 4");
    terminal.wait_for_line("left:4");
    terminal.line("stty -a | grep -o ' echo ' | tr -d ' '");
    // The terminal is as it was before.
    terminal.wait_for_line("echo");
    assert!(inside.is_running());
}

#[test]
fn an_app_in_a_terminal_is_interrupted_by_the_keyboard() {
    let _session = Session::begin();
    let terminal = Terminal::open("app");
    terminal
        .line("oz run --ephemeral -- sh -c 'test -t 0 && echo ready; sleep 500'; echo status:$?");
    terminal.wait_for_line("ready");
    terminal.key("C-c");
    // The terminal shows the key before it.
    terminal.wait_for_line("^Cstatus:130");
    oz_e2e::wait::for_condition("the sandbox to end", || cli::running().is_empty());
}

#[test]
fn an_app_in_a_terminal_with_piped_output_has_just_that() {
    let _session = Session::begin();
    let terminal = Terminal::open("piped");
    terminal.line("oz run --ephemeral -- sh -c 'test -t 0 && echo in-is-a-terminal; test -t 1 || echo out-is-not' | cat");
    terminal.wait_for_line("out-is-not");
}

#[test]
fn a_full_screen_program_works() {
    let session = Session::begin();
    let file = oz_e2e::fixtures::write(
        &session.fresh_dir("pager").join("lines"),
        (1..200)
            .map(|n| format!("line {n}\n"))
            .collect::<String>()
            .as_bytes(),
    );
    let terminal = Terminal::open("pager");
    terminal.line(&format!(
        "oz run --ephemeral --read {0} -- less {0}; echo status:$?",
        file.display()
    ));
    terminal.wait_for_line("line 20");
    terminal.text("G");
    terminal.wait_for_line("line 199");
    terminal.text("q");
    terminal.wait_for_line("status:0");
}

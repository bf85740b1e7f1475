//! Editors in a terminal.

use oz_e2e::editing::{Document, EACH, Way};
use oz_e2e::terminal::Terminal;
use oz_e2e::{Inside, Session, oz, wait};

struct Editor {
    command: &'static str,
    /// Keys before and after a path that is to be opened, by tmux's names.
    open: &'static [&'static str],
    /// Keys before a text that is typed at the beginning, and to save it.
    edit: &'static [&'static str],
    save: &'static [&'static str],
    quit: &'static [&'static str],
}

const VIM: Editor = Editor {
    command: "vim -u NONE",
    open: &[":", "e", "Space"],
    edit: &["g", "g", "0", "i"],
    save: &["Escape", ":", "w", "Enter"],
    quit: &[":", "q", "Enter"],
};

const EMACS: Editor = Editor {
    command: "emacs -nw -q",
    open: &["C-x", "C-f"],
    edit: &["M-<"],
    save: &["C-x", "C-s"],
    quit: &["C-x", "C-c"],
};

impl Editor {
    fn saves_twice(&self, way: Way, home: &str) {
        let session = Session::begin();
        let document = Document::new(&session, "edited", "doc.txt", b"old\n");
        let path = document.path().display();
        let terminal = Terminal::open("editor");
        let press = |keys: &[&str]| keys.iter().for_each(|key| terminal.key(key));
        let run = format!("oz run --profile editor --home {home}");
        if way == Way::Argument {
            terminal.line(&format!(
                "{run} --write {path} -- {0} {path}; echo left:$?",
                self.command
            ));
        } else {
            terminal.line(&format!("{run} -- {}; echo left:$?", self.command));
            let name = self.command.split(' ').next().expect("a name");
            let inside = Inside::of(name);
            wait::for_condition("the editor", || {
                inside.is_running() && inside.holds(&format!("pgrep -x {name} || pgrep {name}"))
            });
            wait::for_condition("its screen", || {
                terminal.screen().contains('~') || terminal.screen().contains("GNU")
            });
            oz(["add", inside.id(), "--write"])
                .arg(document.path())
                .run()
                .ok();
            press(self.open);
            terminal.text(&path.to_string());
            terminal.key("Enter");
        }
        let shown = || {
            terminal
                .screen()
                .lines()
                .any(|line| line.trim_end() == "old")
        };
        wait::for_condition("the text on the screen", shown);
        for (word, content) in [("one", "one old\n"), ("two", "two one old\n")] {
            press(self.edit);
            terminal.text(&format!("{word} "));
            press(self.save);
            document.wait_for(content.as_bytes());
            document.is_alone_as_before();
        }
        press(self.quit);
        terminal.wait_for_line("left:0");
        document.wait_for(b"two one old\n");
        document.is_alone_as_before();
    }
}

#[test]
fn vim_saves_twice() {
    for (way, home) in EACH {
        VIM.saves_twice(way, home);
    }
}

#[test]
fn emacs_saves_twice() {
    for (way, home) in EACH {
        EMACS.saves_twice(way, home);
    }
}

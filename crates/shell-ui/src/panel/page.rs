//! All of one sandbox: files, sound, network, walls. It shows what it is told, and says what a person wishes; what comes
//! of that is told again.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::rc::Rc;

use adw::prelude::*;
use adw::subclass::prelude::*;
use gtk::{gdk, gio, glib};
use oz_core::OsBytes;
use oz_core::plan::Clipboard;

use super::choose;
use super::denial_row::DenialRow;
use super::file_row::{self, FileRow};
use crate::model::{
    Allow, Levels, Sandbox, Setting, StillOpen, Wall, forward_words, meter, walls_summary,
};

/// What a person wants of the sandbox that is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Show it these.
    Add {
        /// Which.
        files: Vec<PathBuf>,
        /// It may change them.
        write: bool,
    },
    /// Take a file back, when the person has read what that means.
    Remove(Vec<u8>),
    /// Let it record: `off`, `ask` or `on`.
    Microphone(&'static str),
    /// Let it be heard: `off` or `on`.
    Speaker(&'static str),
    /// Let what is copied pass these ways.
    Clipboard(Clipboard),
    /// Let happen what was refused: until it ends, or from now on.
    Allow {
        /// What.
        what: Allow,
        /// From now on, when the person has read what that means.
        always: bool,
    },
    /// Close what leads through the wall of its network.
    RemoveForward(String),
    /// To see what it changed in copies.
    Changes,
    /// A terminal inside.
    Shell,
    /// What its programs wrote.
    Logs,
    /// End it.
    Stop,
}

type Listener = Rc<dyn Fn(Wish)>;

mod imp {
    use super::*;

    #[derive(Default, gtk::CompositeTemplate)]
    #[template(file = "page.ui")]
    pub struct Page {
        #[template_child]
        pub add: TemplateChild<gtk::MenuButton>,
        #[template_child]
        pub files: TemplateChild<gtk::ListBox>,
        #[template_child]
        pub still_open_group: TemplateChild<adw::PreferencesGroup>,
        #[template_child]
        pub still_open: TemplateChild<gtk::ListBox>,
        #[template_child]
        pub copies_group: TemplateChild<adw::PreferencesGroup>,
        #[template_child]
        pub copies: TemplateChild<adw::ActionRow>,
        #[template_child]
        pub speaker_row: TemplateChild<adw::ActionRow>,
        #[template_child]
        pub speaker_level: TemplateChild<gtk::LevelBar>,
        #[template_child]
        pub speaker: TemplateChild<gtk::Switch>,
        #[template_child]
        pub microphone_row: TemplateChild<adw::ActionRow>,
        #[template_child]
        pub microphone: TemplateChild<gtk::Switch>,
        #[template_child]
        pub microphone_level: TemplateChild<gtk::LevelBar>,
        #[template_child]
        pub listens: TemplateChild<gtk::Image>,
        #[template_child]
        pub ask: TemplateChild<gtk::Button>,
        #[template_child]
        pub clipboard_group: TemplateChild<adw::PreferencesGroup>,
        #[template_child]
        pub clipboard: TemplateChild<adw::ComboRow>,
        #[template_child]
        pub denied_group: TemplateChild<adw::PreferencesGroup>,
        #[template_child]
        pub denied: TemplateChild<gtk::ListBox>,
        #[template_child]
        pub network: TemplateChild<adw::PreferencesGroup>,
        #[template_child]
        pub forwards: TemplateChild<gtk::ListBox>,
        #[template_child]
        pub walls: TemplateChild<adw::ExpanderRow>,
        #[template_child]
        pub shell: TemplateChild<gtk::Button>,
        #[template_child]
        pub logs: TemplateChild<gtk::Button>,
        #[template_child]
        pub stop: TemplateChild<gtk::Button>,
        /// What is shown.
        pub shown: RefCell<Option<Sandbox>>,
        /// Rows of walls, which an expander does not list itself.
        pub wall_rows: RefCell<Vec<adw::ActionRow>>,
        /// Widgets change because of what was told, and nobody wishes anything.
        pub told: Cell<bool>,
        pub listener: RefCell<Option<Listener>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Page {
        const NAME: &'static str = "OzPage";
        type Type = super::Page;
        type ParentType = adw::Bin;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for Page {
        fn constructed(&self) {
            self.parent_constructed();
            self.obj().listen();
        }
    }

    impl WidgetImpl for Page {}
    impl BinImpl for Page {}
}

glib::wrapper! {
    /// The widget.
    pub struct Page(ObjectSubclass<imp::Page>)
        @extends adw::Bin, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget;
}

impl Page {
    /// Who is told what is wished.
    pub fn connect_wish(&self, listener: impl Fn(Wish) + 'static) {
        self.imp().listener.replace(Some(Rc::new(listener)));
    }

    /// Shows a sandbox, and changes only what is different now.
    pub fn show_sandbox(&self, sandbox: &Sandbox) {
        let parts = self.imp();
        let before = parts.shown.replace(Some(sandbox.clone()));
        parts.told.set(true);
        let differs = |of: fn(&Sandbox, &Sandbox) -> bool| {
            before.as_ref().is_none_or(|before| !of(before, sandbox))
        };
        if differs(|a, b| a.id == b.id && a.files == b.files) {
            self.show_files(sandbox);
        }
        if differs(|a, b| a.still_open == b.still_open) {
            self.show_still_open(&sandbox.still_open);
        }
        if differs(|a, b| a.denials == b.denials && a.clipboard == b.clipboard) {
            self.show_denied(sandbox);
        }
        if differs(|a, b| a.network == b.network && a.forwards == b.forwards) {
            self.show_network(sandbox);
        }
        if differs(|a, b| a.walls == b.walls) {
            self.show_walls(&sandbox.walls);
        }
        if differs(|a, b| a.id == b.id) {
            self.show_levels(Levels::default());
        }
        self.show_sound(sandbox);
        self.show_clipboard(sandbox);
        parts.copies_group.set_visible(sandbox.copies);
        let running = sandbox.is_running();
        parts.add.set_sensitive(running);
        parts.shell.set_sensitive(running);
        parts.told.set(false);
    }

    /// Shows once more what is shown: what was wished did not happen.
    pub fn show_again(&self) {
        let shown = self.imp().shown.take();
        if let Some(sandbox) = shown {
            self.show_sandbox(&sandbox);
        }
    }

    fn show_files(&self, sandbox: &Sandbox) {
        let list = &self.imp().files;
        clear(list);
        for file in &sandbox.files {
            let (page, path) = (self.downgrade(), file.path.clone());
            let files = vec![file.as_path().to_owned()];
            list.append(&FileRow::new(file, move |wish| {
                let Some(page) = page.upgrade() else {
                    return;
                };
                page.wish(match wish {
                    file_row::Wish::Write(write) => Wish::Add {
                        files: files.clone(),
                        write,
                    },
                    file_row::Wish::Remove => Wish::Remove(path.clone()),
                });
            }));
        }
    }

    fn show_still_open(&self, open: &[StillOpen]) {
        let parts = self.imp();
        clear(&parts.still_open);
        parts.still_open_group.set_visible(!open.is_empty());
        for open in open {
            let row = adw::ActionRow::builder()
                .title(glib::markup_escape_text(&open.name()))
                .subtitle(glib::markup_escape_text(&open.words()))
                .build();
            row.add_prefix(&gtk::Image::from_icon_name("dialog-warning-symbolic"));
            parts.still_open.append(&row);
        }
    }

    fn show_sound(&self, sandbox: &Sandbox) {
        let parts = self.imp();
        let (microphone, speaker) = (&sandbox.microphone, &sandbox.speaker);
        parts.microphone_row.set_subtitle(&microphone.words());
        parts.microphone_row.set_sensitive(microphone.is_there());
        parts.listens.set_visible(microphone.in_use);
        parts.microphone_level.set_visible(microphone.is_on());
        let can_ask = microphone.is_there() && microphone.state != "ask";
        parts.ask.set_visible(can_ask);
        set(&parts.microphone, microphone.is_on());
        parts.speaker_row.set_subtitle(&speaker.words());
        parts.speaker_row.set_sensitive(speaker.is_there());
        parts.speaker_level.set_visible(speaker.is_on());
        set(&parts.speaker, speaker.is_on());
    }

    /// Shows how loud it is.
    pub fn show_levels(&self, levels: Levels) {
        let parts = self.imp();
        parts.speaker_level.set_value(meter(levels.speaker));
        parts.microphone_level.set_value(meter(levels.microphone));
    }

    fn show_clipboard(&self, sandbox: &Sandbox) {
        let parts = self.imp();
        parts
            .clipboard_group
            .set_visible(sandbox.clipboard.is_some());
        let mut all = Clipboard::ALL.into_iter();
        let now = all.position(|ways| Some(ways) == sandbox.clipboard);
        if let Some(now) = now.and_then(|now| u32::try_from(now).ok()) {
            parts.clipboard.set_selected(now);
        }
    }

    fn show_denied(&self, sandbox: &Sandbox) {
        let parts = self.imp();
        parts.denied_group.set_visible(!sandbox.denials.is_empty());
        let focused = focused_row(&parts.denied);
        clear(&parts.denied);
        for denial in &sandbox.denials {
            let page = self.downgrade();
            let allow = move |what: Allow, always: bool| {
                let Some(page) = page.upgrade() else { return };
                match what {
                    // Which, only the person can say.
                    Allow::Files if !always => page.choose("files-read"),
                    what => page.wish(Wish::Allow { what, always }),
                }
            };
            parts
                .denied
                .append(&DenialRow::new(denial, sandbox.clipboard, allow));
        }
        if let Some(row) = focused.and_then(|index| parts.denied.row_at_index(index)) {
            row.child_focus(gtk::DirectionType::TabForward);
        }
    }

    fn show_network(&self, sandbox: &Sandbox) {
        let parts = self.imp();
        parts
            .network
            .set_description(Some(&sandbox.network_words()));
        clear(&parts.forwards);
        parts.forwards.set_visible(!sandbox.forwards.is_empty());
        for forward in &sandbox.forwards {
            let made = gtk::Builder::from_string(include_str!("forward_row.ui"));
            let (row, name, close) = (
                made.object("row"),
                made.object("name"),
                made.object("close"),
            );
            let parts_of_row: (
                Option<gtk::ListBoxRow>,
                Option<gtk::Label>,
                Option<gtk::Button>,
            ) = (row, name, close);
            let (Some(row), Some(name), Some(close)) = parts_of_row else {
                continue;
            };
            name.set_label(&forward_words(forward));
            name.set_tooltip_text(Some(&readable(forward)));
            let (page, forward) = (self.downgrade(), forward.clone());
            close.connect_clicked(move |_| {
                if let Some(page) = page.upgrade() {
                    page.wish(Wish::RemoveForward(forward.clone()));
                }
            });
            parts.forwards.append(&row);
        }
    }

    fn show_walls(&self, walls: &[Wall]) {
        let parts = self.imp();
        parts.walls.set_title(&walls_summary(walls));
        for row in parts.wall_rows.take() {
            parts.walls.remove(&row);
        }
        let mut rows = Vec::new();
        // What is open comes first.
        let (whole, open): (Vec<&Wall>, Vec<&Wall>) = walls.iter().partition(|wall| wall.holds());
        for wall in open.into_iter().chain(whole) {
            let icon = if wall.holds() {
                "object-select-symbolic"
            } else {
                "dialog-warning-symbolic"
            };
            let row = adw::ActionRow::builder()
                .title(glib::markup_escape_text(&wall.words()))
                .title_lines(0)
                .subtitle(glib::markup_escape_text(&wall.why))
                .subtitle_lines(0)
                .build();
            row.add_prefix(&gtk::Image::from_icon_name(icon));
            parts.walls.add_row(&row);
            rows.push(row);
        }
        parts.wall_rows.replace(rows);
    }

    /// Says what is wished.
    fn wish(&self, wish: Wish) {
        let listener = self.imp().listener.borrow().clone();
        if let Some(listener) = listener.filter(|_| !self.imp().told.get()) {
            listener(wish);
        }
    }

    fn listen(&self) {
        let parts = self.imp();
        for level in [&parts.speaker_level, &parts.microphone_level] {
            // Loud is neither good nor bad.
            for offset in [
                gtk::LEVEL_BAR_OFFSET_LOW,
                gtk::LEVEL_BAR_OFFSET_HIGH,
                gtk::LEVEL_BAR_OFFSET_FULL,
            ] {
                level.remove_offset_value(Some(offset));
            }
        }
        let to = |wish: fn() -> Wish| {
            let page = self.downgrade();
            move |_: &gtk::Button| {
                if let Some(page) = page.upgrade() {
                    page.wish(wish());
                }
            }
        };
        parts.ask.connect_clicked(to(|| Wish::Microphone("ask")));
        parts.shell.connect_clicked(to(|| Wish::Shell));
        parts.logs.connect_clicked(to(|| Wish::Logs));
        parts.stop.connect_clicked(to(|| Wish::Stop));
        let page = self.downgrade();
        parts.copies.connect_activated(move |_| {
            if let Some(page) = page.upgrade() {
                page.wish(Wish::Changes);
            }
        });
        let switched = |wish: fn(&'static str) -> Wish| {
            let page = self.downgrade();
            move |_: &gtk::Switch, on: bool| {
                if let Some(page) = page.upgrade() {
                    page.wish(wish(if on { "on" } else { "off" }));
                }
                // It shows what holds, which is told when it does.
                glib::Propagation::Stop
            }
        };
        parts
            .microphone
            .connect_state_set(switched(Wish::Microphone));
        parts.speaker.connect_state_set(switched(Wish::Speaker));
        self.offer_clipboard();
        self.take_drops();
        self.add_actions();
    }

    /// The ways in which what is copied may pass, in the words of the settings of apps.
    fn offer_clipboard(&self) {
        let row = &self.imp().clipboard;
        let choices = Setting::Clipboard.choices();
        let words: Vec<&str> = choices.iter().map(|(_, words)| words.as_str()).collect();
        row.set_model(Some(&gtk::StringList::new(&words)));
        let page = self.downgrade();
        row.connect_selected_notify(move |row| {
            let chosen = Clipboard::ALL.get(row.selected() as usize);
            if let (Some(page), Some(ways)) = (page.upgrade(), chosen) {
                page.wish(Wish::Clipboard(*ways));
            }
        });
    }

    /// Files that are dropped here are shown to the sandbox, to read.
    fn take_drops(&self) {
        let page = self.downgrade();
        self.add_controller(drop_target(move |files| {
            if let Some(page) = page.upgrade() {
                page.wish(Wish::Add {
                    files,
                    write: false,
                });
            }
        }));
    }

    /// Lets the person choose what is added: `files` or `folder`, to `read` or to `write`.
    fn choose(&self, what: &str) {
        let write = what.ends_with("-write");
        let directory = what.starts_with("folder");
        let shown = self.imp().shown.borrow();
        let id = shown.as_ref().map_or("", |shown| shown.id.as_str());
        let title = choose::title(id, directory, write);
        let (to, of) = (self.downgrade(), id.to_owned());
        choose::files(self, &title, directory, move |files| {
            let page = to.upgrade();
            // It may have ended under the dialog, and the page be another's.
            if let Some(page) = page.filter(|page| page.is_of(&of)) {
                page.wish(Wish::Add { files, write });
            }
        });
    }

    /// Whether it shows the sandbox of this name.
    fn is_of(&self, id: &str) -> bool {
        let shown = self.imp().shown.borrow();
        shown.as_ref().is_some_and(|shown| shown.id == id)
    }

    /// Asks for files that its sandbox may read.
    pub(super) fn choose_files(&self) {
        self.choose("files-read");
    }

    /// The entries of the menu.
    fn add_actions(&self) {
        let action = gio::SimpleAction::new("add", Some(glib::VariantTy::STRING));
        let page = self.downgrade();
        action.connect_activate(move |_, what| {
            if let (Some(page), Some(what)) = (page.upgrade(), what.and_then(glib::Variant::str)) {
                page.choose(what);
            }
        });
        let actions = gio::SimpleActionGroup::new();
        actions.add_action(&action);
        self.insert_action_group("page", Some(&actions));
    }
}

/// A path can be in it.
fn readable(forward: &str) -> String {
    OsBytes::from(forward.as_bytes().to_vec()).to_string()
}

/// Takes all rows out.
fn clear(list: &gtk::ListBox) {
    while let Some(row) = list.row_at_index(0) {
        list.remove(&row);
    }
}

/// The row in which the keyboard is.
fn focused_row(list: &gtk::ListBox) -> Option<i32> {
    let row = list.focus_child().and_downcast::<gtk::ListBoxRow>()?;
    Some(row.index())
}

/// Sets a switch to what holds.
fn set(switch: &gtk::Switch, on: bool) {
    switch.set_active(on);
    switch.set_state(on);
}

/// Takes files of this computer that are dropped.
pub(super) fn drop_target(taken: impl Fn(Vec<PathBuf>) + 'static) -> gtk::DropTarget {
    let target = gtk::DropTarget::new(gdk::FileList::static_type(), gdk::DragAction::COPY);
    target.connect_drop(move |_, dropped, _, _| {
        let Ok(list) = dropped.get::<gdk::FileList>() else {
            return false;
        };
        let files: Vec<PathBuf> = list.files().iter().filter_map(|file| file.path()).collect();
        let any = !files.is_empty();
        if any {
            taken(files);
        }
        any
    });
    target
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{File, Microphone, Speaker, State};

    fn sandbox() -> Sandbox {
        Sandbox {
            id: "foot".into(),
            profile: "foot".into(),
            state: State::Running,
            microphone: Microphone {
                state: "ask".into(),
                in_use: false,
            },
            speaker: Speaker {
                state: "on".into(),
                streams: 0,
            },
            forwards: vec!["out:tcp:9050".into()],
            files: vec![File {
                path: b"/home/u/a".to_vec(),
                origin: "cli".into(),
                ..File::default()
            }],
            ..Sandbox::default()
        }
    }

    fn page() -> (Page, Rc<RefCell<Vec<Wish>>>) {
        adw::init().expect("a display");
        let page: Page = glib::Object::new();
        let wishes = Rc::new(RefCell::new(Vec::new()));
        let to = Rc::clone(&wishes);
        page.connect_wish(move |wish| to.borrow_mut().push(wish));
        (page, wishes)
    }

    #[gtk::test]
    fn showing_wishes_nothing_and_switching_does() {
        let (page, wishes) = page();
        let mut sandbox = sandbox();
        page.show_sandbox(&sandbox);
        let parts = page.imp();
        assert!(parts.speaker.is_active() && !parts.microphone.is_active());
        sandbox.microphone.state = "on".into();
        page.show_sandbox(&sandbox);
        assert!(parts.microphone.is_active());
        assert!(wishes.borrow().is_empty(), "{wishes:?}");
        parts.microphone.set_active(false);
        parts.speaker.set_active(false);
        parts.ask.emit_clicked();
        assert_eq!(
            wishes.take(),
            [
                Wish::Microphone("off"),
                Wish::Speaker("off"),
                Wish::Microphone("ask")
            ]
        );
        // Nothing came of it.
        page.show_again();
        assert!(parts.microphone.is_active() && parts.speaker.is_active());
    }

    #[gtk::test]
    fn levels_are_seen_where_the_gate_is_open() {
        let (page, _) = page();
        let mut sandbox = sandbox();
        page.show_sandbox(&sandbox);
        page.show_levels(Levels {
            speaker: 1000,
            microphone: 500,
        });
        let parts = page.imp();
        assert!(parts.speaker_level.value() == 1.0 && parts.speaker_level.is_visible());
        assert!(!parts.microphone_level.is_visible(), "it is asked for");
        sandbox.microphone.state = "on".into();
        sandbox.speaker.state = "silent".into();
        page.show_sandbox(&sandbox);
        assert!(parts.microphone_level.value() > 0.8 && parts.microphone_level.is_visible());
        assert!(!parts.speaker_level.is_visible());
        // Another sandbox is not as loud as the last one.
        sandbox.id = "foot-2".into();
        page.show_sandbox(&sandbox);
        assert!(parts.microphone_level.value() == 0.0);
    }

    #[gtk::test]
    fn the_ways_of_the_clipboard_are_shown_and_chosen() {
        let (page, wishes) = page();
        page.show_sandbox(&sandbox());
        let parts = page.imp();
        assert!(!parts.clipboard_group.is_visible(), "it has no windows");
        for (at, ways) in (0..).zip(Clipboard::ALL) {
            page.show_sandbox(&Sandbox {
                clipboard: Some(ways),
                ..sandbox()
            });
            assert!(parts.clipboard_group.is_visible());
            assert_eq!(parts.clipboard.selected(), at);
            let word = Setting::Clipboard.choices()[at as usize].0.clone();
            assert_eq!(word, ways.word());
        }
        assert!(wishes.borrow().is_empty(), "{wishes:?}");
        parts.clipboard.set_selected(1);
        assert_eq!(wishes.take(), [Wish::Clipboard(Clipboard::Ask)]);
    }

    #[gtk::test]
    fn files_that_are_dropped_are_shown_to_be_read() {
        let (page, wishes) = page();
        page.show_sandbox(&sandbox());
        let target = drop_target({
            let page = page.clone();
            move |files| {
                page.wish(Wish::Add {
                    files,
                    write: false,
                })
            }
        });
        let list = |uris: &[&str]| {
            let files: Vec<_> = uris.iter().map(|uri| gio::File::for_uri(uri)).collect();
            gdk::FileList::from_array(&files).to_value()
        };
        let drop = |value: glib::Value| {
            let value = glib::BoxedValue(value);
            target.emit_by_name::<bool>("drop", &[&value, &0.0, &0.0])
        };
        assert!(drop(list(&["file:///home/u/a", "file:///home/u/b"])));
        // What is not on this computer has no path.
        assert!(!drop(list(&["http://example.org/c"])));
        let expected = Wish::Add {
            files: vec!["/home/u/a".into(), "/home/u/b".into()],
            write: false,
        };
        assert_eq!(wishes.take(), [expected]);
    }

    #[gtk::test]
    fn a_forward_has_a_row_until_it_is_closed() {
        let (page, _) = page();
        let mut sandbox = sandbox();
        page.show_sandbox(&sandbox);
        assert!(page.imp().forwards.row_at_index(0).is_some());
        sandbox.forwards.clear();
        page.show_sandbox(&sandbox);
        assert!(page.imp().forwards.row_at_index(0).is_none());
        assert!(!page.imp().forwards.is_visible());
    }

    #[gtk::test]
    fn rows_of_files_stay_while_their_files_do() {
        let (page, _) = page();
        let mut sandbox = sandbox();
        page.show_sandbox(&sandbox);
        let row = page.imp().files.row_at_index(0).expect("a row");
        sandbox.windows = 3;
        page.show_sandbox(&sandbox);
        assert_eq!(page.imp().files.row_at_index(0), Some(row));
        sandbox.files.clear();
        page.show_sandbox(&sandbox);
        assert_eq!(page.imp().files.row_at_index(0), None);
    }

    #[gtk::test]
    fn who_writes_over_copies_has_a_row_that_leads_to_them() {
        let (page, wishes) = page();
        let mut sandbox = sandbox();
        page.show_sandbox(&sandbox);
        assert!(!page.imp().copies_group.is_visible());
        sandbox.copies = true;
        page.show_sandbox(&sandbox);
        assert!(page.imp().copies_group.is_visible());
        ActionRowExt::activate(&*page.imp().copies);
        assert_eq!(wishes.take(), [Wish::Changes]);
    }

    #[gtk::test]
    fn what_can_be_done_is_what_the_state_allows() {
        let (page, _) = page();
        let mut sandbox = sandbox();
        sandbox.microphone.state = "none".into();
        page.show_sandbox(&sandbox);
        assert!(!page.imp().microphone_row.is_sensitive());
        assert!(page.imp().add.is_sensitive());
        sandbox.state = State::Stopping;
        page.show_sandbox(&sandbox);
        assert!(!page.imp().add.is_sensitive());
    }
}

//! The window.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::rc::Rc;

use adw::prelude::*;
use gtk::{gio, glib};
use oz_core::wire::dialog::{Asked, FileDialog, FileDialogAnswer, Filter, Kind, Response, Rule};

use super::answer::{Picked, answer};
use super::choices;
use super::shown::{Shown, filters};
use crate::style;
use crate::widgets;
use crate::words::tr;

/// The size at which it opens.
const SIZE: (i32, i32) = (900, 620);

/// One dialog on the screen.
pub struct View {
    window: gtk::FileChooserDialog,
    dialog: FileDialog,
    filters: Vec<gtk::FileFilter>,
    choices: Vec<choices::Asked>,
    writable: gtk::CheckButton,
    trouble: gtk::Label,
}

/// Puts a window in front of the one that the compositor knows by this name, if it still does.
fn stand_before(window: &gtk::FileChooserDialog, parent: &str) {
    let toplevel = window
        .surface()
        .and_downcast::<gdk_wayland::WaylandToplevel>();
    if let Some(toplevel) = toplevel {
        toplevel.set_transient_for_exported(parent);
    }
}

/// Told once what a person did.
type Done = Box<dyn FnOnce(FileDialogAnswer)>;

impl View {
    /// Makes the window, not yet shown.
    pub fn new(asked: &Asked) -> Rc<Self> {
        let shown = Shown::new(asked);
        let dialog = asked.dialog.clone();
        let parent = asked.parent.clone();
        let window = gtk::FileChooserDialog::builder()
            .title(&shown.title)
            .action(action(&dialog))
            .use_header_bar(1)
            // The app's window is not ours; without any the toolkit complains.
            .transient_for(&gtk::Window::new())
            .create_folders(true)
            .select_multiple(dialog.kind == Kind::Open && dialog.multiple)
            .default_width(SIZE.0)
            .default_height(SIZE.1)
            .build();
        let cancel = widgets::button(&tr("_Cancel"));
        window.add_action_widget(&cancel, gtk::ResponseType::Cancel);
        let accept = widgets::button(&shown.accept);
        window.add_action_widget(&accept, gtk::ResponseType::Accept);
        window.set_default_response(gtk::ResponseType::Accept);

        let trouble = gtk::Label::builder()
            .wrap(true)
            .xalign(0.0)
            .visible(false)
            .css_classes(["error"])
            .margin_top(6)
            .margin_start(16)
            .margin_end(16)
            .accessible_role(gtk::AccessibleRole::Alert)
            .build();
        let writable = widgets::check_button(&tr("Let the app _change what you choose"));
        writable.set_visible(dialog.kind == Kind::Open);
        writable.set_margin_start(16);
        writable.set_margin_top(6);
        writable.set_margin_bottom(10);
        let content = window.content_area();
        content.prepend(&trouble);
        content.prepend(&band(&shown));
        let row = choices::row();
        row.set_visible(!dialog.choices.is_empty());
        let asked = dialog.choices.iter().zip(&shown.choices);
        let choices = asked.map(|(choice, words)| choices::Asked::new(&row, choice, words));
        let choices = choices.collect();
        content.append(&row);
        content.append(&writable);

        if let Some(parent) = parent {
            window.connect_realize(move |window| stand_before(window, &parent));
        }
        let filters = add_filters(&window, &dialog, &shown);
        begin(&window, &dialog);
        Rc::new(Self {
            window,
            dialog,
            filters,
            choices,
            writable,
            trouble,
        })
    }

    /// The window itself.
    pub fn window(&self) -> &gtk::FileChooserDialog {
        &self.window
    }

    /// Shows it, and says what the person did.
    pub fn show(self: &Rc<Self>, done: impl FnOnce(FileDialogAnswer) + 'static) {
        let done: RefCell<Option<Done>> = RefCell::new(Some(Box::new(done)));
        let view = Rc::clone(self);
        self.window.connect_response(move |window, response| {
            let answered = match response {
                gtk::ResponseType::Accept => match view.picked() {
                    Some(picked) => answer(&view.dialog, picked, Path::exists),
                    None => return,
                },
                _ => FileDialogAnswer::none(Response::Cancelled),
            };
            window.set_visible(false);
            if let Some(done) = done.take() {
                done(answered);
            }
        });
        self.window.present();
    }

    /// What is picked now; nothing, with a word about it, if no path leads there.
    fn picked(&self) -> Option<Picked> {
        let files = self.window.files();
        let files = files.iter::<gio::File>().filter_map(Result::ok);
        let paths: Option<Vec<_>> = files.map(|file| file.path()).collect();
        let Some(paths) = paths.filter(|paths| !paths.is_empty()) else {
            self.trouble.set_label(&tr(
                "This place is not on this computer. Choose another one.",
            ));
            self.trouble.set_visible(true);
            return None;
        };
        let chosen = self.window.filter();
        Some(Picked {
            paths,
            choices: self.choices.iter().map(choices::Asked::answer).collect(),
            filter: chosen.and_then(|chosen| self.filters.iter().position(|one| *one == chosen)),
            writable: self.writable.is_active(),
        })
    }
}

fn action(dialog: &FileDialog) -> gtk::FileChooserAction {
    match (dialog.kind, dialog.directory) {
        (Kind::Open, false) => gtk::FileChooserAction::Open,
        (Kind::Save, _) => gtk::FileChooserAction::Save,
        (Kind::Open, true) | (Kind::SaveFiles, _) => gtk::FileChooserAction::SelectFolder,
    }
}

/// What says whose dialog this is.
fn band(shown: &Shown) -> gtk::Box {
    let band = gtk::Box::builder()
        .orientation(gtk::Orientation::Vertical)
        .spacing(2)
        .css_classes(["oz-band"])
        .build();
    if let Some(colour) = shown.colour {
        band.add_css_class(&style::class(colour));
    }
    let line = |text: &str, class: &str| {
        gtk::Label::builder()
            .label(text)
            .xalign(0.0)
            .wrap(true)
            .wrap_mode(gtk::pango::WrapMode::WordChar)
            .css_classes([class])
            .build()
    };
    band.append(&line(&shown.heading, "title"));
    for said in &shown.said {
        band.append(&line(said, "said"));
    }
    band
}

fn add_filters(
    window: &gtk::FileChooserDialog,
    dialog: &FileDialog,
    shown: &Shown,
) -> Vec<gtk::FileFilter> {
    let asked = filters(dialog);
    let made: Vec<_> = asked
        .iter()
        .zip(&shown.filters)
        .map(|(filter, name)| file_filter(filter, name))
        .collect();
    for filter in &made {
        window.add_filter(filter);
    }
    let current = dialog.current_filter.as_ref();
    let at = current.and_then(|current| asked.iter().position(|filter| *filter == current));
    if let Some(filter) = made.get(at.unwrap_or(0)) {
        window.set_filter(filter);
    }
    made
}

fn file_filter(filter: &Filter, name: &str) -> gtk::FileFilter {
    let made = gtk::FileFilter::new();
    made.set_name(Some(name));
    for rule in &filter.rules {
        match rule {
            Rule::Glob(pattern) => made.add_pattern(pattern),
            Rule::Mime(kind) => made.add_mime_type(kind),
        }
    }
    made
}

/// Goes to where the app wants to begin, or to the home; a place that is not there is no trouble.
fn begin(window: &gtk::FileChooserDialog, dialog: &FileDialog) {
    let file = |path: &Vec<u8>| gio::File::for_path(Path::new(OsStr::from_bytes(path)));
    let exists = |file: &gio::File| file.query_exists(gio::Cancellable::NONE);
    let again = dialog.current_file.as_ref().map(file).filter(exists);
    let folder = dialog.current_folder.as_ref().map(file).filter(exists);
    // One of them, or the toolkit says that it could not look at the first.
    let _ = match again.filter(|_| dialog.kind == Kind::Save) {
        Some(again) => window.set_file(&again).map(|()| true),
        None => {
            let home = || gio::File::for_path(glib::home_dir());
            window.set_current_folder(Some(&folder.unwrap_or_else(home)))
        }
    };
    if let Some(name) = dialog
        .current_name
        .as_ref()
        .filter(|_| dialog.kind == Kind::Save)
    {
        window.set_current_name(name);
    }
}

/// Waits for the answer: for a program that shows this and nothing else.
pub(super) fn run(view: &Rc<View>) -> FileDialogAnswer {
    let (turns, answered) = (
        glib::MainLoop::new(None, false),
        Rc::new(RefCell::new(None)),
    );
    let (end, to) = (turns.clone(), Rc::clone(&answered));
    view.show(move |answer| {
        to.replace(Some(answer));
        end.quit();
    });
    turns.run();
    let answer = answered.take();
    answer.unwrap_or_else(|| FileDialogAnswer::none(Response::Ended))
}

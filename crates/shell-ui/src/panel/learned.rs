//! A window with what a trained app's profile should be: each line can be taken or left, and nothing is saved without a yes.

use std::path::Path;
use std::rc::Rc;

use adw::prelude::*;
use gtk::{gio, glib};

use super::log;
use crate::model::{LearnedLine as Line, Proposal};
use crate::words::{tr, tr_with};

/// What the person says to it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    /// These lines are saved.
    Save(Vec<Line>),
    /// It is trained once more.
    Again,
    /// What was seen is forgotten.
    Forget,
}

/// Shows it beside a window. The answer comes once.
pub(super) fn show(
    parent: &impl IsA<gtk::Window>,
    app: &str,
    proposal: &Proposal,
    answer: impl Fn(Answer) + 'static,
) {
    let page = gtk::Box::builder()
        .orientation(gtk::Orientation::Vertical)
        .spacing(12)
        .margin_start(18)
        .margin_end(18)
        .margin_top(6)
        .margin_bottom(18)
        .build();
    let summary = label(&proposal.summary(), &["dim-label"]);
    page.append(&summary);
    let (gives, takes): (Vec<&Line>, Vec<&Line>) = proposal
        .changes
        .iter()
        .partition(|line| line.gives.is_some());
    let mut rows = Vec::new();
    if proposal.changes.is_empty() {
        page.append(&label(&tr("Nothing would change in its profile."), &[]));
    }
    if !takes.is_empty() {
        page.append(&label(&tr("Not Used"), &["heading"]));
        page.append(&label(
            &tr("It goes on without these as it did while it was watched."),
            &["dim-label"],
        ));
        rows.extend(list(&page, &takes, true));
    }
    if !gives.is_empty() {
        page.append(&label(&tr("Asked For"), &["heading"]));
        page.append(&label(
            &tr("It wanted these and did not get them. A file that it opened may have wanted them: take only what you know it needs."),
            &["dim-label"],
        ));
        rows.extend(list(&page, &gives, false));
    }

    let scrolled = gtk::ScrolledWindow::builder()
        .hscrollbar_policy(gtk::PolicyType::Never)
        .child(&page)
        .vexpand(true)
        .build();
    let content = gtk::Box::new(gtk::Orientation::Vertical, 0);
    content.append(&adw::HeaderBar::new());
    content.append(&scrolled);
    let window = adw::Window::builder()
        .title(tr_with("What {app} Needs", &[("app", app)]))
        .transient_for(parent)
        .modal(true)
        .default_width(640)
        .default_height(560)
        .content(&content)
        .build();
    log::close_by_escape(&window);

    let buttons = gtk::Box::builder()
        .spacing(6)
        .margin_start(18)
        .margin_end(18)
        .margin_top(12)
        .margin_bottom(12)
        .build();
    let button = |words: &str, class: &str| {
        let button = gtk::Button::with_mnemonic(words);
        button.add_css_class(class);
        buttons.append(&button);
        button
    };
    let answer = Rc::new(answer);
    let save = button(&tr("_Save What Is Chosen"), "suggested-action");
    let rows = Rc::new(rows);
    let chosen = |rows: &[(gtk::CheckButton, Line)]| -> Vec<Line> {
        let chosen = rows.iter().filter(|(check, _)| check.is_active());
        chosen.map(|(_, line)| line.clone()).collect()
    };
    let show_save = {
        let (save, rows) = (save.downgrade(), Rc::downgrade(&rows));
        move || {
            if let (Some(save), Some(rows)) = (save.upgrade(), rows.upgrade()) {
                save.set_sensitive(!chosen(&rows).is_empty());
            }
        }
    };
    show_save();
    for (check, _) in rows.iter() {
        let show_save = show_save.clone();
        check.connect_toggled(move |_| show_save());
    }
    let of_rows = Rc::clone(&rows);
    answers(&save, &window, &answer, move || {
        Answer::Save(chosen(&of_rows))
    });
    let again = button(&tr("_Watch It Again"), "flat");
    answers(&again, &window, &answer, || Answer::Again);
    let forget = button(&tr("_Forget What Was Seen"), "flat");
    answers(&forget, &window, &answer, || Answer::Forget);
    content.append(&buttons);
    window.present();
}

/// Has a button give an answer, and close the window.
fn answers(
    button: &gtk::Button,
    window: &adw::Window,
    answer: &Rc<impl Fn(Answer) + 'static>,
    what: impl Fn() -> Answer + 'static,
) {
    let (window, answer) = (window.downgrade(), Rc::clone(answer));
    button.connect_clicked(move |_| {
        answer(what());
        if let Some(window) = window.upgrade() {
            window.close();
        }
    });
}

/// Lines below each other, each with a box by which it is taken.
fn list(page: &gtk::Box, lines: &[&Line], taken: bool) -> Vec<(gtk::CheckButton, Line)> {
    let home = glib::home_dir();
    let all = gtk::ListBox::builder()
        .selection_mode(gtk::SelectionMode::None)
        .css_classes(["boxed-list"])
        .build();
    let mut rows = Vec::new();
    for line in lines {
        let (row, check) = row(line, &home, taken);
        all.append(&row);
        rows.push((check, (*line).clone()));
    }
    page.append(&all);
    rows
}

fn row(line: &Line, home: &Path, taken: bool) -> (gtk::ListBoxRow, gtk::CheckButton) {
    // Its own label is what a screen reader calls it.
    let check = gtk::CheckButton::with_label(&line.words(home));
    check.set_active(taken);
    if let Some(words) = check.last_child().and_downcast::<gtk::Label>() {
        words.set_wrap(true);
    }
    let parts = gtk::Box::builder()
        .orientation(gtk::Orientation::Vertical)
        .spacing(2)
        .margin_start(12)
        .margin_end(12)
        .margin_top(8)
        .margin_bottom(8)
        .build();
    parts.append(&check);
    let (before, after) = line.difference();
    for (text, class) in [(before, "oz-old"), (Some(after), "oz-new")] {
        if let Some(text) = text {
            let line = label(&text, &["caption", "monospace", class]);
            line.set_margin_start(30);
            parts.append(&line);
        }
    }
    let row = gtk::ListBoxRow::builder()
        .activatable(false)
        .child(&parts)
        .build();
    (row, check)
}

fn label(text: &str, classes: &[&str]) -> gtk::Label {
    gtk::Label::builder()
        .label(text)
        .xalign(0.0)
        .wrap(true)
        .wrap_mode(gtk::pango::WrapMode::WordChar)
        .css_classes(classes.to_vec())
        .attributes(&whole_words())
        .build()
}

/// A key that goes on in the next line gets no hyphen, which would be a part of it.
fn whole_words() -> gtk::pango::AttrList {
    let list = gtk::pango::AttrList::new();
    list.insert(gtk::pango::AttrInt::new_insert_hyphens(false));
    list
}

/// A window that is there while an app is watched.
pub(super) struct Watching {
    window: adw::Window,
    count: gtk::Label,
}

impl Watching {
    /// Shows it; `end` is what it says when the person has seen enough.
    pub(super) fn show(parent: &impl IsA<gtk::Window>, app: &str, end: &gio::Cancellable) -> Self {
        let fill = [("app", app)];
        let page = gtk::Box::builder()
            .orientation(gtk::Orientation::Vertical)
            .spacing(18)
            .margin_start(24)
            .margin_end(24)
            .margin_top(12)
            .margin_bottom(24)
            .build();
        let spinner = gtk::Spinner::builder()
            .spinning(true)
            .width_request(32)
            .height_request(32)
            .build();
        page.append(&spinner);
        page.append(&label(
            &tr_with("Do in {app} what you want to do with it later, and close it then. It has no more than at other times.", &fill),
            &[],
        ));
        let count = gtk::Label::builder()
            .accessible_role(gtk::AccessibleRole::Status)
            .css_classes(["dim-label"])
            .build();
        page.append(&count);
        let enough = gtk::Button::with_mnemonic(&tr("_End It and See"));
        enough.set_halign(gtk::Align::Center);
        page.append(&enough);
        let content = gtk::Box::new(gtk::Orientation::Vertical, 0);
        content.append(&adw::HeaderBar::new());
        content.append(&page);
        let window = adw::Window::builder()
            .title(tr_with("Watching {app}", &fill))
            .transient_for(parent)
            .default_width(420)
            .content(&content)
            .build();
        let to = end.clone();
        enough.connect_clicked(move |_| to.cancel());
        let to = end.clone();
        window.connect_close_request(move |_| {
            to.cancel();
            glib::Propagation::Proceed
        });
        window.present();
        Self { window, count }
    }

    /// Says how much was seen so far.
    pub(super) fn say(&self, words: &str) {
        self.count.set_label(words);
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.window.destroy();
    }
}

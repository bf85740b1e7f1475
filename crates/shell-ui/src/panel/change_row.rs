//! Something that a sandbox changed in a copy, in the list of all. Rows are used again for others, as the list is scrolled.

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::rc::Rc;

use gtk::glib;
use gtk::prelude::*;
use gtk::subclass::prelude::*;

use super::pictures::texture;
use crate::model::{Changed, Decision, Pictures};
use crate::words::tr;

/// What a person wants of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// That this becomes of it.
    Decide(Decision),
    /// To see which lines are different.
    Compare,
    /// To see its pictures larger.
    Enlarge,
}

type Listener = Rc<dyn Fn(&Changed, Wish)>;

/// What can become of a change that needs a decision; the last one only of some.
const DECISIONS: [Decision; 3] = [Decision::Leave, Decision::Take, Decision::Both];

mod imp {
    use super::*;

    #[derive(Default, gtk::CompositeTemplate)]
    #[template(file = "change_row.ui")]
    pub struct ChangeRow {
        #[template_child]
        pub take: TemplateChild<gtk::CheckButton>,
        #[template_child]
        pub name: TemplateChild<gtk::Label>,
        #[template_child]
        pub directory: TemplateChild<gtk::Label>,
        #[template_child]
        pub words: TemplateChild<gtk::Label>,
        #[template_child]
        pub warning: TemplateChild<gtk::Label>,
        #[template_child]
        pub decision: TemplateChild<gtk::DropDown>,
        #[template_child]
        pub compare: TemplateChild<gtk::Button>,
        #[template_child]
        pub before: TemplateChild<gtk::Image>,
        #[template_child]
        pub becomes: TemplateChild<gtk::Image>,
        #[template_child]
        pub after: TemplateChild<gtk::Image>,
        #[template_child]
        pub enlarge: TemplateChild<gtk::Button>,
        /// Why a picture is not seen.
        pub missing: RefCell<Option<String>>,
        /// What it shows.
        pub shown: RefCell<Option<Changed>>,
        /// Widgets change because of what is shown, and nobody wishes anything.
        pub told: Cell<bool>,
        pub listener: RefCell<Option<Listener>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for ChangeRow {
        const NAME: &'static str = "OzChangeRow";
        type Type = super::ChangeRow;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for ChangeRow {
        fn constructed(&self) {
            self.parent_constructed();
            self.obj().listen();
        }
    }

    impl WidgetImpl for ChangeRow {}
    impl BoxImpl for ChangeRow {}
}

glib::wrapper! {
    /// The widget.
    pub struct ChangeRow(ObjectSubclass<imp::ChangeRow>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl ChangeRow {
    /// An empty one, and who is told what is wished of what it shows.
    pub fn new(listener: impl Fn(&Changed, Wish) + 'static) -> Self {
        let row: Self = glib::Object::new();
        row.imp().listener.replace(Some(Rc::new(listener)));
        row
    }

    /// Shows a change, and what becomes of it.
    pub fn show_change(&self, change: &Changed, decision: Decision) {
        let parts = self.imp();
        parts.told.set(true);
        let home = glib::home_dir();
        parts.name.set_label(&change.name());
        parts
            .directory
            .set_label(&change.directory(Path::new(&home)));
        let warning = change.warning();
        parts.warning.set_visible(warning.is_some());
        parts
            .warning
            .set_label(warning.as_deref().unwrap_or_default());
        self.show_decision(change, decision);
        parts.shown.replace(Some(change.clone()));
        self.show_words();
        parts.told.set(false);
    }

    /// Shows what it was and is as pictures, if that is known.
    pub fn show_pictures(&self, pictures: Option<&Pictures>) {
        let parts = self.imp();
        let before = pictures.and_then(|pictures| texture(&pictures.before));
        let after = pictures.and_then(|pictures| texture(&pictures.after));
        let (both, some) = (
            before.is_some() && after.is_some(),
            before.is_some() || after.is_some(),
        );
        for (widget, texture) in [(&parts.before, before), (&parts.after, after)] {
            widget.set_visible(texture.is_some());
            widget.set_paintable(texture.as_ref());
        }
        parts.becomes.set_visible(both);
        parts.enlarge.set_visible(some);
        let missing = pictures.and_then(Pictures::missing);
        parts.missing.replace(missing);
        self.show_words();
    }

    fn show_words(&self) {
        let parts = self.imp();
        let Some(change) = self.shown() else { return };
        let home = glib::home_dir();
        let mut words = change.words(&home, |bytes| glib::format_size(bytes).into());
        if let Some(missing) = &*parts.missing.borrow() {
            words = format!("{words} · {missing}");
        }
        parts.words.set_label(&words);
        let drawn = parts.enlarge.get_visible();
        parts.compare.set_visible(change.has_lines() && !drawn);
    }

    /// The keyboard is on the list's own widget round it, which is called as its labels are.
    pub fn name_what_is_around(&self) {
        let around = self.parent();
        for label in [&self.imp().name, &self.imp().directory] {
            label.set_mnemonic_widget(around.as_ref());
        }
    }

    /// What it shows.
    pub fn shown(&self) -> Option<Changed> {
        self.imp().shown.borrow().clone()
    }

    fn show_decision(&self, change: &Changed, decision: Decision) {
        let parts = self.imp();
        let open = change.conflict.is_some();
        parts.take.set_visible(!open);
        parts.take.set_sensitive(change.can_be_merged());
        parts.take.set_active(decision != Decision::Leave);
        parts.decision.set_visible(open);
        parts.decision.set_sensitive(change.can_be_merged());
        let mut words = vec![tr("Keep Mine"), tr("Take the App’s")];
        if change.can_be_both() {
            words.push(tr("Keep Both"));
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let shown = parts.decision.model();
        if shown.is_none_or(|shown| shown.n_items() as usize != words.len()) {
            let list = gtk::StringList::new(&words);
            parts.decision.set_model(Some(&list));
        }
        let at = (0..).zip(DECISIONS).find(|(_, one)| *one == decision);
        parts.decision.set_selected(at.map_or(0, |(at, _)| at));
    }

    fn wish(&self, wish: Wish) {
        let parts = self.imp();
        let listener = parts.listener.borrow().clone();
        let told = listener.zip(self.shown()).filter(|_| !parts.told.get());
        if let Some((listener, shown)) = told {
            listener(&shown, wish);
        }
    }

    fn listen(&self) {
        let parts = self.imp();
        let row = self.downgrade();
        parts.take.connect_toggled(move |take| {
            let decision = match take.is_active() {
                true => Decision::Take,
                false => Decision::Leave,
            };
            if let Some(row) = row.upgrade() {
                row.wish(Wish::Decide(decision));
            }
        });
        let row = self.downgrade();
        parts.decision.connect_selected_notify(move |chosen| {
            let decision = DECISIONS.get(chosen.selected() as usize);
            if let (Some(row), Some(decision)) = (row.upgrade(), decision) {
                row.wish(Wish::Decide(*decision));
            }
        });
        for (button, wish) in [
            (&parts.compare, Wish::Compare),
            (&parts.enlarge, Wish::Enlarge),
        ] {
            let row = self.downgrade();
            button.connect_clicked(move |_| {
                if let Some(row) = row.upgrade() {
                    row.wish(wish.clone());
                }
            });
        }
    }
}

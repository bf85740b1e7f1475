//! The list of the sandboxes that write over copies of the user's files, those that have ended among them.

use std::cell::RefCell;
use std::collections::BTreeMap;

use adw::prelude::*;
use adw::subclass::prelude::*;
use gtk::glib;

use super::copies_row::CopiesRow;
use crate::model::Copies;

mod imp {
    use super::*;

    #[derive(Default, gtk::CompositeTemplate)]
    #[template(file = "kept.ui")]
    pub struct Kept {
        #[template_child]
        pub stack: TemplateChild<gtk::Stack>,
        #[template_child]
        pub list: TemplateChild<gtk::ListBox>,
        /// By the names of their sandboxes.
        pub rows: RefCell<BTreeMap<String, (Copies, CopiesRow)>>,
        /// The one that is to be shown as soon as it is known.
        pub wanted: RefCell<Option<String>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Kept {
        const NAME: &'static str = "OzKept";
        type Type = super::Kept;
        type ParentType = adw::Bin;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for Kept {
        fn constructed(&self) {
            self.parent_constructed();
            self.list.set_sort_func(|a, b| {
                let id = |row: &gtk::ListBoxRow| row.downcast_ref::<CopiesRow>().map(CopiesRow::id);
                id(a).cmp(&id(b)).into()
            });
        }
    }

    impl WidgetImpl for Kept {}
    impl BinImpl for Kept {}
}

glib::wrapper! {
    /// The widget.
    pub struct Kept(ObjectSubclass<imp::Kept>)
        @extends adw::Bin, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget;
}

impl Kept {
    /// Shows these; rows of those that were there before stay.
    pub fn show_copies(&self, all: &[Copies]) {
        let parts = self.imp();
        let mut before = parts.rows.take();
        let mut rows = BTreeMap::new();
        for copies in all {
            let known = before.remove(&copies.id);
            let row = match known.filter(|(known, _)| known.profile == copies.profile) {
                Some((_, row)) => row,
                None => {
                    let row = CopiesRow::new(copies);
                    parts.list.append(&row);
                    row
                }
            };
            row.show_copies(copies);
            rows.insert(copies.id.clone(), (copies.clone(), row));
        }
        // The list tells at once that another row is selected, and looks at the rows then.
        parts.rows.replace(rows);
        for (_, row) in before.into_values() {
            parts.list.remove(&row);
        }
        let stack = if all.is_empty() { "empty" } else { "list" };
        parts.stack.set_visible_child_name(stack);
        let wanted = parts.wanted.take();
        if let Some(id) = wanted {
            self.select(&id);
        }
        if parts.list.selected_row().is_none()
            && let Some(first) = parts.list.row_at_index(0)
        {
            parts.list.select_row(Some(&first));
        }
    }

    /// The one that is chosen.
    pub fn selected(&self) -> Option<Copies> {
        let row = self.imp().list.selected_row().and_downcast::<CopiesRow>()?;
        let rows = self.imp().rows.borrow();
        rows.get(row.id().as_str())
            .map(|(copies, _)| copies.clone())
    }

    /// Chooses the one of this name, as soon as it is known.
    pub fn select(&self, id: &str) {
        let row = self.imp().rows.borrow().get(id).map(|(_, row)| row.clone());
        match row {
            Some(row) => self.imp().list.select_row(Some(&row)),
            None => drop(self.imp().wanted.replace(Some(id.to_owned()))),
        }
    }

    /// Who is told when another is chosen.
    pub fn connect_selected(&self, listener: impl Fn() + 'static) {
        self.imp().list.connect_row_selected(move |_, _| listener());
    }

    /// Who is told when the person goes on to the one that is chosen.
    pub fn connect_activated(&self, listener: impl Fn() + 'static) {
        self.imp()
            .list
            .connect_row_activated(move |_, _| listener());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::rc::Rc;

    fn copies(id: &str, running: bool) -> Copies {
        Copies {
            id: id.into(),
            profile: "gedit".into(),
            running,
            ..Copies::default()
        }
    }

    #[gtk::test]
    fn rows_stay_while_their_sandboxes_do_and_one_is_chosen() {
        adw::init().expect("a display");
        let kept: Kept = glib::Object::new();
        let chosen = Rc::new(RefCell::new(Vec::new()));
        let (to, list) = (Rc::clone(&chosen), kept.downgrade());
        kept.connect_selected(move || {
            let id = list.upgrade().and_then(|kept| kept.selected());
            to.borrow_mut().push(id.map(|copies| copies.id));
        });
        kept.show_copies(&[copies("b", true), copies("a", false)]);
        assert_eq!(kept.selected().map(|one| one.id).as_deref(), Some("a"));
        let row = kept.imp().list.row_at_index(1).expect("a row");
        // One that is not there yet is chosen when it comes.
        kept.select("c");
        kept.show_copies(&[copies("b", false), copies("c", false)]);
        assert_eq!(kept.imp().list.row_at_index(0), Some(row));
        assert_eq!(kept.selected(), Some(copies("c", false)));
        kept.show_copies(&[]);
        assert_eq!(kept.selected(), None);
        assert_eq!(chosen.borrow().last(), Some(&None));
    }
}

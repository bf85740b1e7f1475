//! A file that a sandbox holds.

use adw::prelude::*;
use gtk::glib;
use gtk::subclass::prelude::*;

use crate::model::File;

mod imp {
    use super::*;

    #[derive(Default, gtk::CompositeTemplate)]
    #[template(file = "file_row.ui")]
    pub struct FileRow {
        #[template_child]
        pub name: TemplateChild<gtk::Label>,
        #[template_child]
        pub directory: TemplateChild<gtk::Label>,
        #[template_child]
        pub words: TemplateChild<gtk::Label>,
        #[template_child]
        pub write: TemplateChild<gtk::ToggleButton>,
        #[template_child]
        pub remove: TemplateChild<gtk::Button>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for FileRow {
        const NAME: &'static str = "OzFileRow";
        type Type = super::FileRow;
        type ParentType = gtk::ListBoxRow;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for FileRow {}
    impl WidgetImpl for FileRow {}
    impl ListBoxRowImpl for FileRow {}
}

glib::wrapper! {
    /// The widget.
    pub struct FileRow(ObjectSubclass<imp::FileRow>)
        @extends gtk::ListBoxRow, gtk::Widget,
        @implements gtk::Actionable, gtk::Buildable, gtk::ConstraintTarget;
}

/// What a person can do with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Let the app change it, or not any more.
    Write(bool),
    /// Take it back.
    Remove,
}

impl FileRow {
    /// A row, and what to do when something is wished of it.
    pub fn new(file: &File, wish: impl Fn(Wish) + Clone + 'static) -> Self {
        let row: Self = glib::Object::new();
        let parts = row.imp();
        parts.name.set_label(&file.name());
        parts.directory.set_label(&file.directory());
        parts.words.set_label(&file.words());
        parts.write.set_active(file.write);
        parts.write.set_sensitive(file.is_removable());
        parts.remove.set_visible(file.is_removable());
        let changed = wish.clone();
        parts
            .write
            .connect_clicked(move |button| changed(Wish::Write(button.is_active())));
        parts.remove.connect_clicked(move |_| wish(Wish::Remove));
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::rc::Rc;

    #[gtk::test]
    fn what_is_pressed_is_wished() {
        let file = File {
            path: b"/home/u/notes.txt".to_vec(),
            origin: "cli".into(),
            ..File::default()
        };
        let wishes = Rc::new(RefCell::new(Vec::new()));
        let to = Rc::clone(&wishes);
        let row = FileRow::new(&file, move |wish| to.borrow_mut().push(wish));
        let parts = row.imp();
        assert_eq!(parts.name.label(), "notes.txt");
        parts.write.emit_clicked();
        parts.remove.emit_clicked();
        assert_eq!(wishes.take(), [Wish::Write(true), Wish::Remove]);
    }

    #[gtk::test]
    fn what_a_profile_shares_cannot_be_taken_back() {
        let file = File {
            path: b"/home/u/Downloads".to_vec(),
            write: true,
            origin: "profile".into(),
            ..File::default()
        };
        let row = FileRow::new(&file, |_| {});
        assert!(!row.imp().remove.is_visible() && !row.imp().write.is_sensitive());
        assert!(row.imp().write.is_active());
    }
}

//! A sandbox that writes over copies, in the list of those of which something is kept.

use adw::prelude::*;
use gtk::glib;
use gtk::subclass::prelude::*;

use crate::model::Copies;
use crate::style;

mod imp {
    use super::*;

    #[derive(Default, gtk::CompositeTemplate)]
    #[template(file = "copies_row.ui")]
    pub struct CopiesRow {
        #[template_child]
        pub dot: TemplateChild<gtk::Box>,
        #[template_child]
        pub name: TemplateChild<gtk::Label>,
        #[template_child]
        pub summary: TemplateChild<gtk::Label>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for CopiesRow {
        const NAME: &'static str = "OzCopiesRow";
        type Type = super::CopiesRow;
        type ParentType = gtk::ListBoxRow;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for CopiesRow {}
    impl WidgetImpl for CopiesRow {}
    impl ListBoxRowImpl for CopiesRow {}
}

glib::wrapper! {
    /// The widget.
    pub struct CopiesRow(ObjectSubclass<imp::CopiesRow>)
        @extends gtk::ListBoxRow, gtk::Widget,
        @implements gtk::Actionable, gtk::Buildable, gtk::ConstraintTarget;
}

impl CopiesRow {
    /// A row for what is kept of a sandbox.
    pub fn new(copies: &Copies) -> Self {
        let row: Self = glib::Object::new();
        row.imp().dot.add_css_class(&style::class(copies.colour()));
        row.imp().name.set_label(&copies.id);
        row.show_copies(copies);
        row
    }

    /// Shows how it stands now.
    pub fn show_copies(&self, copies: &Copies) {
        self.imp().summary.set_label(&copies.summary());
    }

    /// The sandbox's name, by which rows are sorted.
    pub fn id(&self) -> glib::GString {
        self.imp().name.label()
    }
}

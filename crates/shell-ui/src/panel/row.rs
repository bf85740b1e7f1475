//! A sandbox in the list.

use adw::prelude::*;
use gtk::glib;
use gtk::subclass::prelude::*;

use crate::model::Sandbox;
use crate::style;

mod imp {
    use super::*;

    #[derive(Default, gtk::CompositeTemplate)]
    #[template(file = "row.ui")]
    pub struct Row {
        #[template_child]
        pub dot: TemplateChild<gtk::Box>,
        #[template_child]
        pub name: TemplateChild<gtk::Label>,
        #[template_child]
        pub summary: TemplateChild<gtk::Label>,
        #[template_child]
        pub listens: TemplateChild<gtk::Image>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Row {
        const NAME: &'static str = "OzRow";
        type Type = super::Row;
        type ParentType = gtk::ListBoxRow;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for Row {}
    impl WidgetImpl for Row {}
    impl ListBoxRowImpl for Row {}
}

glib::wrapper! {
    /// The widget.
    pub struct Row(ObjectSubclass<imp::Row>)
        @extends gtk::ListBoxRow, gtk::Widget,
        @implements gtk::Actionable, gtk::Buildable, gtk::ConstraintTarget;
}

impl Row {
    /// A row for a sandbox; its path on the bus is the widget's name.
    pub fn new(path: &str, sandbox: &Sandbox) -> Self {
        let row: Self = glib::Object::new();
        row.set_widget_name(path);
        row.imp().dot.add_css_class(&style::class(sandbox.colour()));
        row.show_sandbox(sandbox);
        row
    }

    /// Shows what is different now.
    pub fn show_sandbox(&self, sandbox: &Sandbox) {
        let parts = self.imp();
        parts.name.set_label(&sandbox.id);
        parts.summary.set_label(&sandbox.summary());
        parts.listens.set_visible(sandbox.microphone.in_use);
    }

    /// The sandbox's name, by which rows are sorted.
    pub fn id(&self) -> glib::GString {
        self.imp().name.label()
    }
}

//! A sandbox in the list.

use std::cell::{Cell, RefCell};

use adw::prelude::*;
use gtk::subclass::prelude::*;
use gtk::{gio, glib};

use crate::model::Sandbox;
use crate::style;

mod imp {
    use super::*;

    #[derive(Default, gtk::CompositeTemplate)]
    #[template(file = "row.ui")]
    pub struct Row {
        #[template_child]
        pub icon: TemplateChild<gtk::Image>,
        #[template_child]
        pub dot: TemplateChild<gtk::Box>,
        #[template_child]
        pub name: TemplateChild<gtk::Label>,
        #[template_child]
        pub summary: TemplateChild<gtk::Label>,
        #[template_child]
        pub listens: TemplateChild<gtk::Image>,
        pub sandbox: RefCell<Sandbox>,
        /// In bytes, when somebody last looked.
        pub memory: Cell<Option<u64>>,
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
        parts.listens.set_visible(sandbox.microphone.in_use);
        parts.sandbox.replace(sandbox.clone());
        self.show_summary();
    }

    /// Shows how much memory it takes.
    pub fn show_memory(&self, bytes: Option<u64>) {
        if self.imp().memory.replace(bytes) != bytes {
            self.show_summary();
        }
    }

    /// Shows the picture of its app.
    pub fn show_icon(&self, icon: &gio::Icon) {
        self.imp().icon.set_from_gicon(icon);
        self.imp().icon.set_visible(true);
    }

    /// Its profile, and its first process.
    pub fn of(&self) -> (String, u32) {
        let sandbox = self.imp().sandbox.borrow();
        (sandbox.profile.clone(), sandbox.pid)
    }

    fn show_summary(&self) {
        let parts = self.imp();
        let mut summary = parts.sandbox.borrow().summary();
        if let Some(bytes) = parts.memory.get() {
            summary.push_str(" · ");
            summary.push_str(&glib::format_size(bytes));
        }
        parts.summary.set_label(&summary);
    }

    /// The sandbox's name, by which rows are sorted.
    pub fn id(&self) -> glib::GString {
        self.imp().name.label()
    }
}

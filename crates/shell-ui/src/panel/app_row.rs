//! An app that is installed, in the list.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use adw::prelude::*;
use gtk::subclass::prelude::*;
use gtk::{gio, glib};

use crate::model::App;

/// Told that it is to be started in its sandbox, or not any more.
type Switched = Rc<dyn Fn(bool)>;

mod imp {
    use super::*;

    #[derive(Default, gtk::CompositeTemplate)]
    #[template(file = "app_row.ui")]
    pub struct AppRow {
        #[template_child]
        pub icon: TemplateChild<gtk::Image>,
        #[template_child]
        pub name: TemplateChild<gtk::Label>,
        #[template_child]
        pub words: TemplateChild<gtk::Label>,
        #[template_child]
        pub busy: TemplateChild<gtk::Spinner>,
        #[template_child]
        pub enabled: TemplateChild<gtk::Switch>,
        pub app: RefCell<App>,
        pub told: Cell<bool>,
        pub switched: RefCell<Option<Switched>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for AppRow {
        const NAME: &'static str = "OzAppRow";
        type Type = super::AppRow;
        type ParentType = gtk::ListBoxRow;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for AppRow {
        fn constructed(&self) {
            self.parent_constructed();
            let row = self.obj().downgrade();
            self.enabled.connect_state_set(move |_, on| {
                if let Some(row) = row.upgrade() {
                    row.switch(on);
                }
                // It shows what holds, which is told when it does.
                glib::Propagation::Stop
            });
        }
    }

    impl WidgetImpl for AppRow {}
    impl ListBoxRowImpl for AppRow {}
}

glib::wrapper! {
    /// The widget.
    pub struct AppRow(ObjectSubclass<imp::AppRow>)
        @extends gtk::ListBoxRow, gtk::Widget,
        @implements gtk::Actionable, gtk::Buildable, gtk::ConstraintTarget;
}

impl AppRow {
    /// A row, and who is told when its switch is pressed.
    pub fn new(app: &App, switched: impl Fn(bool) + 'static) -> Self {
        let row: Self = glib::Object::new();
        row.imp().switched.replace(Some(Rc::new(switched)));
        let icon = app.icon.as_deref();
        if let Some(icon) = icon.and_then(|icon| gio::Icon::for_string(icon).ok()) {
            row.imp().icon.set_from_gicon(&icon);
        }
        row.show_app(app);
        row
    }

    /// Shows how it stands.
    pub fn show_app(&self, app: &App) {
        let parts = self.imp();
        parts.told.set(true);
        parts.name.set_label(&app.name);
        parts.words.set_label(&app.words());
        parts.enabled.set_visible(app.profile.is_some());
        parts.enabled.set_active(app.enabled);
        parts.enabled.set_state(app.enabled);
        parts.app.replace(app.clone());
        parts.told.set(false);
    }

    /// Something is being done for it.
    pub fn set_busy(&self, busy: bool) {
        let parts = self.imp();
        parts.busy.set_visible(busy);
        parts.busy.set_spinning(busy);
        parts.enabled.set_sensitive(!busy);
        if !busy {
            let app = parts.app.borrow().clone();
            self.show_app(&app);
        }
    }

    /// What it shows.
    pub fn app(&self) -> App {
        self.imp().app.borrow().clone()
    }

    fn switch(&self, on: bool) {
        let parts = self.imp();
        let switched = parts.switched.borrow().clone();
        if let Some(switched) = switched.filter(|_| !parts.told.get()) {
            switched(on);
        }
    }
}

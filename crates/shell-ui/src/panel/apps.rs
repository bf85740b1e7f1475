//! The list of the apps that are installed.

use std::cell::RefCell;
use std::rc::Rc;

use adw::prelude::*;
use adw::subclass::prelude::*;
use gtk::glib;

use super::app_row::AppRow;
use crate::model::App;

/// What a person wants of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppWish {
    /// To see what it may do.
    Show,
    /// That it is started in its sandbox, or not any more.
    Enable(bool),
}

type Listener = Rc<dyn Fn(&App, AppWish)>;

mod imp {
    use super::*;

    #[derive(Default, gtk::CompositeTemplate)]
    #[template(file = "apps.ui")]
    pub struct Apps {
        #[template_child]
        pub search: TemplateChild<gtk::SearchEntry>,
        #[template_child]
        pub list: TemplateChild<gtk::ListBox>,
        pub rows: RefCell<Vec<AppRow>>,
        pub listener: RefCell<Option<Listener>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Apps {
        const NAME: &'static str = "OzApps";
        type Type = super::Apps;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for Apps {
        fn constructed(&self) {
            self.parent_constructed();
            self.obj().listen();
        }
    }

    impl WidgetImpl for Apps {}
    impl BoxImpl for Apps {}
}

glib::wrapper! {
    /// The widget.
    pub struct Apps(ObjectSubclass<imp::Apps>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl Apps {
    /// Who is told what is wished.
    pub fn connect_wish(&self, listener: impl Fn(&App, AppWish) + 'static) {
        self.imp().listener.replace(Some(Rc::new(listener)));
    }

    /// Shows these apps; rows of those that were there before stay.
    pub fn show_apps(&self, apps: &[App]) {
        let parts = self.imp();
        let mut before = parts.rows.take();
        let mut rows = Vec::with_capacity(apps.len());
        for (place, app) in apps.iter().enumerate() {
            let known = before.iter().position(|row| row.app().id == app.id);
            let row = known.map(|known| before.remove(known));
            if let Some(row) = &row {
                row.show_app(app);
            }
            let row = row.unwrap_or_else(|| {
                let (apps, id) = (self.downgrade(), app.id.clone());
                AppRow::new(app, move |on| {
                    if let Some(apps) = apps.upgrade() {
                        apps.wish(&id, AppWish::Enable(on));
                    }
                })
            });
            let place = i32::try_from(place).unwrap_or(i32::MAX);
            if row.parent().is_none() {
                parts.list.insert(&row, place);
            }
            rows.push(row);
        }
        for gone in before {
            parts.list.remove(&gone);
        }
        parts.rows.replace(rows);
        parts.list.invalidate_sort();
    }

    /// Who is told when the person goes on to the app that is chosen.
    pub fn connect_activated(&self, listener: impl Fn() + 'static) {
        self.imp()
            .list
            .connect_row_activated(move |_, _| listener());
    }

    /// Something is being done for an app, or not any more.
    pub fn set_busy(&self, id: &str, busy: bool) {
        if let Some(row) = self.row(id) {
            row.set_busy(busy);
        }
    }

    /// The app that is chosen.
    pub fn selected(&self) -> Option<App> {
        let row = self.imp().list.selected_row().and_downcast::<AppRow>()?;
        Some(row.app())
    }

    fn row(&self, id: &str) -> Option<AppRow> {
        let rows = self.imp().rows.borrow();
        rows.iter().find(|row| row.app().id == id).cloned()
    }

    fn wish(&self, id: &str, wish: AppWish) {
        let listener = self.imp().listener.borrow().clone();
        if let Some((listener, row)) = listener.zip(self.row(id)) {
            listener(&row.app(), wish);
        }
    }

    fn listen(&self) {
        let parts = self.imp();
        let apps = self.downgrade();
        parts.list.set_filter_func(move |row| {
            let search = apps.upgrade().map(|apps| apps.imp().search.text());
            let app = row.downcast_ref::<AppRow>().map(AppRow::app);
            search
                .zip(app)
                .is_some_and(|(search, app)| app.is_found_by(&search))
        });
        parts.list.set_sort_func(|a, b| {
            let key =
                |row: &gtk::ListBoxRow| row.downcast_ref::<AppRow>().map(|row| row.app().place());
            key(a).cmp(&key(b)).into()
        });
        let list = parts.list.clone();
        parts
            .search
            .connect_search_changed(move |_| list.invalidate_filter());
        let apps = self.downgrade();
        parts.list.connect_row_selected(move |_, _| {
            if let Some((apps, app)) = apps
                .upgrade()
                .and_then(|apps| Some((apps.clone(), apps.selected()?)))
            {
                apps.wish(&app.id, AppWish::Show);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(name: &str, profile: Option<&str>) -> App {
        App {
            id: format!("org.x.{name}"),
            name: name.into(),
            profile: profile.map(str::to_owned),
            ..App::default()
        }
    }

    #[gtk::test]
    fn apps_are_searched_switched_and_stay_where_the_person_is() {
        adw::init().expect("a display");
        let apps: Apps = glib::Object::new();
        let wishes = Rc::new(RefCell::new(Vec::new()));
        let to = Rc::clone(&wishes);
        apps.connect_wish(move |app, wish| to.borrow_mut().push((app.name.clone(), wish)));
        let mut all = vec![app("Viewer", Some("evince")), app("Other", None)];
        apps.show_apps(&all);
        let rows = apps.imp().rows.borrow().clone();
        assert!(wishes.borrow().is_empty(), "{wishes:?}");
        let switch = |row: &AppRow| row.imp().enabled.get();
        assert!(!switch(&rows[1]).is_visible());
        switch(&rows[0]).set_active(true);
        assert_eq!(
            wishes.take(),
            [("Viewer".to_owned(), AppWish::Enable(true))]
        );
        // It did not come to that.
        apps.set_busy("org.x.Viewer", true);
        apps.set_busy("org.x.Viewer", false);
        assert!(!switch(&rows[0]).is_active() && wishes.borrow().is_empty());
        all[0].enabled = true;
        apps.show_apps(&all);
        assert!(switch(&rows[0]).is_active() && wishes.borrow().is_empty());
        assert_eq!(*apps.imp().rows.borrow(), rows);
        apps.imp().search.set_text("EVIN");
        apps.imp().list.invalidate_filter();
        assert!(rows[0].is_child_visible() && !rows[1].is_child_visible());
    }
}

//! The window: the list of sandboxes, one of them whole, and what waits for an answer.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;

use adw::prelude::*;
use adw::subclass::prelude::*;
use gtk::{gdk, gio, glib};

use super::app_page::{self, AppPage};
use super::apps::Apps;
use super::changes::Changes;
use super::kept::Kept;
use super::page::{Page, Wish, drop_target};
use super::prompt::PromptCard;
use super::row::Row;
use crate::model::{App, Change, Copies, Levels, List, Prompt};

/// What a person wants, and of which sandbox: its path on the bus.
type Listener = Rc<dyn Fn(&str, Wish)>;

mod imp {
    use super::*;

    #[derive(Default, gtk::CompositeTemplate)]
    #[template(file = "window.ui")]
    pub struct Window {
        #[template_child]
        pub toasts: TemplateChild<adw::ToastOverlay>,
        #[template_child]
        pub prompts: TemplateChild<gtk::Box>,
        #[template_child]
        pub leaflet: TemplateChild<adw::Leaflet>,
        #[template_child]
        pub side: TemplateChild<gtk::Box>,
        #[template_child]
        pub side_stack: TemplateChild<gtk::Stack>,
        #[template_child]
        pub sides: TemplateChild<gtk::Stack>,
        #[template_child]
        pub apps: TemplateChild<Apps>,
        #[template_child]
        pub app_page: TemplateChild<AppPage>,
        #[template_child]
        pub kept: TemplateChild<Kept>,
        #[template_child]
        pub changes: TemplateChild<Changes>,
        #[template_child]
        pub list: TemplateChild<gtk::ListBox>,
        #[template_child]
        pub detail: TemplateChild<gtk::Box>,
        #[template_child]
        pub detail_title: TemplateChild<adw::WindowTitle>,
        #[template_child]
        pub back: TemplateChild<gtk::Button>,
        #[template_child]
        pub detail_stack: TemplateChild<gtk::Stack>,
        #[template_child]
        pub page: TemplateChild<Page>,
        /// By the paths of their sandboxes.
        pub rows: RefCell<BTreeMap<String, Row>>,
        /// By the profiles of their apps.
        pub icons: RefCell<BTreeMap<String, gio::Icon>>,
        /// By the ids of their prompts.
        pub cards: RefCell<BTreeMap<String, PromptCard>>,
        /// The sandbox whose page is shown.
        pub selected: RefCell<Option<String>>,
        /// What is told of them.
        pub list_now: RefCell<Rc<RefCell<List>>>,
        pub listener: RefCell<Option<Listener>>,
        pub looked: RefCell<Option<Rc<dyn Fn()>>>,
        pub changes_looked: RefCell<Option<Rc<dyn Fn()>>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Window {
        const NAME: &'static str = "OzWindow";
        type Type = super::Window;
        type ParentType = adw::ApplicationWindow;

        fn class_init(class: &mut Self::Class) {
            Page::ensure_type();
            Apps::ensure_type();
            AppPage::ensure_type();
            Kept::ensure_type();
            Changes::ensure_type();
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for Window {
        fn constructed(&self) {
            self.parent_constructed();
            self.obj().listen();
        }
    }

    impl WidgetImpl for Window {}
    impl WindowImpl for Window {}
    impl ApplicationWindowImpl for Window {}
    impl AdwApplicationWindowImpl for Window {}
}

glib::wrapper! {
    /// The widget.
    pub struct Window(ObjectSubclass<imp::Window>)
        @extends adw::ApplicationWindow, gtk::ApplicationWindow, gtk::Window, gtk::Widget,
        @implements gio::ActionGroup, gio::ActionMap, gtk::Buildable, gtk::ConstraintTarget, gtk::Native,
            gtk::Root, gtk::ShortcutManager;
}

impl Window {
    /// A window of an application, which shows a list that somebody else changes.
    pub fn new(application: &adw::Application, list: &Rc<RefCell<List>>) -> Self {
        let window: Self = glib::Object::builder()
            .property("application", application)
            .build();
        window.imp().list_now.replace(Rc::clone(list));
        window
    }

    /// Who is told what is wished.
    pub fn connect_wish(&self, listener: impl Fn(&str, Wish) + 'static) {
        self.imp().listener.replace(Some(Rc::new(listener)));
    }

    /// Shows what is different now.
    pub fn show_change(&self, change: &Change) {
        let parts = self.imp();
        let list = Rc::clone(&parts.list_now.borrow());
        let list = list.borrow();
        for path in &change.gone {
            // The list tells at once that another row is selected, and looks at the rows then.
            let row = parts.rows.borrow_mut().remove(path);
            if let Some(row) = row {
                parts.list.remove(&row);
            }
        }
        for path in &change.changed {
            let Some(sandbox) = list.get(path) else {
                continue;
            };
            let known = parts.rows.borrow().get(path).cloned();
            if let Some(row) = known {
                // Its place in the list is by its name, which stays.
                row.show_sandbox(sandbox);
            } else {
                self.add_row(path, Row::new(path, sandbox));
            }
        }
        let stack = if list.is_empty() { "empty" } else { "list" };
        parts.side_stack.set_visible_child_name(stack);
        if parts.list.selected_row().is_none()
            && let Some(first) = parts.list.row_at_index(0)
        {
            parts.list.select_row(Some(&first));
        }
        let selected = parts.selected.borrow().clone();
        let concerns = |path: &String| change.changed.contains(path) || change.gone.contains(path);
        if selected.is_none_or(|path| concerns(&path)) {
            self.show_selected();
        }
    }

    /// Shows the prompts that wait; whoever answers is told which, and how.
    pub fn show_prompts(&self, prompts: &[Prompt], answer: impl Fn(&str, bool) + Clone + 'static) {
        let parts = self.imp();
        let mut cards = parts.cards.borrow_mut();
        cards.retain(|id, card| {
            let waits = prompts.iter().any(|prompt| prompt.id == *id);
            if !waits {
                parts.prompts.remove(card);
            }
            waits
        });
        for prompt in prompts {
            if !cards.contains_key(&prompt.id) {
                let (answer, id) = (answer.clone(), prompt.id.clone());
                let card = PromptCard::new(prompt, move |yes| answer(&id, yes));
                parts.prompts.append(&card);
                cards.insert(prompt.id.clone(), card);
            }
        }
    }

    /// The pictures of apps, by their profiles.
    pub fn set_icons(&self, icons: BTreeMap<String, gio::Icon>) {
        for row in self.imp().rows.borrow().values() {
            if let Some(icon) = icons.get(&row.of().0) {
                row.show_icon(icon);
            }
        }
        self.imp().icons.replace(icons);
    }

    /// The first processes of the sandboxes whose rows a person can see; none while the window or the list is out of
    /// sight.
    pub fn watched(&self) -> Vec<(String, u32)> {
        let parts = self.imp();
        if !parts.list.is_mapped() || self.is_suspended_or_hidden() {
            return Vec::new();
        }
        let rows = parts.rows.borrow();
        let all = rows.iter().map(|(path, row)| (path.clone(), row.of().1));
        all.filter(|(_, pid)| *pid > 0).collect()
    }

    /// Shows how much memory a sandbox takes.
    pub fn show_memory(&self, path: &str, bytes: Option<u64>) {
        if let Some(row) = self.imp().rows.borrow().get(path) {
            row.show_memory(bytes);
        }
    }

    /// Whether nobody can see it: it is minimised, or behind others where the desktop says so.
    fn is_suspended_or_hidden(&self) -> bool {
        let surface = self.surface().and_downcast::<gdk::Toplevel>();
        let state = surface.map(|surface| surface.state());
        !self.is_visible()
            || state.is_some_and(|state| state.contains(gdk::ToplevelState::MINIMIZED))
    }

    /// The sandbox whose page a person can see.
    pub fn looked_at(&self) -> Option<String> {
        let parts = self.imp();
        let seen = parts.page.is_mapped() && !self.is_suspended_or_hidden();
        parts.selected.borrow().clone().filter(|_| seen)
    }

    /// Who is told when [`Self::looked_at`] may be another one.
    pub fn connect_looked(&self, listener: impl Fn() + 'static) {
        self.imp().looked.replace(Some(Rc::new(listener)));
    }

    fn looked(&self) {
        let listener = self.imp().looked.borrow().clone();
        if let Some(listener) = listener {
            listener();
        }
    }

    /// Shows how loud a sandbox is, if it is the one that is shown.
    pub fn show_levels(&self, path: &str, levels: Levels) {
        if self.imp().selected.borrow().as_deref() == Some(path) {
            self.imp().page.show_levels(levels);
        }
    }

    /// Shows what is kept of copies.
    pub fn show_copies(&self, all: &[Copies]) {
        self.imp().kept.show_copies(all);
        if self.shows("changes") {
            self.show_selected();
        }
    }

    /// Shows what one sandbox has changed in copies, as soon as that is known.
    pub fn select_copies(&self, id: &str) {
        self.imp().sides.set_visible_child_name("changes");
        self.imp().kept.select(id);
        self.imp()
            .leaflet
            .navigate(adw::NavigationDirection::Forward);
    }

    /// The page of changes.
    pub fn changes(&self) -> Changes {
        self.imp().changes.get()
    }

    /// Whether a person can see the page of changes.
    pub fn shows_changes(&self) -> bool {
        self.changes().is_mapped() && !self.is_suspended_or_hidden()
    }

    /// Who is told when the page of changes may show others.
    pub fn connect_changes_looked(&self, listener: impl Fn() + 'static) {
        self.imp().changes_looked.replace(Some(Rc::new(listener)));
    }

    /// Shows one sandbox.
    pub fn select(&self, path: &str) {
        let row = self.imp().rows.borrow().get(path).cloned();
        self.imp().sides.set_visible_child_name("running");
        self.imp().list.select_row(row.as_ref());
        self.imp()
            .leaflet
            .navigate(adw::NavigationDirection::Forward);
    }

    /// Asks for files for the sandbox that is shown.
    pub fn choose_files(&self) {
        self.imp().page.choose_files();
    }

    /// Says something that goes by itself.
    pub fn say(&self, words: &str) {
        let toast = adw::Toast::new(&glib::markup_escape_text(words));
        self.imp().toasts.add_toast(toast);
    }

    /// What was wished did not happen: the page shows again what holds.
    pub fn show_again(&self) {
        self.imp().page.show_again();
    }

    fn add_row(&self, path: &str, row: Row) {
        let parts = self.imp();
        let (window, to) = (self.downgrade(), path.to_owned());
        row.add_controller(drop_target(move |files: Vec<PathBuf>| {
            if let Some(window) = window.upgrade() {
                window.wish(
                    &to,
                    Wish::Add {
                        files,
                        write: false,
                    },
                );
            }
        }));
        if let Some(icon) = parts.icons.borrow().get(&row.of().0) {
            row.show_icon(icon);
        }
        parts.rows.borrow_mut().insert(path.to_owned(), row.clone());
        parts.list.append(&row);
    }

    /// The list of apps, and what one may do.
    pub fn apps(&self) -> (Apps, AppPage) {
        (self.imp().apps.get(), self.imp().app_page.get())
    }

    /// Who is told when the list of apps is looked at.
    pub fn connect_apps_shown(&self, listener: impl Fn() + 'static) {
        let window = self.downgrade();
        let told = move |_: &gtk::Stack| {
            if let Some(window) = window.upgrade() {
                window.show_selected();
                if window.shows("apps") {
                    listener();
                }
            }
        };
        self.imp().sides.connect_visible_child_notify(told);
    }

    /// Shows an app, if it is the one that is chosen.
    pub fn show_app(&self, app: &App, shown: &app_page::Shown) {
        let parts = self.imp();
        let selected = parts.apps.selected().filter(|_| self.shows("apps"));
        if selected.is_none_or(|selected| selected.id != app.id) {
            return;
        }
        parts.detail_title.set_title(&app.name);
        parts.detail_title.set_subtitle(&app.words());
        parts.app_page.show_app(&app.name, shown);
        parts.detail_stack.set_visible_child_name("app");
    }

    fn shows(&self, side: &str) -> bool {
        self.imp().sides.visible_child_name().as_deref() == Some(side)
    }

    fn show_nothing(&self) {
        let parts = self.imp();
        parts.detail_title.set_title("");
        parts.detail_title.set_subtitle("");
        parts.detail_stack.set_visible_child_name("none");
    }

    fn show_selected_copies(&self) {
        let parts = self.imp();
        let Some(copies) = parts.kept.selected() else {
            self.show_nothing();
            parts.leaflet.set_visible_child(&*parts.side);
            return;
        };
        parts.detail_title.set_title(&copies.id);
        parts.detail_title.set_subtitle(&copies.summary());
        parts.changes.show_copies(&copies);
        parts.detail_stack.set_visible_child_name("changes");
        let listener = parts.changes_looked.borrow().clone();
        if let Some(listener) = listener {
            listener();
        }
    }

    fn show_selected(&self) {
        let parts = self.imp();
        if self.shows("changes") {
            return self.show_selected_copies();
        }
        if self.shows("apps") {
            if parts.apps.selected().is_none() {
                self.show_nothing();
            }
            return;
        }
        let path = parts
            .list
            .selected_row()
            .map(|row| row.widget_name().to_string());
        let list = Rc::clone(&parts.list_now.borrow());
        let list = list.borrow();
        let sandbox = path.as_ref().and_then(|path| list.get(path));
        match sandbox {
            Some(sandbox) => {
                parts.detail_title.set_title(&sandbox.id);
                parts.detail_title.set_subtitle(&sandbox.summary());
                parts.page.show_sandbox(sandbox);
                parts.detail_stack.set_visible_child_name("page");
            }
            None => {
                self.show_nothing();
                parts.leaflet.set_visible_child(&*parts.side);
            }
        }
        parts.selected.replace(path);
        self.looked();
    }

    fn wish(&self, path: &str, wish: Wish) {
        let listener = self.imp().listener.borrow().clone();
        if let Some(listener) = listener {
            listener(path, wish);
        }
    }

    /// Hears when the page of a sandbox comes into sight and goes out of it.
    fn follow_sight(&self) {
        let told = |window: &glib::WeakRef<Self>| {
            if let Some(window) = window.upgrade() {
                window.looked();
            }
        };
        let window = self.downgrade();
        self.imp().page.connect_map(move |_| told(&window));
        let window = self.downgrade();
        self.imp().page.connect_unmap(move |_| told(&window));
        self.connect_realize(move |window| {
            let surface = window.surface().and_downcast::<gdk::Toplevel>();
            let window = window.downgrade();
            if let Some(surface) = surface {
                surface.connect_state_notify(move |_| told(&window));
            }
        });
    }

    fn listen(&self) {
        self.follow_sight();
        let parts = self.imp();
        parts.list.set_sort_func(|a, b| {
            let id = |row: &gtk::ListBoxRow| row.downcast_ref::<Row>().map(Row::id);
            id(a).cmp(&id(b)).into()
        });
        let window = self.downgrade();
        parts.list.connect_row_selected(move |_, _| {
            if let Some(window) = window.upgrade() {
                window.show_selected();
            }
        });
        let forward = |window: &glib::WeakRef<Self>| {
            if let Some(window) = window.upgrade() {
                let leaflet = &window.imp().leaflet;
                leaflet.navigate(adw::NavigationDirection::Forward);
            }
        };
        let window = self.downgrade();
        parts.apps.connect_activated(move || forward(&window));
        let window = self.downgrade();
        parts.kept.connect_activated(move || forward(&window));
        let window = self.downgrade();
        parts
            .list
            .connect_row_activated(move |_, _| forward(&window));
        let window = self.downgrade();
        parts.kept.connect_selected(move || {
            if let Some(window) = window.upgrade()
                && window.shows("changes")
            {
                window.show_selected();
            }
        });
        let window = self.downgrade();
        parts.back.connect_clicked(move |_| {
            if let Some(window) = window.upgrade() {
                window
                    .imp()
                    .leaflet
                    .navigate(adw::NavigationDirection::Back);
            }
        });
        let window = self.downgrade();
        parts.page.connect_wish(move |wish| {
            let Some(window) = window.upgrade() else {
                return;
            };
            let path = window.imp().selected.borrow().clone();
            if let Some(path) = path {
                window.wish(&path, wish);
            }
        });
    }
}

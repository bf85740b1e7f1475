//! What one app may do, from the plan that would be enforced, and what the person can change of it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use adw::prelude::*;
use adw::subclass::prelude::*;
use gtk::{gio, glib};
use oz_core::OsBytes;
use oz_core::plan::Effect;
use oz_core::profile::Profile;
use oz_host::profile_edit::Change;

use super::choose;
use crate::model::{Permission, Rule, Setting, Verdict, rule_for, rule_key, rules};
use crate::words::{tr, tr_with};

/// What is shown of an app.
#[derive(Clone, Debug)]
pub enum Shown {
    /// It is being found out.
    Waiting,
    /// There is nothing to show: a heading, and why.
    Unknown(String, String),
    /// What it may do, and the profile that says so.
    Permissions(Vec<Permission>, Box<Profile>),
}

/// What is wished of an app's training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Learn {
    /// That it runs and is watched.
    Watch,
    /// To see what that came to so far.
    Review,
}

/// Told what the profile is to say.
type Listener = Rc<dyn Fn(Result<Vec<Change>, String>)>;

mod imp {
    use super::*;

    #[derive(Default, gtk::CompositeTemplate)]
    #[template(file = "app_page.ui")]
    pub struct AppPage {
        #[template_child]
        pub stack: TemplateChild<gtk::Stack>,
        #[template_child]
        pub unknown: TemplateChild<adw::StatusPage>,
        #[template_child]
        pub can_group: TemplateChild<adw::PreferencesGroup>,
        #[template_child]
        pub can: TemplateChild<gtk::ListBox>,
        #[template_child]
        pub asks_group: TemplateChild<adw::PreferencesGroup>,
        #[template_child]
        pub asks: TemplateChild<gtk::ListBox>,
        #[template_child]
        pub cannot_group: TemplateChild<adw::PreferencesGroup>,
        #[template_child]
        pub cannot: TemplateChild<gtk::ListBox>,
        #[template_child]
        pub settings: TemplateChild<adw::PreferencesGroup>,
        #[template_child]
        pub rules: TemplateChild<gtk::ListBox>,
        #[template_child]
        pub measure: TemplateChild<gtk::Button>,
        #[template_child]
        pub watch: TemplateChild<gtk::Button>,
        #[template_child]
        pub review: TemplateChild<gtk::Button>,
        /// One row for each setting, with the button that restores it.
        pub rows: RefCell<Vec<(Setting, adw::ComboRow, gtk::Button)>>,
        /// Widgets change because of what was told, and nobody wishes anything.
        pub told: Cell<bool>,
        pub name: RefCell<String>,
        pub listener: RefCell<Option<Listener>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for AppPage {
        const NAME: &'static str = "OzAppPage";
        type Type = super::AppPage;
        type ParentType = adw::Bin;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for AppPage {
        fn constructed(&self) {
            self.parent_constructed();
            self.obj().make_settings();
            self.obj().add_actions();
        }
    }

    impl WidgetImpl for AppPage {}
    impl BinImpl for AppPage {}
}

glib::wrapper! {
    /// The widget.
    pub struct AppPage(ObjectSubclass<imp::AppPage>)
        @extends adw::Bin, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget;
}

impl AppPage {
    /// Who is told what the profile is to say, or why it cannot.
    pub fn connect_change(&self, listener: impl Fn(Result<Vec<Change>, String>) + 'static) {
        self.imp().listener.replace(Some(Rc::new(listener)));
    }

    /// Who is told that the app is to be watched, or what was seen of it looked at.
    pub fn connect_learn(&self, listener: impl Fn(Learn) + 'static) {
        let parts = self.imp();
        let listener = Rc::new(listener);
        for (button, learn) in [
            (&parts.measure, Learn::Watch),
            (&parts.watch, Learn::Watch),
            (&parts.review, Learn::Review),
        ] {
            let listener = Rc::clone(&listener);
            button.connect_clicked(move |_| listener(learn));
        }
    }

    /// Says whether an app without a profile can be watched, and whether something was seen of one before.
    pub fn show_learn(&self, measure: bool, seen: bool) {
        self.imp().measure.set_visible(measure);
        self.imp().review.set_visible(seen);
    }

    /// Shows an app.
    pub fn show_app(&self, name: &str, shown: &Shown) {
        let parts = self.imp();
        parts.name.replace(name.to_owned());
        match shown {
            Shown::Waiting => parts.stack.set_visible_child_name("waiting"),
            Shown::Unknown(heading, why) => {
                parts.unknown.set_title(&glib::markup_escape_text(heading));
                parts
                    .unknown
                    .set_description(Some(&glib::markup_escape_text(why)));
                parts.stack.set_visible_child_name("unknown");
            }
            Shown::Permissions(permissions, profile) => {
                parts.told.set(true);
                self.show_permissions(permissions);
                self.show_settings(profile);
                self.show_rules(&rules(profile));
                parts.told.set(false);
                parts.stack.set_visible_child_name("permissions");
            }
        }
    }

    fn show_permissions(&self, permissions: &[Permission]) {
        let parts = self.imp();
        let lists = [
            (
                Verdict::Can,
                &parts.can_group,
                &parts.can,
                "object-select-symbolic",
            ),
            (
                Verdict::Asks,
                &parts.asks_group,
                &parts.asks,
                "dialog-question-symbolic",
            ),
            (
                Verdict::Cannot,
                &parts.cannot_group,
                &parts.cannot,
                "action-unavailable-symbolic",
            ),
        ];
        for (verdict, group, list, icon) in lists {
            while let Some(row) = list.row_at_index(0) {
                list.remove(&row);
            }
            let of_it = permissions.iter().filter(|one| one.verdict == verdict);
            for permission in of_it {
                let row = adw::ActionRow::builder()
                    .title(glib::markup_escape_text(&permission.words))
                    .title_lines(0)
                    .build();
                row.add_prefix(&gtk::Image::from_icon_name(icon));
                list.append(&row);
            }
            group.set_visible(list.row_at_index(0).is_some());
        }
    }

    fn show_settings(&self, profile: &Profile) {
        for (setting, row, restore) in self.imp().rows.borrow().iter() {
            let shown = setting.shown(profile);
            row.set_selected(u32::try_from(shown.chosen).unwrap_or(0));
            row.set_sensitive(!shown.locked);
            let subtitle = match (shown.locked, shown.own) {
                (true, _) => tr("Locked by the administrator"),
                (false, true) => tr("Changed by you"),
                (false, false) => String::new(),
            };
            row.set_subtitle(&subtitle);
            restore.set_visible(shown.own && !shown.locked);
        }
    }

    fn show_rules(&self, rules: &[Rule]) {
        let list = &self.imp().rules;
        while let Some(row) = list.row_at_index(0) {
            list.remove(&row);
        }
        for rule in rules {
            let words = match rule.effect {
                Effect::Read => tr("To read"),
                Effect::Write => tr("To read and to change"),
                Effect::CopyOnWrite => tr("To read, and to change a copy"),
                Effect::Hide => tr("Hidden"),
            };
            let path = OsBytes::from(rule.path.as_str()).to_string();
            let row = adw::ActionRow::builder()
                .title(glib::markup_escape_text(&path))
                .title_lines(0)
                .subtitle(match rule.locked {
                    true => format!("{words} · {}", tr("Locked by the administrator")),
                    false => words,
                })
                .build();
            if rule.own && !rule.locked {
                let words = tr_with("Take {file} out of the profile", &[("file", &path)]);
                let remove = flat("list-remove-symbolic", &words);
                let (page, key) = (self.downgrade(), rule_key(&rule.path));
                remove.connect_clicked(move |_| {
                    if let Some(page) = page.upgrade() {
                        page.change(Ok(vec![Change::restore(key.clone())]));
                    }
                });
                row.add_suffix(&remove);
            }
            list.append(&row);
        }
    }

    fn make_settings(&self) {
        let parts = self.imp();
        for setting in Setting::ALL {
            let choices = setting.choices();
            let words: Vec<&str> = choices.iter().map(|(_, words)| words.as_str()).collect();
            let title = setting.title();
            let row = adw::ComboRow::builder()
                .title(glib::markup_escape_text(&title))
                .model(&gtk::StringList::new(&words))
                .build();
            let words = tr_with("Restore the shipped setting: {title}", &[("title", &title)]);
            let restore = flat("edit-undo-symbolic", &words);
            row.add_suffix(&restore);
            let page = self.downgrade();
            row.connect_selected_notify(move |row| {
                let chosen = usize::try_from(row.selected()).ok();
                let change = chosen.and_then(|chosen| setting.choose(chosen));
                if let Some((page, change)) = page.upgrade().zip(change) {
                    page.change(Ok(vec![change]));
                }
            });
            let page = self.downgrade();
            restore.connect_clicked(move |_| {
                if let Some(page) = page.upgrade() {
                    page.change(Ok(vec![setting.restore()]));
                }
            });
            parts.settings.add(&row);
            parts.rows.borrow_mut().push((setting, row, restore));
        }
    }

    /// The entries of the menu.
    fn add_actions(&self) {
        let action = gio::SimpleAction::new("rule", Some(glib::VariantTy::STRING));
        let page = self.downgrade();
        action.connect_activate(move |_, what| {
            let (Some(page), Some(what)) = (page.upgrade(), what.and_then(glib::Variant::str))
            else {
                return;
            };
            let write = what.ends_with("-write");
            let directory = what.starts_with("folder");
            let title = choose::title(&page.imp().name.borrow(), directory, write);
            let to = page.downgrade();
            choose::files(&page, &title, directory, move |files| {
                let Some(page) = to.upgrade() else { return };
                let rule = |file: &std::path::PathBuf| {
                    rule_for(file, &glib::home_dir(), write).ok_or_else(|| {
                        let name = OsBytes::from(file.as_path()).to_string();
                        tr_with("No rule can name {file}.", &[("file", &name)])
                    })
                };
                page.change(files.iter().map(rule).collect());
            });
        });
        let actions = gio::SimpleActionGroup::new();
        actions.add_action(&action);
        self.insert_action_group("permissions", Some(&actions));
    }

    fn change(&self, changes: Result<Vec<Change>, String>) {
        let listener = self.imp().listener.borrow().clone();
        if let Some(listener) = listener.filter(|_| !self.imp().told.get()) {
            listener(changes);
        }
    }
}

/// A button that is a picture, with words for it. Only a template can give a widget its accessible name.
fn flat(icon: &str, words: &str) -> gtk::Button {
    let template = format!(
        r#"<interface><object class="GtkButton" id="button">
             <property name="icon-name">{icon}</property>
             <property name="valign">center</property>
             <style><class name="flat"/></style>
             <accessibility><property name="label">{}</property></accessibility>
           </object></interface>"#,
        glib::markup_escape_text(words)
    );
    let made = gtk::Builder::from_string(&template);
    let button: gtk::Button = made.object("button").unwrap_or_default();
    button.set_tooltip_text(Some(words));
    button
}

#[cfg(test)]
mod tests {
    use super::*;
    use oz_core::profile::{Catalogue, Layer, Text};

    fn profile(user: &str, administrator: &str) -> Profile {
        let text = |layer, text: &str| Text {
            name: "app".into(),
            layer,
            path: "/app.json".into(),
            text: text.into(),
            template: false,
        };
        let catalogue = Catalogue::new(vec![
            text(Layer::Shipped, "{}"),
            text(Layer::Administrator, administrator),
            text(Layer::User, user),
        ]);
        catalogue.resolve("app").expect("is one")
    }

    #[gtk::test]
    fn what_is_chosen_is_said_and_what_is_locked_cannot_be() {
        adw::init().expect("a display");
        let page: AppPage = glib::Object::new();
        let changes = Rc::new(RefCell::new(Vec::new()));
        let to = Rc::clone(&changes);
        page.connect_change(move |change| to.borrow_mut().push(change));
        let own = profile(
            r#"{ "audio": { "microphone": "ask" }, "files": { "rules": { "~/a": "read" } } }"#,
            r#"{ "lock": ["network"] }"#,
        );
        page.show_app("App", &Shown::Permissions(Vec::new(), Box::new(own)));
        assert!(changes.borrow().is_empty(), "{changes:?}");
        let rows = page.imp().rows.borrow().clone();
        let row = |setting| {
            let found = rows.iter().find(|(known, ..)| *known == setting);
            let (_, row, restore) = found.expect("has a row");
            (row.clone(), restore.clone())
        };
        let (microphone, restore) = row(Setting::Microphone);
        assert_eq!(microphone.selected(), 2);
        assert!(restore.is_visible());
        assert!(!row(Setting::Network).0.is_sensitive());
        assert!(!row(Setting::Speaker).1.is_visible());
        microphone.set_selected(3);
        restore.emit_clicked();
        let expected = [
            Ok(vec![Change::set("audio.microphone", "on")]),
            Ok(vec![Change::restore("audio.microphone")]),
        ];
        assert_eq!(changes.take(), expected);
        assert!(page.imp().rules.row_at_index(0).is_some());
        // What is told is not wished.
        page.show_app(
            "App",
            &Shown::Permissions(Vec::new(), Box::new(profile("{}", "{}"))),
        );
        assert!(changes.borrow().is_empty());
        assert!(page.imp().rules.row_at_index(0).is_none());
    }
}

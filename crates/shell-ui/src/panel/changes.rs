//! What a sandbox wrote over copies of the user's files: a page to look at it, and to decide what becomes of it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use adw::prelude::*;
use gtk::subclass::prelude::*;
use gtk::{gio, glib};

use super::change_row::{self, ChangeRow};
use super::pictures::Shelf;
use crate::model::{Changed, Copies, Decision, Pictures, Review};
use crate::words::tr;

/// What a person wants of the changes that are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// To see which lines of one are different.
    Compare(Changed),
    /// To see pictures of one larger.
    Enlarge(Changed, Pictures),
    /// That what is to be drawn is.
    Draw,
    /// That what is chosen is taken over.
    Merge,
    /// That the last merge is taken back.
    Undo,
    /// Another sandbox that goes on from here.
    Clone,
    /// That all is taken over, and the app starts without a sandbox.
    Unbox,
    /// That it is thrown away.
    Discard,
}

type Listener = Rc<dyn Fn(Wish)>;

mod imp {
    use super::*;

    #[derive(Default, gtk::CompositeTemplate)]
    #[template(file = "changes.ui")]
    pub struct Changes {
        #[template_child]
        pub hint: TemplateChild<gtk::Label>,
        #[template_child]
        pub choices: TemplateChild<gtk::Box>,
        #[template_child]
        pub summary: TemplateChild<gtk::Label>,
        #[template_child]
        pub all: TemplateChild<gtk::Button>,
        #[template_child]
        pub none: TemplateChild<gtk::Button>,
        #[template_child]
        pub stack: TemplateChild<gtk::Stack>,
        #[template_child]
        pub list: TemplateChild<gtk::ListView>,
        #[template_child]
        pub merge: TemplateChild<gtk::Button>,
        #[template_child]
        pub undo: TemplateChild<gtk::Button>,
        #[template_child]
        pub busy: TemplateChild<gtk::Spinner>,
        #[template_child]
        pub doing: TemplateChild<gtk::Label>,
        #[template_child]
        pub more: TemplateChild<gtk::MenuButton>,
        pub shown: RefCell<Copies>,
        pub review: RefCell<Review>,
        /// Each a [`Changed`].
        pub store: RefCell<Option<gio::ListStore>>,
        /// Those of the list that show something now.
        pub rows: RefCell<Vec<ChangeRow>>,
        pub shelf: RefCell<Shelf>,
        /// Something is being done with them.
        pub working: Cell<bool>,
        pub listener: RefCell<Option<Listener>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Changes {
        const NAME: &'static str = "OzChanges";
        type Type = super::Changes;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for Changes {
        fn constructed(&self) {
            self.parent_constructed();
            self.obj().fill_list();
            self.obj().listen();
        }
    }

    impl WidgetImpl for Changes {}
    impl BoxImpl for Changes {}
}

glib::wrapper! {
    /// The widget.
    pub struct Changes(ObjectSubclass<imp::Changes>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl Changes {
    /// Who is told what is wished.
    pub fn connect_wish(&self, listener: impl Fn(Wish) + 'static) {
        self.imp().listener.replace(Some(Rc::new(listener)));
    }

    /// The sandbox that is shown, and what was decided of its changes.
    pub fn of(&self) -> (Copies, Review) {
        let parts = self.imp();
        (parts.shown.borrow().clone(), parts.review.borrow().clone())
    }

    /// Shows how a sandbox stands; its changes, if it is another one, when they are [told](Self::show_changes).
    pub fn show_copies(&self, copies: &Copies) {
        let parts = self.imp();
        let before = parts.shown.replace(copies.clone());
        if before.id != copies.id {
            parts.review.take();
            self.show_list(&[]);
        }
        self.show_state();
    }

    /// Shows what a sandbox has changed, if it is the one that is shown; what was decided stays.
    pub fn show_changes(&self, id: &str, changes: Vec<Changed>, complete: bool) {
        let parts = self.imp();
        if parts.shown.borrow().id != id {
            return;
        }
        self.show_list(&changes);
        parts.review.borrow_mut().take(changes, complete);
        self.show_decisions();
    }

    /// Something is being done with what is shown: this, or nothing any more.
    pub fn set_busy(&self, doing: Option<&str>) {
        let parts = self.imp();
        parts.working.set(doing.is_some());
        parts.busy.set_visible(doing.is_some());
        parts.busy.set_spinning(doing.is_some());
        parts.doing.set_label(doing.unwrap_or_default());
        self.show_state();
    }

    /// Whether something is being done.
    pub fn is_busy(&self) -> bool {
        self.imp().working.get()
    }

    fn show_state(&self) {
        let parts = self.imp();
        let copies = parts.shown.borrow();
        let review = parts.review.borrow();
        let some = !review.all().is_empty();
        parts.hint.set_label(&match (copies.running, some) {
            (true, _) => tr(
                "It runs: what it writes appears here as it does, and your own files stay as they are. When it has ended you decide what becomes of it.",
            ),
            (false, true) => tr(
                "Your own files are as they were. What you choose is taken over into them, and can be taken back.",
            ),
            (false, false) => String::new(),
        });
        parts.hint.set_visible(copies.running || some);
        parts.choices.set_visible(some);
        parts
            .stack
            .set_visible_child_name(if some { "list" } else { "empty" });
        parts.summary.set_label(&review.summary());
        let free = !copies.running && !parts.working.get();
        parts.merge.set_sensitive(free && review.count() > 0);
        parts.undo.set_sensitive(free);
        parts.undo.set_visible(copies.merged > 0);
        parts.more.set_sensitive(free);
    }

    fn show_decisions(&self) {
        let rows = self.imp().rows.borrow().clone();
        for row in rows {
            if let Some(change) = row.shown() {
                let decision = self.imp().review.borrow().decision(&change);
                row.show_change(&change, decision);
            }
        }
        self.show_state();
    }

    /// Has the list show these; what is the same stays in it, under whoever looks at it.
    fn show_list(&self, changes: &[Changed]) {
        let store = self.imp().store.borrow().clone();
        let Some(store) = store else { return };
        let before: Vec<Changed> = (0..store.n_items())
            .filter_map(|at| changed(&store.item(at)?))
            .collect();
        let start = before
            .iter()
            .zip(changes)
            .take_while(|(a, b)| a == b)
            .count();
        let (old, new) = (&before[start..], &changes[start..]);
        let end = old
            .iter()
            .rev()
            .zip(new.iter().rev())
            .take_while(|(a, b)| a == b)
            .count();
        let new: Vec<glib::BoxedAnyObject> = new[..new.len() - end]
            .iter()
            .map(|change| glib::BoxedAnyObject::new(change.clone()))
            .collect();
        let gone = old.len() - end;
        if gone > 0 || !new.is_empty() {
            let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            store.splice(number(start), number(gone), &new);
        }
    }

    fn fill_list(&self) {
        let parts = self.imp();
        let store = gio::ListStore::new::<glib::BoxedAnyObject>();
        let factory = gtk::SignalListItemFactory::new();
        let page = self.downgrade();
        factory.connect_setup(move |_, item| {
            let page = page.clone();
            let row = ChangeRow::new(move |change, wish| {
                if let Some(page) = page.upgrade() {
                    page.take(change, wish);
                }
            });
            if let Some(item) = item.downcast_ref::<gtk::ListItem>() {
                item.set_child(Some(&row));
            }
        });
        let page = self.downgrade();
        factory.connect_bind(move |_, item| {
            if let (Some(page), Some((row, change))) = (page.upgrade(), of_item(item)) {
                let decision = page.imp().review.borrow().decision(&change);
                row.show_change(&change, decision);
                row.name_what_is_around();
                page.imp().rows.borrow_mut().push(row.clone());
                page.show_pictures(&row, &change);
            }
        });
        let page = self.downgrade();
        factory.connect_unbind(move |_, item| {
            if let (Some(page), Some((row, _))) = (page.upgrade(), of_item(item)) {
                page.imp().rows.borrow_mut().retain(|one| *one != row);
            }
        });
        parts.list.set_factory(Some(&factory));
        parts
            .list
            .set_model(Some(&gtk::SingleSelection::new(Some(store.clone()))));
        let page = self.downgrade();
        parts.list.connect_activate(move |list, at| {
            let item = list.model().and_then(|model| model.item(at));
            let change = item.and_then(|item| changed(&item));
            if let (Some(page), Some(change)) = (page.upgrade(), change) {
                let pictures = page.pictures(&change).is_some_and(|all| all.is_drawn());
                page.take(
                    &change,
                    match pictures {
                        true => change_row::Wish::Enlarge,
                        false => change_row::Wish::Compare,
                    },
                );
            }
        });
        parts.store.replace(Some(store));
    }

    /// What is wished of one of them.
    fn take(&self, change: &Changed, wish: change_row::Wish) {
        match wish {
            change_row::Wish::Decide(decision) => {
                self.imp().review.borrow_mut().decide(change, decision);
                self.show_state();
            }
            change_row::Wish::Compare if change.has_lines() => {
                self.wish(Wish::Compare(change.clone()));
            }
            change_row::Wish::Compare => {}
            change_row::Wish::Enlarge => {
                if let Some(pictures) = self.pictures(change) {
                    self.wish(Wish::Enlarge(change.clone(), pictures));
                }
            }
        }
    }

    fn pictures(&self, change: &Changed) -> Option<Pictures> {
        self.imp().shelf.borrow().get(change).cloned()
    }

    /// Shows pictures of a change in its row, and has them drawn if they are not yet.
    fn show_pictures(&self, row: &ChangeRow, change: &Changed) {
        let pictures = self.pictures(change);
        row.show_pictures(pictures.as_ref());
        if pictures.is_none() && change.may_be_picture() {
            self.imp().shelf.borrow_mut().want(change);
            self.wish(Wish::Draw);
        }
    }

    /// What is to be drawn now, by whoever asks; `None` ends that, and there is one at a time.
    pub fn begin_drawing(&self, first: bool) -> Option<Changed> {
        let parts = self.imp();
        let mut shelf = parts.shelf.borrow_mut();
        if first && shelf.drawing {
            return None;
        }
        let rows = parts.rows.borrow();
        let next = shelf.next(|change| rows.iter().any(|row| row.shown().as_ref() == Some(change)));
        shelf.drawing = next.is_some();
        next
    }

    /// Takes in what was drawn.
    pub fn drawn(&self, change: &Changed, pictures: Pictures) {
        let parts = self.imp();
        for row in &*parts.rows.borrow() {
            if row.shown().as_ref() == Some(change) {
                row.show_pictures(Some(&pictures));
            }
        }
        parts.shelf.borrow_mut().put(change, pictures);
    }

    fn wish(&self, wish: Wish) {
        let listener = self.imp().listener.borrow().clone();
        if let Some(listener) = listener {
            listener(wish);
        }
    }

    fn listen(&self) {
        let parts = self.imp();
        let decide = |button: &gtk::Button, decision: Decision| {
            let page = self.downgrade();
            button.connect_clicked(move |_| {
                if let Some(page) = page.upgrade() {
                    page.imp().review.borrow_mut().decide_all(decision);
                    page.show_decisions();
                }
            });
        };
        decide(&parts.all, Decision::Take);
        decide(&parts.none, Decision::Leave);
        let wished = |button: &gtk::Button, wish: Wish| {
            let page = self.downgrade();
            button.connect_clicked(move |_| {
                if let Some(page) = page.upgrade() {
                    page.wish(wish.clone());
                }
            });
        };
        wished(&parts.merge, Wish::Merge);
        wished(&parts.undo, Wish::Undo);
        let actions = gio::SimpleActionGroup::new();
        for (name, wish) in [
            ("clone", Wish::Clone),
            ("unbox", Wish::Unbox),
            ("discard", Wish::Discard),
        ] {
            let action = gio::SimpleAction::new(name, None);
            let page = self.downgrade();
            action.connect_activate(move |_, _| {
                if let Some(page) = page.upgrade() {
                    page.wish(wish.clone());
                }
            });
            actions.add_action(&action);
        }
        self.insert_action_group("changes", Some(&actions));
    }
}

/// What an object of the list is.
fn changed(object: &glib::Object) -> Option<Changed> {
    let boxed = object.downcast_ref::<glib::BoxedAnyObject>()?;
    Some(boxed.borrow::<Changed>().clone())
}

/// The row of an item of the list, and what it is to show.
fn of_item(item: &glib::Object) -> Option<(ChangeRow, Changed)> {
    let item = item.downcast_ref::<gtk::ListItem>()?;
    let row = item.child().and_downcast::<ChangeRow>()?;
    Some((row, changed(&item.item()?)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use oz_core::OsBytes;
    use oz_core::wire::copies::{Conflict, Kind, What};

    fn change(name: &str, conflict: Option<Conflict>) -> Changed {
        Changed {
            path: OsBytes::from(format!("/home/u/{name}").as_str()),
            what: What::Changed,
            kind: Kind::File,
            size: (2, 1),
            conflict,
            modes: (0, 0),
            target: Vec::new().into(),
            protected: String::new(),
            token: name.into(),
        }
    }

    fn copies(running: bool) -> Copies {
        Copies {
            id: "gedit".into(),
            profile: "gedit".into(),
            running,
            written: true,
            merged: 0,
        }
    }

    fn page() -> (Changes, Rc<RefCell<Vec<Wish>>>) {
        adw::init().expect("a display");
        let page: Changes = glib::Object::new();
        let wishes = Rc::new(RefCell::new(Vec::new()));
        let to = Rc::clone(&wishes);
        page.connect_wish(move |wish| to.borrow_mut().push(wish));
        (page, wishes)
    }

    fn row(page: &Changes, change: &Changed) -> ChangeRow {
        let (to, row) = (page.downgrade(), change.clone());
        let made = ChangeRow::new(move |change, wish| {
            if let Some(page) = to.upgrade() {
                page.take(change, wish);
            }
        });
        let decision = page.imp().review.borrow().decision(&row);
        made.show_change(&row, decision);
        made
    }

    #[gtk::test]
    fn what_is_chosen_is_merged_and_showing_wishes_nothing() {
        let (page, wishes) = page();
        page.show_copies(&copies(false));
        let (plain, open) = (change("a", None), change("b", Some(Conflict::Changed)));
        page.show_changes("gedit", vec![plain.clone(), open.clone()], true);
        let parts = page.imp();
        assert_eq!(parts.summary.label(), "2 changes · 1 chosen");
        let (plain_row, open_row) = (row(&page, &plain), row(&page, &open));
        assert!(plain_row.imp().take.is_active() && !plain_row.imp().decision.is_visible());
        assert!(!open_row.imp().take.is_visible());
        assert!(wishes.borrow().is_empty(), "{wishes:?}");
        plain_row.imp().take.set_active(false);
        assert!(!parts.merge.is_sensitive());
        open_row.imp().decision.set_selected(2);
        assert_eq!(
            page.of().1.chosen(),
            [(b"b".to_vec(), Decision::Both, true)]
        );
        parts.merge.emit_clicked();
        open_row.imp().compare.emit_clicked();
        assert_eq!(wishes.take(), [Wish::Merge, Wish::Compare(open)]);
        parts.all.emit_clicked();
        assert_eq!(page.of().1.count(), 2);
        parts.none.emit_clicked();
        assert_eq!(page.of().1.count(), 1);
    }

    #[gtk::test]
    fn what_runs_or_is_worked_on_is_only_looked_at() {
        let (page, _) = page();
        page.show_copies(&copies(true));
        page.show_changes("gedit", vec![change("a", None)], true);
        let parts = page.imp();
        assert!(!parts.merge.is_sensitive() && !parts.more.is_sensitive());
        page.show_copies(&copies(false));
        assert!(parts.merge.is_sensitive() && parts.more.is_sensitive());
        assert_eq!(page.of().1.count(), 1, "what was told is forgotten");
        page.set_busy(Some("Merging…"));
        assert!(!parts.merge.is_sensitive() && parts.busy.is_visible());
        page.set_busy(None);
        assert!(parts.merge.is_sensitive() && !parts.busy.is_visible());
    }

    #[gtk::test]
    fn items_stay_while_what_they_show_does() {
        let (page, _) = page();
        page.show_copies(&copies(false));
        let [a, b, c, d] = ["a", "b", "c", "d"].map(|name| change(name, None));
        page.show_changes("gedit", vec![a.clone(), b.clone(), d.clone()], true);
        let store = page.imp().store.borrow().clone().expect("a list");
        let item = |at: u32| store.item(at).expect("an item");
        let (first, last) = (item(0), item(2));
        page.show_changes("gedit", vec![a, c, d], true);
        assert_eq!((item(0), item(2)), (first, last));
        assert_eq!(changed(&item(1)).map(|one| one.token), Some(b"c".to_vec()));
        // Those of another sandbox are not shown here.
        page.show_changes("foot", Vec::new(), true);
        assert_eq!(store.n_items(), 3);
        page.show_copies(&Copies {
            id: "foot".into(),
            ..copies(false)
        });
        assert_eq!(store.n_items(), 0);
        assert!(!page.imp().choices.is_visible());
    }
}

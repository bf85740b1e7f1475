//! Something that a sandbox was refused.

use adw::prelude::*;
use gtk::glib;
use gtk::subclass::prelude::*;
use oz_core::plan::Clipboard;

use crate::model::{Allow, Denial};

mod imp {
    use super::*;

    #[derive(Default, gtk::CompositeTemplate)]
    #[template(file = "denial_row.ui")]
    pub struct DenialRow {
        #[template_child]
        pub title: TemplateChild<gtk::Label>,
        #[template_child]
        pub why: TemplateChild<gtk::Label>,
        #[template_child]
        pub times: TemplateChild<gtk::Label>,
        #[template_child]
        pub once: TemplateChild<gtk::Button>,
        #[template_child]
        pub always: TemplateChild<gtk::Button>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for DenialRow {
        const NAME: &'static str = "OzDenialRow";
        type Type = super::DenialRow;
        type ParentType = gtk::ListBoxRow;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for DenialRow {}
    impl WidgetImpl for DenialRow {}
    impl ListBoxRowImpl for DenialRow {}
}

glib::wrapper! {
    /// The widget.
    pub struct DenialRow(ObjectSubclass<imp::DenialRow>)
        @extends gtk::ListBoxRow, gtk::Widget,
        @implements gtk::Actionable, gtk::Buildable, gtk::ConstraintTarget;
}

impl DenialRow {
    /// A row; `allow` is told what is to be allowed, and whether from now on. `clipboard` is what passes now.
    pub fn new(
        denial: &Denial,
        clipboard: Option<Clipboard>,
        allow: impl Fn(Allow, bool) + Clone + 'static,
    ) -> Self {
        let row: Self = glib::Object::new();
        let parts = row.imp();
        parts.title.set_label(&denial.title());
        parts.why.set_label(&denial.why());
        parts.times.set_label(&denial.times(&clock(denial.last)));
        let remedy = denial.once(clipboard);
        parts.once.set_visible(remedy.is_some());
        parts.always.set_visible(remedy.is_some());
        if let Some(remedy) = remedy {
            let (once, also) = (allow.clone(), remedy.clone());
            parts
                .once
                .connect_clicked(move |_| once(also.clone(), false));
            parts
                .always
                .connect_clicked(move |_| allow(remedy.clone(), true));
        }
        row
    }
}

/// A time of this day as people write it, one of another with its date.
fn clock(unix: u64) -> String {
    let time = i64::try_from(unix).ok();
    let time = time.and_then(|unix| glib::DateTime::from_unix_local(unix).ok());
    let today = glib::DateTime::now_local().ok();
    let Some((time, today)) = time.zip(today) else {
        return String::new();
    };
    let format = if time.ymd() == today.ymd() {
        "%H:%M"
    } else {
        "%x %H:%M"
    };
    time.format(format).map(String::from).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use oz_core::denied::Denied;
    use std::cell::RefCell;
    use std::rc::Rc;

    #[gtk::test]
    fn what_can_be_allowed_has_buttons_and_what_cannot_has_none() {
        let denial = |denied| Denial {
            denied: Some(denied),
            count: 1,
            ..Denial::default()
        };
        let allowed = Rc::new(RefCell::new(Vec::new()));
        let to = Rc::clone(&allowed);
        let allow = move |what, always| to.borrow_mut().push((what, always));
        let row = DenialRow::new(&denial(Denied::Microphone), None, allow.clone());
        row.imp().once.emit_clicked();
        row.imp().always.emit_clicked();
        let expected = [(Allow::Microphone, false), (Allow::Microphone, true)];
        assert_eq!(allowed.take(), expected);
        let row = DenialRow::new(&denial(Denied::Link), None, allow);
        assert!(!row.imp().once.is_visible() && !row.imp().always.is_visible());
    }
}

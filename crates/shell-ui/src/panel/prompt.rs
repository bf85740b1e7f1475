//! A question that waits, on a band of ours.

use std::time::Duration;

use adw::prelude::*;
use adw::subclass::prelude::*;
use gtk::glib;

use crate::model::Prompt;
use crate::style;

/// How long a person has to read before an answer counts; the daemon has the same rule.
const MOMENT: Duration = Duration::from_millis(500);

mod imp {
    use super::*;

    #[derive(Default, gtk::CompositeTemplate)]
    #[template(file = "prompt.ui")]
    pub struct PromptCard {
        #[template_child]
        pub band: TemplateChild<gtk::Box>,
        #[template_child]
        pub icon: TemplateChild<gtk::Image>,
        #[template_child]
        pub title: TemplateChild<gtk::Label>,
        #[template_child]
        pub body: TemplateChild<gtk::Label>,
        #[template_child]
        pub deny: TemplateChild<gtk::Button>,
        #[template_child]
        pub allow: TemplateChild<gtk::Button>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for PromptCard {
        const NAME: &'static str = "OzPromptCard";
        type Type = super::PromptCard;
        type ParentType = adw::Bin;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for PromptCard {}
    impl WidgetImpl for PromptCard {}
    impl BinImpl for PromptCard {}
}

glib::wrapper! {
    /// The widget.
    pub struct PromptCard(ObjectSubclass<imp::PromptCard>)
        @extends adw::Bin, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget;
}

impl PromptCard {
    /// A prompt, and what to do with the answer. Neither button gets the focus.
    pub fn new(prompt: &Prompt, answer: impl Fn(bool) + Clone + 'static) -> Self {
        let card: Self = glib::Object::new();
        let parts = card.imp();
        parts.band.add_css_class(&style::class(prompt.colour()));
        parts.icon.set_icon_name(Some(&prompt.icon));
        parts.title.set_label(&prompt.title_words());
        let body = prompt.body_words();
        parts.body.set_label(&body);
        parts.body.set_visible(!body.is_empty());
        let no = answer.clone();
        parts.deny.connect_clicked(move |_| no(false));
        parts.allow.connect_clicked(move |_| answer(true));
        // What a hand was about to press when this came up does not answer it.
        card.set_answerable(false);
        let later = card.downgrade();
        glib::timeout_add_local_once(MOMENT, move || {
            if let Some(card) = later.upgrade() {
                card.set_answerable(true);
            }
        });
        card
    }

    fn set_answerable(&self, answerable: bool) {
        self.imp().deny.set_sensitive(answerable);
        self.imp().allow.set_sensitive(answerable);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::rc::Rc;

    #[gtk::test]
    fn an_answer_is_that_of_the_button_and_text_is_no_markup() {
        let prompt = Prompt {
            id: "7".into(),
            title: "Let “foot” use the microphone?".into(),
            body: "The program calls itself “<b>Oz</b>”".into(),
            ..Prompt::default()
        };
        let answers = Rc::new(RefCell::new(Vec::new()));
        let to = Rc::clone(&answers);
        let card = PromptCard::new(&prompt, move |yes| to.borrow_mut().push(yes));
        let parts = card.imp();
        assert_eq!(parts.body.text(), prompt.body);
        parts.deny.emit_clicked();
        parts.allow.emit_clicked();
        assert_eq!(answers.take(), [false, true]);
        assert!(!parts.allow.has_focus() && !parts.deny.has_focus());
    }
}

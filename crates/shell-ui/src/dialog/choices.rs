//! The app's questions below the list: our own widgets, so that each is named, and answered as it stands there.

use gtk::prelude::*;
use oz_core::wire::dialog::Choice;

/// A question with its answers.
pub(super) struct Asked {
    choice: Choice,
    answers: Answers,
}

enum Answers {
    Check(gtk::CheckButton),
    List(gtk::DropDown),
}

impl Asked {
    /// Makes the widgets and puts them into a row.
    pub(super) fn new(
        row: &gtk::FlowBox,
        choice: &Choice,
        (label, options): &(String, Vec<String>),
    ) -> Self {
        let answers = if choice.options.is_empty() {
            let check = gtk::CheckButton::with_label(label);
            check.set_active(choice.chosen == "true");
            row.insert(&check, -1);
            Answers::Check(check)
        } else {
            let options: Vec<&str> = options.iter().map(String::as_str).collect();
            let list = gtk::DropDown::from_strings(&options);
            let at = choice
                .options
                .iter()
                .position(|(id, _)| *id == choice.chosen);
            list.set_selected(at.and_then(|at| u32::try_from(at).ok()).unwrap_or(0));
            let label = gtk::Label::new(Some(label));
            label.set_mnemonic_widget(Some(&list));
            let pair = gtk::Box::new(gtk::Orientation::Horizontal, 6);
            pair.append(&label);
            pair.append(&list);
            row.insert(&pair, -1);
            Answers::List(list)
        };
        Self {
            choice: choice.clone(),
            answers,
        }
    }

    /// What the app calls the answer that stands there.
    pub(super) fn answer(&self) -> String {
        match &self.answers {
            Answers::Check(check) => check.is_active().to_string(),
            Answers::List(list) => {
                let at = usize::try_from(list.selected()).unwrap_or(usize::MAX);
                let option = self.choice.options.get(at);
                option.map(|(id, _)| id.clone()).unwrap_or_default()
            }
        }
    }
}

/// Where they are.
pub(super) fn row() -> gtk::FlowBox {
    gtk::FlowBox::builder()
        .selection_mode(gtk::SelectionMode::None)
        .column_spacing(12)
        .row_spacing(6)
        .margin_start(16)
        .margin_end(16)
        .margin_top(6)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(options: &[&str], chosen: &str) -> Choice {
        Choice {
            id: "x".into(),
            label: "Question".into(),
            options: options
                .iter()
                .map(|id| ((*id).into(), format!("the {id}")))
                .collect(),
            chosen: chosen.into(),
        }
    }

    #[gtk::test]
    fn an_answer_is_called_what_the_app_calls_it() {
        let row = row();
        let words = |options: &[&str]| {
            let options = options.iter().map(|id| format!("the {id}"));
            ("“Question”".to_owned(), options.collect())
        };
        let list = Asked::new(
            &row,
            &choice(&["a", "b", "c"], "b"),
            &words(&["a", "b", "c"]),
        );
        assert_eq!(list.answer(), "b");
        let Answers::List(widget) = &list.answers else {
            panic!("options are a list");
        };
        widget.set_selected(2);
        assert_eq!(list.answer(), "c");
        let unknown = Asked::new(&row, &choice(&["a", "b"], "z"), &words(&["a", "b"]));
        assert_eq!(unknown.answer(), "a");
        let check = Asked::new(&row, &choice(&[], "true"), &words(&[]));
        assert_eq!(check.answer(), "true");
        let Answers::Check(widget) = &check.answers else {
            panic!("no options are a check box");
        };
        widget.set_active(false);
        assert_eq!(check.answer(), "false");
    }
}

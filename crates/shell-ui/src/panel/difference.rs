//! How the text of a file differs from what it was, in a window of its own.

use adw::prelude::*;

use super::log::reader;
use crate::model::{Difference, Line};
use crate::words::{tr, tr_with};

/// Shows it beside a window; `name` is the file's, fit to be read.
pub(super) fn show(parent: &impl IsA<gtk::Window>, name: &str, difference: &Difference) {
    let title = tr_with("Lines of {file}", &[("file", name)]);
    let about = tr("Lines with − are yours, lines with + are the app’s.");
    let (window, text) = reader(parent, &title, &about);
    let buffer = text.buffer();
    // Colours that are read on light and dark; the signs say the same to who does not see them.
    let tag = |colour: Option<&str>| {
        let tag = gtk::TextTag::builder();
        let tag = match colour {
            Some(colour) => tag.foreground(colour).build(),
            None => tag.weight(700).build(),
        };
        buffer.tag_table().add(&tag);
        tag
    };
    let (old, new, head) = (tag(Some("#c6402f")), tag(Some("#2f8a4d")), tag(None));
    let put = |line: &str, tag: Option<&gtk::TextTag>| {
        let mut end = buffer.end_iter();
        let tags: Vec<&gtk::TextTag> = tag.into_iter().collect();
        buffer.insert_with_tags(&mut end, &format!("{line}\n"), &tags);
    };
    match difference {
        Difference::Unsaid(words) => put(words, None),
        Difference::Lines(lines) => {
            for line in lines {
                match line {
                    Line::At(number) => {
                        let number = number.to_string();
                        put(&tr_with("Line {n}", &[("n", &number)]), Some(&head));
                    }
                    Line::Both(text) => put(&format!("  {text}"), None),
                    Line::Old(text) => put(&format!("− {text}"), Some(&old)),
                    Line::New(text) => put(&format!("+ {text}"), Some(&new)),
                }
            }
        }
    }
    window.present();
}

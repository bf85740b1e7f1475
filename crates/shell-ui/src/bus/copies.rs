//! `org.oz.Copies1`: what sandboxes wrote over copies.

use gtk::glib;
use gtk::glib::variant::ToVariant;
use oz_core::OsBytes;
use oz_core::wire::copies::{Conflict, Kind, What};

use super::decode::{Properties, rows};
use super::{Bus, PROPERTIES, ROOT, Result, words};
use crate::model::{Changed, Chosen, Copies, Difference, Part, Picture, Pictures};

pub(super) const COPIES: &str = "org.oz.Copies1";

/// Merging copies disks full of files; the daemon gives up before.
const LONG_MS: i32 = 1_000_000;

/// What was left as it was, each with the reason.
pub type Left = Vec<(Vec<u8>, String)>;

/// A word for it, width, height and colours.
type Drawn = (String, u32, u32, Vec<u8>);

impl Bus {
    /// All that is kept.
    pub async fn copies(&self) -> Result<Vec<Copies>> {
        let get = (ROOT, PROPERTIES, "Get");
        let arguments = (COPIES, "Copies").to_variant();
        let (reply, _) = self.call(get, arguments, None).await.map_err(words)?;
        let value = reply.child_value(0).as_variant();
        Ok(value.map(|value| kept(&value)).unwrap_or_default())
    }

    /// What a sandbox has changed, and whether that is all of it.
    pub async fn changes(&self, id: &str) -> Result<(Vec<Changed>, bool)> {
        let arguments = (id, glib::VariantDict::new(None)).to_variant();
        let reply = self.ask_copies("Changes", arguments).await?;
        let found = rows(&reply.child_value(0));
        let changes: Vec<Changed> = found.iter().filter_map(change).collect();
        let complete = changes.len() == found.len() && reply.child_value(1).get() == Some(true);
        Ok((changes, complete))
    }

    /// How one of its changes differs from what was there before.
    pub async fn compare(&self, id: &str, token: &[u8]) -> Result<Difference> {
        let arguments = (id, vec![token.to_vec()]).to_variant();
        let reply = self.ask_copies("Compare", arguments).await?;
        let all: Vec<(String, Vec<Part>)> = reply.child_value(0).get().unwrap_or_default();
        let (kind, parts) = all.into_iter().next().unwrap_or_default();
        Ok(Difference::of(&kind, parts))
    }

    /// Small pictures of one of its changes.
    pub async fn pictures(&self, id: &str, token: &[u8]) -> Result<Pictures> {
        let arguments = (id, vec![token.to_vec()]).to_variant();
        let reply = self.ask_copies("Pictures", arguments).await?;
        let all: Vec<(Drawn, Drawn)> = reply.child_value(0).get().unwrap_or_default();
        let (before, after) = all.into_iter().next().unwrap_or_default();
        let picture =
            |(word, width, height, bytes): Drawn| Picture::of(&word, width, height, bytes);
        Ok(Pictures {
            before: picture(before),
            after: picture(after),
        })
    }

    /// Takes changes over: how many, and what was left.
    pub async fn merge(&self, id: &str, chosen: &Chosen, protected: bool) -> Result<(u64, Left)> {
        let tokens = chosen.iter().map(|(token, ..)| token.clone());
        let tokens: Vec<Vec<u8>> = tokens.collect();
        let each = chosen.iter().map(|(_, how, open)| how.word(*open));
        let options = glib::VariantDict::new(None);
        options.insert("each", each.collect::<Vec<_>>());
        options.insert("protected", protected);
        let arguments = (id, tokens, options).to_variant();
        Ok(done(&self.ask_copies("Merge", arguments).await?))
    }

    /// Takes the last merge back: how many, and what was left.
    pub async fn undo(&self, id: &str) -> Result<(u64, Left)> {
        let reply = self.ask_copies("Undo", (id,).to_variant()).await?;
        Ok(done(&reply))
    }

    /// Throws away what a sandbox wrote.
    pub async fn discard(&self, id: &str) -> Result<()> {
        let reply = self.ask_copies("Discard", (id,).to_variant()).await;
        reply.map(drop)
    }

    /// Makes another sandbox that goes on where one is now.
    pub async fn clone_sandbox(&self, id: &str, name: &str) -> Result<()> {
        let reply = self.ask_copies("Clone", (id, name).to_variant()).await;
        reply.map(drop)
    }

    async fn ask_copies(&self, method: &str, arguments: glib::Variant) -> Result<glib::Variant> {
        let call = (ROOT, COPIES, method);
        let reply = self.call_within(LONG_MS, call, arguments, None).await;
        Ok(reply.map_err(words)?.0)
    }
}

/// What a property or a signal says is kept.
pub(super) fn kept(value: &glib::Variant) -> Vec<Copies> {
    let copies = |row: &Properties| {
        Some(Copies {
            id: row.get("id")?.get()?,
            profile: row.get("profile")?.get()?,
            running: row.get("running")?.get()?,
            written: row.get("written")?.get()?,
            merged: row.get("merged")?.get()?,
        })
    };
    rows(value).iter().filter_map(copies).collect()
}

fn change(row: &Properties) -> Option<Changed> {
    let word = |name: &str| row.get(name).and_then(glib::Variant::str);
    let path = |name: &str| row.get(name)?.get::<Vec<u8>>().map(OsBytes::from);
    let kinds = [Kind::File, Kind::Directory, Kind::Symlink, Kind::Other];
    let conflicts = [Conflict::Changed, Conflict::Deleted, Conflict::Unseen];
    let what = match word("change")? {
        "added" => What::Added,
        "changed" => What::Changed,
        "attributes" => What::Attributes,
        "deleted" => What::Deleted,
        "renamed" => What::Renamed {
            from: path("from")?,
            changed: false,
        },
        _ => return None,
    };
    let conflict = match word("conflict")? {
        "" => None,
        word => Some(conflicts.into_iter().find(|one| one.word() == word)?),
    };
    Some(Changed {
        path: path("path")?,
        what,
        kind: kinds
            .into_iter()
            .find(|kind| Some(kind.word()) == word("kind"))?,
        size: (row.get("size")?.get()?, row.get("size_before")?.get()?),
        conflict,
        modes: (row.get("mode")?.get()?, row.get("mode_before")?.get()?),
        target: path("target")?,
        protected: row.get("protected")?.get()?,
        token: row.get("token")?.get()?,
    })
}

fn done(reply: &glib::Variant) -> (u64, Left) {
    reply.get().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(pairs: &[(&str, glib::Variant)]) -> Properties {
        let pair = |(name, value): &(&str, glib::Variant)| ((*name).to_owned(), value.clone());
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn what_the_daemon_says_of_a_change_is_understood_or_left_out() {
        let mut said = row(&[
            ("path", b"/home/u/a\xff".to_vec().to_variant()),
            ("change", "renamed".to_variant()),
            ("kind", "file".to_variant()),
            ("from", b"/home/u/b".to_vec().to_variant()),
            ("size", 2_u64.to_variant()),
            ("size_before", 1_u64.to_variant()),
            ("conflict", "deleted".to_variant()),
            ("mode", 0o777_u32.to_variant()),
            ("mode_before", 0o755_u32.to_variant()),
            ("target", b"".to_vec().to_variant()),
            ("protected", "".to_variant()),
            ("token", b"t".to_vec().to_variant()),
        ]);
        let found = change(&said).expect("a change");
        assert_eq!(found.path.as_bytes(), b"/home/u/a\xff");
        assert_eq!(
            (found.size, found.conflict),
            ((2, 1), Some(Conflict::Deleted))
        );
        assert!(
            matches!(found.what, What::Renamed { from, .. } if from.as_bytes() == b"/home/u/b")
        );
        // What is not known cannot be decided on.
        for (name, value) in [("conflict", "weather"), ("kind", "cloud"), ("change", "")] {
            let known = said.insert(name.to_owned(), value.to_variant());
            assert_eq!(change(&said), None, "{name}");
            said.insert(name.to_owned(), known.expect("was there"));
        }
    }

    #[test]
    fn what_is_kept_is_understood() {
        let all = row(&[
            ("id", "gedit".to_variant()),
            ("profile", "gedit".to_variant()),
            ("running", true.to_variant()),
            ("written", true.to_variant()),
            ("merged", 3_u32.to_variant()),
            ("places", Vec::<Vec<u8>>::new().to_variant()),
        ]);
        let found = kept(&vec![all, Properties::new()].to_variant());
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].id.as_str(), found[0].merged), ("gedit", 3));
    }
}

//! Which number the kernel knows a name by.
//!
//! A node is a name in a directory, not a file: the numbers that the kernel holds are few bytes
//! each and no descriptor, so a program that looks at a million names costs memory of this
//! process only, up to a cap.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use rustix::io::Errno;

/// The view's own directory.
pub(crate) const ROOT: u64 = 1;

/// Most names at once.
const MOST: usize = 1 << 18;

/// Deepest path, as a program could make it by moving directories into each other.
const DEEPEST: usize = 512;

#[derive(Debug)]
struct Node {
    /// Where it is; nothing once the name was removed and only descriptors are left.
    place: Option<(u64, OsString)>,
    /// How often the kernel was told its number.
    lookups: u64,
    /// Names beneath it that are known.
    children: usize,
}

/// All names that the kernel knows.
#[derive(Debug)]
pub(crate) struct Nodes {
    next: u64,
    nodes: HashMap<u64, Node>,
    names: HashMap<(u64, OsString), u64>,
}

impl Default for Nodes {
    fn default() -> Self {
        Self {
            next: ROOT + 1,
            nodes: HashMap::new(),
            names: HashMap::new(),
        }
    }
}

impl Nodes {
    /// The number of a name, told to the kernel once more.
    pub(crate) fn tell(&mut self, parent: u64, name: &OsStr) -> Result<u64, Errno> {
        let key = (parent, name.to_owned());
        if let Some(&ino) = self.names.get(&key) {
            if let Some(node) = self.nodes.get_mut(&ino) {
                node.lookups += 1;
            }
            return Ok(ino);
        }
        if self.nodes.len() >= MOST {
            return Err(Errno::NFILE);
        }
        let ino = self.next;
        self.next += 1;
        let node = Node {
            place: Some(key.clone()),
            lookups: 1,
            children: 0,
        };
        self.nodes.insert(ino, node);
        self.names.insert(key, ino);
        self.count(parent, 1);
        Ok(ino)
    }

    /// The kernel has forgotten a number so many times.
    pub(crate) fn forget(&mut self, ino: u64, times: u64) {
        if let Some(node) = self.nodes.get_mut(&ino) {
            node.lookups = node.lookups.saturating_sub(times);
            self.drop_unused(ino);
        }
    }

    /// The number of a name, if the kernel knows one.
    pub(crate) fn known(&self, parent: u64, name: &OsStr) -> Option<u64> {
        self.names.get(&(parent, name.to_owned())).copied()
    }

    /// Where a number is: its directory and its name there. Nothing for the root.
    pub(crate) fn place(&self, ino: u64) -> Result<Option<(u64, &OsStr)>, Errno> {
        if ino == ROOT {
            return Ok(None);
        }
        let node = self.nodes.get(&ino).ok_or(Errno::STALE)?;
        match &node.place {
            Some((parent, name)) => Ok(Some((*parent, name.as_os_str()))),
            None => Err(Errno::NOENT),
        }
    }

    /// The path of a number beneath the root; `.` for the root.
    pub(crate) fn path(&self, ino: u64) -> Result<PathBuf, Errno> {
        let mut names = Vec::new();
        let mut here = ino;
        while let Some((parent, name)) = self.place(here)? {
            names.push(name);
            if names.len() > DEEPEST {
                return Err(Errno::NAMETOOLONG);
            }
            here = parent;
        }
        if names.is_empty() {
            return Ok(".".into());
        }
        Ok(names.into_iter().rev().collect())
    }

    /// A name is gone; whoever has it open keeps it.
    pub(crate) fn detach(&mut self, parent: u64, name: &OsStr) {
        let Some(ino) = self.names.remove(&(parent, name.to_owned())) else {
            return;
        };
        if let Some(node) = self.nodes.get_mut(&ino) {
            node.place = None;
        }
        self.count(parent, -1);
        self.drop_unused(ino);
    }

    /// A name has moved, over whatever had the other one.
    pub(crate) fn moved(&mut self, from: (u64, &OsStr), to: (u64, &OsStr)) {
        self.detach(to.0, to.1);
        let Some(ino) = self.names.remove(&(from.0, from.1.to_owned())) else {
            return;
        };
        self.names.insert((to.0, to.1.to_owned()), ino);
        if let Some(node) = self.nodes.get_mut(&ino) {
            node.place = Some((to.0, to.1.to_owned()));
        }
        self.count(to.0, 1);
        self.count(from.0, -1);
    }

    /// Two names have changed places.
    pub(crate) fn exchanged(&mut self, one: (u64, &OsStr), other: (u64, &OsStr)) {
        // What the kernel knows is looked up again, under new numbers.
        self.detach(one.0, one.1);
        self.detach(other.0, other.1);
    }

    fn count(&mut self, parent: u64, change: isize) {
        if let Some(node) = self.nodes.get_mut(&parent) {
            node.children = node.children.saturating_add_signed(change);
            self.drop_unused(parent);
        }
    }

    fn drop_unused(&mut self, ino: u64) {
        let unused = |node: &&Node| node.lookups == 0 && node.children == 0;
        if self.nodes.get(&ino).filter(unused).is_none() {
            return;
        }
        if let Some(Node {
            place: Some(key), ..
        }) = self.nodes.remove(&ino)
        {
            let parent = key.0;
            self.names.remove(&key);
            self.count(parent, -1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> &OsStr {
        OsStr::new(text)
    }

    #[test]
    fn a_name_keeps_its_number_until_the_kernel_forgets_it_as_often_as_it_was_told() {
        let mut nodes = Nodes::default();
        let a = nodes.tell(ROOT, name("a")).expect("told");
        assert_eq!(nodes.tell(ROOT, name("a")), Ok(a));
        nodes.forget(a, 1);
        assert_eq!(nodes.known(ROOT, name("a")), Some(a));
        nodes.forget(a, 1);
        assert_eq!(nodes.known(ROOT, name("a")), None);
        assert_eq!(nodes.place(a), Err(Errno::STALE));
    }

    #[test]
    fn what_is_beneath_a_moved_directory_moves_with_it() {
        let mut nodes = Nodes::default();
        let d = nodes.tell(ROOT, name("d")).expect("told");
        let f = nodes.tell(d, name("f")).expect("told");
        nodes.moved((ROOT, name("d")), (ROOT, name("e")));
        assert_eq!(nodes.path(f), Ok("e/f".into()));
        assert_eq!(nodes.path(ROOT), Ok(".".into()));
    }

    #[test]
    fn a_directory_is_known_as_long_as_something_beneath_it_is() {
        let mut nodes = Nodes::default();
        let d = nodes.tell(ROOT, name("d")).expect("told");
        let f = nodes.tell(d, name("f")).expect("told");
        nodes.forget(d, 1);
        assert_eq!(nodes.path(f), Ok("d/f".into()));
        nodes.forget(f, 1);
        assert!(nodes.nodes.is_empty() && nodes.names.is_empty());
    }

    #[test]
    fn a_removed_name_has_no_path_and_can_be_made_again() {
        let mut nodes = Nodes::default();
        let old = nodes.tell(ROOT, name("a")).expect("told");
        nodes.detach(ROOT, name("a"));
        assert_eq!(nodes.path(old), Err(Errno::NOENT));
        let new = nodes.tell(ROOT, name("a")).expect("told");
        assert_ne!(old, new);
        nodes.moved((ROOT, name("b")), (ROOT, name("a")));
        assert_eq!(nodes.path(new), Err(Errno::NOENT));
    }
}

//! Surfaces and subsurfaces as the protocol says that they behave: what is pending, what a synchronised one caches, and
//! what can be seen.
//!
//! The host applies to it what it is asked; a test applies what it asks. Both have to come to the same tree.

use std::collections::BTreeMap;

/// What a client asks of its surfaces, which are numbered as they are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// The next surface.
    Surface,
    /// The first becomes a subsurface of the second.
    Subsurface(usize, usize),
    /// The subsurface is at this place from the parent's next commit on.
    Position(usize, (i32, i32)),
    /// The subsurface is right above another, or right below, from the parent's next commit on.
    Place(usize, bool, usize),
    /// The subsurface is synchronised, or not.
    Sync(usize, bool),
    /// A buffer whose first pixel is this, or none.
    Attach(usize, Option<u32>),
    /// The scale of the buffer.
    Scale(usize, i32),
    /// What is pending is not any more.
    Commit(usize),
    /// It is no subsurface any more.
    Leave(usize),
    /// It is gone.
    Destroy(usize),
}

/// What a commit changes.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct State {
    buffer: Option<Option<u32>>,
    scale: Option<i32>,
}

impl State {
    fn take_over(&mut self, newer: Self) {
        self.buffer = newer.buffer.or(self.buffer.take());
        self.scale = newer.scale.or(self.scale);
    }
}

/// A surface.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Node {
    parent: Option<usize>,
    /// Itself and its children from bottom to top, now and from the next commit on.
    stack: Vec<usize>,
    next_stack: Vec<usize>,
    at: (i32, i32),
    next_at: (i32, i32),
    sync: bool,
    pending: State,
    cached: State,
    shown: State,
}

/// All surfaces of a client.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Tree {
    nodes: BTreeMap<usize, Node>,
    made: usize,
}

/// What can be seen of a surface, or will be with its parent's next commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    parent: Option<usize>,
    stack: Vec<usize>,
    next_stack: Vec<usize>,
    at: (i32, i32),
    next_at: (i32, i32),
    sync: bool,
    buffer: Option<u32>,
    scale: i32,
}

impl Tree {
    /// What can be seen, by the number of the surface.
    #[must_use]
    pub fn seen(&self) -> BTreeMap<usize, Seen> {
        let seen = |node: &Node| Seen {
            parent: node.parent,
            stack: node.stack.clone(),
            next_stack: node.next_stack.clone(),
            at: node.at,
            next_at: node.next_at,
            // Of one that has no parent it is a memory.
            sync: node.sync && node.parent.is_some(),
            buffer: node.shown.buffer.flatten(),
            scale: node.shown.scale.unwrap_or(1),
        };
        let nodes = self.nodes.iter();
        nodes.map(|(number, node)| (*number, seen(node))).collect()
    }

    /// Whether a client may ask this, of things that are there.
    #[must_use]
    pub fn allows(&self, op: &Op) -> bool {
        let is = |number: &usize| self.nodes.contains_key(number);
        let child = |number: &usize| self.nodes.get(number).and_then(|node| node.parent);
        match op {
            Op::Surface => true,
            Op::Subsurface(surface, parent) => {
                is(surface)
                    && is(parent)
                    && child(surface).is_none()
                    && !self.is_in(*parent, *surface)
            }
            Op::Position(surface, _) | Op::Sync(surface, _) | Op::Leave(surface) => {
                child(surface).is_some()
            }
            Op::Place(surface, _, other) => child(surface).is_some_and(|parent| {
                surface != other && (*other == parent || child(other) == Some(parent))
            }),
            Op::Attach(surface, _) | Op::Scale(surface, _) | Op::Commit(surface) => is(surface),
            Op::Destroy(surface) => is(surface) && child(surface).is_none(),
        }
    }

    /// Whether a surface is another, or somewhere beneath it.
    fn is_in(&self, surface: usize, other: usize) -> bool {
        surface == other
            || self.nodes[&surface]
                .parent
                .is_some_and(|parent| self.is_in(parent, other))
    }

    fn is_synchronised(&self, surface: usize) -> bool {
        let node = &self.nodes[&surface];
        node.parent
            .is_some_and(|parent| node.sync || self.is_synchronised(parent))
    }

    fn node(&mut self, surface: usize) -> &mut Node {
        self.nodes
            .get_mut(&surface)
            .expect("a surface that is there")
    }

    /// How many there have been, which is the number of the next.
    #[must_use]
    pub fn made(&self) -> usize {
        self.made
    }

    /// Does what is asked, if it is allowed.
    pub(crate) fn try_apply(&mut self, op: &Op) -> bool {
        let allowed = self.allows(op);
        if allowed {
            self.apply(op);
        }
        allowed
    }

    /// Does what is asked.
    ///
    /// # Panics
    /// When it is not allowed.
    pub fn apply(&mut self, op: &Op) {
        match *op {
            Op::Surface => {
                let stack = vec![self.made];
                let node = Node {
                    stack: stack.clone(),
                    next_stack: stack,
                    ..Node::default()
                };
                self.nodes.insert(self.made, node);
                self.made += 1;
            }
            Op::Subsurface(surface, parent) => {
                let node = self.node(surface);
                node.parent = Some(parent);
                node.sync = true;
                (node.at, node.next_at) = ((0, 0), (0, 0));
                self.node(parent).next_stack.push(surface);
            }
            Op::Position(surface, at) => self.node(surface).next_at = at,
            Op::Place(surface, above, other) => {
                let parent = self.node(surface).parent.expect("a subsurface");
                let stack = &mut self.node(parent).next_stack;
                stack.retain(|one| *one != surface);
                let place = stack.iter().position(|one| *one == other);
                let place = place.expect("the parent or a sibling") + usize::from(above);
                stack.insert(place, surface);
            }
            Op::Sync(surface, sync) => {
                self.node(surface).sync = sync;
                if !self.is_synchronised(surface) {
                    self.show_cached(surface);
                }
            }
            Op::Attach(surface, buffer) => self.node(surface).pending.buffer = Some(buffer),
            Op::Scale(surface, scale) => self.node(surface).pending.scale = Some(scale),
            Op::Commit(surface) => {
                let pending = std::mem::take(&mut self.node(surface).pending);
                self.node(surface).cached.take_over(pending);
                if !self.is_synchronised(surface) {
                    self.show_cached(surface);
                }
            }
            Op::Leave(surface) => self.unlink(surface),
            Op::Destroy(surface) => {
                let gone = self
                    .nodes
                    .remove(&surface)
                    .expect("a surface that is there");
                for child in gone
                    .next_stack
                    .into_iter()
                    .filter(|child| *child != surface)
                {
                    self.node(child).parent = None;
                }
            }
        }
    }

    fn unlink(&mut self, surface: usize) {
        if let Some(parent) = self.node(surface).parent.take() {
            let parent = self.node(parent);
            parent.stack.retain(|one| *one != surface);
            parent.next_stack.retain(|one| *one != surface);
        }
    }

    /// What was cached can be seen, and so what the synchronised ones beneath have cached.
    fn show_cached(&mut self, surface: usize) {
        let node = self.node(surface);
        let cached = std::mem::take(&mut node.cached);
        node.shown.take_over(cached);
        node.stack.clone_from(&node.next_stack);
        for child in node.stack.clone() {
            if child != surface {
                let node = self.node(child);
                node.at = node.next_at;
                if node.sync {
                    self.show_cached(child);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(ops: &[Op]) -> Tree {
        let mut tree = Tree::default();
        for op in ops {
            assert!(tree.allows(op), "{op:?}");
            tree.apply(op);
        }
        tree
    }

    #[test]
    fn a_synchronised_one_is_seen_with_its_parents_commit() {
        let ops = [
            Op::Surface,
            Op::Surface,
            Op::Subsurface(1, 0),
            Op::Attach(1, Some(7)),
            Op::Commit(1),
        ];
        let mut tree = tree(&ops);
        assert_eq!(tree.nodes[&1].shown.buffer, None);
        tree.apply(&Op::Commit(0));
        assert_eq!(tree.nodes[&1].shown.buffer, Some(Some(7)));
    }

    #[test]
    fn one_that_is_not_is_seen_at_once_unless_an_ancestor_waits() {
        let mut tree = tree(&[
            Op::Surface,
            Op::Surface,
            Op::Surface,
            Op::Subsurface(1, 0),
            Op::Subsurface(2, 1),
            Op::Sync(2, false),
            Op::Attach(2, Some(7)),
            Op::Commit(2),
        ]);
        assert_eq!(tree.nodes[&2].shown.buffer, None);
        tree.apply(&Op::Sync(1, false));
        tree.apply(&Op::Commit(2));
        assert_eq!(tree.nodes[&2].shown.buffer, Some(Some(7)));
    }

    #[test]
    fn nothing_is_put_beneath_itself() {
        let tree = tree(&[Op::Surface, Op::Surface, Op::Subsurface(1, 0)]);
        assert!(!tree.allows(&Op::Subsurface(0, 1)) && !tree.allows(&Op::Subsurface(0, 0)));
    }
}

//! A distribution's tree that stands for the host's system.

use std::path::Path;

use super::Violation;
use super::grants::is_of_the_system;
use super::paths::{is_plain, is_same, is_within};
use crate::plan::{Access, Op, Overlay, Plan, Source, Tree, below};
use crate::protected;

/// Where nothing of a tree is: there the sandbox's own is, or the kernel's.
const NOT_THE_TREES: &[&str] = &["/dev", "/home", "/proc", "/root", "/run", "/sys", "/tmp"];

/// The tree is the user's to name, and holds nothing that no sandbox sees: neither the home nor a protected place, nor what
/// Oz keeps.
pub(super) fn tree_is_a_place_of_its_own(plan: &Plan) -> Result<(), Violation> {
    let Some(Tree { path, .. }) = &plan.tree else {
        return Ok(());
    };
    let home = &plan.user.home;
    let keeps = protected::is_protected(home, path).is_some()
        || protected::covers_protected(home, path).is_some();
    let overlaps = |layers: &Path| is_within(layers, path) || is_within(path, layers);
    let odd = !is_plain(path)
        || is_of_the_system(path)
        || is_within(home, path)
        || plan.overlays().any(|overlay| overlaps(&overlay.layers));
    match odd || keeps {
        true => Err(Violation::new(
            "the tree of a system is a place of its own",
            path.display(),
        )),
        false => Ok(()),
    }
}

/// There is one system in a sandbox: the host's, or the tree's, which is where the tree has it and is not changed itself.
pub(super) fn there_is_one_system(plan: &Plan) -> Result<(), Violation> {
    for op in &plan.root {
        let Op::Bind(bind) = op else { continue };
        let holds = match (&bind.source, &plan.tree) {
            (Source::Tree { tree, path }, Some(of_plan)) => {
                *tree == of_plan.path
                    && *path == bind.path
                    && is_plain(path)
                    && bind.access == Access::Read
                    && !bind.device
                    && is_for_the_tree(plan, path)
            }
            (Source::Tree { .. }, None) => false,
            (Source::System(_), Some(_)) => bind.device,
            (Source::System(_), None) | (Source::User(_), _) => true,
        };
        if !holds {
            return Err(Violation::new(
                "there is one system in a sandbox",
                bind.path.display(),
            ));
        }
    }
    Ok(())
}

/// Whether what is copied is a part of the plan's tree, at the place where the tree has it.
pub(super) fn is_copied_of_it(plan: &Plan, overlay: &Overlay) -> bool {
    plan.tree.as_ref().is_some_and(|tree| {
        tree.copied
            && is_same(&overlay.source, &below(&tree.path, &overlay.path))
            && !is_within(&overlay.path, Path::new("/etc"))
            && is_for_the_tree(plan, &overlay.path)
    })
}

fn is_for_the_tree(plan: &Plan, path: &Path) -> bool {
    let others = NOT_THE_TREES.iter().map(Path::new);
    let mut others = others.chain([plan.user.home.as_path()]);
    !others.any(|other| is_within(path, other) || is_within(other, path))
}

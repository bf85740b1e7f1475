//! Device nodes.

use std::os::unix::fs::FileTypeExt;

use oz_core::plan::Op;
use oz_core::report::Wall;

use super::Trial;
use crate::verdict::Verdict;

pub const TRIALS: &[Trial] = &[Trial {
    wall: Wall::Devices,
    claim: "in /dev are only the nodes of the plan",
    run: |ask| {
        let planned = |path: &std::path::Path| {
            ask.plan
                .root
                .iter()
                .any(|op| matches!(op, Op::Bind(bind) if bind.device && bind.path == path))
        };
        let mut others = Vec::new();
        let mut left = vec![std::path::PathBuf::from("/dev")];
        while let Some(directory) = left.pop() {
            for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
                let path = entry.path();
                // Terminals of the sandbox's own.
                if path.starts_with("/dev/pts") {
                    continue;
                }
                let Ok(kind) = entry.file_type() else {
                    continue;
                };
                if kind.is_dir() {
                    left.push(path);
                } else if (kind.is_char_device() || kind.is_block_device()) && !planned(&path) {
                    others.push(path.display().to_string());
                }
            }
        }
        Verdict::nothing(&others)
    },
}];

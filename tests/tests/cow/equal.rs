//! Whatever is done over a copy and merged comes to the same as doing it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use oz_e2e::{Run, Session, cli, oz};

use super::{cow, fresh};

/// A sequence of numbers that is the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    /// A path of one to three names out of few, so that things meet.
    fn path(&mut self) -> String {
        let depth = 1 + self.below(3);
        let names: Vec<String> = (0..depth).map(|_| format!("n{}", self.below(4))).collect();
        names.join("/")
    }

    fn operation(&mut self) -> String {
        let (one, other, content) = (self.path(), self.path(), self.below(1000));
        match self.below(10) {
            0 | 1 => format!("echo {content} > {one}"),
            2 => format!("mkdir {one}"),
            3 => format!("rm -rf {one}"),
            4 => format!("mv -T {one} {other}"),
            5 => format!("ln -sT {other} {one}"),
            6 => format!(
                "test -L {one} || chmod {} {one}",
                ["700", "755", "750"][usize::try_from(content % 3).unwrap_or(0)]
            ),
            7 => format!("echo {content} >> {one}"),
            8 => format!("cp -rT {one} {other}"),
            _ => format!("rm -rf {one}; mkdir {one} && echo {content} > {one}/n1"),
        }
    }
}

/// What a tree has, without times.
fn tree(dir: &Path) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    let mut all = BTreeMap::new();
    let mut todo = vec![dir.to_owned()];
    while let Some(here) = todo.pop() {
        for entry in fs::read_dir(&here).expect("a directory").flatten() {
            let path = entry.path();
            let metadata = fs::symlink_metadata(&path).expect("there");
            let mut mode = metadata.permissions().mode();
            let content = if metadata.is_dir() {
                todo.push(path.clone());
                Vec::new()
            } else if metadata.is_symlink() {
                mode &= !0o777;
                fs::read_link(&path)
                    .expect("a link")
                    .into_os_string()
                    .into_encoded_bytes()
            } else {
                fs::read(&path).expect("a file")
            };
            let below = path.strip_prefix(dir).expect("below").to_owned();
            all.insert(below, (mode, content));
        }
    }
    all
}

#[test]
fn what_is_done_over_a_copy_and_merged_is_what_doing_it_is() {
    let session = Session::begin();
    for seed in 0..12 {
        let mut numbers = Numbers(seed * 7919 + 1);
        let dir = fresh(&session);
        let begin: Vec<String> = (0..25).map(|_| numbers.operation()).collect();
        let script = begin.join("\n");
        Run::new("sh", ["-c", &script]).dir(&dir).run();
        let before = tree(&dir);
        let direct = session.fresh_dir("cow-direct");
        Run::sh(&format!(
            "cp -aT '{}' '{}'",
            dir.display(),
            direct.display()
        ))
        .run()
        .ok();
        let operations: Vec<String> = (0..40).map(|_| numbers.operation()).collect();
        let script = operations.join("\n");
        Run::new("sh", ["-c", &script]).dir(&direct).run();
        cow(&format!("cd ~/cow\n{script}\ntrue")).run().ok();
        assert_eq!(tree(&dir), before, "seed {seed}: nothing happens outside");
        let listed = oz(["changes", "sh"]).run().ok().text();
        // Nobody changed anything outside, so nothing is to be decided.
        oz(["merge", "sh", "--yes"]).run().ok();
        assert_eq!(tree(&dir), tree(&direct), "seed {seed}: {listed}\n{script}");
        oz(["merge", "sh", "--undo", "--yes"]).run().ok();
        assert_eq!(tree(&dir), before, "seed {seed}: taken back\n{script}");
        oz(["merge", "sh", "--yes"]).run().ok();
        assert_eq!(
            tree(&dir),
            tree(&direct),
            "seed {seed}: and merged again\n{script}"
        );
        let left = cli::json(["changes", "sh"]);
        assert_eq!(
            left.as_array().map(Vec::len),
            Some(0),
            "seed {seed}: {left}"
        );
    }
}

//! Takes the documents along into the test that tries them: in a session the source is not there.

use std::fmt::Write;
use std::path::PathBuf;

fn main() {
    let root =
        PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("..");
    let docs = root.join("docs");
    let mut paths = vec![root.join("README.md")];
    let entries = std::fs::read_dir(&docs).into_iter().flatten().flatten();
    paths.extend(
        entries
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|e| e == "md")),
    );
    paths.sort();
    let mut list = String::new();
    for path in paths.iter().filter(|path| path.exists()) {
        println!("cargo::rerun-if-changed={}", path.display());
        let name = path.strip_prefix(&root).unwrap_or(path);
        let full = path.canonicalize().expect("the document is there");
        writeln!(list, "    ({name:?}, include_str!({full:?})),").expect("a string takes text");
    }
    println!("cargo::rerun-if-changed={}", docs.display());
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
    let text = format!("const DOCUMENTS: &[(&str, &str)] = &[\n{list}];\n");
    std::fs::write(out.join("documents.rs"), text).expect("the list can be written");
}

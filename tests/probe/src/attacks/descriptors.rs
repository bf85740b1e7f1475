//! What the app's parents left it: descriptors, a directory, variables.

use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::MetadataExt;

use crate::attack::{Attack, Class, attack};
use crate::outcome::{Outcome, refused};
use crate::target::Target;

/// What is attacked.
pub const ATTACKS: &[Attack] = &[
    attack(
        "leaked-directory",
        Class::Inherited,
        "CVE-2024-21626",
        |t| by_descriptor(t, "secret"),
    ),
    attack("leaked-file", Class::Inherited, "leaked descriptors", |t| {
        by_descriptor(t, "")
    }),
    attack(
        "leaked-socket",
        Class::Inherited,
        "leaked descriptors",
        leaked_socket,
    ),
    attack(
        "inherited-directory",
        Class::Inherited,
        "inherited working directory",
        |t| {
            let mut text = Vec::new();
            File::open("secret")?.read_to_end(&mut text)?;
            t.recognised("the working directory", &text)
        },
    ),
    attack(
        "dotdot-from-directory",
        Class::Inherited,
        "inherited working directory",
        |t| {
            let mut text = Vec::new();
            File::open("../marker")?.read_to_end(&mut text)?;
            t.recognised("what is above the working directory", &text)
        },
    ),
    attack(
        "reopen-stdin-for-writing",
        Class::Inherited,
        "no descriptor of the host goes in",
        |t| {
            let inode: u64 = t.get("stdin")?.parse().unwrap_or(0);
            let file = OpenOptions::new().append(true).open("/proc/self/fd/0")?;
            if file.metadata()?.ino() == inode {
                Ok("the host's file is open for writing".into())
            } else {
                refused("it is not the host's file")
            }
        },
    ),
    attack(
        "secrets-in-environment",
        Class::Inherited,
        "variables: agents, tokens",
        |t| {
            let all = fs::read("/proc/self/environ")?;
            t.recognised("a variable", &all)
        },
    ),
];

fn descriptors() -> std::io::Result<Vec<String>> {
    let mut all = Vec::new();
    for entry in fs::read_dir("/proc/self/fd")? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !["0", "1", "2"].contains(&&*name) {
            all.push(format!("/proc/self/fd/{name}"));
        }
    }
    Ok(all)
}

/// A descriptor through which the secret can be read, itself or by a name beneath it.
fn by_descriptor(target: &Target, below: &str) -> Outcome {
    for descriptor in descriptors()? {
        let path = if below.is_empty() {
            descriptor.clone()
        } else {
            format!("{descriptor}/{below}")
        };
        if fs::metadata(&path).is_ok_and(|meta| meta.is_file())
            && target.read(path.as_ref()).is_ok()
        {
            return Ok(format!("the secret by {descriptor}"));
        }
    }
    refused("no descriptor leads to it")
}

fn leaked_socket(target: &Target) -> Outcome {
    target.nonce()?;
    for descriptor in descriptors()? {
        let link = fs::read_link(&descriptor).unwrap_or_default();
        if link.to_string_lossy().starts_with("socket:") {
            return Ok(format!("{descriptor} is {}", link.display()));
        }
    }
    refused("no descriptor is a socket")
}

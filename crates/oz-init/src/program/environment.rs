//! Strings and variables of a program.

use std::collections::BTreeMap;
use std::ffi::CString;

use oz_core::OsBytes;
use oz_core::plan::Plan;

/// Without a NUL in it, or nothing.
pub fn c_string(bytes: &OsBytes) -> Option<CString> {
    CString::new(bytes.as_bytes()).ok()
}

/// The plan's variables and those of one program, which win.
pub fn merge(plan: &Plan, more: &[(OsBytes, OsBytes)]) -> Option<Vec<(CString, CString)>> {
    let mut all: BTreeMap<CString, CString> = BTreeMap::new();
    for (name, value) in &plan.environment {
        all.insert(
            CString::new(name.as_str()).ok()?,
            CString::new(value.as_str()).ok()?,
        );
    }
    for (name, value) in more {
        let name =
            c_string(name).filter(|name| !name.is_empty() && !name.as_bytes().contains(&b'='));
        all.insert(name?, c_string(value)?);
    }
    Some(all.into_iter().collect())
}

/// As a program gets them, `NAME=value`.
pub fn lines(variables: Vec<(CString, CString)>) -> Vec<CString> {
    let line = |(name, value): (CString, CString)| {
        let mut bytes = name.into_bytes();
        bytes.push(b'=');
        bytes.extend_from_slice(value.as_bytes());
        CString::new(bytes).unwrap_or_default() // neither part has a NUL
    };
    variables.into_iter().map(line).collect()
}

/// Where the executable may be: the name itself if it has a slash, else in each directory of PATH.
pub fn candidates(plan: &Plan, name: &CString) -> Vec<CString> {
    if name.as_bytes().contains(&b'/') {
        return vec![name.clone()];
    }
    let path = plan
        .environment
        .get("PATH")
        .map_or("/usr/local/bin:/usr/bin:/bin", String::as_str);
    path.split(':')
        .filter(|directory| directory.starts_with('/'))
        .filter_map(|directory| {
            let mut whole = directory.as_bytes().to_vec();
            whole.push(b'/');
            whole.extend_from_slice(name.as_bytes());
            CString::new(whole).ok()
        })
        .collect()
}

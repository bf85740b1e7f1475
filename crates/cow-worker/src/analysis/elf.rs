//! Programs and libraries of the kind ELF: what they name as needed, and where that is.
//! <https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.dynamic.html>

use std::collections::{BTreeSet, VecDeque};
use std::fs::File;
use std::path::{Path, PathBuf};

use object::Endianness;
use object::elf::{DT_NEEDED, DT_RPATH, DT_RUNPATH, DT_STRSZ, DT_STRTAB, EM_AARCH64, EM_X86_64};
use object::elf::{DynamicTag, FileHeader64, Machine, PT_DYNAMIC, PT_INTERP, PT_LOAD};
use object::read::elf::{Dyn, FileHeader, ProgramHeader};
use object::read::{ReadCache, ReadRef};
use oz_core::wire::analysis::{Analysis, Kind, LONGEST, MOST_LIBRARIES, is_plain};

/// Where the loader looks without being told. Those of an architecture come first.
const DIRECTORIES: &[&str] = &[
    TRIPLET,
    "/usr/local/lib",
    "/usr/lib64",
    "/usr/lib",
    "/lib64",
    "/lib",
];

#[cfg(target_arch = "x86_64")]
const TRIPLET: &str = "/usr/lib/x86_64-linux-gnu";
#[cfg(not(target_arch = "x86_64"))]
const TRIPLET: &str = "/usr/lib/aarch64-linux-gnu";

/// Machines whose programs this one runs.
const MACHINE: Machine = if cfg!(target_arch = "x86_64") {
    EM_X86_64
} else {
    EM_AARCH64
};

/// Most names that one file can need; the largest real ones need some hundreds.
const OF_ONE: usize = 512;
/// Most parts of a file, and entries of its dynamic section, that are looked at.
const PARTS: usize = 128;
const ENTRIES: usize = 4096;

/// What one file says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Needs {
    interpreter: Option<String>,
    names: Vec<String>,
    /// Where it wants them looked for first.
    places: Vec<PathBuf>,
    /// Something in it was no plain name, or was too much.
    cut: bool,
}

pub(super) fn analyse(file: &mut File, path: &Path) -> Analysis {
    let Some(program) = needs(file, path) else {
        return Analysis::default();
    };
    let mut complete = !program.cut;
    let mut known: BTreeSet<String> = BTreeSet::new();
    let mut missing = BTreeSet::new();
    // Where the program's libraries are is said by the program for all of them.
    let own = program.places;
    let mut waiting: VecDeque<String> = program.names.into();
    let mut places: Vec<PathBuf> = own;
    while let Some(name) = waiting.pop_front() {
        if known.contains(&name) {
            continue;
        }
        if known.len() == MOST_LIBRARIES {
            complete = false;
            break;
        }
        known.insert(name.clone());
        let Some((mut library, place)) = find(&name, &places) else {
            missing.insert(name);
            continue;
        };
        match needs(&mut library, &place) {
            Some(more) => {
                complete &= !more.cut;
                let new = more
                    .places
                    .into_iter()
                    .filter(|place| !places.contains(place));
                let new: Vec<_> = new.take(PARTS.saturating_sub(places.len())).collect();
                places.extend(new);
                waiting.extend(more.names);
            }
            None => complete = false,
        }
    }
    Analysis {
        kind: Kind::Elf,
        interpreter: program.interpreter,
        libraries: known.into_iter().collect(),
        missing: missing.into_iter().collect(),
        complete,
        ..Analysis::default()
    }
}

/// A library by its name, in the places that programs named and then where all are.
fn find(name: &str, places: &[PathBuf]) -> Option<(File, PathBuf)> {
    if name.contains('/') {
        return None;
    }
    let usual = DIRECTORIES.iter().map(PathBuf::from);
    places.iter().cloned().chain(usual).find_map(|directory| {
        let path = directory.join(name);
        let file = File::open(&path).ok()?;
        file.metadata().ok()?.is_file().then_some((file, path))
    })
}

/// What a file says that it needs; nothing if it is no file of this machine's kind or is broken.
fn needs(file: &mut File, path: &Path) -> Option<Needs> {
    let cache = ReadCache::new(file);
    read(&cache, path)
}

fn read<'data>(data: impl ReadRef<'data>, path: &Path) -> Option<Needs> {
    let header = FileHeader64::<Endianness>::parse(data).ok()?;
    let endian = header.endian().ok()?;
    if header.e_machine(endian) != MACHINE {
        return None;
    }
    let parts = header.program_headers(endian, data).ok()?;
    let mut needs = Needs {
        cut: parts.len() > PARTS,
        ..Needs::default()
    };
    let parts = &parts[..parts.len().min(PARTS)];
    let mut section = None;
    for part in parts {
        match part.p_type(endian) {
            PT_INTERP => {
                let said = data.read_bytes_at(
                    part.p_offset(endian),
                    part.p_filesz(endian).min(LONGEST as u64),
                );
                needs.interpreter = said.ok().and_then(name);
            }
            PT_DYNAMIC => section = part.dynamic(endian, data).ok().flatten(),
            _ => {}
        }
    }
    // A program without one is complete by itself.
    let Some(section) = section else {
        return Some(needs);
    };
    needs.cut |= section.len() > ENTRIES;
    let section = &section[..section.len().min(ENTRIES)];
    let value = |tag: DynamicTag| {
        let entry = section.iter().find(|entry| entry.tag(endian) == tag);
        entry.map(|entry| entry.d_val(endian))
    };
    // The text is said by its address in memory.
    let address = value(DT_STRTAB)?;
    let size = value(DT_STRSZ)?;
    let start = parts.iter().find_map(|part| {
        let (from, size) = (part.p_vaddr(endian), part.p_filesz(endian));
        let within = part.p_type(endian) == PT_LOAD && address >= from && address - from < size;
        within.then(|| part.p_offset(endian).checked_add(address - from))?
    })?;
    let text = |offset: u64| {
        if offset >= size {
            return None;
        }
        let most = (size - offset).min(LONGEST as u64 + 1);
        let bytes = data.read_bytes_at(start.checked_add(offset)?, most).ok();
        name(bytes?)
    };
    for entry in section {
        match entry.tag(endian) {
            DT_NEEDED if needs.names.len() < OF_ONE => match text(entry.d_val(endian)) {
                Some(name) => needs.names.push(name),
                None => needs.cut = true,
            },
            DT_NEEDED => needs.cut = true,
            DT_RPATH | DT_RUNPATH => match origin_text(&data, start, size, entry.d_val(endian)) {
                Some(list) => needs.places.extend(places(&list, path)),
                None => needs.cut = true,
            },
            _ => {}
        }
    }
    Some(needs)
}

/// A list of places, which may have characters in it that names have not.
fn origin_text<'data>(
    data: &impl ReadRef<'data>,
    start: u64,
    size: u64,
    offset: u64,
) -> Option<String> {
    const MOST: u64 = 4096;
    let most = size.checked_sub(offset)?.min(MOST);
    let bytes = data.read_bytes_at(start.checked_add(offset)?, most).ok()?;
    let end = bytes.iter().position(|byte| *byte == 0)?;
    String::from_utf8(bytes[..end].to_vec()).ok()
}

/// Absolute places of such a list; `$ORIGIN` is where the file is.
fn places(list: &str, file: &Path) -> Vec<PathBuf> {
    let origin = file.parent().and_then(Path::to_str).unwrap_or("/");
    let absolute = |place: &str| {
        let place = place
            .replace("${ORIGIN}", origin)
            .replace("$ORIGIN", origin);
        (place.starts_with('/') && !place.contains('$')).then(|| PathBuf::from(place))
    };
    list.split(':').filter_map(absolute).take(16).collect()
}

/// Text up to its end, if it is a plain name.
fn name(bytes: &[u8]) -> Option<String> {
    let end = bytes
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(bytes.len());
    let text = std::str::from_utf8(&bytes[..end]).ok()?;
    is_plain(text).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(path: &str) -> Analysis {
        let mut file = File::open(path).expect("is installed");
        analyse(&mut file, Path::new(path))
    }

    #[test]
    fn a_program_needs_what_its_libraries_need() {
        let own = std::env::current_exe().expect("a path");
        let of_test = of(own.to_str().expect("text"));
        assert_eq!(of_test.kind, Kind::Elf);
        assert!(
            of_test.complete && of_test.missing.is_empty(),
            "{of_test:?}"
        );
        assert!(
            of_test.libraries.iter().any(|name| name == "libc.so.6"),
            "{of_test:?}"
        );
        // The C library itself needs the loader.
        let loader = |name: &String| name.starts_with("ld-linux");
        assert!(of_test.libraries.iter().any(loader), "{of_test:?}");
        assert!(
            of_test
                .interpreter
                .is_some_and(|path| path.contains("ld-linux"))
        );
    }

    #[test]
    fn origin_is_where_the_file_is() {
        let file = Path::new("/opt/app/bin/app");
        let found = places(
            "$ORIGIN/../lib:${ORIGIN}:relative:$LIB/x:/usr/lib/app",
            file,
        );
        let wanted = ["/opt/app/bin/../lib", "/opt/app/bin", "/usr/lib/app"];
        assert_eq!(found, wanted.map(PathBuf::from));
    }

    proptest! {
        #[test]
        fn no_file_breaks_it(
            changes in proptest::collection::vec((0_usize..4096, any::<u8>()), 0..40),
            length in 0_usize..8192,
        ) {
            let own = std::fs::read("/bin/true").expect("is installed");
            let mut bytes = own[..length.min(own.len())].to_vec();
            for (at, byte) in changes {
                if let Some(place) = bytes.get_mut(at) {
                    *place = byte;
                }
            }
            let found = read(bytes.as_slice(), Path::new("/bin/true"));
            for name in found.iter().flat_map(|needs| &needs.names) {
                prop_assert!(is_plain(name));
            }
        }
    }
}

//! Memory.

use super::Group;

pub(super) const GROUPS: &[Group] = &[
    Group {
        reason: "allocation and mapping",
        names: &[
            "brk",
            "madvise",
            "membarrier",
            "memfd_create",
            "mincore",
            "mlock",
            "mlock2",
            "mlockall",
            "mmap",
            "mprotect",
            "mremap",
            "mseal",
            "msync",
            "munlock",
            "munlockall",
            "munmap",
            "remap_file_pages",
        ],
    },
    Group {
        reason: "protection keys, which browsers use for their code",
        names: &["pkey_alloc", "pkey_free", "pkey_mprotect"],
    },
    Group {
        reason: "asked by libraries that allocate by node; moving pages is not allowed",
        names: &["get_mempolicy"],
    },
];

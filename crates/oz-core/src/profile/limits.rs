//! `limits`: how much of the machine the app may take.

mod total_memory;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use total_memory::TotalMemory;

use super::Size;

/// How much of the machine the app may take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Processes and threads, 16 to 65536.
    pub processes: Count<16, 65_536>,
    /// Open files of one process, 64 to 65536. No sandbox gets more than leave the user's other programs
    /// able to pass descriptors: about 250 fewer than the session's own limit, which is mostly 1024.
    pub open_files: Count<64, 65_536>,
    /// Private memory of one process, 64 MiB and more; absent: as much as there is.
    pub memory: Option<Memory>,
    /// Memory of all processes together, what their files in memory take included: a size, or a
    /// part of what the machine has such as `50 %`. They get half as much again of swap. Held by the
    /// session's service manager, where there is one.
    pub total_memory: TotalMemory,
    /// Its part of the processor beside the user's other programs when there is not enough for all, 1 to
    /// 10000; they have 100. Held by the session's service manager, where there is one.
    pub cpu_weight: Count<1, 10_000>,
    /// Each of the file systems in memory (/tmp, /dev/shm, an ephemeral home), 1 MiB to 64 GiB.
    pub tmp_size: TmpSize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            processes: Count::new(2048),
            // Below the usual soft limit of the host's programs: descriptors in flight are counted
            // per user, and a sender that goes over its own limit must be stopped before others are.
            open_files: Count::new(768),
            memory: None,
            // Whatever an app does, the other half starts a terminal and ends it.
            total_memory: TotalMemory::part(50),
            cpu_weight: Count::new(100),
            tmp_size: TmpSize(Size(1 << 30)),
        }
    }
}

/// A whole number within bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "u32", into = "u32")]
#[schemars(with = "u32")]
pub struct Count<const MIN: u32, const MAX: u32>(u32);

/// A size within bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Size", into = "Size")]
#[schemars(with = "Size")]
pub struct TmpSize(Size);

impl<const MIN: u32, const MAX: u32> Count<MIN, MAX> {
    /// A number of our own choice.
    pub(super) const fn new(count: u32) -> Self {
        assert!(MIN <= count && count <= MAX);
        Self(count)
    }

    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }
}

/// A size within bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Size", into = "Size")]
#[schemars(with = "Size")]
pub struct Memory(Size);

impl Memory {
    /// Below this not even the dynamic linker can work.
    const LEAST: u64 = 64 << 20;

    /// In bytes.
    pub fn bytes(self) -> u64 {
        self.0.0
    }
}

impl TryFrom<Size> for Memory {
    type Error = String;

    fn try_from(size: Size) -> Result<Self, String> {
        if size.0 >= Self::LEAST {
            Ok(Self(size))
        } else {
            Err(format!(
                "{size} is out of bounds\nwrite a size of 64 MiB or more"
            ))
        }
    }
}

impl From<Memory> for Size {
    fn from(memory: Memory) -> Self {
        memory.0
    }
}

impl TmpSize {
    /// In bytes.
    pub fn bytes(self) -> u64 {
        self.0.0
    }
}

impl<const MIN: u32, const MAX: u32> TryFrom<u32> for Count<MIN, MAX> {
    type Error = String;

    fn try_from(count: u32) -> Result<Self, String> {
        if (MIN..=MAX).contains(&count) {
            Ok(Self(count))
        } else {
            Err(format!(
                "{count} is out of bounds\nwrite a number from {MIN} to {MAX}"
            ))
        }
    }
}

impl<const MIN: u32, const MAX: u32> From<Count<MIN, MAX>> for u32 {
    fn from(count: Count<MIN, MAX>) -> Self {
        count.0
    }
}

impl TryFrom<Size> for TmpSize {
    type Error = String;

    fn try_from(size: Size) -> Result<Self, String> {
        if (1 << 20..=64 << 30).contains(&size.0) {
            Ok(Self(size))
        } else {
            Err(format!(
                "{size} is out of bounds\nwrite a size from 1 MiB to 64 GiB"
            ))
        }
    }
}

impl From<TmpSize> for Size {
    fn from(size: TmpSize) -> Self {
        size.0
    }
}

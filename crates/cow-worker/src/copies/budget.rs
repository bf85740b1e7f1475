//! How much is looked at to find out which files were renamed.

/// What is left of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Budget {
    /// Changes that are looked at whether they may be the same file,
    pub(super) looks: u64,
    /// pairs of files that are opened,
    pub(super) pairs: u64,
    /// and bytes of them that are read.
    pub(super) bytes: u64,
}

/// To find out what two files have in common takes as long as reading so many bytes for each.
const HASHING: u64 = 8;

impl Default for Budget {
    /// Some seconds of a processor; more than a person moves before looking.
    fn default() -> Self {
        Self {
            looks: 1 << 24,
            pairs: 1 << 18,
            bytes: 16 << 30,
        }
    }
}

impl Budget {
    /// Whether one more is looked at.
    pub(super) fn look(&mut self) -> bool {
        spend(&mut self.looks, 1)
    }

    /// Whether two more are opened.
    pub(super) fn pair(&mut self) -> bool {
        spend(&mut self.pairs, 1)
    }

    /// Whether so many bytes more are read.
    pub(super) fn read(&mut self, bytes: u64) -> bool {
        spend(&mut self.bytes, bytes)
    }

    /// Whether the lines of so many bytes more are compared.
    pub(super) fn hash(&mut self, bytes: u64) -> bool {
        spend(&mut self.bytes, bytes.saturating_mul(HASHING))
    }
}

/// What does not go far enough is spent as well: whoever asks for too much once gets nothing more.
fn spend(left: &mut u64, amount: u64) -> bool {
    let enough = *left >= amount;
    *left = left.saturating_sub(amount);
    enough
}

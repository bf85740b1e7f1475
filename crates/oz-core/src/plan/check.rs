//! Invariants of every plan.

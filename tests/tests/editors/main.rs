//! Real editors with a single file that they may change: opened by argument and by `oz add`, saved twice,
//! closed; in a home that lasts and in one that does not.

mod terminal;
mod windows;

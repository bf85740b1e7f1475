//! Real applications, each started by `oz run`, each a window of the host that looks as it does
//! without Oz.

mod documents;
mod firefox;
mod plain;
mod side_by_side;
mod twin;

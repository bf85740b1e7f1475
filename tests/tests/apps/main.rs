//! Real applications, each started by `oz run`, each a window of the host that looks as it does
//! without Oz.

mod chromium;
mod documents;
mod explained;
mod firefox;
mod inner_walls;
mod plain;
mod side_by_side;
mod twin;

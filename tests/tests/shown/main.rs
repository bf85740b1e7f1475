//! Windows of toolkits and libraries of every kind, each in its border.

mod toolkits;
mod weston;

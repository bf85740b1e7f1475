//! The shared object that the suite loads: an example, since cargo builds those before it runs a package's tests, and no library
//! that is only loaded.

pub use oz_wlcs::wlcs_server_integration;

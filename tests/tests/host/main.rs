//! What of the host an app sees as it is: language, time, fonts, certificates, looks.

mod certificates;
mod fonts;
mod looks;
mod network_files;
mod place_and_time;

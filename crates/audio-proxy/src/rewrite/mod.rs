//! What packets become on their way: [`device`]s lose their names, [`stamp`] decides what an app
//! may say about itself, [`playback`] and [`record`] are the requests that make streams, [`lists`] the
//! answers that name streams and clients.

pub mod device;
pub mod lists;
pub mod playback;
pub mod record;
pub mod stamp;

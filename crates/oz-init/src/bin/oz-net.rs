//! `oz-net`: descriptor 3 is a socket on which requests come and answers go;
//! descriptor 4 is a file with the list of its system calls.

use std::process::ExitCode;

fn main() -> ExitCode {
    let Ok(socket) = oz_sys::descriptors::inherited(3) else {
        return ExitCode::from(2);
    };
    match oz_init::own_list::confine().and_then(|()| oz_init::net::serve(&socket)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

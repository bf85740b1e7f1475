//! What leads through the wall of a sandbox's network, in plain language.

use std::net::SocketAddr;

use oz_core::OsBytes;
use oz_core::plan::Forward;
use oz_core::plan::forward::{Direction, Endpoint};

use crate::words::{tr, tr_with};

/// A sentence for a forward as `oz forward` writes it; one of a later version is shown as it is written.
pub fn words(written: &str) -> String {
    let Ok(forward) = written.parse::<Forward>() else {
        return OsBytes::from(written.as_bytes().to_vec()).to_string();
    };
    let (listen, target) = (place(&forward.listen), place(&forward.target));
    let fill = [("here", listen.as_str()), ("there", target.as_str())];
    match forward.direction {
        Direction::In if listen == target => tr_with("It reaches {there} of this computer", &fill),
        Direction::In => tr_with(
            "It reaches {there} of this computer, as its own {here}",
            &fill,
        ),
        Direction::Out if listen == target => tr_with("This computer reaches its {there}", &fill),
        Direction::Out => tr_with("This computer reaches its {there}, as {here}", &fill),
    }
}

fn place(endpoint: &Endpoint) -> String {
    let port = |port: String, address: &SocketAddr| {
        if address.ip().is_loopback() {
            port
        } else {
            format!("{port} ({})", address.ip())
        }
    };
    let number = |address: &SocketAddr| address.port().to_string();
    match endpoint {
        Endpoint::Tcp(address) => {
            let number = number(address);
            port(
                tr_with("TCP port {number}", &[("number", &number)]),
                address,
            )
        }
        Endpoint::Udp(address) => {
            let number = number(address);
            port(
                tr_with("UDP port {number}", &[("number", &number)]),
                address,
            )
        }
        Endpoint::Unix(path) => {
            let path = OsBytes::from(path.as_bytes().to_vec()).to_string();
            format!("{} {path}", tr("socket"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forward_is_a_sentence_that_says_who_reaches_what() {
        for (written, sentence) in [
            ("in:tcp:9050", "It reaches TCP port 9050 of this computer"),
            (
                "in:tcp:9060=tcp:9050",
                "It reaches TCP port 9050 of this computer, as its own TCP port 9060",
            ),
            ("out:udp:7000", "This computer reaches its UDP port 7000"),
            (
                "out:tcp:9064=unix:/tmp/server",
                "This computer reaches its socket /tmp/server, as TCP port 9064",
            ),
            ("sideways:\u{202e}x", r"sideways:\xe2\x80\xaex"),
        ] {
            assert_eq!(words(written), sentence, "{written}");
        }
    }
}

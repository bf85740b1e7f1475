//! Messages of the kernel's packet log (`linux/netfilter/nfnetlink_log.h`), and of the packets in them where they were
//! to go.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// `NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET`.
const PACKET: u16 = 4 << 8;
/// `NFULA_PAYLOAD`.
const PAYLOAD: u16 = 9;
/// Headers of a netlink message and of one of netfilter.
const HEADERS: usize = 16 + 4;
/// Header of an attribute.
const ATTRIBUTE: usize = 4;
/// Protocols that have ports, at the same place.
const TCP: u8 = 6;
const UDP: u8 = 17;

/// A destination, and the port there as far as it was understood.
pub(super) type Place = (IpAddr, Option<u16>);

/// Where the packets of one datagram of messages were to go. What is not understood is left out.
pub(super) fn places(mut datagram: &[u8]) -> Vec<Place> {
    let mut found = Vec::new();
    while let Some(length) = number32(datagram) {
        let length = length as usize;
        let Some(message) = datagram.get(..length).filter(|_| length >= HEADERS) else {
            break;
        };
        if number16(message.get(4..).unwrap_or_default()) == Some(PACKET) {
            let attributes = message.get(HEADERS..).unwrap_or_default();
            found.extend(payload(attributes).and_then(destination));
        }
        datagram = datagram
            .get(length.next_multiple_of(4)..)
            .unwrap_or_default();
    }
    found
}

fn payload(mut attributes: &[u8]) -> Option<&[u8]> {
    loop {
        let length = usize::from(number16(attributes)?);
        let kind = number16(attributes.get(2..)?)?;
        let value = attributes.get(ATTRIBUTE..length)?;
        if kind == PAYLOAD {
            return Some(value);
        }
        attributes = attributes.get(length.next_multiple_of(4)..)?;
    }
}

/// Of a packet that begins with its IP header (RFC 791, RFC 8200).
fn destination(packet: &[u8]) -> Option<Place> {
    let first = *packet.first()?;
    let (to, protocol, header): (IpAddr, u8, usize) = match first >> 4 {
        4 => {
            let to: [u8; 4] = packet.get(16..20)?.try_into().ok()?;
            let header = usize::from(first & 0xf) * 4;
            (Ipv4Addr::from(to).into(), *packet.get(9)?, header)
        }
        6 => {
            let to: [u8; 16] = packet.get(24..40)?.try_into().ok()?;
            (Ipv6Addr::from(to).into(), *packet.get(6)?, 40)
        }
        _ => return None,
    };
    let port = match (protocol, packet.get(header + 2..header + 4)) {
        (TCP | UDP, Some(&[high, low])) => Some(u16::from_be_bytes([high, low])),
        _ => None,
    };
    Some((to, port))
}

fn number16(bytes: &[u8]) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(..2)?.try_into().ok()?))
}

fn number32(bytes: &[u8]) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(..4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the kernel sends one.
    fn message(packet: &[u8]) -> Vec<u8> {
        let mut attributes = Vec::new();
        // A prefix of an odd length stands before it.
        for (kind, value) in [(10, &b"oz"[..]), (PAYLOAD, packet)] {
            let length = u16::try_from(ATTRIBUTE + value.len()).expect("short");
            attributes.extend(length.to_ne_bytes());
            attributes.extend(kind.to_ne_bytes());
            attributes.extend(value);
            attributes.resize(attributes.len().next_multiple_of(4), 0);
        }
        let length = u32::try_from(HEADERS + attributes.len()).expect("short");
        let mut message = length.to_ne_bytes().to_vec();
        message.extend(PACKET.to_ne_bytes());
        message.resize(HEADERS, 0);
        message.extend(attributes);
        message
    }

    fn v4(protocol: u8, port: u16) -> Vec<u8> {
        let mut packet = vec![0x45, 0, 0, 40, 0, 0, 0, 0, 64, protocol, 0, 0];
        packet.extend([192, 0, 0, 2, 192, 168, 1, 1]);
        packet.extend(40_000_u16.to_be_bytes());
        packet.extend(port.to_be_bytes());
        packet
    }

    fn v6() -> Vec<u8> {
        let mut packet = vec![0x60, 0, 0, 0, 0, 20, UDP, 64];
        packet.extend([0; 16]);
        packet.extend("fe80::1".parse::<Ipv6Addr>().expect("an address").octets());
        packet.extend([1, 1, 0, 53]);
        packet
    }

    #[test]
    fn places_of_several_packets_are_found() {
        let datagram = [
            message(&v4(TCP, 631)),
            message(&v6()),
            message(&v4(1, 9)),
            message(b"nonsense"),
        ]
        .concat();
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        assert_eq!(
            places(&datagram),
            [
                (address("192.168.1.1"), Some(631)),
                (address("fe80::1"), Some(53)),
                (address("192.168.1.1"), None),
            ]
        );
    }

    #[test]
    fn whatever_comes_is_read_to_its_end() {
        let datagram = [message(&v4(TCP, 80)), message(&v6())].concat();
        for end in 0..=datagram.len() {
            assert!(places(&datagram[..end]).len() <= 2);
        }
        // Any one byte changed: lengths of nothing, and of more than there is.
        for place in 0..datagram.len() {
            for value in [0, 1, 3, 4, 0x4f, 0x7f, 0xff] {
                let mut changed = datagram.clone();
                changed[place] = value;
                assert!(places(&changed).len() <= 2);
            }
        }
    }
}

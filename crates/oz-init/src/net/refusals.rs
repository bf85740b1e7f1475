//! A socket that hears what the rules refuse, by the kernel's packet log (`nfnetlink_log`). It is asked for with
//! capabilities over the sandbox's network; to read from it later needs none.

use std::io;
use std::os::fd::OwnedFd;

use oz_core::plan::network::{REFUSALS, REFUSED};
use rustix::net::netlink::{self, SocketAddrNetlink};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};

use super::{Failed, failed};

/// `NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG`.
const CONFIG: u16 = 4 << 8 | 1;
/// `NLM_F_REQUEST | NLM_F_ACK`.
const ACKNOWLEDGED: u16 = 1 | 4;
/// `NFULA_CFG_CMD` with `NFULNL_CFG_CMD_BIND`.
const BIND: (u16, &[u8]) = (1, &[1]);
/// `NFULA_CFG_MODE`: how many bytes of a packet, and `NFULNL_COPY_PACKET`.
const MODE: u16 = 2;
const COPY_PACKET: u8 = 2;
/// `NLMSG_ERROR`, which also says that all is well.
const ERROR: u16 = 2;
/// Of a netlink message.
const HEADER: usize = 16;

/// Makes it.
pub(super) fn hear() -> Result<OwnedFd, Failed> {
    let hear = || -> io::Result<OwnedFd> {
        let socket = rustix::net::socket_with(
            AddressFamily::NETLINK,
            SocketType::RAW,
            SocketFlags::CLOEXEC,
            Some(netlink::NETFILTER),
        )?;
        rustix::net::bind(&socket, &SocketAddrNetlink::new(0, 0))?;
        let mut mode = REFUSED.to_be_bytes().to_vec();
        mode.extend([COPY_PACKET, 0]);
        for (kind, value) in [BIND, (MODE, &mode)] {
            ask(&socket, &message(kind, value))?;
        }
        Ok(socket)
    };
    hear().map_err(failed("listening to what the network refuses"))
}

/// A request of `nfnetlink` about the group, with one attribute.
fn message(kind: u16, value: &[u8]) -> Vec<u8> {
    let attribute = 4 + value.len();
    let mut body = vec![0, 0];
    body.extend(REFUSALS.to_be_bytes());
    body.extend(u16::try_from(attribute).unwrap_or(u16::MAX).to_ne_bytes());
    body.extend(kind.to_ne_bytes());
    body.extend(value);
    body.resize(body.len().next_multiple_of(4), 0);
    let length = u32::try_from(HEADER + body.len()).unwrap_or(u32::MAX);
    let mut message = length.to_ne_bytes().to_vec();
    message.extend(CONFIG.to_ne_bytes());
    message.extend(ACKNOWLEDGED.to_ne_bytes());
    // Neither number nor port of the sender are needed.
    message.extend([0; 8]);
    message.extend(body);
    message
}

/// Sends one and waits for the kernel's answer, which comes at once.
fn ask(socket: &OwnedFd, message: &[u8]) -> io::Result<()> {
    rustix::net::send(socket, message, SendFlags::empty())?;
    let mut answer = [0; 256];
    let (length, _) = rustix::net::recv(socket, &mut answer, RecvFlags::empty())?;
    let answer = answer.get(..length).unwrap_or_default();
    let kind = answer.get(4..6).and_then(|kind| kind.try_into().ok());
    let code = answer.get(HEADER..HEADER + 4);
    let code = code.and_then(|code| code.try_into().ok());
    match (kind.map(u16::from_ne_bytes), code.map(i32::from_ne_bytes)) {
        (Some(ERROR), Some(0)) => Ok(()),
        (Some(ERROR), Some(code)) => Err(io::Error::from_raw_os_error(-code)),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

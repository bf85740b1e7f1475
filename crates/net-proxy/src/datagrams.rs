//! Datagrams: each sender has a socket of its own towards the destination, so that answers find back.

use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Most senders at once; what others send is lost.
const SENDERS: usize = 64;
/// Most datagrams of one sender that wait; more are lost, as datagrams are.
const WAITING: usize = 8;
/// A sender is forgotten when nothing went either way for so long.
const IDLE: Duration = Duration::from_secs(60);
/// Longest datagram.
const LONGEST: usize = 65_535;

/// Serves for ever.
pub(crate) async fn serve(socket: UdpSocket, target: SocketAddr) -> Result<()> {
    let socket = Arc::new(socket);
    let mut senders: HashMap<SocketAddr, mpsc::Sender<Vec<u8>>> = HashMap::new();
    let mut buffer = vec![0; LONGEST];
    loop {
        let (length, sender) = match socket.recv_from(&mut buffer).await {
            Ok(received) => received,
            Err(error) => {
                // Of something that was sent before.
                tracing::debug!(%error, "cannot receive");
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            }
        };
        if senders.get(&sender).is_none_or(mpsc::Sender::is_closed) {
            senders.retain(|_, queue| !queue.is_closed());
            if senders.len() >= SENDERS {
                continue;
            }
            let (queue, datagrams) = mpsc::channel(WAITING);
            tokio::spawn(converse(Arc::clone(&socket), sender, target, datagrams));
            senders.insert(sender, queue);
        }
        if let Some(queue) = senders.get(&sender) {
            let _ = queue.try_send(buffer[..length].to_vec());
        }
    }
}

async fn converse(
    socket: Arc<UdpSocket>,
    sender: SocketAddr,
    target: SocketAddr,
    mut datagrams: mpsc::Receiver<Vec<u8>>,
) {
    let any: SocketAddr = match target {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    // Connected, so that nobody else can answer.
    let own = match UdpSocket::bind(any).await {
        Ok(own) if own.connect(target).await.is_ok() => own,
        _ => return,
    };
    let mut buffer = vec![0; LONGEST];
    loop {
        let turn = async {
            tokio::select! {
                datagram = datagrams.recv() => match datagram {
                    Some(datagram) => {
                        // A destination that is not there may come.
                        let _ = own.send(&datagram).await;
                        true
                    }
                    None => false,
                },
                received = own.recv(&mut buffer) => {
                    if let Ok(length) = received {
                        let _ = socket.send_to(&buffer[..length], sender).await;
                    }
                    true
                }
            }
        };
        if !timeout(IDLE, turn).await.unwrap_or(false) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn each_sender_gets_its_own_answers() {
        let bind = || async { UdpSocket::bind("127.0.0.1:0").await.expect("bound") };
        let (server, relay) = (bind().await, bind().await);
        let (target, place) = (
            server.local_addr().expect("bound"),
            relay.local_addr().expect("bound"),
        );
        tokio::spawn(async move { serve(relay, target).await });
        tokio::spawn(async move {
            let mut buffer = [0; 64];
            while let Ok((length, from)) = server.recv_from(&mut buffer).await {
                let _ = server.send_to(&buffer[..length], from).await;
            }
        });
        for text in [b"one", b"two"] {
            let client = bind().await;
            client.send_to(text, place).await.expect("sent");
            let mut reply = [0; 64];
            let answer = timeout(Duration::from_secs(20), client.recv(&mut reply)).await;
            let length = answer.expect("in time").expect("received");
            assert_eq!(&reply[..length], text);
        }
    }
}

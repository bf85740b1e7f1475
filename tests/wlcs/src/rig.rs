//! The proxy, its host and the suite's clients, each in a thread of this process.

use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use display_proxy::config::{self, Mark};
use display_proxy::host::Backend;
use display_proxy::report::Report;
use display_proxy::server::Server;

use crate::host;
use crate::relay::{self, Objects};

/// What the suite has the host do.
#[derive(Debug)]
pub(crate) enum Order {
    /// Nothing but wait until nothing is on its way.
    Settle,
    /// The n-th surface of the n-th client, to a place on the screen.
    Place(usize, usize, (i32, i32)),
    PointTo((f64, f64)),
    PointBy((f64, f64)),
    Button(u32, bool),
    TouchDown((f64, f64)),
    TouchMove((f64, f64)),
    TouchUp,
    Stop,
}

pub(crate) struct Rig {
    path: PathBuf,
    orders: Arc<Orders>,
    traffic: Arc<Traffic>,
    clients: Mutex<Vec<(RawFd, Arc<Mutex<Objects>>)>>,
    stop: Mutex<Option<OwnedFd>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// What the host is told to do.
struct Orders {
    sender: Sender<(Order, SyncSender<()>)>,
    wake: OwnedFd,
}

impl Orders {
    /// It is over when the clients can hear of it, or when there is no host any more.
    fn give(&self, order: Order) {
        let (done, wait) = sync_channel(1);
        if self.sender.send((order, done)).is_ok() {
            let _ = rustix::io::write(&self.wake, b"x");
            let _ = wait.recv();
        }
    }
}

/// All that passes something on, and where it comes from.
#[derive(Default)]
pub(crate) struct Traffic {
    threads: Mutex<Vec<rustix::thread::Pid>>,
    sockets: Mutex<Vec<UnixStream>>,
}

impl Traffic {
    /// Counts the calling thread in.
    pub(crate) fn join(&self) {
        lock(&self.threads).push(rustix::thread::gettid());
    }

    pub(crate) fn watch(&self, socket: UnixStream) {
        lock(&self.sockets).push(socket);
    }

    /// Whether nothing is on its way: every thread sleeps, and nothing waits to be read at any end of any socket.
    pub(crate) fn rests(&self) -> bool {
        let empty = |socket: &UnixStream| unread(socket) == 0 && unsent(socket) == 0;
        lock(&self.threads).iter().all(|thread| sleeps(*thread))
            && lock(&self.sockets).iter().all(empty)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A thread that is gone rests as well.
fn sleeps(thread: rustix::thread::Pid) -> bool {
    let stat = format!("/proc/self/task/{}/stat", thread.as_raw_nonzero());
    let Ok(stat) = std::fs::read_to_string(stat) else {
        return true;
    };
    stat.rsplit(") ")
        .next()
        .is_none_or(|rest| rest.starts_with('S'))
}

fn unread(socket: &UnixStream) -> u64 {
    rustix::io::ioctl_fionread(socket).unwrap_or(0)
}

nix::ioctl_read_bad!(outq, nix::libc::TIOCOUTQ, nix::libc::c_int);

fn unsent(socket: &UnixStream) -> i32 {
    let mut bytes = 0;
    // SAFETY: the call writes one number, and does so through the pointer to it.
    let asked = unsafe { outq(socket.as_raw_fd(), &raw mut bytes) };
    asked.map_or(0, |_| bytes)
}

static RIGS: AtomicU32 = AtomicU32::new(0);

impl Rig {
    pub(crate) fn start() -> Self {
        let number = RIGS.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("oz-wlcs-{}-{number}", std::process::id()));
        let listener =
            UnixListener::bind(&path).expect("a socket in the directory for temporary files");
        let traffic = Arc::<Traffic>::default();
        let (hosts, connections) = channel();
        let (sender, inbox) = channel();
        let (woken, wake) = rustix::pipe::pipe().expect("a pipe");
        let of_host = Arc::clone(&traffic);
        let host = std::thread::spawn(move || host::run(&connections, &inbox, &woken, &of_host));

        let mut config = config::for_host(config::Host::Wayland("/none".into()));
        // The suite knows only what the app shows.
        config.mark = Mark::None;
        let backend = Backend::Headless(Arc::new(Mutex::new(hosts)));
        let (stopped, stop) = rustix::pipe::pipe().expect("a pipe");
        let of_proxy = Arc::clone(&traffic);
        let proxy = std::thread::spawn(move || {
            of_proxy.join();
            let server = Server::new(config, backend, listener, Report::new(None));
            let mut server = server.expect("a socket that listens");
            server.stop_on(stopped);
            // The suite and the host have theirs in this process as well.
            server.count_descriptors(false);
            display_proxy::confine::confine("/nonexistent".as_ref()).expect("walls");
            server.run();
        });
        Self {
            path,
            orders: Arc::new(Orders { sender, wake }),
            traffic,
            clients: Mutex::default(),
            stop: Mutex::new(Some(stop)),
            threads: Mutex::new(vec![proxy, host]),
        }
    }

    /// A connection for a client.
    pub(crate) fn connect(&self) -> OwnedFd {
        let proxy = UnixStream::connect(&self.path).expect("the proxy listens");
        let orders = Arc::clone(&self.orders);
        let settle = move || orders.give(Order::Settle);
        let pair = relay::between(proxy, &self.traffic, settle);
        let (client, surfaces) = pair.expect("a pair of sockets");
        lock(&self.clients).push((client.as_raw_fd(), surfaces));
        self.order(Order::Settle);
        client.into()
    }

    /// Places the window of a client's surface.
    pub(crate) fn place(&self, socket: RawFd, surface: u32, at: (i32, i32)) {
        // What the client has asked for so far has been counted then.
        self.order(Order::Settle);
        let found = {
            let clients = lock(&self.clients);
            // A number is used again when its descriptor was closed.
            let client = clients.iter().rposition(|(other, _)| *other == socket);
            client.and_then(|client| Some((client, lock(&clients[client].1).position(surface)?)))
        };
        if let Some((client, surface)) = found {
            self.order(Order::Place(client, surface, at));
        }
    }

    /// Has the host do something; it is over when the clients can hear of it.
    pub(crate) fn order(&self, order: Order) {
        self.orders.give(order);
    }

    /// Ends all of it.
    pub(crate) fn stop(&self) {
        drop(lock(&self.stop).take());
        self.order(Order::Stop);
        for thread in lock(&self.threads).drain(..) {
            let _ = thread.join();
        }
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Waits for orders, connections and requests, but not long.
pub(crate) fn wait(woken: &OwnedFd, requests: impl AsFd) {
    use rustix::event::{PollFd, PollFlags, Timespec};
    let mut fds = [
        PollFd::from_borrowed_fd(requests.as_fd(), PollFlags::IN),
        PollFd::from_borrowed_fd(woken.as_fd(), PollFlags::IN),
    ];
    let limit = Timespec {
        tv_sec: 0,
        tv_nsec: 4_000_000,
    };
    let _ = rustix::event::poll(&mut fds, Some(&limit));
    if !fds[1].revents().is_empty() {
        let _ = rustix::io::read(woken, &mut [0; 64]);
    }
}

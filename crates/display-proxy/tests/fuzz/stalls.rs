//! Clients that flood the proxy, and those that send it anything, beside one that does nothing wrong.

use std::time::{Duration, Instant};

use super::client::Client;
use super::flood::{COPIES, FLOODS, Flood, Kind};
use super::neighbour::{Answers, Neighbour};
use super::process::{Process, wait_for};
use super::random::Random;
use super::things::Things;
use super::{AT_ONCE, alone, number, seed};

/// How much larger the proxy may be at the end than when it had met everything once, in kilobytes.
const GROWN: u64 = 32 << 10;

/// How a storm went.
struct Storm {
    requests: u64,
    floods: usize,
    undisturbed: Answers,
    beside: Answers,
    /// By how much the proxy grew after a quarter of the time, in kilobytes.
    grown: u64,
}

/// For a given time, as `cargo xtask fuzz display` gives one, it is a failure if somebody has to wait: longer by a stall than the
/// slowest answer of a proxy that nobody disturbs, at the same time on the same machine. Without one, or of what is built for
/// debugging, only what was seen is said. So it is of pictures that are copied without end: what has been read of a client already
/// is copied in one turn.
#[test]
fn nobody_waits_for_clients_that_flood_the_proxy() {
    let _alone = alone();
    let seed = seed();
    let asked = number("OZ_FUZZ_SECONDS").map(Duration::from_secs);
    let length = asked.unwrap_or(Duration::from_secs(3));
    eprintln!("OZ_FUZZ_SEED={seed}");
    let mut random = Random::new(seed);
    let floods = storm(FLOODS, length, &mut random);
    floods.tell("floods");
    storm(COPIES, length / 4, &mut random).tell("copies without end");
    if asked.is_some() && !cfg!(debug_assertions) {
        let stalls = floods.beside.stalls(&floods.undisturbed);
        assert_eq!(stalls, 0, "somebody else has to wait");
    }
}

impl Storm {
    fn tell(&self, of: &str) {
        let stalls = self.beside.stalls(&self.undisturbed);
        eprintln!(
            "{of}: {} clients, {} requests of others",
            self.floods, self.requests
        );
        eprintln!("undisturbed: {}", self.undisturbed);
        eprintln!("beside them: {}; {stalls} stalls", self.beside);
        eprintln!("{} KB more than after a quarter of the time", self.grown);
    }
}

fn storm(kinds: &'static [Kind], length: Duration, random: &mut Random) -> Storm {
    let things = Things::new();
    let [quiet, mut storm] = [(); 2].map(|()| Process::start());
    // Beside these it has the pictures of borders, once there was one.
    let before = storm.descriptors() + 4;
    let neighbours = [&quiet, &storm].map(|of| Neighbour::of(of.socket()));
    let flood = Flood::of(storm.path(), kinds, Random::new(random.next()));
    let mut clients: Vec<Client> = Vec::new();
    let (mut requests, mut settled) = (0_u64, None);
    let start = Instant::now();
    while start.elapsed() < length {
        while clients.len() < AT_ONCE {
            clients.push(Client::new(storm.socket()));
        }
        for client in &mut clients {
            for _ in 0..random.below(40) {
                requests += u64::from(client.act(random, &things));
            }
            client.hear(random);
        }
        clients.retain(|client| !client.is_gone());
        storm.judge();
        if settled.is_none() && start.elapsed() > length / 4 {
            settled = Some(storm.memory());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    drop(clients);
    let floods = flood.finish();
    let [undisturbed, beside] = neighbours.map(Neighbour::finish);
    let grown = storm.memory().saturating_sub(settled.unwrap_or(u64::MAX));
    assert!(requests > 100 && floods > 0, "nothing was tried");
    wait_for("all descriptors to be closed", || {
        storm.descriptors() <= before
    });
    storm.judge();
    assert!(grown < GROWN, "{grown} KB leak");
    Storm {
        requests,
        floods,
        undisturbed,
        beside,
        grown,
    }
}

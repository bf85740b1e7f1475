//! Hosts that lack something, each something else: what they lack is not offered, nothing that they do not know is
//! asked of them, and windows are shown all the same.

use display_proxy::config::{Config, Mark};
use display_proxy::globals::ALLOWED;
use display_proxy::server::Server;
use oz_core::wire::display::Event;
use oz_testkit::fakehost::{Seen, Versions, linux_dmabuf};

use super::client::Client;
use super::common::{App, Rig};
use super::random::Random;
use super::things::Things;
use super::{NEWER, alone, judge, seed};

/// What no window can do without.
const NEEDED: [&str; 3] = ["wl_compositor", "wl_shm", "xdg_wm_base"];

/// What a client does on each host.
const REQUESTS: usize = 200;

/// What the host has beside what is in the list of the newest, at the versions that it has them.
const USUAL: Versions = &[
    ("wl_subcompositor", 1),
    ("wl_output", 4),
    ("wl_data_device_manager", 3),
    ("wp_viewporter", 1),
    ("xdg_activation_v1", 1),
    ("zxdg_exporter_v1", 1),
    ("zxdg_exporter_v2", 1),
    ("zxdg_importer_v2", 1),
    ("wp_alpha_modifier_v1", 1),
    ("wp_content_type_manager_v1", 1),
    ("wp_fractional_scale_manager_v1", 1),
    ("zwp_idle_inhibit_manager_v1", 1),
    ("zwp_keyboard_shortcuts_inhibit_manager_v1", 1),
    ("zwp_text_input_manager_v3", 1),
    ("xdg_wm_dialog_v1", 1),
    ("xdg_system_bell_v1", 1),
    ("xdg_toplevel_icon_manager_v1", 1),
];

/// The newest host, but for one global, which it lacks or has at its first version.
fn but_for(interface: &'static str, version: u32) -> Versions {
    let all = NEWER.iter().chain(USUAL).copied();
    let others = all.filter(|(other, _)| *other != interface);
    // A test has few of them, and lists that are constants otherwise.
    others
        .chain([(interface, version)])
        .collect::<Vec<_>>()
        .leak()
}

/// A proxy of an app that is given everything.
fn rig(versions: Versions) -> Rig {
    let settings = |config: &mut Config| {
        config.shortcuts = true;
        config.gpu = true;
        config.mark = Mark::Border;
    };
    let gpu = |server: &mut Server| server.take_for_gpu_memory(linux_dmabuf::is_memory);
    Rig::start(versions, settings, gpu)
}

/// What an app is to be offered.
fn expected(versions: Versions) -> Vec<(String, u32)> {
    let offered = |(name, version): &(&str, u32)| {
        let entry = ALLOWED.iter().find(|entry| entry.interface == *name)?;
        let has = *version > 0 && *version >= entry.min_version;
        has.then(|| ((*name).to_owned(), (*version).min(entry.max_version)))
    };
    let mut all: Vec<_> = versions.iter().filter_map(offered).collect();
    all.sort();
    all
}

fn offered(app: &App) -> Vec<(String, u32)> {
    let globals = app.told.globals.iter();
    let mut all: Vec<_> = globals
        .map(|(_, name, version)| (name.clone(), *version))
        .collect();
    all.sort();
    all
}

/// A window that is drawn once more.
fn show(rig: &Rig, app: &mut App, colour: u32) {
    let mut window = app.window();
    app.draw(&mut window, colour);
    rig.host()
        .wait_for(|seen| matches!(seen, Seen::Shown { first, .. } if *first == colour));
}

/// Clients do what they like.
fn stir(rig: &Rig, clients: &mut [Client], random: &mut Random, things: &Things) {
    for _ in 0..REQUESTS / 20 {
        for client in &mut *clients {
            for _ in 0..20 {
                client.act(random, things);
            }
            client.hear(random);
            if client.is_gone() {
                *client = Client::new(rig.socket());
            }
        }
    }
}

/// Likewise, and somebody else has a window.
fn serve(rig: &Rig, clients: &mut [Client], random: &mut Random, things: &Things) {
    stir(rig, clients, random, things);
    rig.still_serves();
    judge(rig);
}

#[test]
fn what_a_host_lacks_is_not_offered_and_windows_are_shown_without() {
    let _alone = alone();
    let seed = seed();
    eprintln!("OZ_FUZZ_SEED={seed}");
    let mut random = Random::new(seed);
    let things = Things::new();
    for (interface, newest) in NEWER.iter().chain(USUAL) {
        for version in [0, 1] {
            if version == *newest {
                continue;
            }
            eprintln!("{interface} at {version}");
            let versions = but_for(interface, version);
            if version == 0 && NEEDED.contains(interface) {
                let rig = rig(versions);
                let _app = rig.socket();
                rig.daemon()
                    .told(|event| matches!(event, Event::ClientRefused { .. }));
                judge(&rig);
                continue;
            }
            // An app that begins there.
            let lacking = rig(versions);
            let mut app = lacking.app();
            assert_eq!(
                offered(&app),
                expected(versions),
                "{interface} at {version}"
            );
            show(&lacking, &mut app, 5);
            let mut clients: Vec<_> = (0..3).map(|_| Client::new(lacking.socket())).collect();
            serve(&lacking, &mut clients, &mut random, &things);
            // And those that come there from one that has everything, with all that they had.
            let mut full = rig(but_for("nothing", 0));
            let mut app = full.app();
            show(&full, &mut app, 6);
            let mut clients: Vec<_> = (0..3).map(|_| Client::new(full.socket())).collect();
            serve(&full, &mut clients, &mut random, &things);
            full.lose_host();
            stir(&full, &mut clients, &mut random, &things);
            full.find_host(versions);
            serve(&full, &mut clients, &mut random, &things);
            show(&full, &mut app, 7);
            judge(&full);
        }
    }
}

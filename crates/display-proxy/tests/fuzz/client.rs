//! One client: the objects that it has, and the next thing that it does.

use std::collections::{BTreeMap, VecDeque};
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use display_proxy::globals::ALLOWED;
use oz_testkit::fakehost::linux_dmabuf;
use wayland_client::Proxy;
use wayland_client::backend::protocol::{ArgumentType, Interface, MessageDesc};
use wayland_client::protocol::wl_display::WlDisplay;

use super::random::Random;
use super::things::{self, LENGTH, Things};
use super::wire::{self, Message};

/// Objects that a client makes before it only uses what it has.
const OBJECTS_MAX: usize = 400;
const REGISTRY: u32 = 2;

pub struct Client {
    socket: UnixStream,
    unread: Vec<u8>,
    objects: BTreeMap<u32, Object>,
    /// Numbers that can be given again.
    free: Vec<u32>,
    next: u32,
    globals: Vec<(u32, &'static Interface, u32)>,
    /// Numbers that came with events: serials, mostly.
    heard: VecDeque<u32>,
    /// Memory of pools, to be truncated at some time.
    memory: VecDeque<OwnedFd>,
    gone: bool,
}

#[derive(Clone, Copy)]
struct Object {
    interface: &'static Interface,
    version: u32,
}

/// The interface of a global that apps are offered.
fn global(name: &str) -> Option<&'static Interface> {
    use wayland_client::protocol as core;
    use wayland_protocols::{wp, xdg};
    macro_rules! all {
        ($($interface:ty),* $(,)?) => {
            [$(<$interface>::interface()),*]
        };
    }
    let all = all![
        core::wl_compositor::WlCompositor,
        core::wl_subcompositor::WlSubcompositor,
        core::wl_shm::WlShm,
        core::wl_seat::WlSeat,
        core::wl_output::WlOutput,
        core::wl_data_device_manager::WlDataDeviceManager,
        xdg::shell::client::xdg_wm_base::XdgWmBase,
        xdg::xdg_output::zv1::client::zxdg_output_manager_v1::ZxdgOutputManagerV1,
        xdg::decoration::zv1::client::zxdg_decoration_manager_v1::ZxdgDecorationManagerV1,
        xdg::activation::v1::client::xdg_activation_v1::XdgActivationV1,
        xdg::foreign::zv1::client::zxdg_exporter_v1::ZxdgExporterV1,
        xdg::foreign::zv2::client::zxdg_exporter_v2::ZxdgExporterV2,
        xdg::foreign::zv1::client::zxdg_importer_v1::ZxdgImporterV1,
        xdg::foreign::zv2::client::zxdg_importer_v2::ZxdgImporterV2,
        xdg::dialog::v1::client::xdg_wm_dialog_v1::XdgWmDialogV1,
        xdg::toplevel_icon::v1::client::xdg_toplevel_icon_manager_v1::XdgToplevelIconManagerV1,
        xdg::system_bell::v1::client::xdg_system_bell_v1::XdgSystemBellV1,
        wp::primary_selection::zv1::client::zwp_primary_selection_device_manager_v1::ZwpPrimarySelectionDeviceManagerV1,
        wp::viewporter::client::wp_viewporter::WpViewporter,
        wp::fractional_scale::v1::client::wp_fractional_scale_manager_v1::WpFractionalScaleManagerV1,
        wp::single_pixel_buffer::v1::client::wp_single_pixel_buffer_manager_v1::WpSinglePixelBufferManagerV1,
        wp::presentation_time::client::wp_presentation::WpPresentation,
        wp::linux_dmabuf::zv1::client::zwp_linux_dmabuf_v1::ZwpLinuxDmabufV1,
        wp::cursor_shape::v1::client::wp_cursor_shape_manager_v1::WpCursorShapeManagerV1,
        wp::relative_pointer::zv1::client::zwp_relative_pointer_manager_v1::ZwpRelativePointerManagerV1,
        wp::pointer_constraints::zv1::client::zwp_pointer_constraints_v1::ZwpPointerConstraintsV1,
        wp::text_input::zv3::client::zwp_text_input_manager_v3::ZwpTextInputManagerV3,
        wp::idle_inhibit::zv1::client::zwp_idle_inhibit_manager_v1::ZwpIdleInhibitManagerV1,
        wp::keyboard_shortcuts_inhibit::zv1::client::zwp_keyboard_shortcuts_inhibit_manager_v1::ZwpKeyboardShortcutsInhibitManagerV1,
        wp::alpha_modifier::v1::client::wp_alpha_modifier_v1::WpAlphaModifierV1,
        wp::content_type::v1::client::wp_content_type_manager_v1::WpContentTypeManagerV1,
        wayland_protocols_misc::server_decoration::client::org_kde_kwin_server_decoration_manager::OrgKdeKwinServerDecorationManager,
    ];
    all.into_iter().find(|interface| interface.name == name)
}

#[test]
fn every_global_on_the_allow_list_is_tried() {
    for entry in ALLOWED {
        assert!(global(entry.interface).is_some(), "{}", entry.interface);
    }
}

impl Client {
    pub fn new(socket: UnixStream) -> Self {
        let display = Object {
            interface: WlDisplay::interface(),
            version: 1,
        };
        let mut client = Self {
            socket,
            unread: Vec::new(),
            objects: BTreeMap::from([(1, display)]),
            free: Vec::new(),
            next: REGISTRY,
            globals: Vec::new(),
            heard: VecDeque::new(),
            memory: VecDeque::new(),
            gone: false,
        };
        let registry = client.make(display.interface.requests[1].child_interface.unwrap(), 1);
        assert_eq!(registry, REGISTRY);
        let mut hello = Message::new(1, 1);
        hello.word(registry);
        client.send(&hello.finish(None), &[]);
        client
    }

    pub fn is_gone(&self) -> bool {
        self.gone
    }

    /// Closes one direction of the connection, or both.
    pub fn leave(&mut self) {
        let _ = self.socket.shutdown(Shutdown::Write);
    }

    fn send(&mut self, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> bool {
        self.gone |= !wire::send(&self.socket, bytes, fds);
        !self.gone
    }

    fn make(&mut self, interface: &'static Interface, version: u32) -> u32 {
        let id = self.free.pop().unwrap_or_else(|| {
            self.next += 1;
            self.next - 1
        });
        self.objects.insert(id, Object { interface, version });
        id
    }

    /// Does one thing; false if the connection has ended.
    pub fn act(&mut self, random: &mut Random, things: &Things) -> bool {
        if self.globals.is_empty() {
            return !self.gone;
        }
        match random.below(60) {
            0..6 if self.objects.len() < OBJECTS_MAX => self.bind(random),
            6..9 => self.window(random),
            9 => self.truncate(random),
            10..12 => self.drawn(random),
            _ => self.request(random, things),
        }
        !self.gone
    }

    fn bind(&mut self, random: &mut Random) {
        let (name, interface, offered) = *random.pick(&self.globals);
        let version = match random.below(12) {
            0 => offered + 1,
            1 => 0,
            _ => 1 + u32::try_from(random.below(offered as usize)).unwrap(),
        };
        self.bind_at(name, interface, version);
    }

    fn bind_at(&mut self, name: u32, interface: &'static Interface, version: u32) -> u32 {
        let id = self.make(interface, version);
        let mut bind = Message::new(REGISTRY, 0);
        bind.word(name);
        bind.blob(format!("{}\0", interface.name).as_bytes());
        bind.word(version);
        bind.word(id);
        self.send(&bind.finish(None), &[]);
        id
    }

    /// The object of a global, bound if there is none yet.
    fn the(&mut self, name: &str) -> Option<u32> {
        let known = self
            .objects
            .iter()
            .find(|(_, object)| object.interface.name == name);
        if let Some((id, _)) = known {
            return Some(*id);
        }
        let global = self
            .globals
            .iter()
            .find(|(_, interface, _)| interface.name == name);
        let (name, interface, version) = *global?;
        Some(self.bind_at(name, interface, version))
    }

    /// A request without surprises, by its name.
    fn ask(&mut self, object: u32, request: &str, words: &[u32], fds: &[BorrowedFd<'_>]) -> u32 {
        let Object { interface, version } = self.objects[&object];
        let opcode = interface
            .requests
            .iter()
            .position(|desc| desc.name == request)
            .unwrap();
        let child = interface.requests[opcode].child_interface;
        let id = child.map_or(0, |child| self.make(child, version));
        let mut message = Message::new(object, opcode);
        if child.is_some() {
            message.word(id);
        }
        words.iter().for_each(|word| message.word(*word));
        self.send(&message.finish(None), fds);
        id
    }

    /// A window with something in it, as well-behaved as can be: what comes later can spoil it.
    fn window(&mut self, random: &mut Random) {
        let (Some(compositor), Some(shm), Some(wm_base)) = (
            self.the("wl_compositor"),
            self.the("wl_shm"),
            self.the("xdg_wm_base"),
        ) else {
            return;
        };
        let surface = self.ask(compositor, "create_surface", &[], &[]);
        if random.once_in(2) {
            let xdg = self.ask(wm_base, "get_xdg_surface", &[surface], &[]);
            self.ask(xdg, "get_toplevel", &[], &[]);
            self.ask(surface, "commit", &[], &[]);
        }
        let memory = things::pixels(random);
        let pool = {
            let fd = memory.try_clone().unwrap();
            self.ask(
                shm,
                "create_pool",
                &[u32::try_from(LENGTH).unwrap()],
                &[fd.as_fd()],
            )
        };
        let buffer = self.ask(pool, "create_buffer", &[0, 16, 16, 64, 0], &[]);
        self.ask(surface, "attach", &[buffer, 0, 0], &[]);
        self.ask(surface, "damage", &[0, 0, 16, 16], &[]);
        if random.once_in(2) {
            self.ask(surface, "frame", &[], &[]);
        }
        if random.once_in(3) {
            self.ask(surface, "commit", &[], &[]);
        }
        self.memory.push_back(memory);
        if self.memory.len() > 16 {
            self.memory.pop_front();
        }
    }

    /// What a GPU has drawn, on its way to a surface: what comes later can spoil it as well.
    fn drawn(&mut self, random: &mut Random) {
        let (Some(compositor), Some(dmabuf)) =
            (self.the("wl_compositor"), self.the("zwp_linux_dmabuf_v1"))
        else {
            return;
        };
        let params = self.ask(dmabuf, "create_params", &[], &[]);
        let memory = linux_dmabuf::memory(&[7; LENGTH]);
        let place = [0, 0, 64, 0, 0];
        self.ask(params, "add", &place, &[memory.as_fd()]);
        let flags = u32::from(random.once_in(8));
        let picture = [16, 16, linux_dmabuf::XRGB, flags];
        if self.objects[&params].version < 2 || random.once_in(2) {
            self.ask(params, "create", &picture, &[]);
            return;
        }
        let buffer = self.ask(params, "create_immed", &picture, &[]);
        let surface = self.ask(compositor, "create_surface", &[], &[]);
        self.ask(surface, "attach", &[buffer, 0, 0], &[]);
        if random.once_in(2) {
            self.ask(surface, "commit", &[], &[]);
        }
    }

    fn truncate(&mut self, random: &mut Random) {
        if !self.memory.is_empty() {
            let at = random.below(self.memory.len());
            let length = u64::try_from(random.below(LENGTH)).unwrap();
            // What has been sealed stays as it is.
            let _ = rustix::fs::ftruncate(&self.memory[at], length);
        }
    }

    /// Any request of any object.
    fn request(&mut self, random: &mut Random, things: &Things) {
        let at = random.below(self.objects.len());
        let (id, Object { interface, version }) = self
            .objects
            .iter()
            .nth(at)
            .map(|(id, object)| (*id, *object))
            .unwrap();
        if interface.requests.is_empty() {
            return;
        }
        let opcode = random.below(interface.requests.len());
        let desc = &interface.requests[opcode];
        let new = desc.since > version && !random.once_in(50);
        let makes = desc.child_interface.is_some() && self.objects.len() >= OBJECTS_MAX;
        // Destruction is half of the requests of small objects, and would be all that is seen.
        let destroys = desc.is_destructor && !random.once_in(4);
        if new || makes || destroys || (id, opcode) == (REGISTRY, 0) {
            return;
        }
        let mut message = Message::new(id, opcode);
        let mut fds = Vec::new();
        let mut own = Vec::new();
        let mut fresh = None;
        if !self.arguments(
            random,
            things,
            desc,
            version,
            &mut message,
            &mut fds,
            &mut own,
            &mut fresh,
        ) {
            return;
        }
        if random.once_in(300) {
            fds.push(things.any(random));
        }
        fds.extend(own.iter().map(|fd: &OwnedFd| fd.as_fd()));
        let length = random
            .once_in(2000)
            .then(|| u16::try_from(random.below(1 << 12)).unwrap());
        let bytes = message.finish(length);
        if let Some((id, object)) = fresh {
            self.objects.insert(id, object);
        }
        if desc.is_destructor {
            self.objects.remove(&id);
        }
        self.gone |= !wire::send(&self.socket, &bytes, &fds);
    }

    #[expect(clippy::too_many_arguments, reason = "one message comes about here")]
    fn arguments<'a>(
        &mut self,
        random: &mut Random,
        things: &'a Things,
        desc: &'static MessageDesc,
        version: u32,
        message: &mut Message,
        fds: &mut Vec<BorrowedFd<'a>>,
        own: &mut Vec<OwnedFd>,
        fresh: &mut Option<(u32, Object)>,
    ) -> bool {
        let wild = random.once_in(40);
        let mut interfaces = desc.arg_interfaces.iter();
        for kind in desc.signature {
            match kind {
                ArgumentType::NewId => {
                    let Some(interface) = desc.child_interface else {
                        return false;
                    };
                    let id = self.make(interface, version);
                    let object = self.objects.remove(&id).unwrap();
                    // A number that is not the next one, or is taken.
                    let wrong = wild && random.once_in(8);
                    *fresh = (!wrong).then_some((id, object));
                    message.word(if wrong { random.word() >> 20 } else { id });
                }
                ArgumentType::Object(null) => {
                    let interface = interfaces.next();
                    let nullable =
                        matches!(null, wayland_client::backend::protocol::AllowNull::Yes);
                    let Some(id) = self.object(random, interface.copied(), nullable, wild) else {
                        return false;
                    };
                    message.word(id);
                }
                ArgumentType::Int => message.word(int(random, wild)),
                ArgumentType::Uint => message.word(self.uint(random, wild)),
                ArgumentType::Fixed => message.word(int(random, wild) << 8),
                ArgumentType::Str(_) => message.blob(&text(random, wild)),
                ArgumentType::Array => {
                    let length = random.below(8) * 4 + usize::from(wild);
                    let array: Vec<u8> = (0..length)
                        .map(|_| random.next().to_ne_bytes()[0])
                        .collect();
                    message.blob(&array);
                }
                ArgumentType::Fd if wild => fds.push(things.any(random)),
                ArgumentType::Fd if desc.name == "add" => {
                    own.push(linux_dmabuf::memory(&[7; LENGTH]));
                }
                ArgumentType::Fd => own.push(things::pixels(random)),
            }
        }
        true
    }

    fn object(
        &self,
        random: &mut Random,
        interface: Option<&'static Interface>,
        nullable: bool,
        wild: bool,
    ) -> Option<u32> {
        if nullable && random.once_in(4) {
            return Some(0);
        }
        if wild && random.once_in(4) {
            return Some(random.word() >> random.below(31));
        }
        let name = interface?.name;
        let fits = |(id, object): (&u32, &Object)| (object.interface.name == name).then_some(*id);
        let all: Vec<u32> = self.objects.iter().filter_map(fits).collect();
        if all.is_empty() {
            return nullable.then_some(0);
        }
        // The newest are those that are not yet used up.
        let at = random.below(all.len());
        Some(if random.once_in(2) {
            all[all.len() - 1]
        } else {
            all[at]
        })
    }

    fn uint(&self, random: &mut Random, wild: bool) -> u32 {
        if wild {
            return random.word() >> random.below(32);
        }
        match self.heard.len() {
            length if length > 0 && random.once_in(2) => self.heard[random.below(length)],
            _ => u32::try_from(random.below(9)).unwrap(),
        }
    }

    /// Takes what has come, and answers some of it.
    pub fn hear(&mut self, random: &mut Random) {
        // A client that does not read for a while.
        if random.once_in(8) {
            return;
        }
        if wire::receive(&self.socket, &mut self.unread).is_none() {
            self.gone = true;
            return;
        }
        for (sender, opcode, arguments) in wire::messages(&mut self.unread) {
            let Some(Object { interface, version }) = self.objects.get(&sender).copied() else {
                continue;
            };
            let Some(desc) = interface.events.get(opcode) else {
                panic!("{} has no event {opcode}", interface.name);
            };
            self.event(random, sender, interface, version, desc, &arguments);
        }
    }

    fn event(
        &mut self,
        random: &mut Random,
        sender: u32,
        interface: &'static Interface,
        version: u32,
        desc: &'static MessageDesc,
        arguments: &[u8],
    ) {
        assert!(
            desc.since <= version,
            "{}.{} is too new",
            interface.name,
            desc.name
        );
        let word = |at: usize| {
            let bytes = arguments.get(at..at + 4);
            u32::from_ne_bytes(bytes.expect("an argument").try_into().unwrap())
        };
        match (interface.name, desc.name) {
            ("wl_display", "error") => self.gone = true,
            ("wl_display", "delete_id") => {
                let id = word(0);
                self.objects.remove(&id);
                // Numbers are given again in any order.
                let at = random.below(self.free.len() + 1);
                self.free.insert(at, id);
            }
            ("wl_registry", "global") => {
                let length = usize::try_from(word(4)).unwrap();
                let name = std::str::from_utf8(&arguments[8..7 + length]).unwrap();
                let version = word(8 + length.next_multiple_of(4));
                let interface = global(name).expect("a global that is on the allow list");
                self.globals.push((word(0), interface, version));
            }
            ("xdg_surface", "configure") if !random.once_in(5) => {
                let serial = word(0);
                self.ask(sender, "ack_configure", &[serial], &[]);
            }
            ("xdg_wm_base", "ping") if !random.once_in(5) => {
                let serial = word(0);
                self.ask(sender, "pong", &[serial], &[]);
            }
            (_, name) => {
                if let (Some(child), [ArgumentType::NewId]) = (desc.child_interface, desc.signature)
                {
                    let object = Object {
                        interface: child,
                        version,
                    };
                    self.objects.insert(word(0), object);
                }
                if desc.signature.first() == Some(&ArgumentType::Uint) && name != "done" {
                    self.heard.push_back(word(0));
                    if self.heard.len() > 16 {
                        self.heard.pop_front();
                    }
                }
            }
        }
    }
}

fn int(random: &mut Random, wild: bool) -> u32 {
    const SMALL: [i32; 12] = [0, 0, 1, 1, 2, 3, 4, 8, 16, 16, 64, 64];
    const WILD: [i32; 10] = [
        -1,
        -2,
        i32::MIN,
        i32::MAX,
        1 << 30,
        1 << 16,
        -(1 << 20),
        4096,
        16_384,
        16_385,
    ];
    let number = *random.pick(if wild {
        WILD.as_slice()
    } else {
        SMALL.as_slice()
    });
    number.cast_unsigned()
}

fn text(random: &mut Random, wild: bool) -> Vec<u8> {
    const TEXTS: [&str; 9] = [
        "text/plain;charset=utf-8",
        "text/uri-list",
        "image/png",
        "org.example.App",
        "a title",
        "",
        "0123456789abcdef0123456789abcdef",
        "día \u{202e}\u{200b}",
        "utilities-terminal",
    ];
    let mut text = random.pick(&TEXTS).as_bytes().to_vec();
    if wild {
        match random.below(3) {
            0 => text = vec![b'x'; 1 + random.below(4000)],
            1 => text = vec![0xff; 7],
            // Without its end. None at all, where there has to be one, is a test of its own in `hostile.rs`.
            _ if !text.is_empty() => return text,
            _ => {}
        }
    }
    text.push(0);
    text
}

//! The suite's interface, version 3: tables of C functions, each with an object of ours behind it.
//!
//! An object begins with its table, so a pointer to the one is a pointer to the other. The suite calls from one thread, and
//! gives back each pointer that it was given, once.

use std::ffi::{c_char, c_int, c_void};
use std::os::fd::IntoRawFd;
use std::sync::Arc;

use crate::rig::{Order, Rig};

/// 24.8 fixed point, as on the wire.
type Fixed = i32;

fn whole(fixed: Fixed) -> f64 {
    f64::from(fixed) / 256.0
}

#[repr(C)]
struct Extension {
    name: *const c_char,
    version: u32,
}

#[repr(C)]
struct Descriptor {
    version: u32,
    count: usize,
    extensions: *const Extension,
}

// SAFETY: what they point to is never written.
unsafe impl Sync for Descriptor {}
// SAFETY: likewise.
unsafe impl Sync for Extension {}

/// What an app in a sandbox is offered, of what the suite has tests for.
static EXTENSIONS: [Extension; 8] = [
    extension(c"wl_compositor", 6),
    extension(c"wl_subcompositor", 1),
    extension(c"wl_shm", 2),
    extension(c"wl_seat", 9),
    extension(c"wl_output", 4),
    extension(c"wl_data_device_manager", 3),
    extension(c"xdg_wm_base", 6),
    extension(c"zwp_primary_selection_device_manager_v1", 1),
];

const fn extension(name: &'static std::ffi::CStr, version: u32) -> Extension {
    Extension {
        name: name.as_ptr(),
        version,
    }
}

static DESCRIPTOR: Descriptor = Descriptor {
    version: 1,
    count: EXTENSIONS.len(),
    extensions: EXTENSIONS.as_ptr(),
};

#[repr(C)]
struct DisplayServer {
    version: u32,
    start: extern "C" fn(*mut DisplayServer),
    stop: extern "C" fn(*mut DisplayServer),
    create_client_socket: extern "C" fn(*mut DisplayServer) -> c_int,
    position_window: extern "C" fn(*mut DisplayServer, *mut c_void, *mut c_void, c_int, c_int),
    create_pointer: extern "C" fn(*mut DisplayServer) -> *mut Pointer,
    create_touch: extern "C" fn(*mut DisplayServer) -> *mut Touch,
    descriptor: extern "C" fn(*const DisplayServer) -> *const Descriptor,
    /// We have a thread of our own.
    start_on_this_thread: *const c_void,
    rig: Option<Arc<Rig>>,
}

#[repr(C)]
struct Pointer {
    version: u32,
    move_absolute: extern "C" fn(*mut Pointer, Fixed, Fixed),
    move_relative: extern "C" fn(*mut Pointer, Fixed, Fixed),
    button_up: extern "C" fn(*mut Pointer, c_int),
    button_down: extern "C" fn(*mut Pointer, c_int),
    destroy: extern "C" fn(*mut Pointer),
    rig: Arc<Rig>,
}

#[repr(C)]
struct Touch {
    version: u32,
    down: extern "C" fn(*mut Touch, c_int, c_int),
    moved: extern "C" fn(*mut Touch, c_int, c_int),
    up: extern "C" fn(*mut Touch),
    destroy: extern "C" fn(*mut Touch),
    rig: Arc<Rig>,
}

/// Where everything begins: found by its name.
#[repr(C)]
pub struct Integration {
    version: u32,
    create_server: extern "C" fn(c_int, *const *const c_char) -> *mut DisplayServer,
    destroy_server: extern "C" fn(*mut DisplayServer),
}

#[unsafe(no_mangle)]
#[allow(non_upper_case_globals, reason = "the suite looks for this name")]
pub static wlcs_server_integration: Integration = Integration {
    version: 1,
    create_server,
    destroy_server,
};

// What the suite has of the client whose window it wants placed. The suite itself has loaded the library.
unsafe extern "C" {
    fn wl_display_get_fd(display: *mut c_void) -> c_int;
    fn wl_proxy_get_id(proxy: *mut c_void) -> u32;
}

extern "C" fn create_server(_count: c_int, _words: *const *const c_char) -> *mut DisplayServer {
    Box::into_raw(Box::new(DisplayServer {
        version: 3,
        start,
        stop,
        create_client_socket,
        position_window,
        create_pointer,
        create_touch,
        descriptor,
        start_on_this_thread: std::ptr::null(),
        rig: None,
    }))
}

extern "C" fn destroy_server(server: *mut DisplayServer) {
    // SAFETY: it is one of `create_server`'s, which nobody uses any more.
    drop(unsafe { Box::from_raw(server) });
}

extern "C" fn start(server: *mut DisplayServer) {
    // SAFETY: the suite has it from us, and calls from one thread.
    let server = unsafe { &mut *server };
    server.rig = Some(Arc::new(Rig::start()));
}

extern "C" fn stop(server: *mut DisplayServer) {
    // SAFETY: as in `start`.
    let server = unsafe { &mut *server };
    if let Some(rig) = server.rig.take() {
        rig.stop();
    }
}

fn rig(server: *mut DisplayServer) -> Arc<Rig> {
    // SAFETY: as in `start`.
    let server = unsafe { &*server };
    Arc::clone(server.rig.as_ref().expect("the server was started"))
}

extern "C" fn create_client_socket(server: *mut DisplayServer) -> c_int {
    rig(server).connect().into_raw_fd()
}

extern "C" fn position_window(
    server: *mut DisplayServer,
    display: *mut c_void,
    surface: *mut c_void,
    x: c_int,
    y: c_int,
) {
    // SAFETY: the suite names a connection and a surface of one of its clients, which live.
    let (socket, surface) = unsafe { (wl_display_get_fd(display), wl_proxy_get_id(surface)) };
    rig(server).place(socket, surface, (x, y));
}

extern "C" fn create_pointer(server: *mut DisplayServer) -> *mut Pointer {
    Box::into_raw(Box::new(Pointer {
        version: 1,
        move_absolute,
        move_relative,
        button_up,
        button_down,
        destroy: destroy_pointer,
        rig: rig(server),
    }))
}

extern "C" fn create_touch(server: *mut DisplayServer) -> *mut Touch {
    Box::into_raw(Box::new(Touch {
        version: 1,
        down,
        moved,
        up,
        destroy: destroy_touch,
        rig: rig(server),
    }))
}

extern "C" fn descriptor(_server: *const DisplayServer) -> *const Descriptor {
    &raw const DESCRIPTOR
}

fn of_pointer(pointer: *mut Pointer, order: Order) {
    // SAFETY: it is one of `create_pointer`'s, which lives until it is destroyed.
    unsafe { &*pointer }.rig.order(order);
}

extern "C" fn move_absolute(pointer: *mut Pointer, x: Fixed, y: Fixed) {
    of_pointer(pointer, Order::PointTo((whole(x), whole(y))));
}

extern "C" fn move_relative(pointer: *mut Pointer, x: Fixed, y: Fixed) {
    of_pointer(pointer, Order::PointBy((whole(x), whole(y))));
}

extern "C" fn button_up(pointer: *mut Pointer, button: c_int) {
    of_pointer(pointer, Order::Button(button.unsigned_abs(), false));
}

extern "C" fn button_down(pointer: *mut Pointer, button: c_int) {
    of_pointer(pointer, Order::Button(button.unsigned_abs(), true));
}

extern "C" fn destroy_pointer(pointer: *mut Pointer) {
    // SAFETY: it is one of `create_pointer`'s, which nobody uses any more.
    drop(unsafe { Box::from_raw(pointer) });
}

fn of_touch(touch: *mut Touch, order: Order) {
    // SAFETY: it is one of `create_touch`'s, which lives until it is destroyed.
    unsafe { &*touch }.rig.order(order);
}

// The header has fixed point here as well; what version 1.5 of the suite gives are whole pixels.

extern "C" fn down(touch: *mut Touch, x: c_int, y: c_int) {
    of_touch(touch, Order::TouchDown((x.into(), y.into())));
}

extern "C" fn moved(touch: *mut Touch, x: c_int, y: c_int) {
    of_touch(touch, Order::TouchMove((x.into(), y.into())));
}

extern "C" fn up(touch: *mut Touch) {
    of_touch(touch, Order::TouchUp);
}

extern "C" fn destroy_touch(touch: *mut Touch) {
    // SAFETY: it is one of `create_touch`'s, which nobody uses any more.
    drop(unsafe { Box::from_raw(touch) });
}

//! A window of one colour.

use std::os::fd::AsFd;

use anyhow::Result;
use rustix::fs::{MemfdFlags, memfd_create};
use wayland_client::QueueHandle;
use wayland_client::globals::GlobalList;
use wayland_client::protocol::wl_compositor::WlCompositor;
use wayland_client::protocol::wl_shm::{self, WlShm};
use wayland_client::protocol::wl_surface::WlSurface;
use wayland_protocols::xdg::shell::client::xdg_wm_base::XdgWmBase;

use crate::Options;
use crate::client::Client;

const SIDE: i32 = 240;

/// Makes one; it is shown once it is configured, by [`show`].
pub(crate) fn make(
    globals: &GlobalList,
    handle: &QueueHandle<Client>,
    options: &Options,
) -> Result<WlSurface> {
    let compositor: WlCompositor = globals.bind(handle, 1..=4, ())?;
    let shell: XdgWmBase = globals.bind(handle, 1..=2, ())?;
    let surface = compositor.create_surface(handle, ());
    let shown = shell.get_xdg_surface(&surface, handle, ());
    let toplevel = shown.get_toplevel(handle, ());
    toplevel.set_title(options.title.clone());
    toplevel.set_app_id("oz-drag".to_owned());
    surface.commit();
    Ok(surface)
}

/// Fills it with its colour.
pub(crate) fn show(
    globals: &GlobalList,
    handle: &QueueHandle<Client>,
    surface: &WlSurface,
    colour: u32,
) -> Result<()> {
    let shm: WlShm = globals.bind(handle, 1..=1, ())?;
    let pixels = usize::try_from(SIDE * SIDE)?;
    let bytes = (colour | 0xff00_0000).to_ne_bytes().repeat(pixels);
    let memory = memfd_create("colour", MemfdFlags::CLOEXEC)?;
    rustix::io::pwrite(&memory, &bytes, 0)?;
    let size = i32::try_from(bytes.len())?;
    let pool = shm.create_pool(memory.as_fd(), size, handle, ());
    let buffer = pool.create_buffer(
        0,
        SIDE,
        SIDE,
        SIDE * 4,
        wl_shm::Format::Xrgb8888,
        handle,
        (),
    );
    surface.attach(Some(&buffer), 0, 0);
    surface.damage(0, 0, SIDE, SIDE);
    surface.commit();
    Ok(())
}

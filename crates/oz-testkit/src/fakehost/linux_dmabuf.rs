//! Buffers of a GPU, as strict as hosts are that end a connection over them.
//!
//! There is no GPU: memory files stand for its memory, and [`is_memory`] tells them from others.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::{MemfdFlags, SealFlags};
use wayland_protocols::wp::linux_dmabuf::zv1::server::zwp_linux_buffer_params_v1::{
    self, Error, ZwpLinuxBufferParamsV1,
};
use wayland_protocols::wp::linux_dmabuf::zv1::server::zwp_linux_dmabuf_feedback_v1::{
    self, TrancheFlags, ZwpLinuxDmabufFeedbackV1,
};
use wayland_protocols::wp::linux_dmabuf::zv1::server::zwp_linux_dmabuf_v1::{
    self, ZwpLinuxDmabufV1,
};
use wayland_server::protocol::wl_buffer::WlBuffer;
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New, Resource};

use super::surface::inert;
use super::{FakeHost, Host, Seen, Versions, shm};

/// `XRGB8888`, as drm_fourcc.h has it.
pub const XRGB: u32 = u32::from_le_bytes(*b"XR24");
/// `NV12`: two planes.
pub const NV12: u32 = u32::from_le_bytes(*b"NV12");
/// Rows one after the other.
pub const LINEAR: u64 = 0;
/// In tiles, as some driver has them: this host cannot import it, for all that it says.
pub const TILED: u64 = 0x0100_0000_0000_0001;
/// What is not named.
pub const UNNAMED: u64 = 0x00ff_ffff_ffff_ffff;
/// The number of the device that this host draws on.
pub const DEVICE: u64 = 0xe280;

/// What this host says that it takes.
const TAKEN: [(u32, u64); 3] = [(XRGB, LINEAR), (XRGB, TILED), (NV12, LINEAR)];

/// What stands for memory of a GPU: a memory file that can neither grow nor shrink, with these contents.
///
/// # Panics
/// When there is no memory.
#[must_use]
pub fn memory(contents: &[u8]) -> OwnedFd {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let fd = rustix::fs::memfd_create("gpu", flags).expect("memory");
    rustix::io::pwrite(&fd, contents, 0).expect("memory");
    rustix::fs::fcntl_add_seals(&fd, SealFlags::GROW | SealFlags::SHRINK).expect("memory");
    fd
}

/// Whether a descriptor is what stands for memory of a GPU.
#[must_use]
pub fn is_memory(fd: BorrowedFd<'_>) -> bool {
    rustix::fs::fcntl_get_seals(fd).is_ok_and(|seals| seals.contains(SealFlags::GROW))
}

impl FakeHost {
    /// Leaves unanswered what buffers of a GPU are asked for from now on.
    pub fn hold_answers(&self) {
        self.have(|host, _| host.hold_answers = true);
    }
}

pub(crate) fn offer(dh: &DisplayHandle, versions: Versions) {
    let name = ZwpLinuxDmabufV1::interface().name;
    let has = |(other, version): &&(&str, u32)| *other == name && *version > 0;
    if let Some((_, version)) = versions.iter().find(has) {
        dh.create_global::<Host, ZwpLinuxDmabufV1, _>(*version, ());
    }
}

impl GlobalDispatch<ZwpLinuxDmabufV1, ()> for Host {
    fn bind(
        _host: &mut Self,
        _dh: &DisplayHandle,
        _client: &Client,
        resource: New<ZwpLinuxDmabufV1>,
        (): &(),
        data_init: &mut DataInit<'_, Self>,
    ) {
        let manager = data_init.init(resource, ());
        for (format, modifier) in TAKEN {
            if manager.version() == 3 {
                manager.modifier(format, high(modifier), low(modifier));
            }
        }
    }
}

fn high(modifier: u64) -> u32 {
    u32::try_from(modifier >> 32).expect("half of it")
}

fn low(modifier: u64) -> u32 {
    u32::try_from(modifier & 0xffff_ffff).expect("half of it")
}

inert!(
    ZwpLinuxDmabufFeedbackV1,
    zwp_linux_dmabuf_feedback_v1::Request
);

/// One tranche for all; for a surface one that a screen could show before it.
fn describe(feedback: &ZwpLinuxDmabufFeedbackV1, surface: bool) {
    let entry = |(format, modifier): (u32, u64)| {
        let words = [format, 0, low(modifier), high(modifier)];
        words.into_iter().flat_map(u32::to_ne_bytes)
    };
    let table: Vec<u8> = TAKEN.into_iter().flat_map(entry).collect();
    let size = u32::try_from(table.len()).expect("it is short");
    feedback.format_table(shm::memory(&table).as_fd(), size);
    let device = || DEVICE.to_ne_bytes().to_vec();
    feedback.main_device(device());
    let tranches: &[(TrancheFlags, &[u16])] = match surface {
        true => &[
            (TrancheFlags::Scanout, &[0]),
            (TrancheFlags::empty(), &[0, 1, 2]),
        ],
        false => &[(TrancheFlags::empty(), &[0, 1, 2])],
    };
    for (flags, indices) in tranches {
        feedback.tranche_target_device(device());
        feedback.tranche_flags(*flags);
        let indices = indices.iter().flat_map(|index| index.to_ne_bytes());
        feedback.tranche_formats(indices.collect());
        feedback.tranche_done();
    }
    feedback.done();
}

impl Dispatch<ZwpLinuxDmabufV1, ()> for Host {
    fn request(
        _host: &mut Self,
        _client: &Client,
        _manager: &ZwpLinuxDmabufV1,
        request: zwp_linux_dmabuf_v1::Request,
        (): &(),
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        use zwp_linux_dmabuf_v1::Request;
        match request {
            Request::CreateParams { params_id } => {
                data_init.init(params_id, Mutex::<Params>::default());
            }
            Request::GetDefaultFeedback { id } => describe(&data_init.init(id, ()), false),
            Request::GetSurfaceFeedback { id, .. } => describe(&data_init.init(id, ()), true),
            _ => {}
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Params {
    planes: [Option<Plane>; 4],
    used: bool,
}

#[derive(Debug)]
struct Plane {
    file: File,
    offset: u32,
    stride: u32,
    modifier: u64,
}

impl Params {
    fn add(&mut self, number: u32, plane: Plane) -> Result<(), Error> {
        if self.used {
            return Err(Error::AlreadyUsed);
        }
        let place = self.planes.get_mut(number as usize);
        match place.ok_or(Error::PlaneIdx)? {
            Some(_) => Err(Error::PlaneSet),
            place => {
                *place = Some(plane);
                Ok(())
            }
        }
    }

    /// The picture, and whether it can be imported.
    fn picture(
        &mut self,
        (width, height): (i32, i32),
        format: u32,
        version: u32,
    ) -> Result<(shm::Buffer, bool), Error> {
        if std::mem::replace(&mut self.used, true) {
            return Err(Error::AlreadyUsed);
        }
        if width < 1 || height < 1 {
            return Err(Error::InvalidDimensions);
        }
        let many = self.planes.iter().flatten().count();
        let planes: Vec<Plane> = self.planes.iter_mut().map_while(Option::take).collect();
        let [first, ..] = planes.as_slice() else {
            return Err(Error::Incomplete);
        };
        if planes.len() < many {
            return Err(Error::Incomplete);
        }
        let (modifier, taken) = (first.modifier, TAKEN.contains(&(format, first.modifier)));
        let unnamed = version < 4 && modifier == UNNAMED;
        if !taken && !unnamed || planes.iter().any(|plane| plane.modifier != modifier) {
            return Err(Error::InvalidFormat);
        }
        let end =
            u64::from(first.offset) + u64::from(first.stride) * u64::from(height.unsigned_abs());
        let size = first.file.metadata().map_or(0, |data| data.len());
        let number = |number| i32::try_from(number).map_err(|_| Error::OutOfBounds);
        let (offset, stride) = (number(first.offset)?, number(first.stride)?);
        if end > size {
            return Err(Error::OutOfBounds);
        }
        let file = first.file.try_clone().expect("a descriptor");
        let picture = shm::Buffer::rows(Arc::new(file), offset, (width, height), stride);
        Ok((picture, modifier != TILED))
    }
}

impl Dispatch<ZwpLinuxBufferParamsV1, Mutex<Params>> for Host {
    fn request(
        host: &mut Self,
        client: &Client,
        params: &ZwpLinuxBufferParamsV1,
        request: zwp_linux_buffer_params_v1::Request,
        data: &Mutex<Params>,
        dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        use zwp_linux_buffer_params_v1::Request;
        let mut data = data.lock().unwrap_or_else(PoisonError::into_inner);
        let version = params.version();
        let noted = |host: &Self, size: (i32, i32)| {
            let words = format!("drawn {} {}", size.0, size.1);
            host.saw(Seen::Extra(words));
        };
        match request {
            Request::Add {
                fd,
                plane_idx,
                offset,
                stride,
                modifier_hi,
                modifier_lo,
            } => {
                if !is_memory(fd.as_fd()) {
                    params.post_error(3_u32, "what is no memory of a GPU reached the host");
                    return;
                }
                let plane = Plane {
                    file: File::from(fd),
                    offset,
                    stride,
                    modifier: u64::from(modifier_hi) << 32 | u64::from(modifier_lo),
                };
                if let Err(error) = data.add(plane_idx, plane) {
                    params.post_error(error, "planes");
                }
            }
            Request::Create {
                width,
                height,
                format,
                flags,
            } => match data.picture((width, height), format, version) {
                Err(error) => params.post_error(error, "no picture"),
                Ok(_) if host.hold_answers => host.saw(Seen::Extra("asked".to_owned())),
                Ok((picture, true)) if u32::from(flags) == 0 => {
                    noted(host, (width, height));
                    let buffer = client.create_resource::<WlBuffer, _, Self>(dh, 1, picture);
                    params.created(&buffer.expect("a client that is there"));
                }
                Ok(_) => params.failed(),
            },
            Request::CreateImmed {
                buffer_id,
                width,
                height,
                format,
                flags,
            } => match data.picture((width, height), format, version) {
                Err(error) => params.post_error(error, "no picture"),
                Ok(_) if u32::from(flags) != 0 => {
                    params.post_error(Error::InvalidWlBuffer, "upside down");
                }
                Ok((picture, imported)) => {
                    noted(host, (width, height));
                    data_init.init(buffer_id, picture);
                    if !imported {
                        params.failed();
                    }
                }
            },
            Request::Destroy => host.saw(Seen::Extra("made".to_owned())),
            _ => {}
        }
    }
}

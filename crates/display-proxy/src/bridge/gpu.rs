//! What a GPU has drawn: descriptors of its memory, and how the pixels lie in them.
//!
//! Nobody reads the pixels here. What is checked are the rules for which hosts end a connection; whether a GPU can read
//! such a layout only the host finds out.

use std::collections::BTreeSet;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use wayland_client::protocol::wl_buffer::WlBuffer as HostBuffer;
use wayland_protocols::wp::linux_dmabuf::zv1::client::zwp_linux_buffer_params_v1::{
    Flags, ZwpLinuxBufferParamsV1 as HostParams,
};
use wayland_protocols::wp::linux_dmabuf::zv1::client::zwp_linux_dmabuf_v1::ZwpLinuxDmabufV1 as HostManager;
use wayland_protocols::wp::linux_dmabuf::zv1::server::zwp_linux_buffer_params_v1::{
    Error, ZwpLinuxBufferParamsV1,
};
use wayland_server::Weak;

use crate::fds;
use crate::held::Holding;
use crate::policy;
use crate::session::Session;

/// Planes of one buffer: the kernel has no more.
pub(crate) const PLANES: usize = 4;

/// "As the driver likes it", of formats whose layout nobody names: `DRM_FORMAT_MOD_INVALID`.
pub(crate) const UNNAMED: u64 = 0x00ff_ffff_ffff_ffff;

/// Of a client: what it was told that it can make, and what it waits for.
#[derive(Debug, Default)]
pub(crate) struct Gpu {
    /// Formats with the layouts that some host took.
    pub(crate) announced: BTreeSet<(u32, u64)>,
    /// Buffers that the host was asked for and has not answered, and by which object.
    pub(crate) asked: Vec<(Weak<ZwpLinuxBufferParamsV1>, Arc<Drawn>)>,
}

/// A piece of memory in which a part of each pixel lies.
#[derive(Debug)]
pub(crate) struct Plane {
    /// It counts as long as this is there.
    pub(crate) _held: Holding,
    pub(crate) fd: OwnedFd,
    pub(crate) offset: u32,
    pub(crate) stride: u32,
    pub(crate) modifier: u64,
}

/// A picture in memory of a GPU.
#[derive(Debug)]
pub(crate) struct Drawn {
    pub(crate) width: i32,
    pub(crate) height: i32,
    /// As in drm_fourcc.h.
    pub(crate) format: u32,
    /// From the first on, at least one.
    pub(crate) planes: Vec<Plane>,
}

/// Why something is no picture: the protocol's error, and a sentence.
pub(crate) type Refusal = (Error, &'static str);

impl Drawn {
    pub(crate) fn new(
        (width, height): (i32, i32),
        format: u32,
        planes: [Option<Plane>; PLANES],
    ) -> Result<Self, Refusal> {
        if !policy::is_side(width) || !policy::is_side(height) {
            let reason = "a size that no picture has";
            return Err((Error::InvalidDimensions, reason));
        }
        let last = planes.iter().rposition(Option::is_some);
        let many = last.map_or(0, |last| last + 1);
        let planes: Vec<Plane> = planes.into_iter().flatten().collect();
        if many == 0 || planes.len() < many {
            return Err((Error::Incomplete, "a plane is missing"));
        }
        let drawn = Self {
            width,
            height,
            format,
            planes,
        };
        let layout = drawn.modifier();
        if drawn.planes.iter().any(|plane| plane.modifier != layout) {
            let reason = "planes that lie in different ways";
            return Err((Error::InvalidFormat, reason));
        }
        drawn.check_bounds()?;
        Ok(drawn)
    }

    /// How its pixels lie.
    pub(crate) fn modifier(&self) -> u64 {
        self.planes.first().map_or(UNNAMED, |plane| plane.modifier)
    }

    pub(crate) fn layout(&self) -> (u32, u64) {
        (self.format, self.modifier())
    }

    /// Whether each plane begins in its memory, and the first, of which the height is known, ends there.
    fn check_bounds(&self) -> Result<(), Refusal> {
        for (number, plane) in self.planes.iter().enumerate() {
            let size = fds::gpu_memory_size(plane.fd.as_fd())
                .map_err(|_| (Error::OutOfBounds, "memory without a size"))?;
            // A second plane may have fewer rows; and in which blocks rows lie depends on the layout.
            let rows = match number {
                0 => u64::from(self.height.unsigned_abs()),
                _ => 1,
            };
            let end = u64::from(plane.offset) + u64::from(plane.stride) * rows;
            if u64::from(plane.offset) >= size || end > size.min(u64::from(u32::MAX)) {
                return Err((Error::OutOfBounds, "a plane ends behind its memory"));
            }
        }
        Ok(())
    }

    /// The host's object for making it, told of all planes.
    pub(crate) fn params<U>(&self, session: &Session, manager: &HostManager, data: U) -> HostParams
    where
        U: Send + Sync + 'static,
        Session: wayland_client::Dispatch<HostParams, U>,
    {
        let params = manager.create_params(&session.qh, data);
        for (plane, number) in self.planes.iter().zip(0..) {
            let [high, low] = [plane.modifier >> 32, plane.modifier & 0xffff_ffff]
                .map(|half| u32::try_from(half).unwrap_or_default());
            let fd = plane.fd.as_fd();
            params.add(fd, number, plane.offset, plane.stride, high, low);
        }
        params
    }

    /// Asks for a buffer of it; the answer comes.
    pub(crate) fn ask(&self, params: &HostParams) {
        params.create(self.width, self.height, self.format, Flags::empty());
    }

    /// A buffer of it at once, whether or not the host can show it.
    pub(crate) fn buffer<U>(&self, session: &Session, params: &HostParams, data: U) -> HostBuffer
    where
        U: Send + Sync + 'static,
        Session: wayland_client::Dispatch<HostBuffer, U>,
    {
        let (none, qh) = (Flags::empty(), &session.qh);
        params.create_immed(self.width, self.height, self.format, none, qh, data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::held::Held;

    fn plane(offset: u32, stride: u32, modifier: u64) -> Plane {
        let fd = fds::own_memory("plane", 4096).unwrap();
        Plane {
            _held: Held::default().hold(1),
            fd,
            offset,
            stride,
            modifier,
        }
    }

    fn error(size: (i32, i32), planes: [Option<Plane>; PLANES]) -> Option<Error> {
        Drawn::new(size, 0, planes).err().map(|(error, _)| error)
    }

    #[test]
    fn a_picture_ends_in_its_memory() {
        let one = |offset, stride| [Some(plane(offset, stride, 0)), None, None, None];
        assert_eq!(error((16, 16), one(0, 256)), None);
        assert_eq!(error((16, 16), one(1, 256)), Some(Error::OutOfBounds));
        assert_eq!(error((16, 16), one(0, u32::MAX)), Some(Error::OutOfBounds));
        assert_eq!(error((16, 16), one(u32::MAX, 4)), Some(Error::OutOfBounds));
        assert_eq!(error((16, 16384), one(0, 1)), Some(Error::OutOfBounds));
    }

    #[test]
    fn a_picture_has_a_size_and_its_planes() {
        let one = || [Some(plane(0, 64, 0)), None, None, None];
        for size in [(0, 1), (1, 0), (-1, 1), (16_385, 1), (1, i32::MAX)] {
            assert_eq!(error(size, one()), Some(Error::InvalidDimensions));
        }
        let none = [None, None, None, None];
        assert_eq!(error((1, 1), none), Some(Error::Incomplete));
        let gap = [Some(plane(0, 64, 0)), None, Some(plane(0, 64, 0)), None];
        assert_eq!(error((1, 1), gap), Some(Error::Incomplete));
        let mixed = [Some(plane(0, 64, 0)), Some(plane(0, 64, 1)), None, None];
        assert_eq!(error((1, 1), mixed), Some(Error::InvalidFormat));
    }
}

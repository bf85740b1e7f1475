//! What the host says about buffers of a GPU.

use std::os::fd::{AsFd, OwnedFd};

use tracing::warn;
use wayland_client::protocol::wl_buffer::{self, WlBuffer as HostBuffer};
use wayland_client::{Connection, Dispatch, QueueHandle, delegate_noop, event_created_child};
use wayland_protocols::wp::linux_dmabuf::zv1::client::zwp_linux_buffer_params_v1::{
    self, ZwpLinuxBufferParamsV1 as HostParams,
};
use wayland_protocols::wp::linux_dmabuf::zv1::client::zwp_linux_dmabuf_feedback_v1::{
    self, ZwpLinuxDmabufFeedbackV1 as HostFeedback,
};
use wayland_protocols::wp::linux_dmabuf::zv1::client::zwp_linux_dmabuf_v1::ZwpLinuxDmabufV1 as HostManager;
use wayland_protocols::wp::linux_dmabuf::zv1::server::zwp_linux_dmabuf_feedback_v1::ZwpLinuxDmabufFeedbackV1;

use crate::app::linux_dmabuf::{Made, Making};
use crate::bridge::buffers;
use crate::fds;
use crate::peer::same;
use crate::session::Session;

/// Bytes of one entry of a table: a format, padding, a modifier.
const ENTRY: usize = 16;
/// Longest table: its entries are counted by 16 bits.
const TABLE_MAX: usize = ENTRY << 16;

// All that it says was asked for before the client was let in.
delegate_noop!(Session: ignore HostManager);

impl Dispatch<HostParams, Making> for Session {
    fn event(
        session: &mut Self,
        host: &HostParams,
        event: zwp_linux_buffer_params_v1::Event,
        making: &Making,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        use zwp_linux_buffer_params_v1::Event;
        match event {
            Event::Created { buffer } => session.gpu_buffer_answered(host, making, Some(buffer)),
            Event::Failed => session.gpu_buffer_answered(host, making, None),
            _ => {}
        }
    }

    event_created_child!(Session, HostParams, [
        zwp_linux_buffer_params_v1::EVT_CREATED_OPCODE => (HostBuffer, Made::default()),
    ]);
}

impl Dispatch<HostBuffer, Made> for Session {
    fn event(
        _session: &mut Self,
        _host: &HostBuffer,
        event: wl_buffer::Event,
        made: &Made,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        // One that the app has destroyed needs no release.
        if let wl_buffer::Event::Release = event
            && let Some(buffer) = made.buffer()
        {
            buffers::give_back(&buffer);
        }
    }
}

impl Dispatch<HostFeedback, ZwpLinuxDmabufFeedbackV1> for Session {
    fn event(
        session: &mut Self,
        _host: &HostFeedback,
        event: zwp_linux_dmabuf_feedback_v1::Event,
        feedback: &ZwpLinuxDmabufFeedbackV1,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        use zwp_linux_dmabuf_feedback_v1::Event;
        match event {
            Event::FormatTable { fd, size } => match session.table(&fd, size) {
                Some(copy) => feedback.format_table(copy.as_fd(), size),
                None => warn!(size, "the host's table of formats is none"),
            },
            Event::MainDevice { device } => feedback.main_device(device),
            Event::TrancheTargetDevice { device } => feedback.tranche_target_device(device),
            Event::TrancheFlags { flags } => {
                if let Some(flags) = same(flags) {
                    feedback.tranche_flags(flags);
                }
            }
            Event::TrancheFormats { indices } => feedback.tranche_formats(indices),
            Event::TrancheDone => feedback.tranche_done(),
            Event::Done => feedback.done(),
            _ => {}
        }
    }
}

impl Session {
    /// A copy of a table, since the host may share its own with all its clients. What is in it the host takes.
    fn table(&mut self, fd: &OwnedFd, size: u32) -> Option<OwnedFd> {
        let size = usize::try_from(size).ok()?;
        if size > TABLE_MAX || !size.is_multiple_of(ENTRY) {
            return None;
        }
        let copy = fds::sealed_copy(fd.as_fd(), size).ok()?;
        let mut bytes = vec![0; size];
        rustix::io::pread(&copy, &mut bytes[..], 0).ok()?;
        let (entries, _) = bytes.as_chunks::<ENTRY>();
        for entry in entries {
            let [format, _, low, high] = std::array::from_fn(|word| {
                let word = &entry[4 * word..4 * word + 4];
                u32::from_ne_bytes(word.try_into().unwrap_or_default())
            });
            let layout = (format, u64::from(high) << 32 | u64::from(low));
            self.known.layouts.insert(layout);
            self.gpu.announced.insert(layout);
        }
        Some(copy)
    }
}

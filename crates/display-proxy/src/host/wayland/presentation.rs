//! Presentation times.

use wayland_client::protocol::wl_output::WlOutput as HostOutput;
use wayland_client::{Connection, Dispatch, Proxy, QueueHandle};
use wayland_protocols::wp::presentation_time::client::wp_presentation::{
    self, WpPresentation as HostPresentation,
};
use wayland_protocols::wp::presentation_time::client::wp_presentation_feedback::{
    self, WpPresentationFeedback as HostFeedback,
};
use wayland_protocols::wp::presentation_time::server::wp_presentation::WpPresentation;
use wayland_protocols::wp::presentation_time::server::wp_presentation_feedback::{
    Kind, WpPresentationFeedback,
};
use wayland_server::Resource;
use wayland_server::protocol::wl_output::WlOutput;

use crate::app::mirror::Mirror;
use crate::session::Session;

impl Dispatch<HostPresentation, WpPresentation> for Session {
    fn event(
        _session: &mut Self,
        _host: &HostPresentation,
        event: wp_presentation::Event,
        presentation: &WpPresentation,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        if let wp_presentation::Event::ClockId { clk_id } = event {
            presentation.clock_id(clk_id);
        }
    }
}

impl Dispatch<HostFeedback, WpPresentationFeedback> for Session {
    fn event(
        _session: &mut Self,
        _host: &HostFeedback,
        event: wp_presentation_feedback::Event,
        feedback: &WpPresentationFeedback,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        use wp_presentation_feedback::Event;
        match event {
            Event::SyncOutput { output } => {
                if let Some(output) = app_output(&output) {
                    feedback.sync_output(&output);
                }
            }
            Event::Presented {
                tv_sec_hi,
                tv_sec_lo,
                tv_nsec,
                refresh,
                seq_hi,
                seq_lo,
                flags,
            } => {
                let flags = Kind::from_bits_truncate(flags.into());
                feedback.presented(
                    tv_sec_hi, tv_sec_lo, tv_nsec, refresh, seq_hi, seq_lo, flags,
                );
            }
            Event::Discarded => feedback.discarded(),
            _ => {}
        }
    }
}

fn app_output(output: &HostOutput) -> Option<WlOutput> {
    output
        .data::<(WlOutput, Mirror)>()
        .map(|(output, _)| output)
        .filter(|output| output.is_alive())
        .cloned()
}

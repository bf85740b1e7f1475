//! Text that the host's input methods write into the app, and what they are told of its fields.
//!
//! Each object has one of the host's. Serials count commits, and every commit is relayed, so they agree on both sides until
//! another host begins to count anew.

use std::sync::atomic::{AtomicU32, Ordering};

use wayland_client::protocol::wl_seat::WlSeat as HostSeat;
use wayland_protocols::wp::text_input::zv3::client::zwp_text_input_manager_v3::ZwpTextInputManagerV3 as HostManager;
use wayland_protocols::wp::text_input::zv3::client::zwp_text_input_v3::{
    ContentHint, ZwpTextInputV3 as HostTextInput,
};
use wayland_protocols::wp::text_input::zv3::server::zwp_text_input_manager_v3::{
    self, ZwpTextInputManagerV3,
};
use wayland_protocols::wp::text_input::zv3::server::zwp_text_input_v3::{self, ZwpTextInputV3};

use wayland_server::backend::ClientId;
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, Resource};

use super::mirror::{mirror_manager, relay};
use crate::peer::{Peer, host_of, manager_of, same};
use crate::policy;
use crate::quota::Kind;
use crate::session::Session;

/// Longest text round the cursor in bytes, as the protocol says.
const SURROUNDING_MAX: usize = 4000;

mirror_manager!(ZwpTextInputManagerV3 => HostManager);

/// User data of a text input: the host's, and how often the app has committed to it, and to those before it.
#[derive(Debug, Default)]
pub(crate) struct TextInput {
    host: Peer<HostTextInput>,
    commits: AtomicU32,
    before: AtomicU32,
}

impl TextInput {
    /// Another of the host's begins to count.
    fn begin(&self) {
        let commits = self.commits.load(Ordering::Relaxed);
        self.before.store(commits, Ordering::Relaxed);
    }

    /// The app's count for one of the host's.
    pub(crate) fn serial(&self, host: u32) -> u32 {
        host.wrapping_add(self.before.load(Ordering::Relaxed))
    }
}

relay!(ZwpTextInputManagerV3 => HostManager, |session, manager, _host, request, init| {
    if let zwp_text_input_manager_v3::Request::GetTextInput { id, seat } = request {
        let input = init.init(id, TextInput::default());
        session.take(Kind::Object, &input);
        if let Some(data) = input.data::<TextInput>() {
            let manager = manager.clone();
            session.link(&input, &data.host, move |session, of| {
                let input = of.clone();
                if let Some(data) = input.data::<TextInput>() {
                    data.begin();
                }
                let manager = manager_of::<HostManager>(session, &manager)?;
                Some(manager.get_text_input(&host_of::<HostSeat>(&seat)?, &session.qh, input))
            });
        }
    }
});

impl Dispatch<ZwpTextInputV3, TextInput> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        input: &ZwpTextInputV3,
        request: zwp_text_input_v3::Request,
        data: &TextInput,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(input);
        if let zwp_text_input_v3::Request::Commit = request {
            data.commits.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(host) = data.host.get() {
            session.relay_text(&host, request);
        }
    }

    fn destroyed(session: &mut Self, _client: ClientId, _input: &ZwpTextInputV3, data: &TextInput) {
        data.host.take().inspect(HostTextInput::destroy);
        session.quota.give(Kind::Object);
    }
}

impl Session {
    fn relay_text(&self, host: &HostTextInput, request: zwp_text_input_v3::Request) {
        use zwp_text_input_v3::Request;
        match request {
            Request::Enable => host.enable(),
            Request::Disable => host.disable(),
            Request::SetSurroundingText {
                text,
                cursor,
                anchor,
            } if text.len() <= SURROUNDING_MAX
            // Input methods cut the text at these places.
            && is_place(&text, cursor)
            && is_place(&text, anchor) =>
            {
                host.set_surrounding_text(text, cursor, anchor);
            }
            Request::SetTextChangeCause { cause } => {
                if let Some(cause) = same(cause) {
                    host.set_text_change_cause(cause);
                }
            }
            Request::SetContentType { hint, purpose } => {
                if let Some(purpose) = same(purpose) {
                    host.set_content_type(ContentHint::from_bits_truncate(hint.into()), purpose);
                }
            }
            Request::SetCursorRectangle {
                x,
                y,
                width,
                height,
            } => {
                let at = |at: i32| at.clamp(-policy::SIDE_MAX, policy::SIDE_MAX);
                let side = |side: i32| side.clamp(0, policy::SIDE_MAX);
                let shift = self.typing.as_ref().map_or((0, 0), |on| self.shift(on));
                let (x, y) = (at(x) - shift.0, at(y) - shift.1);
                host.set_cursor_rectangle(x, y, side(width), side(height));
            }
            Request::Commit => host.commit(),
            _ => {}
        }
    }
}

/// Whether a byte offset lies between two characters of a text.
fn is_place(text: &str, offset: i32) -> bool {
    usize::try_from(offset).is_ok_and(|offset| text.is_char_boundary(offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_stands_between_characters() {
        assert!(is_place("aé", 0) && is_place("aé", 1) && is_place("aé", 3));
        assert!(!is_place("aé", 2) && !is_place("aé", 4) && !is_place("aé", -1));
    }
}

//! What the host's input methods write.

use wayland_client::{Connection, Dispatch, QueueHandle, delegate_noop};
use wayland_protocols::wp::text_input::zv3::client::zwp_text_input_manager_v3::ZwpTextInputManagerV3;
use wayland_protocols::wp::text_input::zv3::client::zwp_text_input_v3::{
    self, ZwpTextInputV3 as HostTextInput,
};
use wayland_protocols::wp::text_input::zv3::server::zwp_text_input_v3::ZwpTextInputV3;
use wayland_server::Resource;

use super::seat::app_surface;
use crate::app::text_input::TextInput;
use crate::session::Session;

delegate_noop!(Session: ZwpTextInputManagerV3);

impl Dispatch<HostTextInput, ZwpTextInputV3> for Session {
    fn event(
        session: &mut Self,
        _host: &HostTextInput,
        event: zwp_text_input_v3::Event,
        input: &ZwpTextInputV3,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        use zwp_text_input_v3::Event;
        match event {
            Event::Enter { surface } => {
                if let Some(surface) = app_surface(&surface) {
                    session.typing = Some(surface.clone());
                    session.places.texts.enter(input, &surface);
                    input.enter(&surface);
                }
            }
            Event::Leave { surface } => {
                session.places.texts.leave(input);
                if let Some(surface) = app_surface(&surface) {
                    input.leave(&surface);
                }
            }
            Event::PreeditString {
                text,
                cursor_begin,
                cursor_end,
            } => input.preedit_string(text, cursor_begin, cursor_end),
            Event::CommitString { text } => input.commit_string(text),
            Event::DeleteSurroundingText {
                before_length,
                after_length,
            } => input.delete_surrounding_text(before_length, after_length),
            Event::Done { serial } => {
                if let Some(data) = input.data::<TextInput>() {
                    input.done(data.serial(serial));
                }
            }
            _ => {}
        }
    }
}

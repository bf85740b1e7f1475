//! xdg_activation: what the window manager is asked for, and with which moment of the user's.
//!
//! Startup notification, where tokens end with such a moment, is for those who start programs. Here only tokens of our own
//! move the focus: any client can write a moment into a name.
//! <https://specifications.freedesktop.org/wm-spec/1.5/ar01s03.html>, `_NET_ACTIVE_WINDOW`

use std::collections::VecDeque;
use std::sync::Mutex;

use wayland_protocols::xdg::activation::v1::server::xdg_activation_token_v1::{
    self, XdgActivationTokenV1,
};
use wayland_protocols::xdg::activation::v1::server::xdg_activation_v1::{self, XdgActivationV1};
use wayland_server::backend::ObjectId;
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, Resource};

use super::State;

/// Tokens that are remembered.
const MOST: usize = 16;

/// The tokens by which the focus may still be moved, each with its moment, as the server counts.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    next: u32,
    issued: VecDeque<(String, u32)>,
}

impl Tokens {
    fn issue(&mut self, time: Option<u32>) -> String {
        self.next = self.next.wrapping_add(1);
        let name = format!("oz-{}_TIME{}", self.next, time.unwrap_or(0));
        if let Some(time) = time {
            self.issued.truncate(MOST - 1);
            self.issued.push_front((name.clone(), time));
        }
        name
    }

    fn take(&mut self, name: &str) -> Option<u32> {
        let at = self.issued.iter().position(|(known, _)| known == name)?;
        self.issued.remove(at).map(|(_, time)| time)
    }
}

/// The moment of a token that is being made, if it names something that the user did.
type Moment = Mutex<Option<u32>>;

impl Dispatch<XdgActivationV1, ()> for State {
    fn request(
        state: &mut Self,
        _client: &Client,
        _activation: &XdgActivationV1,
        request: xdg_activation_v1::Request,
        (): &(),
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        match request {
            xdg_activation_v1::Request::GetActivationToken { id } => {
                data_init.init(id, Moment::default());
            }
            xdg_activation_v1::Request::Activate { token, surface } => {
                let moment = state.tokens.take(&token);
                state.activate(&surface.id(), moment);
            }
            _ => {}
        }
    }
}

impl Dispatch<XdgActivationTokenV1, Moment> for State {
    fn request(
        state: &mut Self,
        _client: &Client,
        token: &XdgActivationTokenV1,
        request: xdg_activation_token_v1::Request,
        moment: &Moment,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        let Ok(mut moment) = moment.lock() else {
            return;
        };
        match request {
            xdg_activation_token_v1::Request::SetSerial { serial, .. } => {
                *moment = state.seat.knows(serial).then_some(state.seat.time);
            }
            xdg_activation_token_v1::Request::Commit => token.done(state.tokens.issue(*moment)),
            _ => {}
        }
    }
}

impl State {
    /// Gives a window the focus, if the window manager does, or points it out.
    fn activate(&mut self, id: &ObjectId, moment: Option<u32>) {
        let Some(window) = self.window(id).map(|window| window.id) else {
            return;
        };
        let atoms = &self.screen.atoms;
        match moment {
            // 1: an app asks, not a pager.
            Some(_) if !self.is_managed() => self.raise_and_focus(window),
            Some(time) => {
                self.tell_manager(window, atoms._NET_ACTIVE_WINDOW, [1, time, 0, 0, 0]);
            }
            None => {
                let urgent = atoms._NET_WM_STATE_DEMANDS_ATTENTION;
                self.change_state(window, true, [urgent, 0]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_moves_the_focus_once_and_only_if_the_user_did_something() {
        let mut tokens = Tokens::default();
        let (idle, clicked) = (tokens.issue(None), tokens.issue(Some(7)));
        assert_eq!(tokens.take(&idle), None);
        assert_eq!(tokens.take("oz-2_TIME8"), None, "nobody issued it");
        assert_eq!(tokens.take(&clicked), Some(7));
        assert_eq!(tokens.take(&clicked), None);
        let first = tokens.issue(Some(1));
        for time in 0..MOST {
            tokens.issue(Some(u32::try_from(time).unwrap()));
        }
        assert_eq!(tokens.take(&first), None, "it was the first of too many");
    }
}

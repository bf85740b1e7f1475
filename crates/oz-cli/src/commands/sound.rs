//! `oz mic` and `oz speaker`: what a running app hears, and whether it is heard.

use zbus::Variant;

use crate::arguments::{Mic, Speaker};
use crate::bus::Bus;
use crate::error::Result;

pub(crate) async fn mic(what: Mic) -> Result<u8> {
    let state = what.state.map(|state| state.word());
    set(&what.id, "Microphone", state, what.volume).await
}

pub(crate) async fn speaker(what: Speaker) -> Result<u8> {
    let state = what.state.map(|state| state.word());
    set(&what.id, "Speaker", state, what.volume).await
}

async fn set(id: &str, property: &str, state: Option<&str>, volume: Option<u8>) -> Result<u8> {
    let bus = Bus::connect().await?;
    // The volume first: nobody is startled by what is turned on and down.
    if let Some(volume) = volume {
        let name = format!("{property}Volume");
        bus.set(id, &name, Variant::from(volume)).await?;
    }
    if let Some(state) = state {
        bus.set(id, property, Variant::from(state)).await?;
    }
    Ok(0)
}

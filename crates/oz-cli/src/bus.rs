//! The daemon, as far as `oz` asks it things.

mod prompt;
mod sandbox;
mod summary;

pub(crate) use prompt::Prompt;
pub(crate) use sandbox::{Denial, Enforcement, File, Sandbox, StillOpen};
#[cfg(test)]
pub(crate) use summary::Direction;
pub(crate) use summary::Summary;

use std::collections::HashMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zbus::{Connection, OwnedVariant, Type, Variant};

use crate::error::{Error, Result};

const NAME: &str = "org.oz.Oz1";
const ROOT: &str = "/org/oz/Oz1";
const MANAGER: &str = "org.oz.Manager1";
const SANDBOX: &str = "org.oz.Sandbox1";
/// One of another version.
const STRANGER: &str = "org.oz.Stranger1";

/// A connection to the session bus; the daemon is started by the first call.
pub(crate) struct Bus(Connection);

impl Bus {
    pub(crate) async fn connect() -> Result<Self> {
        Connection::session()
            .await
            .map(Self)
            .map_err(Error::from_bus)
    }

    async fn call<A, R>(
        &self,
        path: &str,
        interface: &str,
        method: &str,
        arguments: &A,
    ) -> Result<R>
    where
        A: Serialize + Type,
        R: DeserializeOwned + Type,
    {
        let reply = self
            .0
            .call_method(Some(NAME), path, Some(interface), method, arguments);
        let reply = reply.await.map_err(Error::from_bus)?;
        reply.body().deserialize().map_err(Error::from_bus)
    }

    /// Has the bus read the files of its services again.
    pub(crate) async fn reload_services(&self) -> Result<()> {
        self.of_the_bus("ReloadConfig", &()).await
    }

    /// Calls a method of the bus itself.
    async fn of_the_bus<A, R>(&self, method: &str, arguments: &A) -> Result<R>
    where
        A: Serialize + Type,
        R: DeserializeOwned + Type,
    {
        let (name, path) = ("org.freedesktop.DBus", "/org/freedesktop/DBus");
        let reply = self
            .0
            .call_method(Some(name), path, Some(name), method, arguments);
        let reply = reply.await.map_err(Error::from_bus)?;
        reply.body().deserialize().map_err(Error::from_bus)
    }

    /// Calls a method of the manager.
    pub(crate) async fn manager<A, R>(&self, method: &str, arguments: &A) -> Result<R>
    where
        A: Serialize + Type,
        R: DeserializeOwned + Type,
    {
        self.call(ROOT, MANAGER, method, arguments).await
    }

    /// Calls a method of a sandbox.
    pub(crate) async fn sandbox<A, R>(&self, id: &str, method: &str, arguments: &A) -> Result<R>
    where
        A: Serialize + Type,
        R: DeserializeOwned + Type,
    {
        let reply = self
            .call(&sandbox::path(id)?, SANDBOX, method, arguments)
            .await;
        reply.map_err(|error: Error| sandbox::explain(error, id))
    }

    /// Ends a sandbox, whatever version has started it.
    pub(crate) async fn stop(&self, id: &str) -> Result<()> {
        let options: HashMap<String, OwnedVariant> = HashMap::new();
        let arguments = (options,);
        let path = sandbox::path(id)?;
        match self.call(&path, SANDBOX, "Stop", &arguments).await {
            Err(error) if sandbox::is_unknown(&error) => {
                let stopped = self.call(&path, STRANGER, "Stop", &arguments).await;
                stopped.map_err(|error| sandbox::explain(error, id))
            }
            result => result,
        }
    }

    /// Changes a property of a sandbox.
    pub(crate) async fn set(&self, id: &str, property: &str, value: Variant<'_>) -> Result<()> {
        let properties = "org.freedesktop.DBus.Properties";
        let arguments = (SANDBOX, property, value);
        let reply = self
            .call(&sandbox::path(id)?, properties, "Set", &arguments)
            .await;
        reply.map_err(|error: Error| sandbox::explain(error, id))
    }

    /// All sandboxes by name, those of another version of Oz among them.
    pub(crate) async fn list(&self) -> Result<Vec<Summary>> {
        let mut list: Vec<Summary> = self.manager("List", &()).await?;
        list.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(list)
    }

    /// One sandbox.
    pub(crate) async fn get(&self, id: &str) -> Result<Sandbox> {
        let properties: Result<HashMap<String, OwnedVariant>> = self
            .call(
                &sandbox::path(id)?,
                "org.freedesktop.DBus.Properties",
                "GetAll",
                &(SANDBOX,),
            )
            .await;
        Sandbox::from_properties(properties.map_err(|error| sandbox::explain(error, id))?)
    }
}

/// Has the daemon say that what is kept of copies has changed. One that does not run has nobody to say it to, and is not started
/// for that.
pub(crate) async fn say_that_copies_changed() {
    let say = async {
        let bus = Bus::connect().await?;
        if bus.of_the_bus("NameHasOwner", &(NAME,)).await? {
            return bus.call(ROOT, "org.oz.Copies1", "Refresh", &()).await;
        }
        Ok(())
    };
    // Without a bus nobody shows anything.
    let _: Result<()> = say.await;
}

/// One of the things that the daemon says `of` something.
fn value<T>(all: &mut HashMap<String, OwnedVariant>, name: &str, of: &str) -> Result<T>
where
    T: TryFrom<OwnedVariant>,
{
    let value = all.remove(name).and_then(|value| T::try_from(value).ok());
    value.ok_or_else(|| unsaid(name, of))
}

fn unsaid(name: &str, of: &str) -> Error {
    Error::failed(
        format!("the daemon does not say {name} of {of}."),
        "It may be of another version: end it, and it is started anew by the next command.",
    )
}

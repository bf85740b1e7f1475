// The daemon, as the session bus shows it: which sandboxes run and what they may do, by signals from the moment when it
// is there until it goes. It is never started by this; only what a person asks for starts something.
//
// This file knows neither the shell nor a toolkit: `gjs -m` runs it.

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

const NAME = 'org.oz.Oz1';
const ROOT = '/org/oz/Oz1';
const SANDBOX = 'org.oz.Sandbox1';
const STRANGER = 'org.oz.Stranger1';
const COPIES = 'org.oz.Copies1';
const OBJECTS = 'org.freedesktop.DBus.ObjectManager';
const PROPERTIES = 'org.freedesktop.DBus.Properties';
const PANEL = 'org.oz.Panel';
const APPLICATION = 'org.freedesktop.Application';

// So often is told what is different: what apps do changes properties as often as they like.
const MOMENT_MS = 50;

// How long an answer may take: stopping waits for programs that end in order.
const PATIENCE_MS = 60000;

function unpacked(properties) {
    const entries = Object.entries(properties);
    return Object.fromEntries(entries.map(([name, value]) => [name, value.recursiveUnpack()]));
}

// A sandbox by its interfaces, each with its properties; null if the object is none.
function sandbox(interfaces) {
    if (interfaces[SANDBOX])
        return {...unpacked(interfaces[SANDBOX]), stranger: false};
    if (interfaces[STRANGER])
        return {...unpacked(interfaces[STRANGER]), stranger: true};
    return null;
}

export class Daemon {
    #connection;
    #tell;
    #signals = [];
    #watch = 0;
    #sandboxes = new Map();
    // Of the question what there is.
    #asking = null;
    // What is to be told, and when: a source of the main loop.
    #news = new Set();
    #moment = 0;
    #gone = false;

    // `tell` is called with the paths of the sandboxes of which something is new, gone or different, and with null when
    // that may be so of all.
    constructor(connection, tell) {
        this.#connection = connection;
        this.#tell = () => {
            this.#moment = 0;
            const news = this.#news;
            this.#news = new Set();
            tell(news.has(null) ? null : [...news]);
            return GLib.SOURCE_REMOVE;
        };
        const hear = (iface, member, take) => this.#signals.push(connection.signal_subscribe(
            NAME, iface, member, null, null, Gio.DBusSignalFlags.NONE,
            (_connection, _sender, path, _iface, _member, parameters) => take(path, parameters.deepUnpack())));
        hear(OBJECTS, 'InterfacesAdded', (_root, [path, interfaces]) => this.#added(path, interfaces));
        hear(OBJECTS, 'InterfacesRemoved', (_root, [path, interfaces]) => this.#removed(path, interfaces));
        hear(PROPERTIES, 'PropertiesChanged', (path, [iface, changed]) => this.#changed(path, iface, changed));
        this.#watch = Gio.bus_watch_name_on_connection(
            connection, NAME, Gio.BusNameWatcherFlags.NONE,
            () => this.#appeared(), () => this.#vanished());
    }

    // Path of each on the bus → its properties by their names there, and `stranger`: whether another version of Oz
    // runs it, so that it can only be ended.
    get sandboxes() {
        return this.#sandboxes;
    }

    destroy() {
        if (this.#moment)
            GLib.source_remove(this.#moment);
        this.#moment = 0;
        this.#signals.forEach(signal => this.#connection.signal_unsubscribe(signal));
        this.#signals = [];
        Gio.bus_unwatch_name(this.#watch);
        this.#asking?.cancel();
        this.#sandboxes.clear();
        this.#gone = true;
    }

    setMicrophone(path, state) {
        return this.#set(path, 'Microphone', state);
    }

    setSpeaker(path, state) {
        return this.#set(path, 'Speaker', state);
    }

    setClipboard(path, way) {
        return this.#set(path, 'Clipboard', way);
    }

    // `file` is the path's bytes, as `Files` has them.
    removeFile(path, file) {
        return this.#call(path, SANDBOX, 'RemoveFiles', new GLib.Variant('(aay)', [[file]]));
    }

    removeForward(path, forward) {
        return this.#call(path, SANDBOX, 'RemoveForward', new GLib.Variant('(s)', [forward]));
    }

    // How many changes a sandbox has written over copies by now, by its name.
    async countChanges(id) {
        const reply = await this.#call(ROOT, COPIES, 'Count', new GLib.Variant('(s)', [id]));
        return reply.deepUnpack()[0];
    }

    stop(path) {
        const iface = this.#sandboxes.get(path)?.stranger ? STRANGER : SANDBOX;
        return this.#call(path, iface, 'Stop', new GLib.Variant('(a{sv})', [{}]));
    }

    // Brings up the panel, which is started if need be. `token` is the desktop's leave to take the keyboard.
    openPanel(token) {
        return this.#ask('Activate', new GLib.Variant('(a{sv})', [leave(token)]));
    }

    // The same for one of its actions: `show` and `add-files` with the path of a sandbox, `shell` and `changes` with its name.
    openPanelFor(action, of, token) {
        const words = [action, [new GLib.Variant('s', of)], leave(token)];
        return this.#ask('ActivateAction', new GLib.Variant('(sava{sv})', words));
    }

    #hasNews(path) {
        if (this.#gone)
            return;
        this.#news.add(path);
        this.#moment ||= GLib.timeout_add(GLib.PRIORITY_DEFAULT, MOMENT_MS, this.#tell);
    }

    #ask(method, parameters) {
        const object = `/${PANEL.replaceAll('.', '/')}`;
        return call(this.#connection, PANEL, object, APPLICATION, method, parameters, Gio.DBusCallFlags.NONE, null);
    }

    #set(path, property, state) {
        const parameters = new GLib.Variant('(ssv)', [SANDBOX, property, new GLib.Variant('s', state)]);
        return this.#call(path, PROPERTIES, 'Set', parameters);
    }

    #call(path, iface, method, parameters, cancellable = null) {
        const flags = Gio.DBusCallFlags.NO_AUTO_START;
        return call(this.#connection, NAME, path, iface, method, parameters, flags, cancellable);
    }

    async #appeared() {
        this.#asking?.cancel();
        const asking = new Gio.Cancellable();
        this.#asking = asking;
        let objects;
        try {
            const reply = await this.#call(ROOT, OBJECTS, 'GetManagedObjects', null, asking);
            [objects] = reply.deepUnpack();
        } catch {
            // It has gone again, or we have.
            return;
        }
        if (asking.is_cancelled())
            return;
        this.#sandboxes.clear();
        for (const [path, interfaces] of Object.entries(objects)) {
            const found = sandbox(interfaces);
            if (found)
                this.#sandboxes.set(path, found);
        }
        this.#hasNews(null);
    }

    #vanished() {
        this.#asking?.cancel();
        this.#sandboxes.clear();
        this.#hasNews(null);
    }

    #added(path, interfaces) {
        const found = sandbox(interfaces);
        if (!found)
            return;
        this.#sandboxes.set(path, found);
        this.#hasNews(path);
    }

    #removed(path, interfaces) {
        const ours = interfaces.some(name => name === SANDBOX || name === STRANGER);
        if (ours && this.#sandboxes.delete(path))
            this.#hasNews(path);
    }

    #changed(path, iface, changed) {
        const known = this.#sandboxes.get(path);
        if (!known || iface !== SANDBOX)
            return;
        Object.assign(known, unpacked(changed));
        this.#hasNews(path);
    }
}

function leave(token) {
    if (!token)
        return {};
    const value = new GLib.Variant('s', token);
    return {'activation-token': value, 'desktop-startup-id': value};
}

function call(connection, name, path, iface, method, parameters, flags, cancellable) {
    return new Promise((resolve, reject) => {
        connection.call(
            name, path, iface, method, parameters, null, flags, PATIENCE_MS, cancellable,
            (_connection, result) => {
                try {
                    resolve(connection.call_finish(result));
                } catch (error) {
                    Gio.DBusError.strip_remote_error(error);
                    reject(error);
                }
            });
    });
}

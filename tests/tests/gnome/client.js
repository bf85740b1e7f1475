// The extension's client of the daemon, without the shell: what it knows is written line by line, what it shall do read.

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

import {Daemon} from './bus.js';
import {fileName} from './said.js';

const loop = new GLib.MainLoop(null, false);
const say = what => print(JSON.stringify(what));

const daemon = new Daemon(Gio.DBus.session, changed => {
    const all = [...daemon.sandboxes].map(([path, {Id, Microphone, Files, Colour, DisplayPid, stranger}]) => {
        const files = Files.map(file => fileName(file.path));
        return [Id, {path, microphone: Microphone, files, colour: Colour, display: DisplayPid, stranger}];
    });
    say({changed, all: Object.fromEntries(all)});
});

const input = new Gio.DataInputStream({base_stream: new Gio.UnixInputStream({fd: 0})});
const next = () => input.read_line_async(0, null, (_input, result) => {
    const [line] = input.read_line_finish_utf8(result);
    if (line === null) {
        daemon.destroy();
        loop.quit();
        return;
    }
    const [verb, path, ...of] = JSON.parse(line);
    if (verb === 'removeFile')
        of[0] = daemon.sandboxes.get(path).Files[of[0]].path;
    daemon[verb](path, ...of).then(() => say({done: verb}), error => say({failed: error.message}));
    next();
});
next();
loop.run();

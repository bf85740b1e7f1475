// One sandbox in the menu: a row that unfolds into what it may do. It is made once and changed in place, so that a menu
// that is open stays as it is under the pointer.

import Clutter from 'gi://Clutter';
import GLib from 'gi://GLib';
import St from 'gi://St';

import {gettext as _} from 'resource:///org/gnome/shell/extensions/extension.js';
import * as PopupMenu from 'resource:///org/gnome/shell/ui/popupMenu.js';

import {fileName, said} from './said.js';
import {Switch} from './switch.js';

// The clipboard as the bus says it: whether it passes in, and out.
const WAYS = [
    {word: 'off', ways: [false, false]},
    {word: 'in', ways: [true, false]},
    {word: 'out', ways: [false, true]},
    {word: 'both', ways: [true, true]},
];
// Both ways, each time when a person has said yes to it.
const ASK = {word: 'ask', ways: [true, true]};

// So many files or forwards have rows; a sandbox may hold thousands, and the shell shall not stand still for them.
const MOST = 8;

// So often changes are counted while a person looks at them: what an app writes nobody says.
const COUNT_S = 2;

function smallButton(icon, name, clicked) {
    const button = new St.Button({
        style_class: 'button oz-small-button',
        child: new St.Icon({icon_name: icon, style_class: 'popup-menu-icon'}),
        accessible_name: name,
        can_focus: true,
        y_align: Clutter.ActorAlign.CENTER,
    });
    button.connect('clicked', clicked);
    return button;
}

// Items that come and go by their keys; the others stay.
class Items {
    #section = new PopupMenu.PopupMenuSection();
    #items = new Map();
    #make;
    #more;

    // `more` is called when a person wants to see those that have no row.
    constructor(menu, make, more) {
        this.#make = make;
        menu.addMenuItem(this.#section);
        this.#more = menu.addAction('', more);
        this.#more.visible = false;
    }

    // What the items are made of, each with a key that no other has.
    show(all, key) {
        const wanted = new Map(all.slice(0, MOST).map(what => [key(what), what]));
        const left = all.length - Math.min(all.length, MOST);
        this.#more.visible = left > 0;
        this.#more.label.text = _('%d more…').replace('%d', `${left}`);
        for (const [key, item] of this.#items) {
            if (!wanted.has(key)) {
                // The menus round a section forget an item that is under the pointer only so.
                item.active = false;
                item.destroy();
                this.#items.delete(key);
            }
        }
        for (const [key, what] of wanted) {
            if (!this.#items.has(key)) {
                const item = this.#make(what);
                this.#items.set(key, item);
                this.#section.addMenuItem(item);
            }
        }
    }
}

// A name with a button that takes it back.
function removable(text, icon, remove) {
    const item = new PopupMenu.PopupBaseMenuItem({activate: false, style_class: 'oz-note'});
    item.add_child(new St.Icon({icon_name: icon, style_class: 'popup-menu-icon'}));
    item.label = new St.Label({text, x_expand: true, y_align: Clutter.ActorAlign.CENTER});
    item.add_child(item.label);
    if (remove)
        item.add_child(smallButton('list-remove-symbolic', _('Take back %s').replace('%s', () => text), remove));
    return item;
}

export class Row {
    #wish;
    #path;
    #dot = new St.Widget({style_class: 'oz-dot', y_align: Clutter.ActorAlign.CENTER});
    #listens = new St.Icon({
        icon_name: 'audio-input-microphone-symbolic',
        style_class: 'popup-menu-icon oz-listens',
        visible: false,
    });
    // What a sandbox of another version cannot be asked.
    #own = [];
    // Of counting its changes: which time it is, and when the next one comes, a source of the main loop.
    #turn = 0;
    #moment = 0;

    // `wish` is called with what a person wants: its name, the path, and what else it takes.
    constructor(path, id, wish) {
        this.#path = path;
        this.#wish = wish;
        this.item = new PopupMenu.PopupSubMenuMenuItem(said(id), false);
        this.item.insert_child_at_index(this.#dot, 1);
        this.item.insert_child_at_index(this.#listens, this.item.get_n_children() - 1);
        const {menu} = this.item;
        const add = (name, wished) => menu.addAction(name, () => wish(wished, path));
        const toggle = (name, wished) => this.#switch(name, on => wish(wished, path, on ? 'on' : 'off'));
        this.#own.push(add(_('Add Files…'), 'addFiles'));
        const more = () => wish('show', path);
        this.files = new Items(menu, file => this.#file(file), more);
        this.microphone = toggle(_('Microphone'), 'setMicrophone');
        this.speaker = toggle(_('Speaker'), 'setSpeaker');
        this.paste = this.#way(_('Paste Into It'));
        this.copy = this.#way(_('Copy From It'));
        this.ask = this.#switch(_('Ask Before Copies Pass'), on => wish('setClipboard', path, on ? 'ask' : 'both'));
        this.forwards = new Items(menu, forward => removable(
            said(forward), 'network-transmit-receive-symbolic', () => wish('removeForward', path, forward)), more);
        this.changes = add(_('Changes…'), 'changes');
        menu.connect('open-state-changed', (_menu, open) => {
            this.#stopCounting();
            if (open && this.changes.visible)
                this.#count();
        });
        this.#own.push(add(_('Shell'), 'openShell'));
        this.#own.push(add(_('Open in Oz'), 'show'));
        add(_('End…'), 'stop');
    }

    async #count() {
        const turn = this.#turn;
        const count = await this.#wish('countChanges', this.#path);
        if (turn !== this.#turn)
            return;
        if (Number.isInteger(count))
            this.changes.label.text = _('Changes: %d…').replace('%d', `${count}`);
        this.#moment = GLib.timeout_add_seconds(GLib.PRIORITY_DEFAULT, COUNT_S, () => {
            this.#moment = 0;
            this.#count();
            return GLib.SOURCE_REMOVE;
        });
    }

    #stopCounting() {
        this.#turn++;
        if (this.#moment)
            GLib.source_remove(this.#moment);
        this.#moment = 0;
    }

    // A switch for one way of the clipboard.
    #way(name) {
        return this.#switch(name, () => {
            const both = [this.paste.on, this.copy.on];
            this.#wish('setClipboard', this.#path, WAYS.find(({ways}) => `${ways}` === `${both}`).word);
        });
    }

    #switch(name, wished) {
        const made = new Switch(name, wished);
        this.item.menu.addMenuItem(made.item);
        return made;
    }

    #file({path, access, origin}) {
        const icon = access === 'write' ? 'document-edit-symbolic' : 'text-x-generic-symbolic';
        // What its profile says is not taken back by a click.
        const remove = origin === 'profile' ? null : () => this.#wish('removeFile', this.#path, path);
        return removable(fileName(path), icon, remove);
    }

    show(sandbox) {
        this.#dot.style = `background-color: ${sandbox.Colour ?? 'gray'};`;
        this.#listens.visible = sandbox.MicrophoneInUse ?? false;
        for (const [one, state] of [[this.microphone, sandbox.Microphone], [this.speaker, sandbox.Speaker]]) {
            one.item.visible = ['on', 'off', 'silent', 'ask'].includes(state);
            one.show(state === 'on');
        }
        const clipboard = [...WAYS, ASK].find(({word}) => word === sandbox.Clipboard);
        const switches = [[this.paste, clipboard?.ways[0]], [this.copy, clipboard?.ways[1]], [this.ask, clipboard === ASK]];
        for (const [one, on] of switches) {
            one.item.visible = clipboard !== undefined;
            one.show(on ?? false);
        }
        this.changes.visible = sandbox.Copies ?? false;
        for (const item of this.#own)
            item.visible = !sandbox.stranger;
        this.files.show(sandbox.Files ?? [], ({access, origin, path}) => `${access} ${origin} ${path.join()}`);
        this.forwards.show(sandbox.Forwards ?? [], forward => forward);
    }

    destroy() {
        this.#stopCounting();
        this.item.destroy();
    }
}

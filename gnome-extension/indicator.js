// The sandboxes in the top bar: an icon while any runs, another while one of them listens, and a menu with a row of each.

import GObject from 'gi://GObject';
import St from 'gi://St';

import {gettext as _} from 'resource:///org/gnome/shell/extensions/extension.js';
import * as PanelMenu from 'resource:///org/gnome/shell/ui/panelMenu.js';
import * as PopupMenu from 'resource:///org/gnome/shell/ui/popupMenu.js';

import {Row} from './row.js';

export const Indicator = GObject.registerClass(
class OzIndicator extends PanelMenu.Button {
    _init(wish) {
        super._init(0.5, _('Sandboxes'));
        this._wish = wish;
        this._rows = new Map();
        const box = new St.BoxLayout();
        this._icon = new St.Icon({icon_name: 'security-high-symbolic', style_class: 'system-status-icon'});
        this._listens = new St.Icon({
            icon_name: 'audio-input-microphone-symbolic',
            style_class: 'system-status-icon oz-listens',
            accessible_name: _('A sandbox uses the microphone'),
            visible: false,
        });
        box.add_child(this._icon);
        box.add_child(this._listens);
        this.add_child(box);

        this._section = new PopupMenu.PopupMenuSection();
        this._none = new PopupMenu.PopupMenuItem(_('No app runs in a sandbox'), {reactive: false});
        this.menu.addMenuItem(this._none);
        this.menu.addMenuItem(this._section);
        // More of them than the screen is high.
        const scroll = new St.ScrollView({hscrollbar_policy: St.PolicyType.NEVER});
        this.menu.box.replace_child(this._section.actor, scroll);
        // Until 45 it was a container of its own kind.
        (scroll.add_actor ?? scroll.add_child).call(scroll, this._section.actor);
        this.menu.addMenuItem(new PopupMenu.PopupSeparatorMenuItem());
        this.menu.addAction(_('Open Oz'), () => wish('open'));
    }

    // Path → sandbox, of all. `changed` are those that are different, null if any may be.
    showSandboxes(sandboxes, changed) {
        for (const path of changed ?? new Set([...this._rows.keys(), ...sandboxes.keys()])) {
            const sandbox = sandboxes.get(path);
            if (sandbox)
                this._row(path, sandbox.Id).show(sandbox);
            else
                this._remove(path);
        }
        this._none.visible = sandboxes.size === 0;
        this._listens.visible = [...sandboxes.values()].some(sandbox => sandbox.MicrophoneInUse);
        this._icon.opacity = sandboxes.size === 0 ? 128 : 255;
    }

    _row(path, id) {
        let row = this._rows.get(path);
        if (!row) {
            row = new Row(path, id, this._wish);
            this._rows.set(path, row);
            const ids = [...this._rows.values()].map(one => one.item.label.text);
            ids.sort((one, other) => one.localeCompare(other, undefined, {numeric: true}));
            this._section.addMenuItem(row.item, ids.indexOf(row.item.label.text));
        }
        return row;
    }

    _remove(path) {
        this._rows.get(path)?.destroy();
        this._rows.delete(path);
    }
});

// Among the quick settings: whether any sandbox may use the microphone, one press that ends it for all, and a menu with a
// switch for each.

import GObject from 'gi://GObject';

import {gettext as _} from 'resource:///org/gnome/shell/extensions/extension.js';
import * as Main from 'resource:///org/gnome/shell/ui/main.js';
import * as QuickSettings from 'resource:///org/gnome/shell/ui/quickSettings.js';

import {said} from './said.js';
import {Switch} from './switch.js';

const ICON = 'audio-input-microphone-symbolic';

const Toggle = GObject.registerClass(
class OzToggle extends QuickSettings.QuickMenuToggle {
    _init(wish) {
        super._init({icon_name: ICON});
        // Since 44 it has a title; before, a label.
        this['title' in this ? 'title' : 'label'] = _('App Mics');
        this._wish = wish;
        this._switches = new Map();
        this.menu.setHeader(ICON, _('Microphones of Sandboxes'));
        this.connect('clicked', () => {
            if (!this.checked) {
                this.menu.open();
                return;
            }
            for (const [path, one] of this._switches) {
                if (one.on)
                    wish('setMicrophone', path, 'off');
            }
        });
    }

    showSandboxes(sandboxes) {
        const heard = new Map([...sandboxes].filter(([, one]) => !['none', undefined].includes(one.Microphone)));
        for (const [path, one] of this._switches) {
            if (!heard.has(path)) {
                one.destroy();
                this._switches.delete(path);
            }
        }
        for (const [path, sandbox] of heard)
            this._switch(path, sandbox.Id).show(sandbox.Microphone === 'on');
        this.checked = [...heard.values()].some(sandbox => sandbox.Microphone === 'on');
        this.menuEnabled = heard.size > 0;
        this.visible = heard.size > 0;
    }

    _switch(path, id) {
        let one = this._switches.get(path);
        if (!one) {
            one = new Switch(said(id), on => this._wish('setMicrophone', path, on ? 'on' : 'off'));
            this.menu.addMenuItem(one.item);
            this._switches.set(path, one);
        }
        return one;
    }
});

export const QuickMicrophones = GObject.registerClass(
class OzQuickMicrophones extends QuickSettings.SystemIndicator {
    _init(wish) {
        super._init();
        this._toggle = new Toggle(wish);
        this.quickSettingsItems.push(this._toggle);
        const {quickSettings} = Main.panel.statusArea;
        // Since 45 it is for extensions to use.
        if (quickSettings.addExternalIndicator) {
            quickSettings.addExternalIndicator(this);
        } else {
            quickSettings._indicators.add_child(this);
            quickSettings._addItems(this.quickSettingsItems);
        }
        this.connect('destroy', () => this.quickSettingsItems.forEach(item => item.destroy()));
    }

    showSandboxes(sandboxes) {
        this._toggle.showSandboxes(sandboxes);
    }
});

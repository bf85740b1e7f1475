// Oz in GNOME Shell. What the daemon tells goes to what is shown; what a person wishes goes to the daemon or the panel.
// Nothing is asked twice, nothing is polled but how many changes there are of the one sandbox that a person looks at, and
// `disable` leaves nothing.

import Gio from 'gi://Gio';
import Shell from 'gi://Shell';

import {Extension, gettext as _} from 'resource:///org/gnome/shell/extensions/extension.js';
import * as Dialog from 'resource:///org/gnome/shell/ui/dialog.js';
import * as Main from 'resource:///org/gnome/shell/ui/main.js';
import * as ModalDialog from 'resource:///org/gnome/shell/ui/modalDialog.js';

import {Daemon} from './bus.js';
import {Frames} from './frames.js';
import {Indicator} from './indicator.js';
import {QuickMicrophones} from './toggle.js';
import {said} from './said.js';

// A sentence of the daemon's.
const SENTENCE = 200;

// The desktop's leave for a window to come up with the keyboard: it is asked for by a person, now.
function leave() {
    const panel = Shell.AppSystem.get_default().lookup_app('org.oz.Panel.desktop');
    const context = global.create_app_launch_context(global.get_current_time(), -1);
    return panel ? context.get_startup_notify_id(panel.app_info, []) : null;
}

export default class OzExtension extends Extension {
    enable() {
        this._settings = this.getSettings();
        this._settings.connectObject('changed', () => this._arrange(), this);
        this._daemon = new Daemon(Gio.DBus.session, paths => this._show(paths));
        const wish = (name, ...of) => this._fulfil(name, ...of);
        this._indicator = new Indicator(wish);
        Main.panel.addToStatusArea(this.uuid, this._indicator);
        this._wish = wish;
        this._arrange();
    }

    disable() {
        this._settings.disconnectObject(this);
        this._settings = null;
        this._daemon.destroy();
        this._daemon = null;
        this._question?.destroy();
        this._question = null;
        this._indicator.destroy();
        this._indicator = null;
        this._microphones?.destroy();
        this._microphones = null;
        this._frames?.destroy();
        this._frames = null;
        this._wish = null;
    }

    // What there is, as the settings have it.
    _arrange() {
        const wanted = name => this._settings.get_boolean(name);
        if (wanted('mark-windows') !== Boolean(this._frames)) {
            this._frames?.destroy();
            this._frames = this._frames ? null : new Frames();
        }
        if (wanted('quick-settings') !== Boolean(this._microphones)) {
            this._microphones?.destroy();
            this._microphones = this._microphones ? null : new QuickMicrophones(this._wish);
        }
        this._show(null);
    }

    // `paths` are those that are different, null if any may be.
    _show(paths) {
        const {sandboxes} = this._daemon;
        this._indicator.visible = sandboxes.size > 0 || this._settings.get_boolean('always-shown');
        this._indicator.showSandboxes(sandboxes, paths);
        this._microphones?.showSandboxes(sandboxes);
        // A border of Oz's own needs none of the shell's, and who wants no mark wants none of anybody.
        const owners = [...sandboxes.values()].filter(({DisplayPid, Mark}) => DisplayPid && Mark === 'title');
        this._frames?.show(new Map(owners.map(
            ({DisplayPid, Id, Colour}) => [DisplayPid, {id: said(Id), colour: Colour}])));
    }

    async _fulfil(name, path, what) {
        const daemon = this._daemon;
        const id = daemon.sandboxes.get(path)?.Id;
        const wishes = {
            addFiles: () => daemon.openPanelFor('add-files', path, leave()),
            show: () => daemon.openPanelFor('show', path, leave()),
            // Nobody has to be told that they cannot be counted.
            countChanges: () => daemon.countChanges(id).catch(() => null),
            changes: () => daemon.openPanelFor('changes', id, leave()),
            openShell: () => daemon.openPanelFor('shell', id, leave()),
            open: () => daemon.openPanel(leave()),
            setMicrophone: () => daemon.setMicrophone(path, what),
            setSpeaker: () => daemon.setSpeaker(path, what),
            setClipboard: () => daemon.setClipboard(path, what),
            removeFile: () => daemon.removeFile(path, what),
            removeForward: () => daemon.removeForward(path, what),
            stop: () => this._askToStop(path, said(id)),
        };
        try {
            return await wishes[name]();
        } catch (error) {
            // Whoever is not there any more shows nothing.
            if (!this._daemon)
                return null;
            Main.notifyError('Oz', said(error.message, SENTENCE));
            // A switch shows what holds, whatever was wished of it.
            this._show(null);
            return null;
        }
    }

    _askToStop(path, id) {
        this._question?.destroy();
        const question = new ModalDialog.ModalDialog();
        this._question = question;
        question.connect('destroy', () => {
            if (this._question === question)
                this._question = null;
        });
        question.contentLayout.add_child(new Dialog.MessageDialogContent({
            title: _('End %s?').replace('%s', () => id),
            description: _('Its programs are asked to end, and what does not is killed.'),
        }));
        const stop = async () => {
            question.close();
            try {
                await this._daemon.stop(path);
            } catch (error) {
                if (this._daemon)
                    Main.notifyError('Oz', said(error.message, SENTENCE));
            }
        };
        question.addButton({label: _('Cancel'), action: () => question.close(), key: 0xff1b, default: true});
        question.addButton({label: _('End'), action: stop});
        question.open();
    }
}

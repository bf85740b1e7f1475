// The page of settings.

import Adw from 'gi://Adw';
import Gio from 'gi://Gio';
import Gtk from 'gi://Gtk';

import {ExtensionPreferences, gettext as _} from 'resource:///org/gnome/Shell/Extensions/js/extensions/prefs.js';

export default class OzPreferences extends ExtensionPreferences {
    fillPreferencesWindow(window) {
        const settings = this.getSettings();
        const group = new Adw.PreferencesGroup();
        const rows = [
            ['mark-windows', _('Mark Windows'), _('A border and a name on windows of sandboxes')],
            ['quick-settings', _('Quick Settings'), _('Microphones of sandboxes among them')],
            ['always-shown', _('Always in the Top Bar'), _('Also while nothing runs in a sandbox')],
        ];
        for (const [key, title, subtitle] of rows) {
            const toggle = new Gtk.Switch({valign: Gtk.Align.CENTER});
            settings.bind(key, toggle, 'active', Gio.SettingsBindFlags.DEFAULT);
            const row = new Adw.ActionRow({title, subtitle, activatable_widget: toggle});
            row.add_suffix(toggle);
            group.add(row);
        }
        const page = new Adw.PreferencesPage();
        page.add(group);
        window.add(page);
    }
}

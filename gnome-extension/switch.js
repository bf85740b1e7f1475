// A switch in a menu that says what a person does to it, and not what it is told: since GNOME 46 the shell's own says both,
// and an answer to what was told would be taken for a wish.

import * as PopupMenu from 'resource:///org/gnome/shell/ui/popupMenu.js';

export class Switch {
    #told = false;

    // `wished` is called with whether it is to be on.
    constructor(name, wished) {
        this.item = new PopupMenu.PopupSwitchMenuItem(name, false);
        this.item.connect('toggled', (_item, on) => {
            if (!this.#told)
                wished(on);
        });
    }

    get on() {
        return this.item.state;
    }

    show(on) {
        this.#told = true;
        this.item.setToggleState(on);
        this.#told = false;
    }

    destroy() {
        this.item.destroy();
    }
}

// A border in a sandbox's colour round each of its windows, with its name on it, drawn by the shell: an app can neither
// cover it nor leave it out. It is for sandboxes whose profile says `title` to `display.mark`: the others have one of Oz's
// own on every desktop, which takes some of the window's room; this one lies beside it.
//
// Whose window it is the kernel says: all windows of a sandbox, and no others, come from its display proxy, whose process
// the compositor knows by the socket and the daemon because it has started it. Titles and application ids are the app's
// own words and prove nothing.

import Meta from 'gi://Meta';
import St from 'gi://St';

const WIDTH = 3;
const PLAIN = [Meta.WindowType.NORMAL, Meta.WindowType.DIALOG, Meta.WindowType.MODAL_DIALOG];

class Mark {
    #window;
    #border;
    #name = null;

    constructor(window, actor, {id, colour}) {
        this.#window = window;
        this.id = id;
        this.#border = new St.Widget({style: `border: ${WIDTH}px solid ${colour};`, reactive: false});
        actor.add_child(this.#border);
        if (PLAIN.includes(window.get_window_type())) {
            this.#name = new St.Label({text: id, style_class: 'oz-name', style: `background-color: ${colour};`});
            actor.add_child(this.#name);
        }
        const place = () => this.#place();
        window.connectObject(
            'size-changed', place,
            'position-changed', place,
            'notify::fullscreen', place,
            'notify::maximized-horizontally', place,
            'notify::maximized-vertically', place, this);
        place();
    }

    // Outside of the window; inside where there is nothing outside.
    #place() {
        const [frame, buffer] = [this.#window.get_frame_rect(), this.#window.get_buffer_rect()];
        const [left, top] = [frame.x - buffer.x, frame.y - buffer.y];
        const fills = this.#window.fullscreen ||
            (this.#window.maximized_horizontally && this.#window.maximized_vertically);
        const out = fills ? 0 : WIDTH;
        this.#border.set_position(left - out, top - out);
        this.#border.set_size(frame.width + 2 * out, frame.height + 2 * out);
        const [, height] = this.#name?.get_preferred_height(-1) ?? [0, 0];
        this.#name?.set_position(left + 12, top + frame.height - (fills ? height : 0));
    }

    destroy() {
        this.#window.disconnectObject(this);
        this.#border.destroy();
        this.#name?.destroy();
    }
}

export class Frames {
    // Process → {id, colour}.
    #owners = new Map();
    // Window → its mark.
    #marks = new Map();

    constructor() {
        global.display.connectObject('window-created', (_display, window) => this.#look(window), this);
    }

    // From now on the windows of these are marked, and no others.
    show(owners) {
        this.#owners = owners;
        for (const actor of global.get_window_actors())
            this.#look(actor.meta_window);
    }

    destroy() {
        global.display.disconnectObject(this);
        for (const window of [...this.#marks.keys()])
            this.#forget(window);
    }

    #look(window) {
        const owner = this.#owners.get(window.get_pid());
        const mark = this.#marks.get(window);
        if (mark && mark.id !== owner?.id)
            this.#forget(window);
        const actor = window.get_compositor_private();
        if (!owner || !actor || this.#marks.has(window))
            return;
        this.#marks.set(window, new Mark(window, actor, owner));
        window.connectObject('unmanaged', () => this.#forget(window), this);
        // What is drawn over a window is drawn only if the window does not have the screen to itself.
        if (this.#marks.size === 1)
            this.#compose(true);
    }

    #forget(window) {
        window.disconnectObject(this);
        this.#marks.get(window)?.destroy();
        if (this.#marks.delete(window) && this.#marks.size === 0)
            this.#compose(false);
    }

    #compose(always) {
        const verb = always ? 'disable_unredirect' : 'enable_unredirect';
        if (Meta[`${verb}_for_display`])
            Meta[`${verb}_for_display`](global.display);
        else
            global.compositor[verb]();
    }
}

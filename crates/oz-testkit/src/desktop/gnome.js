// What tests do in the shell: find what a person sees, and press it with a pointer that the shell takes for a real one.

globalThis.ozTest ??= (() => {
    const {Clutter} = imports.gi;
    const backend = Clutter.get_default_backend?.() ?? global.stage.context.get_backend();
    const device = kind => backend.get_default_seat().create_virtual_device(kind);
    const pointer = device(Clutter.InputDeviceType.POINTER_DEVICE);
    const keyboard = device(Clutter.InputDeviceType.KEYBOARD_DEVICE);
    const now = () => imports.gi.GLib.get_monotonic_time();

    const shown = actor => {
        const [width, height] = actor.get_transformed_size();
        return width > 0 && height > 0 && actor.get_paint_opacity() > 0;
    };
    const says = actor => [actor.text, actor.accessible_name].filter(text => typeof text === 'string' && text !== '');
    const place = actor => {
        const [left, top] = actor.get_transformed_position();
        const [width, height] = actor.get_transformed_size();
        return [left, top, width, height].map(Math.round);
    };

    function* walk(actor) {
        if (!actor.mapped)
            return;
        if (shown(actor))
            yield actor;
        for (const child of actor.get_children())
            yield* walk(child);
    }

    return {
        place,
        // Every text on the screen, and where it is; what lies on top first.
        texts: () => [...walk(global.stage)].reverse()
            .flatMap(actor => says(actor).map(text => ({text, place: place(actor)}))),
        // The windows on the screen, each with its process and where it is.
        windows: () => global.get_window_actors().map(({meta_window: window}) => {
            const {x, y, width, height} = window.get_frame_rect();
            return {title: window.title ?? '', app_id: window.wm_class ?? '', pid: window.get_pid(), place: [x, y, width, height]};
        }),
        key: (symbol, down) => keyboard.notify_keyval(
            now(), symbol, down ? Clutter.KeyState.PRESSED : Clutter.KeyState.RELEASED),
        symbol: character => Clutter.unicode_to_keysym(character.codePointAt(0)),
        move: (x, y) => pointer.notify_absolute_motion(now(), x, y),
        button: (button, down) => pointer.notify_button(
            now(), button, down ? Clutter.ButtonState.PRESSED : Clutter.ButtonState.RELEASED),
    };
})();

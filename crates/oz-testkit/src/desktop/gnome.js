// What tests do in the shell: find what a person sees, and press it with a pointer that the shell takes for a real one.

globalThis.ozTest ??= (() => {
    const {Clutter} = imports.gi;
    const backend = Clutter.get_default_backend?.() ?? global.stage.context.get_backend();
    const pointer = backend.get_default_seat().create_virtual_device(Clutter.InputDeviceType.POINTER_DEVICE);
    const now = () => imports.gi.GLib.get_monotonic_time();

    const shown = actor => {
        const [width, height] = actor.get_transformed_size();
        return actor.mapped && width > 0 && height > 0 && actor.get_paint_opacity() > 0;
    };
    const says = actor => [actor.text, actor.accessible_name].filter(text => typeof text === 'string' && text !== '');
    const place = actor => {
        const [left, top] = actor.get_transformed_position();
        const [width, height] = actor.get_transformed_size();
        return [left, top, width, height].map(Math.round);
    };

    function* walk(actor) {
        if (!shown(actor))
            return;
        yield actor;
        for (const child of actor.get_children())
            yield* walk(child);
    }

    return {
        place,
        // Every text on the screen, and where it is.
        texts: () => [...walk(global.stage)].flatMap(actor => says(actor).map(text => ({text, place: place(actor)}))),
        move: (x, y) => pointer.notify_absolute_motion(now(), x, y),
        button: (button, down) => pointer.notify_button(
            now(), button, down ? Clutter.ButtonState.PRESSED : Clutter.ButtonState.RELEASED),
    };
})();

//! A plan for people.

use std::fmt::{self, Write};
use std::path::Path;

use oz_core::OsBytes;
use oz_core::plan::{
    Access, Bind, Buffers, Clipboard, Display, Drops, Gate, Home, Mark, Mode, Network, Op, Passage,
    Plan, SyscallPolicy, syscalls,
};

use oz_core::profile::Size;

use crate::out;

/// Everything that is in it but the names of 300 system calls.
pub(super) fn text(plan: &Plan, terminal: bool) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write_plan(&mut text, plan, terminal);
    text
}

fn write_plan(text: &mut String, plan: &Plan, terminal: bool) -> fmt::Result {
    writeln!(text, "sandbox   {}", plan.id)?;
    writeln!(text, "profile   {}", out::safe(&plan.profile))?;
    match &plan.tree {
        None => {}
        Some(tree) if tree.copied => writeln!(
            text,
            "system    a copy of {}, without its /etc, which is read-only",
            show(&tree.path)
        )?,
        Some(tree) => writeln!(text, "system    {}, read-only", show(&tree.path))?,
    }
    match &plan.home {
        Home::Ephemeral => writeln!(text, "home      in memory, gone with the sandbox")?,
        Home::Private(path) => writeln!(text, "home      {}", show(path))?,
        Home::CopyOnWrite(path) => writeln!(
            text,
            "home      a copy of the user's, without what is protected; what is written is kept in {}",
            show(path)
        )?,
        Home::None => writeln!(text, "home      none: an empty directory, read-only")?,
    }
    let arguments = match plan.arguments {
        Access::Read => "shown",
        Access::Write => "shown, and may be changed",
    };
    let siblings = if plan.siblings {
        ", with the rest of their directories to read"
    } else {
        ""
    };
    writeln!(
        text,
        "arguments files that are named are {arguments}{siblings}"
    )?;
    if plan.display.is_some() {
        let drops = match plan.drops {
            Drops::Off => "not shown",
            Drops::Ask => "shown like those that are named if you say so",
            Drops::Read => "shown",
            Drops::Write => "shown, and may be changed",
        };
        writeln!(
            text,
            "drops     files that are dropped on a window are {drops}"
        )?;
    }
    match &plan.display {
        None => writeln!(text, "display   none")?,
        Some(display) => writeln!(
            text,
            "display   windows{}; {}; pictures {}{}; {}",
            if plan.environment.contains_key("DISPLAY") {
                ", those of X11 apps too"
            } else {
                ""
            },
            copying(display),
            match display.buffers {
                Buffers::Shared => "are not copied",
                Buffers::Copied => "are copied",
            },
            if display.shortcuts {
                "; may take the desktop's shortcuts"
            } else {
                ""
            },
            match display.mark {
                Mark::Border => "a border with the name",
                Mark::Title => "the name before titles, no border",
                Mark::None => "no mark",
            }
        )?,
    }
    match &plan.audio {
        None => writeln!(text, "sound     none")?,
        Some(gate) => writeln!(text, "sound     {}", sound(gate))?,
    }
    let portals = match plan.portals {
        true => {
            "file dialogs, which show what the person picks; opening links; how the desktop looks"
        }
        false => "none",
    };
    writeln!(text, "portals   {portals}")?;
    write_network(text, &plan.network, terminal)?;
    writeln!(text, "host name {}", out::safe(&plan.hostname))?;
    writeln!(
        text,
        "syscalls  {}: {} allowed, {} for some arguments, {} refused, all others absent",
        plan.syscalls.name,
        plan.syscalls.allow.len(),
        plan.syscalls.conditional.len(),
        plan.syscalls.refuse.len()
    )?;
    write_narrowed(text, &plan.syscalls)?;
    writeln!(
        text,
        "limits    {} processes, {} open files each{}",
        plan.limits.processes,
        plan.limits.open_files,
        plan.limits
            .memory
            .map_or_else(String::new, |memory| format!(", {} MiB each", memory >> 20))
    )?;
    writeln!(
        text,
        "in all    {} MiB of memory, a weight of {} for the processor",
        plan.limits.total_memory >> 20,
        plan.limits.cpu_weight
    )?;
    if !plan.rules.is_empty() {
        writeln!(text, "\nrules:")?;
    }
    for ruled in &plan.rules {
        let rule = out::safe(&ruled.rule);
        let places: Vec<String> = ruled.places.iter().map(|at| show(at).to_string()).collect();
        let places = match places.is_empty() {
            true => "nothing there".to_owned(),
            false => places.join(", "),
        };
        writeln!(text, "  {:<5}  {rule}  {places}", ruled.effect.word())?;
    }
    writeln!(text, "\nfiles, in order:")?;
    for op in &plan.root {
        writeln!(text, "  {}", step(op))?;
    }
    writeln!(text, "\nsockets:")?;
    for listener in &plan.listeners {
        let by = match &listener.helper {
            Some(helper) => format!("{} inside", helper.first().map_or("", String::as_str)),
            None => format!("the {:?} proxy outside", listener.service).to_lowercase(),
        };
        writeln!(text, "  {}  {by}", show(&listener.path))?;
    }
    writeln!(text, "\nvariables:")?;
    for (name, value) in &plan.environment {
        writeln!(text, "  {name}={}", out::safe(value))?;
    }
    Ok(())
}

/// What a profile with a shorter list has, or what it lacks: whichever is shorter.
fn write_narrowed(text: &mut String, policy: &SyscallPolicy) -> fmt::Result {
    let whole = syscalls::policy(policy.user_namespaces, []);
    let (has, lacks): (Vec<&String>, Vec<&String>) = whole
        .allow
        .iter()
        .chain(whole.conditional.keys())
        .partition(|name| syscalls::has(policy, name));
    if lacks.is_empty() {
        return Ok(());
    }
    let (word, mut names) = if has.len() < lacks.len() {
        ("only", has)
    } else {
        ("without", lacks)
    };
    names.sort();
    for (number, line) in names.chunks(8).enumerate() {
        let word = if number == 0 { word } else { "" };
        let names: Vec<&str> = line.iter().map(|name| name.as_str()).collect();
        writeln!(text, "          {word:<8}{}", names.join(" "))?;
    }
    Ok(())
}

/// Which way what is copied may pass, and what of it.
fn copying(display: &Display) -> String {
    let way = |name: &str, passage: &Passage| {
        let types: Vec<&str> = passage.types.iter().map(|content| content.word()).collect();
        match types[..] {
            [] => format!("nothing {name}"),
            _ => format!(
                "{} {name}, up to {}",
                types.join(" and "),
                Size(passage.most)
            ),
        }
    };
    let into = way("in", &display.clipboard_in);
    let out = way("out", &display.clipboard_out);
    match display.clipboard {
        Clipboard::Off => "clipboard off".to_owned(),
        Clipboard::In => format!("clipboard in: {into}"),
        Clipboard::Out => format!("clipboard out: {out}"),
        Clipboard::Ask => format!("clipboard after a question: {into}; {out}"),
        Clipboard::Both => format!("clipboard: {into}; {out}"),
    }
}

fn sound(gate: &Gate) -> String {
    let quieter = |percent: u8| match percent {
        Gate::FULL => String::new(),
        percent => format!(" at {percent} %"),
    };
    let states = format!(
        "speaker {:?}{}; microphone {:?}{}",
        gate.speaker,
        quieter(gate.speaker_volume),
        gate.microphone,
        quieter(gate.microphone_volume)
    );
    states.to_lowercase()
}

fn write_network(text: &mut String, network: &Network, terminal: bool) -> fmt::Result {
    let reach = match network.mode {
        Mode::None => "none; only a loopback interface of its own".to_owned(),
        Mode::Internet => "the Internet, neither this machine nor its neighbours".to_owned(),
        Mode::Host => out::red(out::HOST_NETWORK, terminal),
    };
    writeln!(text, "network   {reach}")?;
    for forward in &network.forwards {
        writeln!(text, "forward   {}", out::safe(&forward.to_string()))?;
    }
    Ok(())
}

fn step(op: &Op) -> String {
    let target = show(op.target());
    match op {
        Op::Directory { mode, .. } => format!("directory  {target}  {mode:04o}"),
        Op::Symlink { target: to, .. } => format!("link       {target} -> {}", show(to)),
        Op::File { content, .. } => format!("file       {target}  {} bytes", content.len()),
        Op::Bind(bind) => step_of_bind(bind),
        Op::Overlay(overlay) => {
            format!(
                "copy       {target}  {} places hidden{}",
                overlay.hidden.len(),
                if overlay.volatile { ", goes" } else { "" }
            )
        }
        Op::Tmpfs { size, .. } => format!("memory     {target}  {} MiB", size >> 20),
        Op::Proc { .. } => format!("proc       {target}"),
        Op::DevPts { .. } => format!("terminals  {target}"),
        Op::Mqueue { .. } => format!("queues     {target}"),
        Op::Mask { .. } => format!("hidden     {target}"),
        Op::Pin { .. } => format!("pinned     {target}"),
        Op::RandomId { .. } => format!("random id  {target}"),
        Op::Cookie { .. } => format!("secret     {target}"),
        Op::ReadOnly { .. } => format!("read-only  {target}"),
    }
}

fn step_of_bind(bind: &Bind) -> String {
    let word = match (bind.device, bind.access) {
        (true, _) => "device   ",
        (false, Access::Read) => "read     ",
        (false, Access::Write) => "write    ",
    };
    let mut line = format!("{word}  {}", show(&bind.path));
    let source = bind.source.on_host();
    if *source != bind.path {
        let _ = write!(line, "  from {}", show(&source));
    }
    if bind.optional {
        line.push_str("  if it exists");
    }
    line
}

fn show(path: &Path) -> OsBytes {
    OsBytes::from(path)
}

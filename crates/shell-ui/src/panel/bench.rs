//! How smooth the panel is while much happens: its own window, by frames of the compositor.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use adw::prelude::*;
use gtk::{gdk, glib};

use super::window::Window;
use crate::model::{Event, List, Sandbox, State};
use crate::style;

/// What the frames of one while came to.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Frames {
    /// How many were shown.
    pub shown: usize,
    /// How many the compositor would have shown besides.
    pub dropped: usize,
    /// What a frame takes to be made, from its beginning to what is drawn: the median, in microseconds.
    pub median_us: f64,
    /// Likewise, what 99 of 100 do not take longer than.
    pub p99_us: f64,
}

/// One while with a list of the toolkit's own in which as much is different as often, and one with the panel.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Measured {
    /// Rows of two labels each.
    pub bare: Frames,
    /// Sandboxes.
    pub panel: Frames,
}

/// Each row is different once in so many frames: ten times a second at sixty frames.
const EVERY: usize = 6;

/// Draws so many frames of each; none if there is no display.
pub fn measure(sandboxes: usize, frames: usize) -> Option<Measured> {
    let application = adw::Application::builder()
        .application_id("org.oz.PanelBench")
        .build();
    let measured: Rc<RefCell<Option<Measured>>> = Rc::default();
    let to = Rc::clone(&measured);
    application.connect_startup(|_| style::load());
    application.connect_activate(move |application| {
        // While one window has gone and the next is not there yet.
        let held = application.hold();
        let (to, application) = (Rc::clone(&to), application.clone());
        glib::spawn_future_local(async move {
            let bare = Bare::new(&application, sandboxes);
            let bare = frames_of(&bare.window, frames, bare.change(sandboxes)).await;
            let panel = PanelOf::new(&application, sandboxes);
            let panel = frames_of(&panel.window, frames, panel.change(sandboxes)).await;
            to.replace(Some(Measured { bare, panel }));
            drop(held);
            application.quit();
        });
    });
    application.run_with_args::<&str>(&[]);
    measured.take()
}
fn path(number: usize) -> String {
    format!("/org/oz/Oz1/sandbox/{number}")
}

fn sandbox(number: usize, turn: usize) -> Sandbox {
    let mut sandbox = Sandbox {
        id: format!("app-{number}"),
        profile: format!("profile-{}", number % 7),
        state: State::Running,
        windows: u32::try_from(turn % 5).unwrap_or(0),
        ..Sandbox::default()
    };
    sandbox.microphone.state = "on".to_owned();
    // Some begin to listen, others end.
    sandbox.microphone.in_use = (number + turn).is_multiple_of(10);
    sandbox
}

/// What is different in a turn: some of the rows, so that in [`EVERY`] turns it was each.
fn of_turn(sandboxes: usize, turn: usize) -> impl Iterator<Item = usize> {
    (0..sandboxes).filter(move |one| one % EVERY == turn % EVERY)
}

/// A window of the toolkit's with as many rows of as many words.
struct Bare {
    window: gtk::Window,
    labels: Vec<gtk::Label>,
}

impl Bare {
    fn new(application: &adw::Application, rows: usize) -> Self {
        let list = gtk::ListBox::new();
        let mut labels = Vec::new();
        for number in 0..rows {
            let row = gtk::Box::new(gtk::Orientation::Vertical, 0);
            row.append(&gtk::Label::new(Some(&sandbox(number, 0).id)));
            let label = gtk::Label::new(None);
            row.append(&label);
            labels.push(label);
            list.append(&row);
        }
        let scrolled = gtk::ScrolledWindow::builder().child(&list).build();
        let window = gtk::Window::builder()
            .application(application)
            .default_width(880)
            .default_height(620)
            .child(&scrolled)
            .build();
        window.present();
        Self { window, labels }
    }

    fn change(&self, rows: usize) -> impl Fn(usize) + 'static {
        let labels = self.labels.clone();
        move |turn| {
            for one in of_turn(rows, turn) {
                labels[one].set_label(&sandbox(one, turn / EVERY).summary());
            }
        }
    }
}

/// The panel's own window, without a bus.
struct PanelOf {
    window: Window,
    list: Rc<RefCell<List>>,
}

impl PanelOf {
    fn new(application: &adw::Application, sandboxes: usize) -> Self {
        let list: Rc<RefCell<List>> = Rc::default();
        let window = Window::new(application, &list);
        let all = (0..sandboxes).map(|number| (path(number), sandbox(number, 0)));
        let change = list.borrow_mut().take(Event::All(all.collect()));
        window.show_change(&change);
        window.present();
        Self { window, list }
    }

    fn change(&self, sandboxes: usize) -> impl Fn(usize) + 'static {
        let (window, list) = (self.window.clone(), Rc::clone(&self.list));
        move |turn| {
            for one in of_turn(sandboxes, turn) {
                let event = Event::Added(path(one), Box::new(sandbox(one, turn / EVERY)));
                let change = list.borrow_mut().take(event);
                window.show_change(&change);
            }
        }
    }
}

/// Frames as they come.
#[derive(Default)]
struct Seen {
    turn: usize,
    begun: Option<Instant>,
    /// In microseconds, by the clock of the frames.
    times: Vec<i64>,
    work: Vec<f64>,
}

/// So many frames of a window, in each of which something is different; the first few are for it to be shown whole.
async fn frames_of(
    window: &impl IsA<gtk::Window>,
    count: usize,
    change: impl Fn(usize) + 'static,
) -> Frames {
    const FIRST: usize = 30;
    let (done, all) = futures_channel::oneshot::channel();
    let done = RefCell::new(Some(done));
    let seen = Rc::new(RefCell::new(Seen::default()));
    let window = window.as_ref();
    let turns = Rc::clone(&seen);
    let tick = window.add_tick_callback(move |window, _| {
        let turn = {
            let mut seen = turns.borrow_mut();
            seen.turn += 1;
            seen.turn
        };
        change(turn);
        // There is a frame whether something in sight is different or not.
        window.queue_draw();
        glib::ControlFlow::Continue
    });
    let Some(clock) = window.frame_clock() else {
        return Frames::default();
    };
    let begin = Rc::clone(&seen);
    let begun = clock.connect_before_paint(move |_| {
        begin.borrow_mut().begun = Some(Instant::now());
    });
    let end = Rc::clone(&seen);
    let ended = clock.connect_after_paint(move |clock| {
        let mut seen = end.borrow_mut();
        if let Some(begun) = seen.begun.take() {
            seen.work.push(begun.elapsed().as_secs_f64() * 1e6);
            seen.times.push(clock.frame_time());
        }
        if seen.times.len() > FIRST + count
            && let Some(done) = done.take()
        {
            // Who waits is there until then.
            let _ = done.send(());
        }
    });
    let _ = all.await;
    tick.remove();
    clock.disconnect(begun);
    clock.disconnect(ended);
    window.close();
    let mut seen = seen.take();
    seen.times.drain(..FIRST);
    seen.work.drain(..FIRST);
    seen.frames(refresh(&clock))
}

/// How long a frame is shown, in microseconds.
fn refresh(clock: &gdk::FrameClock) -> i64 {
    let (interval, _) = clock.refresh_info(clock.frame_time());
    match interval {
        0 => 16_667,
        interval => interval,
    }
}

impl Seen {
    fn frames(mut self, refresh: i64) -> Frames {
        let gaps = self.times.windows(2).map(|pair| pair[1] - pair[0]);
        // A gap of two is one that was not shown.
        let dropped = gaps
            .map(|gap| ((gap + refresh / 2) / refresh - 1).max(0))
            .sum::<i64>();
        self.work.sort_by(f64::total_cmp);
        let at = |per_cent: usize| {
            let index = self.work.len().saturating_sub(1) * per_cent / 100;
            self.work.get(index).copied().unwrap_or(0.0)
        };
        Frames {
            shown: self.times.len(),
            dropped: usize::try_from(dropped).unwrap_or(0),
            median_us: at(50),
            p99_us: at(99),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_as_many_frames_as_would_have_been_in_it() {
        let seen = Seen {
            times: vec![0, 10_000, 20_200, 49_900, 60_000],
            work: vec![3.0, 1.0, 2.0],
            ..Seen::default()
        };
        let frames = seen.frames(10_000);
        assert_eq!((frames.shown, frames.dropped), (5, 2));
        assert_eq!((frames.median_us, frames.p99_us), (2.0, 2.0));
    }
}

//! Clocks are read, never set.

use super::Group;

pub(super) const GROUPS: &[Group] = &[
    Group {
        reason: "read clocks and sleep",
        names: &[
            "clock_getres",
            "clock_gettime",
            "clock_nanosleep",
            "gettimeofday",
            "nanosleep",
        ],
    },
    Group {
        reason: "timers",
        names: &[
            "getitimer",
            "setitimer",
            "timer_create",
            "timer_delete",
            "timer_getoverrun",
            "timer_gettime",
            "timer_settime",
            "timerfd_create",
            "timerfd_gettime",
            "timerfd_settime",
        ],
    },
];

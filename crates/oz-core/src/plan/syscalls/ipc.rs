//! Between the processes of the sandbox, in its own ipc namespace.

use super::Group;

pub(super) const GROUPS: &[Group] = &[
    Group {
        reason: "pipes and counters",
        names: &["eventfd2", "pipe2"],
    },
    Group {
        reason: "wait for any of many",
        names: &[
            "epoll_create1",
            "epoll_ctl",
            "epoll_pwait",
            "epoll_pwait2",
            "ppoll",
            "pselect6",
        ],
    },
    SYSTEM_V,
    POSIX_QUEUES,
];

/// Memory, semaphores and queues of the older kind.
pub const SYSTEM_V: Group = Group {
    reason: "shared memory, semaphores and queues of the System V kind",
    names: &[
        "msgctl",
        "msgget",
        "msgrcv",
        "msgsnd",
        "semctl",
        "semget",
        "semop",
        "semtimedop",
        "shmat",
        "shmctl",
        "shmdt",
        "shmget",
    ],
};

/// Queues of the newer kind.
pub const POSIX_QUEUES: Group = Group {
    reason: "queues of the POSIX kind",
    names: &[
        "mq_getsetattr",
        "mq_notify",
        "mq_open",
        "mq_timedreceive",
        "mq_timedsend",
        "mq_unlink",
    ],
};

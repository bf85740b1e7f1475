//! What a hostile app makes of being explained.

use oz_e2e::probe::Probe;
use oz_e2e::{Session, cli, oz, wait};
use serde_json::Value;

use super::{explained, of, python};

#[test]
fn a_flood_of_refused_calls_is_counted_and_costs_only_its_own_sandbox() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let flood = "print('begun', flush=True)\nwhile True: call(101, 0, 0, 0, 0)";
    let running = python(&["--json"], flood).start();
    wait::for_condition("the flood", || running.text_so_far().contains("begun"));
    // Others are launched, run and are explained meanwhile.
    cli::sandboxed_sh("echo fine").run().ok();
    let ran = explained(&probe, &[], &["syscall", "447", "0"]).run();
    assert!(ran.complaint().contains("memfd_secret()"), "{ran}");
    oz(["stop", "--all"]).run().ok();
    running.end_within(wait::PATIENCE);

    let counted = "for _ in range(20000): call(101, 0, 0, 0, 0)";
    let ran = python(&["--json"], counted).run().ok();
    let document: Value = serde_json::from_slice(&ran.err).expect("JSON");
    let ptrace = of(&document, "ptrace");
    assert_eq!(
        (ptrace.len(), &ptrace[0]["times"]),
        (1, &20000.into()),
        "{document}"
    );
}

#[test]
fn an_app_that_never_repeats_itself_fills_no_memory_and_no_screen() {
    let _session = Session::begin();
    let different = "for number in range(3000):\n \
                     call(165, b'%d' % number, b'x', 0, 0, 0)\n \
                     call(2000 + number, 0)";
    let ran = python(&["--json"], different).run().ok();
    let document: Value = serde_json::from_slice(&ran.err).expect("JSON");
    assert_eq!(document["complete"], true, "{document}");
    for call in ["mount", "unknown"] {
        let kinds = of(&document, call);
        assert!(kinds.len() < 30, "{document}");
        let times: u64 = kinds.iter().filter_map(|kind| kind["times"].as_u64()).sum();
        assert_eq!(times, 3000, "{call} {document}");
    }
}

//! Paces: calls are made when they are due. How well is for benchmarks to tell; that they aren't made early
//! is certain.

use std::time::{Duration, Instant};

use replay_tests::case::{Case, told};

#[test]
fn a_paced_replay_takes_the_recorded_time_at_its_speed_and_says_how_well_it_kept_it() {
    let case = Case::new(|_| {});
    case.record_all(&["sh", "-c", "for i in 1 2 3; do sleep 0.1; echo $i >> file; done"]);
    let recorded = case.tree();
    for (arguments, least) in [
        (&["--speed", "1"][..], 300),
        (&["--speed", "2"], 150),
        (&["--speed", "1", "--pace", "think"], 300),
        (&["--speed", "2", "--pace", "think", "--order", "causal"], 150),
        (&["--speed", "1", "--order", "resource"], 300),
        (&["--speed", "0.5", "--order", "free"], 600),
    ] {
        case.reset();
        let start = Instant::now();
        let replay = case.replay(&[arguments, &["--verify"]].concat());
        assert!(start.elapsed() >= Duration::from_millis(least), "{arguments:?}");
        assert_eq!(replay.status.code(), Some(0), "{arguments:?}: {}", told(&replay));
        assert!(told(&replay).contains("kept to the recorded times"), "{}", told(&replay));
        assert_eq!(recorded.differences(&case.tree()), Vec::<String>::new(), "{arguments:?}");
    }
}

#[test]
fn a_replay_without_a_pace_tells_no_timing() {
    let case = Case::new(|_| {});
    case.record(&["sleep", "0.1"]);
    let replay = case.replay(&["--speed", "max"]);
    assert!(!told(&replay).contains("recorded times"), "{}", told(&replay));
    assert_eq!(case.replay(&["--speed", "0"]).status.code(), Some(2));
}

//! Orders: a faithful trace stays faithful in all but the free one.

use replay_tests::built::program;
use replay_tests::case::{Case, told};

/// Threads and processes that change the same files, recorded, and replayed in each order.
#[test]
fn a_faithful_trace_is_replayed_faithfully_in_every_order_that_promises_so() {
    let tangle = program("tangle");
    for seed in ["1", "2", "3"] {
        let case = Case::new(|_| {});
        case.record_all(&[&tangle.to_string_lossy(), seed]);
        let recorded = case.tree();
        for order in ["strict", "causal", "resource"] {
            for _ in 0..3 {
                case.reset();
                let replay = case.replay(&["--verify", "--abort", "--order", order]);
                assert_eq!(replay.status.code(), Some(0), "{seed} {order}: {}", told(&replay));
                let differences = recorded.differences(&case.tree());
                assert_eq!(differences, Vec::<String>::new(), "{seed} {order}");
            }
        }
        case.reset();
        let free = case.replay(&["--order", "free"]);
        assert!(matches!(free.status.code(), Some(0 | 1)), "{seed}: {}", told(&free));
    }
}

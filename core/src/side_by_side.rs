//! Work that is the same for each of many things, done by several threads.

/// What `work` makes of each part of `items`: of all, or by as many threads as there are processors if there are more
/// than `few`.
pub fn side_by_side<T: Sync, R: Send>(
    items: &[T],
    few: usize,
    work: impl Fn(&[T]) -> R + Sync,
) -> Vec<R> {
    let threads =
        std::thread::available_parallelism().map_or(1, usize::from).min(items.len() / few);
    if threads < 2 {
        return vec![work(items)];
    }
    let mut parts = items.chunks(items.len().div_ceil(threads));
    let first = parts.next().unwrap_or_default();
    std::thread::scope(|scope| {
        let work = &work;
        // Where there is no thread to be had, this one does it.
        let others: Vec<_> = parts
            .map(|part| {
                let thread = std::thread::Builder::new().spawn_scoped(scope, move || work(part));
                (part, thread)
            })
            .collect();
        let mut all = vec![work(first)];
        all.extend(others.into_iter().map(|(part, thread)| match thread.map(|it| it.join()) {
            Ok(Ok(made)) => made,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(_) => work(part),
        }));
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_it_is_done_once_and_in_order() {
        for count in [0, 1, 5, 100] {
            let items: Vec<u32> = (0..count).collect();
            let made = side_by_side(&items, 3, |part| part.to_vec());
            assert_eq!(made.concat(), items);
        }
    }

    #[test]
    #[should_panic(expected = "no 70")]
    fn a_panic_is_passed_on() {
        let items: Vec<u32> = (0..100).collect();
        side_by_side(&items, 10, |part| assert!(!part.contains(&70), "no 70"));
    }
}

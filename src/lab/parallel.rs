//! The same work on many items, on several threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use crate::error::Result;

/// Does all the work on so many threads, what costs most first, so that none is left alone with a large
/// piece at the end; results in order, the first
/// failure ends it.
///
/// # Errors
/// The first failure.
pub(super) fn in_parallel<T: Sync, R: Send>(
    threads: usize,
    items: &[T],
    cost: impl Fn(&T) -> usize,
    work: impl Fn(&T) -> Result<R> + Sync,
    done: &mut dyn FnMut(usize, &R),
) -> Result<Vec<R>> {
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(cost(&items[*at])));
    let next = AtomicUsize::new(0);
    let (sender, results) = mpsc::channel();
    let mut found: Vec<Option<R>> = items.iter().map(|_| None).collect();
    thread::scope(|scope| {
        for _ in 0..threads.clamp(1, items.len().max(1)) {
            let sender = sender.clone();
            let next = &next;
            let order = &order;
            let work = &work;
            scope.spawn(move || {
                loop {
                    let turn = next.fetch_add(1, Ordering::Relaxed);
                    let Some(&at) = order.get(turn) else { return };
                    let outcome = work(&items[at]);
                    let failed = outcome.is_err();
                    if sender.send((at, outcome)).is_err() || failed {
                        next.store(items.len(), Ordering::Relaxed);
                        return;
                    }
                }
            });
        }
        drop(sender);
        for (count, (at, outcome)) in (1..).zip(&results) {
            let outcome = outcome?;
            done(count, &outcome);
            found[at] = Some(outcome);
        }
        Ok(found.into_iter().flatten().collect())
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::error::{Failure, FailureKind};

    #[test]
    fn work_comes_back_in_order_and_a_failure_ends_it() {
        let items: Vec<usize> = (0..50).collect();
        let mut counts = Vec::new();
        let begun = Mutex::new(Vec::new());
        let square = |n: &usize| {
            begun.lock().unwrap().push(*n);
            Ok(n * n)
        };
        let squares = in_parallel(1, &items, |n| *n, square, &mut |count, _| counts.push(count));
        assert_eq!(begun.into_inner().unwrap(), (0..50).rev().collect::<Vec<_>>(), "dearest first");
        assert_eq!(squares.unwrap(), items.iter().map(|n| n * n).collect::<Vec<_>>());
        assert_eq!(counts, (1..=50).collect::<Vec<_>>());
        let fail = |n: &usize| match n {
            7 => Err(Failure::new(FailureKind::Data, "seven")),
            n => Ok(*n),
        };
        let squares_of_three = in_parallel(3, &items, |_| 1, |n| Ok(n * n), &mut |_, _| {});
        assert_eq!(squares_of_three.unwrap()[49], 49 * 49);
        let failed = in_parallel(2, &items, |_| 1, fail, &mut |_, _| {}).unwrap_err();
        assert_eq!(failed.to_string(), "seven");
    }
}

use std::convert::Infallible;

use proptest::prelude::*;

use super::*;

/// Graphs with and without threads: each index depends on some lower ones, some of them twice.
fn graphs() -> impl Strategy<Value = Vec<Vec<usize>>> {
    let below = prop::collection::vec(any::<prop::sample::Index>(), 0..4);
    prop::collection::vec(below, 0..3 * MIN_FOR_THREADS).prop_map(|all| {
        let pick = |(index, below): (usize, Vec<prop::sample::Index>)| match index {
            0 => Vec::new(),
            _ => below.iter().map(|at| at.index(index)).collect(),
        };
        all.into_iter().enumerate().map(pick).collect()
    })
}

proptest! {
    #[test]
    fn each_job_has_the_results_of_its_dependencies(graph in graphs()) {
        // The length of the longest path down.
        let depth = |index: usize, results: &Results<usize>| -> Result<usize, Infallible> {
            let below = graph[index].iter().map(|below| results.get(*below).expect("it has a result") + 1);
            Ok(below.max().unwrap_or_default())
        };
        let found = map_after_dependencies((0..graph.len()).collect(), &graph, depth).expect("nothing fails");
        let mut expected: Vec<usize> = Vec::new();
        for below in &graph {
            expected.push(below.iter().map(|below| expected[*below] + 1).max().unwrap_or_default());
        }
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn the_error_is_that_of_the_lowest_index(graph in graphs(), fails in prop::collection::vec(0usize..200, 1..5)) {
        let job = |index: usize, _: &Results<()>| if fails.contains(&index) { Err(index) } else { Ok(()) };
        let lowest = fails.iter().copied().filter(|index| *index < graph.len()).min();
        prop_assert_eq!(map_after_dependencies((0..graph.len()).collect(), &graph, job).err(), lowest);
    }
}

#[test]
fn a_job_that_panics_ends_the_work() {
    let chain: Vec<Vec<usize>> =
        (0..MIN_FOR_THREADS).map(|index| index.checked_sub(1).into_iter().collect()).collect();
    let job = |index: usize, _: &Results<()>| -> Result<(), Infallible> {
        assert!(index < 10, "the eleventh job panics");
        Ok(())
    };
    let run = || map_after_dependencies((0..chain.len()).collect(), &chain, job);
    assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
}

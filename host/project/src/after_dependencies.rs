//! Work on elements with several threads, on each after those that it depends on.

use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;

/// For fewer elements starting threads takes longer than the work.
const MIN_FOR_THREADS: usize = 64;
/// More threads wait for each other: most elements of a distribution depend on one that is resolved just before them.
const MAX_THREADS: usize = 8;

/// What there is of the results, by index.
#[derive(Debug)]
pub(crate) struct Results<T>(Vec<OnceLock<T>>);

/// What is to be done, and what came of it.
struct GraphWork<I, T, E, J> {
    job: J,
    /// What the jobs are given; each is taken by its job.
    inputs: Vec<Mutex<Option<I>>>,
    results: Results<T>,
    dependents: Vec<Vec<usize>>,
    progress: Mutex<Progress<E>>,
    /// Notified when something is ready or all is done.
    changed: Condvar,
}

/// How far the work is.
struct Progress<E> {
    /// The indices whose dependencies have results.
    ready: Vec<usize>,
    running: usize,
    /// For each index, how many of its dependencies have no result yet.
    waiting: Vec<usize>,
    /// The error of the lowest index so far.
    failure: Option<(usize, E)>,
}

/// The results of a job for each input, which runs after those of the dependencies of its index; these have lower indices. The
/// jobs run on this thread and on some others, which end before it returns.
///
/// # Errors
/// That of the lowest index, whatever the threads did first.
pub(crate) fn map_after_dependencies<I, T, E, J>(
    inputs: Vec<I>,
    dependencies: &[Vec<usize>],
    job: J,
) -> Result<Vec<T>, E>
where
    I: Send,
    T: Send + Sync,
    E: Send,
    J: Fn(I, &Results<T>) -> Result<T, E> + Sync,
{
    let work = GraphWork::new(inputs, dependencies, job);
    let threads = match dependencies.len() < MIN_FOR_THREADS {
        true => 1,
        false => thread::available_parallelism().map_or(1, NonZero::get).min(MAX_THREADS),
    };
    thread::scope(|scope| {
        for n in 1..threads {
            // Where no thread can be started, those that there are do the work.
            let _ = thread::Builder::new().name(format!("elements-{n}")).spawn_scoped(scope, || work.run());
        }
        work.run();
    });
    work.finish()
}

/// The results of a job for each input, which runs on this thread and on some others, which end before it returns.
///
/// # Errors
/// The first one in the order of the inputs.
pub fn map_independent<I, T, E>(inputs: Vec<I>, job: impl Fn(I) -> Result<T, E> + Sync) -> Result<Vec<T>, E>
where
    I: Send,
    T: Send + Sync,
    E: Send,
{
    let dependencies = vec![Vec::new(); inputs.len()];
    map_after_dependencies(inputs, &dependencies, |input, _| job(input))
}

impl<T> Results<T> {
    /// The result for an index, if it is there. Those of dependencies are.
    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        self.0.get(index)?.get()
    }
}

impl<I, T, E, J> GraphWork<I, T, E, J>
where
    J: Fn(I, &Results<T>) -> Result<T, E>,
{
    fn new(inputs: Vec<I>, dependencies: &[Vec<usize>], job: J) -> Self {
        let mut dependents = vec![Vec::new(); dependencies.len()];
        for (index, below) in dependencies.iter().enumerate() {
            below.iter().for_each(|dependency| dependents[*dependency].push(index));
        }
        let waiting: Vec<usize> = dependencies.iter().map(Vec::len).collect();
        // The last one is taken first.
        let ready = (0..waiting.len()).rev().filter(|index| waiting[*index] == 0).collect();
        Self {
            job,
            inputs: inputs.into_iter().map(|input| Mutex::new(Some(input))).collect(),
            results: Results(dependencies.iter().map(|_| OnceLock::new()).collect()),
            dependents,
            progress: Mutex::new(Progress { ready, running: 0, waiting, failure: None }),
            changed: Condvar::new(),
        }
    }

    /// Runs jobs until there are none.
    fn run(&self) {
        while let Some(index) = self.next() {
            match catch_unwind(AssertUnwindSafe(|| self.run_one(index))) {
                Ok(outcome) => self.note(index, outcome),
                Err(panic) => {
                    // No other thread waits for it.
                    self.progress().running -= 1;
                    self.changed.notify_all();
                    resume_unwind(panic);
                }
            }
        }
    }

    /// An index that is ready, when there is one; `None` when there will be no more.
    fn next(&self) -> Option<usize> {
        let mut progress = self.progress();
        loop {
            if let Some(index) = progress.ready.pop() {
                progress.running += 1;
                return Some(index);
            }
            if progress.running == 0 {
                return None;
            }
            progress = self.changed.wait(progress).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn run_one(&self, index: usize) -> Result<(), E> {
        let input = self.inputs[index].lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(input) = input {
            let _ = self.results.0[index].set((self.job)(input, &self.results)?);
        }
        Ok(())
    }

    /// Notes what came of a job, and what can run now.
    fn note(&self, index: usize, outcome: Result<(), E>) {
        let mut progress = self.progress();
        progress.running -= 1;
        match outcome {
            Ok(()) => {
                for dependent in self.dependents[index].iter().copied() {
                    progress.waiting[dependent] -= 1;
                    if progress.waiting[dependent] == 0 {
                        progress.ready.push(dependent);
                    }
                }
            }
            Err(error) if progress.failure.as_ref().is_none_or(|(known, _)| index < *known) => {
                progress.failure = Some((index, error));
            }
            Err(_) => {}
        }
        drop(progress);
        self.changed.notify_all();
    }

    fn progress(&self) -> MutexGuard<'_, Progress<E>> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn finish(self) -> Result<Vec<T>, E> {
        match self.progress.into_inner().unwrap_or_else(PoisonError::into_inner).failure {
            Some((_, error)) => Err(error),
            None => Ok(self.results.0.into_iter().filter_map(OnceLock::into_inner).collect()),
        }
    }
}

#[cfg(test)]
mod tests;

//! The stable merge sort of CPython's `list.sort` (Tim Peters' listsort with powersort's merge order), step by step:
//! when a comparison is not a total order, only the same sequence of comparisons gives the same result.

mod merge;

use merge::Merger;

/// Sorts `items`; `before(x, y)` tells whether `x` comes before `y`.
pub(super) fn timsort<T>(items: &mut Vec<T>, before: &mut dyn FnMut(&T, &T) -> bool) {
    let order = sorted_order(items.len(), &mut |x, y| before(&items[x], &items[y]));
    let mut taken: Vec<Option<T>> = items.drain(..).map(Some).collect();
    items.extend(order.into_iter().filter_map(|index| taken[index].take()));
}

/// The indices `0..length` in sorted order.
fn sorted_order(length: usize, before: &mut dyn FnMut(usize, usize) -> bool) -> Vec<usize> {
    let mut sorter = Sorter { order: (0..length).collect(), runs: Vec::new(), merger: Merger::new(before) };
    let minimum = minimum_run(length);
    let mut begin = 0;
    while begin < length {
        let found = sorter.find_run(begin);
        let run = found.max(minimum.min(length - begin));
        sorter.insert(begin, begin + found, begin + run);
        sorter.push_run(Run { begin, length: run, power: 0 });
        begin += run;
    }
    sorter.collapse();
    sorter.order
}

/// Part of the order that is sorted.
struct Run {
    begin: usize,
    length: usize,
    power: u32,
}

struct Sorter<'b> {
    order: Vec<usize>,
    runs: Vec<Run>,
    merger: Merger<'b>,
}

impl Sorter<'_> {
    /// The length of the run that begins here; one that descends is reversed.
    fn find_run(&mut self, begin: usize) -> usize {
        let end = self.order.len();
        if end - begin < 2 {
            return end - begin;
        }
        let order = &self.order;
        let mut falls = |at: usize| self.merger.before(order[at], order[at - 1]);
        let descending = falls(begin + 1);
        let mut next = begin + 2;
        while next < end && falls(next) == descending {
            next += 1;
        }
        if descending {
            self.order[begin..next].reverse();
        }
        next - begin
    }

    /// Extends the sorted range `begin..sorted` to `begin..end` by binary insertion.
    fn insert(&mut self, begin: usize, sorted: usize, end: usize) {
        for next in sorted.max(begin + 1)..end {
            let pivot = self.order[next];
            let (mut low, mut high) = (begin, next);
            while low < high {
                let middle = low + (high - low) / 2;
                if self.merger.before(pivot, self.order[middle]) {
                    high = middle;
                } else {
                    low = middle + 1;
                }
            }
            self.order[low..=next].rotate_right(1);
        }
    }

    fn push_run(&mut self, run: Run) {
        if let Some(last) = self.runs.last() {
            let power = power(last.begin, last.length, run.length, self.order.len());
            while self.runs.len() > 1 && self.runs[self.runs.len() - 2].power > power {
                self.merge_at(self.runs.len() - 2);
            }
            if let Some(last) = self.runs.last_mut() {
                last.power = power;
            }
        }
        self.runs.push(run);
    }

    /// Merges all runs into one.
    fn collapse(&mut self) {
        while self.runs.len() > 1 {
            let mut at = self.runs.len() - 2;
            if at > 0 && self.runs[at - 1].length < self.runs[at + 1].length {
                at -= 1;
            }
            self.merge_at(at);
        }
    }

    /// Merges a run with the one after it.
    fn merge_at(&mut self, at: usize) {
        let right = self.runs.remove(at + 1);
        let left = &mut self.runs[at];
        let (begin, middle) = (left.begin, right.begin);
        left.length += right.length;
        self.merger.merge(&mut self.order[begin..middle + right.length], middle - begin);
    }
}

/// The length to which short runs are extended: all of a short list, otherwise 32 to 64.
fn minimum_run(mut length: usize) -> usize {
    let mut carry = 0;
    while length >= 64 {
        carry |= length & 1;
        length /= 2;
    }
    length + carry
}

/// The depth of the boundary between two runs in powersort's tree over a list of `total` items.
fn power(begin: usize, left: usize, right: usize, total: usize) -> u32 {
    let mut a = 2 * begin + left;
    let mut b = a + left + right;
    let mut power = 0;
    loop {
        power += 1;
        if a >= total {
            a -= total;
            b -= total;
        } else if b >= total {
            return power;
        }
        a *= 2;
        b *= 2;
    }
}

#[cfg(test)]
mod tests;

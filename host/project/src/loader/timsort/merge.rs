//! Merging two neighbouring runs, with galloping.

const MIN_GALLOP: usize = 7;

/// Merges runs and remembers how soon galloping paid off.
pub(super) struct Merger<'b> {
    before: &'b mut dyn FnMut(usize, usize) -> bool,
    min_gallop: usize,
}

/// Two runs; `left` and `right` are the parts that are still to be merged into `merged`.
struct Pair {
    left: std::ops::Range<usize>,
    right: std::ops::Range<usize>,
    merged: Vec<usize>,
}

impl<'b> Merger<'b> {
    pub(super) fn new(before: &'b mut dyn FnMut(usize, usize) -> bool) -> Self {
        Self { before, min_gallop: MIN_GALLOP }
    }

    pub(super) fn before(&mut self, x: usize, y: usize) -> bool {
        (self.before)(x, y)
    }

    /// Merges the two runs of `order` that meet at `middle`.
    pub(super) fn merge(&mut self, order: &mut [usize], middle: usize) {
        let skip = self.after_equal(order[middle], &order[..middle], 0);
        let (left, right) = (&order[skip..middle], &order[middle..]);
        let Some(last) = left.last() else { return };
        let end = self.before_equal(*last, right, right.len() - 1);
        if end == 0 {
            return;
        }
        let (left, right) = (left.to_vec(), right[..end].to_vec());
        let merged = if left.len() <= right.len() {
            self.forward(&left, &right)
        } else {
            self.backward(&left, &right)
        };
        order[skip..middle + end].copy_from_slice(&merged);
    }

    /// Merges from the front.
    fn forward(&mut self, left: &[usize], right: &[usize]) -> Vec<usize> {
        let mut pair = Pair { left: 0..left.len(), right: 1..right.len(), merged: vec![right[0]] };
        while !pair.left.is_empty() && !pair.right.is_empty() {
            // The last item of the left run goes to the end without a comparison.
            if pair.left.len() == 1 {
                pair.merged.extend_from_slice(&right[pair.right.clone()]);
                pair.right.start = pair.right.end;
                break;
            }
            if self.forward_by_one(left, right, &mut pair) {
                self.forward_galloping(left, right, &mut pair);
            }
        }
        pair.merged.extend_from_slice(&right[pair.right]);
        pair.merged.extend_from_slice(&left[pair.left]);
        pair.merged
    }

    /// Takes items one by one; true when one run has won so often that galloping begins.
    fn forward_by_one(&mut self, left: &[usize], right: &[usize], pair: &mut Pair) -> bool {
        let (mut left_wins, mut right_wins) = (0, 0);
        while pair.left.len() > 1 && !pair.right.is_empty() {
            if self.before(right[pair.right.start], left[pair.left.start]) {
                take_front(right, &mut pair.right, 1, &mut pair.merged);
                (left_wins, right_wins) = (0, right_wins + 1);
            } else {
                take_front(left, &mut pair.left, 1, &mut pair.merged);
                (left_wins, right_wins) = (left_wins + 1, 0);
            }
            let more = pair.left.len() > 1 && !pair.right.is_empty();
            if more && left_wins.max(right_wins) >= self.min_gallop {
                return true;
            }
        }
        false
    }

    fn forward_galloping(&mut self, left: &[usize], right: &[usize], pair: &mut Pair) {
        let mut min_gallop = self.min_gallop + 1;
        loop {
            min_gallop -= usize::from(min_gallop > 1);
            self.min_gallop = min_gallop;
            let left_wins = self.after_equal(right[pair.right.start], &left[pair.left.clone()], 0);
            take_front(left, &mut pair.left, left_wins, &mut pair.merged);
            if left_wins > 0 && pair.left.len() <= 1 {
                return;
            }
            take_front(right, &mut pair.right, 1, &mut pair.merged);
            if pair.right.is_empty() {
                return;
            }
            let right_wins = self.before_equal(left[pair.left.start], &right[pair.right.clone()], 0);
            take_front(right, &mut pair.right, right_wins, &mut pair.merged);
            if pair.right.is_empty() {
                return;
            }
            take_front(left, &mut pair.left, 1, &mut pair.merged);
            if pair.left.len() == 1 {
                return;
            }
            if left_wins < MIN_GALLOP && right_wins < MIN_GALLOP {
                break;
            }
        }
        self.min_gallop = min_gallop + 1;
    }

    /// Merges from the back; `merged` is kept in reverse until the end.
    fn backward(&mut self, left: &[usize], right: &[usize]) -> Vec<usize> {
        let last = left.len() - 1;
        let mut pair = Pair { left: 0..last, right: 0..right.len(), merged: vec![left[last]] };
        while !pair.left.is_empty() && !pair.right.is_empty() {
            // The first item of the right run goes to the front without a comparison.
            if pair.right.len() == 1 {
                let rest = pair.left.len();
                take_back(left, &mut pair.left, rest, &mut pair.merged);
                break;
            }
            if self.backward_by_one(left, right, &mut pair) {
                self.backward_galloping(left, right, &mut pair);
            }
        }
        let (rest_left, rest_right) = (pair.left.len(), pair.right.len());
        take_back(left, &mut pair.left, rest_left, &mut pair.merged);
        take_back(right, &mut pair.right, rest_right, &mut pair.merged);
        pair.merged.reverse();
        pair.merged
    }

    fn backward_by_one(&mut self, left: &[usize], right: &[usize], pair: &mut Pair) -> bool {
        let (mut left_wins, mut right_wins) = (0, 0);
        while !pair.left.is_empty() && pair.right.len() > 1 {
            if self.before(right[pair.right.end - 1], left[pair.left.end - 1]) {
                take_back(left, &mut pair.left, 1, &mut pair.merged);
                (left_wins, right_wins) = (left_wins + 1, 0);
            } else {
                take_back(right, &mut pair.right, 1, &mut pair.merged);
                (left_wins, right_wins) = (0, right_wins + 1);
            }
            let more = !pair.left.is_empty() && pair.right.len() > 1;
            if more && left_wins.max(right_wins) >= self.min_gallop {
                return true;
            }
        }
        false
    }

    fn backward_galloping(&mut self, left: &[usize], right: &[usize], pair: &mut Pair) {
        let mut min_gallop = self.min_gallop + 1;
        loop {
            min_gallop -= usize::from(min_gallop > 1);
            self.min_gallop = min_gallop;
            let rest = &left[pair.left.clone()];
            let left_wins = rest.len() - self.after_equal(right[pair.right.end - 1], rest, rest.len() - 1);
            take_back(left, &mut pair.left, left_wins, &mut pair.merged);
            if pair.left.is_empty() {
                return;
            }
            take_back(right, &mut pair.right, 1, &mut pair.merged);
            if pair.right.len() == 1 {
                return;
            }
            let rest = &right[pair.right.clone()];
            let right_wins = rest.len() - self.before_equal(left[pair.left.end - 1], rest, rest.len() - 1);
            take_back(right, &mut pair.right, right_wins, &mut pair.merged);
            if right_wins > 0 && pair.right.len() <= 1 {
                return;
            }
            take_back(left, &mut pair.left, 1, &mut pair.merged);
            if pair.left.is_empty() {
                return;
            }
            if left_wins < MIN_GALLOP && right_wins < MIN_GALLOP {
                break;
            }
        }
        self.min_gallop = min_gallop + 1;
    }

    /// How many of `run` come before `key` or are equal to it, searched from `hint` on.
    fn after_equal(&mut self, key: usize, run: &[usize], hint: usize) -> usize {
        gallop(run.len(), hint, &mut |at| !self.before(key, run[at]))
    }

    /// How many of `run` come before `key`, searched from `hint` on.
    fn before_equal(&mut self, key: usize, run: &[usize], hint: usize) -> usize {
        gallop(run.len(), hint, &mut |at| self.before(run[at], key))
    }
}

fn take_front(from: &[usize], rest: &mut std::ops::Range<usize>, count: usize, to: &mut Vec<usize>) {
    to.extend_from_slice(&from[rest.start..rest.start + count]);
    rest.start += count;
}

fn take_back(from: &[usize], rest: &mut std::ops::Range<usize>, count: usize, to: &mut Vec<usize>) {
    to.extend(from[rest.end - count..rest.end].iter().rev());
    rest.end -= count;
}

/// The length of the prefix of `0..length` for which `within` holds: in doubling steps from `hint`, then by halves.
fn gallop(length: usize, hint: usize, within: &mut impl FnMut(usize) -> bool) -> usize {
    let (mut near, mut far) = (0, 1);
    let (mut low, mut high);
    if within(hint) {
        let limit = length - hint;
        while far < limit && within(hint + far) {
            (near, far) = (far, 2 * far + 1);
        }
        (low, high) = (hint + near + 1, hint + far.min(limit));
    } else {
        let limit = hint + 1;
        while far < limit && !within(hint - far) {
            (near, far) = (far, 2 * far + 1);
        }
        (low, high) = (hint + 1 - far.min(limit), hint - near);
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if within(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    high
}

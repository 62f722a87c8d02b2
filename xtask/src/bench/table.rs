//! The tables of figures and targets.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

/// The target of a figure.
#[derive(Clone, Copy)]
pub(super) enum Target {
    /// At most this part of the peer's.
    Ratio(f64),
    /// Less than this.
    Below(Duration),
    /// For information.
    None,
}

/// One figure of ours, and a peer's where there is one.
pub(super) struct Row {
    figure: String,
    ours: Duration,
    peer: Option<(&'static str, Duration)>,
    target: Target,
}

impl Row {
    pub(super) fn beside(
        figure: &str,
        ours: Duration,
        peer: &'static str,
        theirs: Duration,
        target: Target,
    ) -> Row {
        Row { figure: figure.to_owned(), ours, peer: Some((peer, theirs)), target }
    }

    pub(super) fn alone(figure: &str, ours: Duration, target: Target) -> Row {
        Row { figure: figure.to_owned(), ours, peer: None, target }
    }

    fn ratio(&self) -> Option<f64> {
        self.peer.map(|(_, theirs)| self.ours.as_secs_f64() / theirs.as_secs_f64())
    }

    fn cells(&self) -> [String; 6] {
        let peer = self.peer.map(|(peer, theirs)| format!("{peer}: {}", time(theirs))).unwrap_or_default();
        let (target, reached) = match self.target {
            Target::Ratio(most) => {
                (format!("≤ {}", fraction(most)), Some(self.ratio().is_some_and(|ratio| ratio <= most)))
            }
            Target::Below(limit) => (format!("< {}", time(limit)), Some(self.ours < limit)),
            Target::None => (String::new(), None),
        };
        let reached = reached.map(self::reached).unwrap_or_default().to_owned();
        let ratio = self.ratio().map(fraction).unwrap_or_default();
        [self.figure.clone(), time(self.ours), peer, ratio, target, reached]
    }
}

/// All figures of a run.
#[derive(Default)]
pub(super) struct Table {
    rows: Vec<Row>,
}

impl Table {
    pub(super) fn add(&mut self, row: Row) {
        self.rows.push(row);
    }
}

impl Display for Table {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let head = ["figure", "ours", "peer", "ratio", "target", "reached"].map(str::to_owned);
        let rows: Vec<_> = [head].into_iter().chain(self.rows.iter().map(Row::cells)).collect();
        draw(out, &rows)
    }
}

/// Writes rows in columns, the first row as the head.
pub(crate) fn draw<const N: usize>(out: &mut Formatter<'_>, rows: &[[String; N]]) -> fmt::Result {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    for (index, row) in rows.iter().enumerate() {
        let cells: Vec<_> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        writeln!(out, "| {} |", cells.join(" | "))?;
        if index == 0 {
            writeln!(out, "|{}|", widths.map(|width| "-".repeat(width + 2)).join("|"))?;
        }
    }
    Ok(())
}

/// The text of a table about a target.
pub(super) fn reached(good: bool) -> &'static str {
    if good { "yes" } else { "NO" }
}

/// A duration in the unit that suits it.
pub(super) fn time(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    match seconds {
        s if s >= 1.0 => format!("{s:.2} s"),
        s if s >= 1e-3 => format!("{:.1} ms", s * 1e3),
        s => format!("{:.1} µs", s * 1e6),
    }
}

/// A ratio: `1/40` where it is small.
fn fraction(ratio: f64) -> String {
    if ratio < 0.3 { format!("1/{:.0}", 1.0 / ratio) } else { format!("{ratio:.2}") }
}

#[cfg(test)]
mod tests;

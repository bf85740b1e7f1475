//! Tables in Markdown, and budgets that hold or do not.

use std::fmt::Write;

/// What is written where nothing was measured.
pub const NOTHING: &str = "–";

/// A table: what its columns are called, and its rows.
#[derive(Clone, Debug, Default)]
pub struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table with these columns.
    #[must_use]
    pub fn new<T: Into<String>>(head: impl IntoIterator<Item = T>) -> Self {
        Self {
            head: head.into_iter().map(Into::into).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row; columns that it does not have are empty.
    pub fn row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        let mut cells: Vec<String> = cells.into_iter().map(Into::into).collect();
        cells.resize(self.head.len(), String::new());
        self.rows.push(cells);
    }

    /// The table as Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        let rule = vec!["---".to_owned(); self.head.len()];
        for cells in [&self.head, &rule].into_iter().chain(&self.rows) {
            text.push('|');
            for cell in cells {
                // A bar would end the cell.
                let _ = write!(text, " {} |", cell.replace('|', "\\|"));
            }
            text.push('\n');
        }
        text
    }
}

/// What a measured value may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// No more than this.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
}

/// One line of the design's budgets, with what came of it.
#[derive(Clone, Debug)]
pub struct Budget {
    /// What is measured.
    pub what: String,
    /// What the value is a multiple of, or its unit.
    pub unit: String,
    /// What it may be.
    pub limit: Limit,
    /// What it was.
    pub measured: Option<f64>,
}

impl Budget {
    /// Whether it holds; nobody knows before it was measured.
    #[must_use]
    pub fn holds(&self) -> Option<bool> {
        self.measured.map(|value| match self.limit {
            Limit::AtMost(most) => value <= most,
            Limit::AtLeast(least) => value >= least,
        })
    }
}

/// The budgets as a table.
#[must_use]
pub fn budgets(list: &[Budget]) -> String {
    let mut table = Table::new(["Budget", "May be", "Was", ""]);
    for budget in list {
        let (sign, value) = match budget.limit {
            Limit::AtMost(value) => ('≤', value),
            Limit::AtLeast(value) => ('≥', value),
        };
        let verdict = match budget.holds() {
            None => "not measured",
            Some(true) => "holds",
            Some(false) => "**missed**",
        };
        table.row([
            budget.what.clone(),
            format!("{sign} {value} {}", budget.unit),
            number(budget.measured, 2),
            verdict.to_owned(),
        ]);
    }
    table.markdown()
}

/// A number with so many decimals, or a dash.
#[must_use]
pub fn number(value: Option<f64>, decimals: usize) -> String {
    match value {
        Some(value) if value.is_finite() => format!("{value:.decimals$}"),
        _ => NOTHING.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(limit: Limit, measured: Option<f64>) -> Budget {
        Budget {
            what: "a thing".into(),
            unit: "× direct".into(),
            limit,
            measured,
        }
    }

    #[test]
    fn a_table_has_a_cell_for_every_column() {
        let mut table = Table::new(["", "ratio", "µs"]);
        table.row(["direct", "1.00", "20"]);
        table.row(["a|b"]);
        assert_eq!(
            table.markdown(),
            "|  | ratio | µs |\n| --- | --- | --- |\n| direct | 1.00 | 20 |\n| a\\|b |  |  |\n"
        );
    }

    #[test]
    fn a_budget_holds_up_to_its_limit_and_not_beyond() {
        assert_eq!(budget(Limit::AtMost(1.06), Some(1.06)).holds(), Some(true));
        assert_eq!(budget(Limit::AtMost(1.06), Some(1.07)).holds(), Some(false));
        assert_eq!(budget(Limit::AtLeast(0.95), Some(0.95)).holds(), Some(true));
        assert_eq!(
            budget(Limit::AtLeast(0.95), Some(0.94)).holds(),
            Some(false)
        );
        assert_eq!(budget(Limit::AtLeast(0.95), None).holds(), None);
    }

    #[test]
    fn a_missed_budget_is_said_as_plainly_as_one_that_holds() {
        let text = budgets(&[
            budget(Limit::AtMost(1.0), Some(2.0)),
            budget(Limit::AtMost(1.0), Some(0.5)),
            budget(Limit::AtLeast(1.0), None),
        ]);
        let lines: Vec<&str> = text.lines().skip(2).collect();
        assert_eq!(lines[0], "| a thing | ≤ 1 × direct | 2.00 | **missed** |");
        assert_eq!(lines[1], "| a thing | ≤ 1 × direct | 0.50 | holds |");
        assert_eq!(lines[2], "| a thing | ≥ 1 × direct | – | not measured |");
    }

    #[test]
    fn what_is_no_number_is_a_dash() {
        assert_eq!(number(Some(1.005), 1), "1.0");
        assert_eq!(number(Some(f64::NAN), 1), NOTHING);
        assert_eq!(number(None, 1), NOTHING);
    }
}

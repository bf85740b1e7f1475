//! Medians, and ratios of things that were measured in turn.

/// The middle of the values (the mean of the two middle ones); none of nothing.
#[must_use]
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted: Vec<f64> = values
        .iter()
        .copied()
        .filter(|value| value.is_finite())
        .collect();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}

/// The value that `percent` of the values do not exceed.
#[must_use]
pub fn percentile(values: &[f64], percent: usize) -> Option<f64> {
    let mut sorted: Vec<f64> = values
        .iter()
        .copied()
        .filter(|value| value.is_finite())
        .collect();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    Some(sorted[(sorted.len() * percent / 100).min(last)])
}

/// The median of the ratios round by round.
///
/// Round by round rather than the ratio of two medians: what else the machine did during a round
/// hit both, so it cancels out. A round in which one of the two is missing does not count.
#[must_use]
pub fn paired_ratio(of: &[Option<f64>], to: &[Option<f64>]) -> Option<f64> {
    let ratios: Vec<f64> = of
        .iter()
        .zip(to)
        .filter_map(|(of, to)| Some((*of)? / (*to)?))
        .collect();
    median(&ratios)
}

/// What was there of a series.
#[must_use]
pub fn present(values: &[Option<f64>]) -> Vec<f64> {
    values.iter().copied().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_whatever_the_order() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[7.0]), Some(7.0));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn what_is_no_number_does_not_count() {
        assert_eq!(median(&[f64::NAN, 1.0, f64::INFINITY]), Some(1.0));
    }

    #[test]
    fn one_slow_round_does_not_move_a_paired_ratio() {
        // The machine was ten times slower in the second round, for both.
        let direct = [Some(1.0), Some(10.0), Some(1.0)];
        let peer = [Some(1.5), Some(15.0), Some(1.5)];
        assert_eq!(paired_ratio(&peer, &direct), Some(1.5));
    }

    #[test]
    fn a_round_that_failed_is_left_out() {
        let ratio = paired_ratio(&[Some(4.0), None, Some(9.0)], &[Some(2.0), Some(1.0), None]);
        assert_eq!(ratio, Some(2.0));
        assert_eq!(paired_ratio(&[None], &[Some(1.0)]), None);
        assert_eq!(present(&[None, Some(2.0)]), [2.0]);
    }

    #[test]
    fn the_99th_percentile_of_a_hundred_is_the_last() {
        let values: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(percentile(&values, 99), Some(100.0));
        assert_eq!(percentile(&values, 50), Some(51.0));
        assert_eq!(percentile(&[], 50), None);
    }
}

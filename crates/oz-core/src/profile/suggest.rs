//! The name that was meant.

/// The candidate nearest to what was written, if it is near enough to be a slip.
pub(super) fn nearest<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let slips = (written.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(written, candidate), candidate))
        .filter(|(distance, _)| *distance <= slips)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_are_recognised_and_other_words_are_not() {
        let keys = ["network", "files", "match", "bus"];
        assert_eq!(nearest("netwrok", keys), Some("network"));
        assert_eq!(nearest("file", keys), Some("files"));
        assert_eq!(nearest("audio", keys), None);
        assert_eq!(nearest("", keys), None);
    }
}

//! More changes than anybody looks at.

use oz_core::wire::copies::Look;

use super::Layers;
use crate::copies::changes;

#[test]
fn no_more_is_told_than_was_asked_for_however_much_an_app_writes() {
    let layers = Layers::over(&[]);
    for number in 0..300 {
        layers.write(&format!("a/{number}"), "x");
        layers.write(&format!("b/{number}"), "x");
    }
    let look = |wanted: &[&str], most| {
        let wanted = wanted.iter().map(|path| path.as_bytes().to_vec().into());
        let look = Look {
            place: layers.place(),
            wanted: wanted.collect(),
            most,
        };
        let found = changes::wanted(&look).expect("looked at");
        (found.all.len(), found.complete)
    };
    assert_eq!(look(&[], 1000), (602, true));
    assert_eq!(look(&[], 10), (10, false));
    assert_eq!(look(&["b"], 1000), (301, true));
    assert_eq!(look(&["b/7", "a/8"], 2), (2, true));
    assert_eq!(look(&[""], 602), (602, true));
    let counted = changes::count(&layers.place()).expect("counted");
    assert_eq!((counted.changes, counted.complete), (602, true));
}

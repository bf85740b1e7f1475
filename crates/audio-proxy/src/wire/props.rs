//! Properties: what clients and streams say about themselves.

/// Most properties that are kept of one list.
const COUNT_MAX: usize = 32;

/// Longest value that is kept, in bytes with its end. Icons in properties are longer.
const VALUE_MAX: usize = 512;

/// A list of keys and values; a value that is text ends with a NUL.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Props(Vec<(Box<str>, Box<[u8]>)>);

impl Props {
    /// Sets a value as it is on the wire. One that is too long is not kept.
    pub fn put(&mut self, key: &str, value: &[u8]) {
        if value.len() > VALUE_MAX {
            return;
        }
        if let Some((_, old)) = self.0.iter_mut().find(|(known, _)| **known == *key) {
            *old = value.into();
        } else if self.0.len() < COUNT_MAX {
            self.0.push((key.into(), value.into()));
        }
    }

    /// Sets a value that is text, before what is there: it stays when there are too many.
    pub fn stamp(&mut self, key: &str, text: &str) {
        self.remove(key);
        self.0.truncate(COUNT_MAX - 1);
        let mut value: Vec<u8> = text.bytes().filter(|byte| *byte != 0).collect();
        value.push(0);
        self.0.insert(0, (key.into(), value.into()));
    }

    /// Forgets a value.
    pub fn remove(&mut self, key: &str) {
        self.0.retain(|(known, _)| **known != *key);
    }

    /// A value that is text, without its end.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(known, _)| **known == *key)?;
        let text = value.strip_suffix(b"\0")?;
        str::from_utf8(text)
            .ok()
            .filter(|text| !text.contains('\0'))
    }

    /// Keys and values as they are on the wire.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(key, value)| (&**key, &**value))
    }

    /// Keeps what is in `other` only if `replace`, else adds what is new.
    pub fn merge(&mut self, other: &Self, replace: bool) {
        for (key, value) in other.iter() {
            if replace || !self.0.iter().any(|(known, _)| **known == *key) {
                self.put(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_stays_whatever_else_there_is() {
        let mut props = Props::default();
        for number in 0..100 {
            props.put(&format!("media.{number}"), b"x\0");
        }
        props.stamp("oz.sandbox", "a\0b");
        assert_eq!(props.text("oz.sandbox"), Some("ab"));
        assert_eq!(props.iter().count(), COUNT_MAX);
    }

    #[test]
    fn long_values_and_what_is_not_text_are_left_out() {
        let mut props = Props::default();
        props.put("media.icon", &[0; 600]);
        assert_eq!(props.iter().count(), 0);
        props.put("media.name", b"a\0b\0");
        assert_eq!(props.text("media.name"), None);
    }

    #[test]
    fn merging_keeps_or_replaces() {
        let mut props = Props::default();
        props.put("a", b"1\0");
        let mut other = Props::default();
        other.put("a", b"2\0");
        other.put("b", b"2\0");
        props.merge(&other, false);
        assert_eq!((props.text("a"), props.text("b")), (Some("1"), Some("2")));
        props.merge(&other, true);
        assert_eq!(props.text("a"), Some("2"));
    }
}

//! Changes of fields as they are stored in the feed, written as they come.

use serde::Serialize;

/// The text of a JSON list of `{field, from, to}`.
#[derive(Default)]
pub(super) struct Told {
    text: Vec<u8>,
}

impl Told {
    /// The whole list.
    pub fn text(&self) -> String {
        let list = [b"[", self.text.as_slice(), b"]"].concat();
        String::from_utf8(list).expect("JSON is text")
    }

    /// One more change.
    pub fn add(&mut self, field: &str, from: &(impl Serialize + ?Sized), to: &(impl Serialize + ?Sized)) {
        self.begin(field);
        self.put(from);
        self.and();
        self.put(to);
        self.end();
    }

    /// One more change; what it was comes next.
    pub fn begin(&mut self, field: &str) {
        let begun: &[u8] = if self.text.is_empty() { b"{\"field\":" } else { b",{\"field\":" };
        self.text.extend(begun);
        self.put(field);
        self.text.extend(b",\"from\":");
    }

    /// Now comes what it is.
    pub fn and(&mut self) {
        self.text.extend(b",\"to\":");
    }

    /// That was all of it.
    pub fn end(&mut self) {
        self.text.push(b'}');
    }

    /// A value.
    pub fn put<T: Serialize + ?Sized>(&mut self, value: &T) {
        serde_json::to_writer(&mut self.text, value).expect("values are always JSON");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_told_as_a_list() {
        let mut told = Told::default();
        assert_eq!(told.text(), "[]");
        told.add("long_name", &None::<i64>, "Gau\u{df} \"C\"");
        told.add("day", &1, &2);
        assert_eq!(
            told.text(),
            r#"[{"field":"long_name","from":null,"to":"Gauß \"C\""},{"field":"day","from":1,"to":2}]"#
        );
    }
}

//! Reading JSON: one reader of the notation for all types.

use serde::{Deserialize, de};

/// Reads one JSON text, and nothing after it but space.
///
/// The notation is read by code compiled once, not anew for each type: there is less for a hostile text to meet, and what is tested
/// of it with one type is tested for all (`docs/adr/0016-one-reader-of-json.md`).
///
/// # Errors
/// As [`serde_json::from_slice`], with line and column.
pub fn from_json<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> serde_json::Result<T> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = erased_serde::deserialize(&mut <dyn erased_serde::Deserializer<'_>>::erase(&mut reader)).map_err(de::Error::custom)?;
    reader.end()?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use crate::{record::AuditRecord, revision::RevisionStatement, training::TrainingSpec};

    use super::*;

    /// What both readers make of a text.
    fn both<'de, T: Deserialize<'de>>(text: &'de str) -> [Result<(), (String, usize, usize)>; 2] {
        let told = |error: serde_json::Error| (error.to_string(), error.line(), error.column());
        [from_json::<T>(text.as_bytes()).map(drop).map_err(told), serde_json::from_str::<T>(text).map(drop).map_err(told)]
    }

    #[test]
    fn errors_say_what_and_where_as_those_of_a_reader_of_one_type_do() {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Outer<'a> {
            #[expect(dead_code, reason = "only read")]
            name: &'a str,
            #[expect(dead_code, reason = "only read")]
            inner: Vec<Inner>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "kebab-case")]
        enum Inner {
            Plain,
            #[expect(dead_code, reason = "only read")]
            With {
                count: u8,
            },
        }
        let texts = [
            "{\"name\":\"a\",\"inner\":[\"plain\",\n{\"with\":{\"count\":7}}]} \n",
            "{\"name\":\"a\",\n \"inner\":[\"plane\"]}",
            "{\"name\":\"a\",\n \"inner\":[{\"with\":{\"count\":256}}]}",
            "{\"name\":\"a\",\n \"inner\":[{\"with\":{\n\"count\":\"7\"}}]}",
            "{\"name\":\"a\",\n \"inner\":[{\"with\":{}}]}",
            "{\"name\":\"a\",\n \"inner\":{}}",
            "{\"name\":\"a\",\n \"name\":\"b\",\"inner\":[]}",
            "{\"name\":\"a\",\n \"other\":\"b\",\"inner\":[]}",
            "{\"name\":\"\\n\",\n\"inner\":[]}",
            "{\"name\":\"a\" \"inner\":[]}",
            "{\"name\":\"a\",\"inner\":[]}\n x",
            "{\"name\":\"a\",\"inner\":[",
            "{\"name\":\"a at line 7 column 8",
            "{\"at line 7 column 8\":1}",
            "[\"a\",[\"plain\"]]",
            "[\"a\",[\"plain\"],1]",
            "",
        ];
        for text in texts {
            let [ours, theirs] = both::<Outer<'_>>(text);
            assert_eq!(ours, theirs, "{text}");
        }
        for text in ["{}", "{\"schema\":1}", "null"] {
            for [ours, theirs] in [both::<AuditRecord>(text), both::<RevisionStatement>(text), both::<TrainingSpec>(text)] {
                assert_eq!(ours, theirs, "{text}");
            }
        }
    }
}

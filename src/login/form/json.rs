//! JSON logins: one object, whose texts are the fields.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::{Ambiguous, InvalidForm, MAX_FIELDS, Pair};

/// The members of a JSON object, duplicates included: parsers take the first, the last or fail.
pub(super) fn parse(body: &[u8]) -> Result<Vec<Pair<'static>>, InvalidForm> {
    let Members(fields) = serde_json::from_slice(body).map_err(|_| InvalidForm::Json)?;
    if fields.len() > MAX_FIELDS {
        return Err(InvalidForm::TooManyFields);
    }
    Ok(fields)
}

struct Members(Vec<Pair<'static>>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut fields = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    fields.push(match value {
                        Value::String(text) => Pair::new(name.into_bytes(), text.into_bytes()),
                        _ => Pair::new(name.into_bytes(), Vec::new()).flawed(Ambiguous::NotText),
                    });
                }
                Ok(Members(fields))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

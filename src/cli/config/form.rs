//! Derives a schema from what a type's `Deserialize` asks for, so that schema and code cannot differ.

use serde::de::value::{BorrowedStrDeserializer, Error};
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};
use serde_json::{Value, json};

/// The JSON Schema of what `T` deserializes from: keys, types and enum values, not which keys are required.
pub fn schema_of<T: for<'de> Deserialize<'de>>() -> Value {
    let mut form = Value::Bool(true);
    // A type that rejects the probe's value has revealed enough by then.
    let _ = T::deserialize(Probe(&mut form));
    form
}

/// Provides whatever is asked for, and records what that was.
struct Probe<'f>(&'f mut Value);

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        *self.0 = json!({"type": "boolean"});
        visitor.visit_bool(false)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        *self.0 = json!({"type": "integer"});
        visitor.visit_i64(0)
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        *self.0 = json!({"type": "integer", "minimum": 0, "maximum": u8::MAX});
        visitor.visit_u8(0)
    }

    /// The offsets of a value in its file.
    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_u64(0)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        *self.0 = json!({"type": "string"});
        visitor.visit_str("")
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let mut items = Value::Bool(true);
        let done = visitor.visit_seq(Items { form: &mut items, left: 1 });
        *self.0 = json!({"type": "array", "items": items});
        done
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        let mut items = Value::Bool(true);
        let done = visitor.visit_seq(Items { form: &mut items, left: len });
        *self.0 = json!({"type": "array", "items": items, "minItems": len, "maxItems": len});
        done
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let mut members = Members { left: fields.iter(), now: "", forms: Vec::new() };
        let done = visitor.visit_map(&mut members);
        *self.0 = if name.starts_with('$') {
            // A value with its location in the file.
            let value = members.forms.into_iter().find(|(_, form)| *form != Value::Bool(true));
            value.map_or(Value::Bool(true), |(_, form)| form)
        } else {
            let properties: serde_json::Map<String, Value> = members.forms.into_iter().collect();
            json!({"type": "object", "additionalProperties": false, "properties": properties})
        };
        done
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        *self.0 = json!({"enum": variants});
        visitor.visit_enum(variants.first().copied().unwrap_or_default().into_deserializer())
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u16 u32 u128 f32 f64 char str bytes byte_buf unit unit_struct newtype_struct tuple_struct map
        identifier ignored_any
    }
}

struct Items<'f> {
    form: &'f mut Value,
    left: usize,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(Probe(self.form)).map(Some)
    }
}

struct Members {
    left: std::slice::Iter<'static, &'static str>,
    now: &'static str,
    forms: Vec<(String, Value)>,
}

impl<'de> MapAccess<'de> for &mut Members {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some(name) = self.left.next() else { return Ok(None) };
        self.now = name;
        seed.deserialize(BorrowedStrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        let mut form = Value::Bool(true);
        let done = seed.deserialize(Probe(&mut form));
        self.forms.push((self.now.to_owned(), form));
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use toml::Spanned;

    #[derive(Deserialize)]
    #[serde(rename_all = "snake_case")]
    #[allow(dead_code)]
    enum Word {
        One,
        OneMore,
    }

    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Table {
        name: Spanned<Vec<String>>,
        word: Option<Word>,
        #[serde(default)]
        more: Vec<Word>,
        pair: [i64; 2],
        flag: bool,
    }

    #[test]
    fn a_type_tells_what_it_takes() {
        let words = json!({"enum": ["one", "one_more"]});
        let expected = json!({
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "name": {"type": "array", "items": {"type": "string"}},
                "word": words,
                "more": {"type": "array", "items": words},
                "pair": {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2},
                "flag": {"type": "boolean"},
            },
        });
        assert_eq!(schema_of::<Table>(), expected);
    }
}

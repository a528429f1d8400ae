//! JSON level: other spellings of the same values, and values no field holds, with digests computed anew.

use serde_json::Value;

use super::{
    Make,
    draw::Draw,
    sample::{PLAN, STATEMENT, Sample, bank, listed, sealed, signed},
};

const MALFORMED: &[&str] = &["json-malformed"];
const NOT_CANONICAL: &[&str] = &["json-not-canonical"];

/// One JSON entry of a package, read as a tree.
struct Document {
    entry: usize,
    value: Value,
}

/// The way from the root of a document to one of its nodes: positions among children.
type Way = Vec<usize>;

/// Manifest, plan or statement of the first monitoring proof, whose values are known here.
fn document(sample: &Sample, draw: &mut Draw) -> Document {
    Document::of(sample, *draw.pick(&[0, sample.at(PLAN), sample.at(STATEMENT)]))
}

/// Any document but the envelope.
fn any_document(sample: &Sample, draw: &mut Draw) -> Document {
    let listed = sample.listed().into_iter().filter(|at| sample.entries[*at].0.ends_with(".json"));
    Document::of(sample, *draw.pick(&std::iter::once(0).chain(listed).collect::<Vec<_>>()))
}

fn children(value: &Value) -> Vec<(Option<&str>, &Value)> {
    match value {
        Value::Object(fields) => fields.iter().map(|(key, value)| (Some(key.as_str()), value)).collect(),
        Value::Array(items) => items.iter().map(|item| (None, item)).collect(),
        _ => Vec::new(),
    }
}

impl Document {
    fn of(sample: &Sample, entry: usize) -> Self {
        Self { entry, value: serde_json::from_slice(&sample.entries[entry].1).unwrap() }
    }

    /// A node that `wanted` accepts, given the names on the way to it.
    fn node(&self, draw: &mut Draw, wanted: &dyn Fn(&[&str], &Value) -> bool) -> Option<(Way, &Value)> {
        let mut found = Vec::new();
        collect(&self.value, &mut Vec::new(), &mut Vec::new(), &mut |names, way, value| {
            if wanted(names, value) {
                found.push((way.to_vec(), value));
            }
        });
        if found.is_empty() { None } else { Some(found.swap_remove(draw.below(found.len()))) }
    }

    /// The package with `text` in the place of the node at `way`.
    fn with(&self, sample: &Sample, way: &[usize], text: &str) -> Vec<u8> {
        let mut written = String::new();
        write(&self.value, Some(way), text, &mut written);
        self.replaced(sample, written.into_bytes())
    }

    /// The package with other bytes for this entry.
    fn replaced(&self, sample: &Sample, bytes: Vec<u8>) -> Vec<u8> {
        let mut contents = listed(sample);
        if self.entry == 0 {
            return signed(bytes, contents, &bank());
        }
        contents.iter_mut().filter(|(path, _)| *path == sample.entries[self.entry].0).for_each(|entry| entry.1.clone_from(&bytes));
        sealed(&sample.parts.manifest, contents, &bank())
    }

    fn text(&self) -> String {
        self.value.to_string()
    }
}

/// Takes a node, with the names and positions on the way to it.
type Visit<'v, 'a> = dyn FnMut(&[&str], &[usize], &'a Value) + 'v;

/// Visits every node.
fn collect<'a>(value: &'a Value, names: &mut Vec<&'a str>, way: &mut Way, visit: &mut Visit<'_, 'a>) {
    visit(names, way, value);
    for (at, (name, child)) in children(value).into_iter().enumerate() {
        way.push(at);
        names.extend(name);
        collect(child, names, way, visit);
        if name.is_some() {
            names.pop();
        }
        way.pop();
    }
}

/// Writes canonical JSON, but `text` for the node at `way`.
fn write(value: &Value, way: Option<&[usize]>, text: &str, out: &mut String) {
    if way.is_some_and(<[usize]>::is_empty) {
        out.push_str(text);
        return;
    }
    let (open, close) = match value {
        Value::Object(_) => ('{', '}'),
        Value::Array(_) => ('[', ']'),
        other => return out.push_str(&other.to_string()),
    };
    out.push(open);
    for (at, (name, child)) in children(value).into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        if let Some(name) = name {
            out.push_str(&format!("{}:", Value::from(name)));
        }
        let below = way.and_then(|way| way.split_first()).filter(|(first, _)| **first == at).map(|(_, rest)| rest);
        write(child, below, text, out);
    }
    out.push(close);
}

/// The fields of an object as texts.
fn fields(value: &Value) -> Vec<String> {
    children(value).into_iter().map(|(name, value)| format!("{}:{value}", Value::from(name.unwrap_or_default()))).collect()
}

fn object(fields: &[String]) -> String {
    format!("{{{}}}", fields.join(","))
}

fn is_number(names: &[&str], value: &Value) -> bool {
    // Score edges alone may be negative.
    value.is_number() && !names.ends_with(&["scoring", "edges"])
}

pub(crate) const MAKES: &[(&str, Make)] = &[
    ("a missing field", |sample, draw| {
        let document = any_document(sample, draw);
        let (way, value) = document.node(draw, &|_, value| value.is_object())?;
        let at = draw.below(children(value).len());
        let absent = children(value)[at].1.is_null();
        let mut fields = fields(value);
        fields.remove(at);
        // Where a value may be absent, its absence has one spelling: null.
        Some((document.with(sample, &way, &object(&fields)), if absent { NOT_CANONICAL } else { MALFORMED }))
    }),
    ("an unknown field", |sample, draw| {
        let document = any_document(sample, draw);
        let (way, value) = document.node(draw, &|_, value| value.is_object())?;
        let mut fields = fields(value);
        fields.insert(draw.below(fields.len() + 1), format!("\"a{}\":1", draw.below(1000)));
        Some((document.with(sample, &way, &object(&fields)), MALFORMED))
    }),
    ("a field twice", |sample, draw| {
        let document = any_document(sample, draw);
        let (way, value) = document.node(draw, &|_, value| value.is_object())?;
        let mut fields = fields(value);
        let copy = draw.pick(&fields).clone();
        fields.insert(draw.below(fields.len() + 1), copy);
        Some((document.with(sample, &way, &object(&fields)), MALFORMED))
    }),
    ("fields in another order", |sample, draw| {
        let document = any_document(sample, draw);
        let (way, value) = document.node(draw, &|_, value| value.as_object().is_some_and(|fields| fields.len() > 1))?;
        let mut fields = fields(value);
        let (a, b) = draw.two_below(fields.len());
        fields.swap(a, b);
        Some((document.with(sample, &way, &object(&fields)), NOT_CANONICAL))
    }),
    ("another name of a field", |sample, draw| {
        let document = any_document(sample, draw);
        let (way, value) = document.node(draw, &|_, value| value.is_object())?;
        let mut fields = fields(value);
        let at = draw.below(fields.len());
        let (name, rest) = fields[at].split_once("\":")?;
        let other = match draw.below(3) {
            0 => format!("{name}x"),
            1 => name.to_uppercase(),
            _ => format!("{name} "),
        };
        fields[at] = format!("{other}\":{rest}");
        Some((document.with(sample, &way, &object(&fields)), MALFORMED))
    }),
    ("an object as the list of its values", |sample, draw| {
        let document = any_document(sample, draw);
        let (way, value) = document.node(draw, &|_, value| value.is_object())?;
        let values: Vec<String> = children(value).into_iter().map(|(_, value)| value.to_string()).collect();
        Some((document.with(sample, &way, &format!("[{}]", values.join(","))), &["json-malformed", "json-not-canonical"]))
    }),
    ("a value of another type", |sample, draw| {
        let document = document(sample, draw);
        let (way, value) = document.node(draw, &|_, _| true)?;
        let other: Value = serde_json::from_str(draw.pick::<&str>(&["null", "true", "\"x\"", "1.5", "{}", "[]", "[[[]]]"])).ok()?;
        let may_be_absent = value.is_null();
        if may_be_absent || std::mem::discriminant(value) == std::mem::discriminant(&other) {
            return None;
        }
        Some((document.with(sample, &way, &other.to_string()), MALFORMED))
    }),
    ("a value where none is", |sample, draw| {
        let document = document(sample, draw);
        let (way, _) = document.node(draw, &|_, value| value.is_null())?;
        let text = *draw.pick(&["true", "\"x\"", "1.5", "{}", "[]", "-1", "\"00\"", "256"]);
        Some((document.with(sample, &way, text), MALFORMED))
    }),
    ("a number no field holds", |sample, draw| {
        let document = document(sample, draw);
        let (way, value) = document.node(draw, &is_number)?;
        let texts =
            ["-1", "1.5", "1e400", "-1e400", "18446744073709551616", "NaN", "Infinity", "0x10", "+1", "1.", ".5", "-", "1e", "\"1\""];
        let own = [format!("0{value}"), format!("{value}.0"), format!("{value}e0"), format!("{value}E+0"), format!("-{value}.5")];
        let text = draw.pick(&texts.iter().map(|text| (*text).to_owned()).chain(own).collect::<Vec<_>>()).clone();
        Some((document.with(sample, &way, &text), MALFORMED))
    }),
    ("a number of more digits than a count has", |sample, draw| {
        let document = document(sample, draw);
        let (way, _) =
            document.node(draw, &|names, value| is_number(names, value) && !names.ends_with(&["steps"]) && !names.ends_with(&["size"]))?;
        let text = *draw.pick(&["4294967296", "9007199254740993", "18446744073709551615"]);
        Some((document.with(sample, &way, text), MALFORMED))
    }),
    ("an integer no double holds", |sample, draw| {
        let document = document(sample, draw);
        let (way, _) = document.node(draw, &|names, _| names.ends_with(&["steps"]) || names.ends_with(&["size"]))?;
        Some((document.with(sample, &way, draw.pick::<&str>(&["9007199254740993", "18446744073709551615"])), NOT_CANONICAL))
    }),
    ("a cell of more or fewer counts", |sample, draw| {
        let document = Document::of(sample, sample.at(STATEMENT));
        let is_cell = |names: &[&str], value: &Value| {
            let inner = value.as_array().is_some_and(|items| items.iter().all(Value::is_number));
            inner && (names.ends_with(&["counts"]) || names.ends_with(&["void"]))
        };
        let (way, value) = document.node(draw, &is_cell)?;
        let mut items: Vec<String> = children(value).into_iter().map(|(_, item)| item.to_string()).collect();
        if draw.below(2) == 0 {
            drop(items.pop());
        } else {
            items.push("0".to_owned());
        }
        Some((document.with(sample, &way, &format!("[{}]", items.join(","))), MALFORMED))
    }),
    ("an escaped letter", |sample, draw| {
        let document = any_document(sample, draw);
        let (way, value) =
            document.node(draw, &|_, value| value.as_str().is_some_and(|text| text.starts_with(|c: char| c.is_ascii_alphanumeric())))?;
        let text = value.as_str()?;
        let escaped = format!("\"\\u{:04x}{}", u32::from(text.chars().next()?), &Value::from(&text[1..]).to_string()[1..]);
        Some((document.with(sample, &way, &escaped), NOT_CANONICAL))
    }),
    ("a string that is none", |sample, draw| {
        let document = any_document(sample, draw);
        let (way, _) = document.node(draw, &|_, value| value.is_string())?;
        Some((
            document.with(sample, &way, draw.pick::<&str>(&["\"\\x\"", "\"\\ud800\"", "\"\n\"", "\"", "'a'", "\"\\u00\"", "a"])),
            MALFORMED,
        ))
    }),
    ("white space", |sample, draw| {
        let document = any_document(sample, draw);
        let (way, value) = document.node(draw, &|_, _| true)?;
        let space = *draw.pick(&[" ", "\n", "\t", "\r\n", "  "]);
        let text = if draw.below(2) == 0 { format!("{space}{value}") } else { format!("{value}{space}") };
        Some((document.with(sample, &way, &text), NOT_CANONICAL))
    }),
    ("deep nesting", |sample, draw| {
        let document = any_document(sample, draw);
        let (way, _) = document.node(draw, &|_, _| true)?;
        let depth = *draw.pick(&[64, 128, 1_000, 100_000]);
        let (open, close) = *draw.pick(&[("[", "]"), ("{\"a\":", "}"), ("[", ""), ("{\"schema\":", "")]);
        let text = format!("{}1{}", open.repeat(depth), close.repeat(depth));
        Some((document.with(sample, &way, &text), MALFORMED))
    }),
    ("a circuit this program does not know", |sample, draw| {
        let document = Document::of(sample, sample.at(STATEMENT));
        let (way, _) = document.node(draw, &|names, _| names.ends_with(&["family"]))?;
        let name = format!("\"scored-cohort/v{}\"", 2 + draw.below(100));
        Some((document.with(sample, &way, draw.pick::<&str>(&[&name, "\"\"", "\"none\""])), &["unknown-circuit"]))
    }),
    ("bytes around a document", |sample, draw| {
        let document = any_document(sample, draw);
        let text = document.text();
        let bytes = match draw.below(8) {
            0 => format!("\u{feff}{text}").into_bytes(),
            1 => format!("{text}{text}").into_bytes(),
            2 => format!("{text}{}", draw.pick(&["x", ",", "]", "}", "\u{0}", "//"])).into_bytes(),
            3 => Vec::new(),
            4 => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            5 => text.as_bytes()[..draw.below(text.len())].to_vec(),
            6 => [b"{\"\xff", &text.as_bytes()[2..]].concat(),
            _ => format!("{}{text}", draw.pick(&["x", ",", "[", "{", "\u{0}", "/**/"])).into_bytes(),
        };
        Some((document.replaced(sample, bytes), MALFORMED))
    }),
];

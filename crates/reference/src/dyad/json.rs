//! The JSON text of SPEC 6.2: read strictly, written in one way.

use super::graph::Graph;
use crate::error::{Error, Result};
use serde::Serialize;
use std::io;

/// Reads the text; the numbers' meaning is checked elsewhere.
pub fn parse(text: &str) -> Result<Graph> {
    let json: serde_json::Value = serde_json::from_str(text).map_err(|error| Error::Parse(format!("dyad: {error}")))?;
    if json["format"] != "dyad" {
        return Err(Error::Parse(format!("format: expected \"dyad\", got {}", json["format"])));
    }
    if json["version"].as_f64().is_some_and(|version| version > 1.0) {
        return Err(Error::Version(format!("version: expected 1, got {}", json["version"])));
    }
    if json["version"] != 1 || json["spec"] != "1" {
        let (version, spec) = (&json["version"], &json["spec"]);
        return Err(Error::Invalid(format!("expected version 1 and spec \"1\", got {version} and {spec}")));
    }
    let graph: Graph = serde_json::from_value(json).map_err(|error| Error::Invalid(format!("dyad: {error}")))?;
    // Keys twice, other spaces and other spellings of a number are other bytes for the same network.
    if write(&graph) != text {
        return Err(Error::Parse("dyad: expected JSON without spaces, each key once and in order".into()));
    }
    Ok(graph)
}

/// The one text of a graph.
pub fn write(graph: &Graph) -> String {
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Numbers);
    graph.serialize(&mut serializer).expect("a graph has string keys and finite numbers");
    String::from_utf8(bytes).expect("serde_json writes UTF-8")
}

/// Floats as JavaScript's JSON writes them.
struct Numbers;

impl serde_json::ser::Formatter for Numbers {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(number(value).as_bytes())
    }
}

/// ECMAScript's Number::toString of a finite number.
fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    let sign = if value < 0.0 { "-" } else { "" };
    let (digits, exponent) = shortest_digits(value.abs());
    let point = exponent + 1;
    let length = digits.len() as i32;
    let body = match point {
        1..=21 if length <= point => format!("{digits}{}", "0".repeat((point - length) as usize)),
        1..=21 => format!("{}.{}", &digits[..point as usize], &digits[point as usize..]),
        -5..=0 => format!("0.{}{digits}", "0".repeat(-point as usize)),
        _ => {
            let fraction = if length > 1 { format!(".{}", &digits[1..]) } else { String::new() };
            format!("{}{fraction}e{}{}", &digits[..1], if exponent < 0 { "-" } else { "+" }, exponent.abs())
        }
    };
    format!("{sign}{body}")
}

/// The fewest digits that read back as `value`, and the exponent of the first. Of two that are as near, Rust takes the upper and ECMAScript the even one.
fn shortest_digits(value: f64) -> (String, i32) {
    let (digits, exponent) = scientific(&format!("{value:e}"));
    let (exact, exact_exponent) = scientific(&format!("{value:.800e}"));
    let (even, rest) = exact.split_at(digits.len());
    let is_tie = exponent == exact_exponent && rest.starts_with('5') && rest[1..].bytes().all(|digit| digit == b'0');
    if is_tie && even.ends_with(['0', '2', '4', '6', '8']) {
        return (even.into(), exponent);
    }
    (digits, exponent)
}

fn scientific(text: &str) -> (String, i32) {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    (mantissa.replace('.', ""), exponent.parse().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    #[allow(clippy::excessive_precision, reason = "the digits of ties, as they stand in files")]
    fn numbers_are_written_as_in_javascript() {
        let cases = [
            (1.0, "1"),
            (0.5, "0.5"),
            (100.0, "100"),
            (0.00001, "0.00001"),
            // Exactly between …812 and …813.
            (0.0198383331298828125, "0.019838333129882812"),
            (0.01983833312988281603, "0.019838333129882816"),
            (0.000001, "0.000001"),
            (0.0000001, "1e-7"),
            (1.5e-9, "1.5e-9"),
            (1e21, "1e+21"),
            (123456789012345680000.0, "123456789012345680000"),
            (0.1f32 as f64, "0.10000000149011612"),
            (-2.25, "-2.25"),
        ];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
    }
}

//! SPEC 6.1: the safetensors container.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Largest header, in bytes.
const MAX_HEADER: u64 = 100_000_000;

/// One entry of the header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Storage type.
    pub dtype: Storage,
    /// Sizes.
    pub shape: Vec<u64>,
    /// Where the data lies, from the end of the header.
    pub data_offsets: [u64; 2],
}

/// Types that `.dyad` stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Storage {
    /// Bytes: packed i4.
    U8,
    /// Signed bytes.
    I8,
    /// Little-endian, four bytes.
    I32,
}

impl Storage {
    fn bytes(self) -> u64 {
        match self {
            Storage::U8 | Storage::I8 => 1,
            Storage::I32 => 4,
        }
    }
}

/// A container that obeys SPEC 6.1.
pub struct Container<'a> {
    /// The map of strings.
    pub metadata: BTreeMap<String, String>,
    /// Entries with their bytes.
    pub tensors: BTreeMap<String, (Entry, &'a [u8])>,
}

fn damaged(text: impl Into<String>) -> Error {
    Error::Parse(text.into())
}

/// Cuts the file into header and data, and the data into tensors.
pub fn read(file: &[u8]) -> Result<Container<'_>> {
    let (header, data) = split(file)?;
    let text = std::str::from_utf8(header).map_err(|error| damaged(format!("header: {error}")))?;
    let json: BTreeMap<String, serde_json::Value> = serde_json::from_str(text).map_err(|error| damaged(format!("header: {error}")))?;
    let mut metadata = BTreeMap::new();
    let mut entries = BTreeMap::new();
    for (name, value) in json {
        let wrong = |error: serde_json::Error| damaged(format!("header entry {name:?}: {error}"));
        if name == "__metadata__" {
            metadata = serde_json::from_value(value).map_err(wrong)?;
        } else {
            let entry: Entry = serde_json::from_value(value).map_err(wrong)?;
            entries.insert(name, entry);
        }
    }
    // Keys twice, other spaces and another order are other bytes for the same network.
    if text.trim_end_matches(' ') != header_text(&metadata, &entries) || header.len() % 8 != 0 {
        return Err(damaged("header: expected JSON without spaces, entries sorted by name, padded to a multiple of 8"));
    }
    let tensors = cut(entries, data)?;
    Ok(Container { metadata, tensors })
}

fn split(file: &[u8]) -> Result<(&[u8], &[u8])> {
    let Some((length, rest)) = file.split_first_chunk::<8>() else {
        return Err(damaged(format!("expected a header length of 8 bytes, got a file of {} bytes", file.len())));
    };
    let length = u64::from_le_bytes(*length);
    if length > MAX_HEADER || length > rest.len() as u64 {
        return Err(damaged(format!("header length: expected at most {} and {MAX_HEADER}, got {length}", rest.len())));
    }
    Ok(rest.split_at(length as usize))
}

/// Offsets in order, from 0, without holes, to the end; byte counts exact.
fn cut(entries: BTreeMap<String, Entry>, data: &[u8]) -> Result<BTreeMap<String, (Entry, &[u8])>> {
    let mut tensors = BTreeMap::new();
    let mut place = 0u64;
    for (name, entry) in entries {
        let [begin, end] = entry.data_offsets;
        let count = entry.shape.iter().try_fold(entry.dtype.bytes(), |count, &size| count.checked_mul(size));
        let expected = count.and_then(|count| place.checked_add(count));
        if begin != place || expected != Some(end) || end > data.len() as u64 {
            let room = data.len();
            return Err(damaged(format!("entry {name:?}: expected data from {place}, as long as its shape says, within {room}, got {begin}..{end}")));
        }
        tensors.insert(name, (entry, &data[begin as usize..end as usize]));
        place = end;
    }
    if place != data.len() as u64 {
        return Err(damaged(format!("expected {place} bytes of data, got {}", data.len())));
    }
    Ok(tensors)
}

/// The one text of a header, without padding.
pub fn header_text(metadata: &BTreeMap<String, String>, entries: &BTreeMap<String, Entry>) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let mut parts = Vec::new();
    if !metadata.is_empty() {
        let pairs: Vec<String> = metadata.iter().map(|(key, text)| format!("{}:{}", quoted(key), quoted(text))).collect();
        parts.push(format!("\"__metadata__\":{{{}}}", pairs.join(",")));
    }
    for (name, Entry { dtype, shape, data_offsets: [begin, end] }) in entries {
        let shape: Vec<String> = shape.iter().map(u64::to_string).collect();
        let shape = shape.join(",");
        parts.push(format!("{}:{{\"dtype\":\"{dtype:?}\",\"shape\":[{shape}],\"data_offsets\":[{begin},{end}]}}", quoted(name)));
    }
    format!("{{{}}}", parts.join(","))
}

//! From stored bytes to codes (SPEC 6.2, `tensors`).

use super::container::{Container, Storage};
use super::graph::{Graph, TensorEntry};
use super::network::Tensor;
use crate::codes::TensorDtype;
use crate::error::{Error, Result};
use crate::packing::unpack_i4;
use std::collections::BTreeMap;

/// Every tensor that the graph names; stored ones that it does not name are refused.
pub fn decode(graph: &Graph, container: &Container<'_>) -> Result<BTreeMap<String, Tensor>> {
    if let Some(name) = container.tensors.keys().find(|name| !graph.tensors.contains_key(*name)) {
        return Err(Error::Invalid(format!("stored tensor {name:?}: expected an entry in tensors, got none")));
    }
    let named = graph.tensors.iter();
    named.map(|(name, entry)| Ok((name.clone(), decode_one(name, entry, container)?))).collect()
}

fn decode_one(name: &str, entry: &TensorEntry, container: &Container<'_>) -> Result<Tensor> {
    let invalid = |text: String| Error::Invalid(format!("tensor {name:?}: {text}"));
    let (stored, bytes) = container.tensors.get(name).ok_or_else(|| invalid("expected a stored tensor, got none".into()))?;
    let ranked = (1..=6).contains(&entry.shape.len());
    if !ranked || !entry.shape.iter().all(|size| (1..=1 << 24).contains(size)) {
        return Err(invalid(format!("expected rank 1 to 6 of sizes 1..2^24, got {:?}", entry.shape)));
    }
    let count = entry.shape.iter().try_fold(1usize, |count, &size| count.checked_mul(size));
    let count = count.filter(|&count| count < 1 << 31).ok_or_else(|| invalid(format!("{:?} is too large", entry.shape)))?;
    let (storage, shape) = match entry.dtype {
        TensorDtype::I8 => (Storage::I8, entry.shape.clone()),
        TensorDtype::I32 => (Storage::I32, entry.shape.clone()),
        TensorDtype::I4 => (Storage::U8, vec![count.div_ceil(2)]),
    };
    if stored.dtype != storage || !stored.shape.iter().copied().eq(shape.iter().map(|&size| size as u64)) {
        return Err(invalid(format!("expected {storage:?} {shape:?}, got {:?} {:?}", stored.dtype, stored.shape)));
    }
    let codes: Vec<i32> = match entry.dtype {
        TensorDtype::I8 => bytes.iter().map(|&byte| i32::from(byte as i8)).collect(),
        TensorDtype::I4 => unpack_i4(bytes, count),
        TensorDtype::I32 => bytes.chunks_exact(4).map(|b| i32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(),
    };
    if entry.dtype == TensorDtype::I4 && count % 2 == 1 && bytes.last().is_some_and(|byte| byte >> 4 != 0) {
        return Err(invalid("expected 0 in the unused nibble (SPEC 1.4)".into()));
    }
    let [lo, hi] = entry.dtype.limits();
    match codes.iter().find(|&&code| (code as i64) < lo || code as i64 > hi) {
        Some(code) => Err(invalid(format!("expected codes in {lo}..{hi}, got {code}"))),
        None => Ok(Tensor { dtype: entry.dtype, shape: entry.shape.clone(), codes }),
    }
}

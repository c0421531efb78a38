//! A graph with its tensors.

use super::graph::{Form, Graph, Value};
use crate::accumulator::Codes;
use crate::codes::TensorDtype;
use crate::error::{Error, Result};
use crate::requantize::Requantization;
use std::collections::BTreeMap;

/// A constant with its codes, one `i32` each.
#[derive(Clone, Debug)]
pub struct Tensor {
    /// Logical type.
    pub dtype: TensorDtype,
    /// Sizes.
    pub shape: Vec<usize>,
    /// Row-major.
    pub codes: Vec<i32>,
}

/// What a `.dyad` file holds.
#[derive(Clone, Debug)]
pub struct Network {
    /// The JSON.
    pub graph: Graph,
    /// Its tensors.
    pub tensors: BTreeMap<String, Tensor>,
}

impl Network {
    /// A tensor by name.
    pub fn tensor(&self, name: &str) -> Result<&Tensor> {
        let tensor = self.tensors.get(name);
        tensor.ok_or_else(|| Error::Invalid(format!("expected a tensor {name:?}, got none")))
    }

    /// The codes of a tensor, empty if it is absent.
    pub fn optional_codes(&self, name: Option<&String>) -> Result<&[i32]> {
        name.map_or(Ok(&[]), |name| Ok(&self.tensor(name)?.codes))
    }

    /// The requantization of each of `count` channels (SPEC 2.5), its numbers checked (SPEC 2.2, 2.3). A multiplier tensor has
    /// `count` elements, or one if `shared`.
    pub fn forms(&self, form: &Form, count: usize, shared: bool) -> Result<Vec<Requantization>> {
        match form {
            Form::Copy {} => Ok(vec![Requantization::Copy; count]),
            Form::Q15 { shift, multiplier } => {
                within("shift", *shift, [-15, 22])?;
                let all = self.multipliers(multiplier, count, shared, [1, 32767])?;
                Ok(all.into_iter().map(|b| Requantization::Q15 { shift: *shift, b }).collect())
            }
            Form::Exact { left, shift, multiplier } => {
                within("left", *left, [0, 24])?;
                within("shift", *shift, [33, 62])?;
                let all = self.multipliers(multiplier, count, shared, [0, i32::MAX as i64])?;
                Ok(all.into_iter().map(|b| Requantization::Exact { left: *left, shift: *shift, b }).collect())
            }
        }
    }

    fn multipliers(&self, name: &str, count: usize, shared: bool, limits: [i64; 2]) -> Result<Vec<i64>> {
        let tensor = self.tensor(name)?;
        let fits = tensor.shape == [count] || (shared && tensor.shape == [1]);
        if tensor.dtype != TensorDtype::I32 || !fits {
            let (dtype, shape) = (tensor.dtype, &tensor.shape);
            return Err(Error::Invalid(format!("multiplier {name:?}: expected I32 [{count}], got {dtype:?} {shape:?}")));
        }
        for &b in &tensor.codes {
            within("multiplier", b as i64, limits)?;
        }
        Ok((0..count).map(|channel| tensor.codes[channel % tensor.codes.len()] as i64).collect())
    }
}

/// Refuses a number outside [lo, hi].
pub fn within(what: &str, number: i64, [lo, hi]: [i64; 2]) -> Result<()> {
    if (lo..=hi).contains(&number) {
        return Ok(());
    }
    Err(Error::Invalid(format!("{what}: expected a number in {lo}..{hi}, got {number}")))
}

impl Value {
    /// What the accumulator clause needs to know of its codes.
    pub fn codes(&self) -> Codes {
        Codes { range: self.range, zero_point: self.zero_point }
    }

    /// H and W of [1, C, H, W].
    pub fn spatial(&self) -> [i64; 2] {
        [self.shape[2] as i64, self.shape[3] as i64]
    }
}

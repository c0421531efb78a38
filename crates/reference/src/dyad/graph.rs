//! SPEC 6.2 to 6.4 as types: keys in the order in which they are written, all of them present, no others.

use crate::codes::{CodeDtype, TensorDtype};
use crate::preprocess::{Channels, Fit};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;

/// `null` is a value, a missing key is not: serde's own Option would accept both.
fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(from)
}

/// SPEC 6.2.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "SPEC 6.2 says what each key means")]
pub struct Graph {
    pub format: String,
    pub version: u64,
    pub spec: String,
    pub name: String,
    pub values: Vec<Value>,
    pub inputs: Vec<Input>,
    pub outputs: Vec<Output>,
    pub tensors: BTreeMap<String, TensorEntry>,
    pub operations: Vec<Operation>,
}

/// An entry of `values`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "SPEC 6.2 says what each key means")]
pub struct Value {
    pub name: String,
    pub dtype: CodeDtype,
    pub shape: Vec<usize>,
    pub scale: f64,
    pub zero_point: i64,
    pub range: [i64; 2],
}

/// An entry of `inputs`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "SPEC 6.2 says what each key means")]
pub struct Input {
    pub name: String,
    pub value: usize,
    #[serde(deserialize_with = "nullable")]
    pub preprocess: Option<Preprocess>,
}

/// An entry of `outputs`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "SPEC 6.2 says what each key means")]
pub struct Output {
    pub name: String,
    pub value: usize,
    #[serde(deserialize_with = "nullable")]
    pub softmax: Option<usize>,
}

/// An entry of `tensors`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "SPEC 6.2 says what each key means")]
pub struct TensorEntry {
    pub dtype: TensorDtype,
    pub shape: Vec<usize>,
}

/// SPEC 6.4.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "SPEC 6.4 says what each key means")]
pub struct Preprocess {
    pub size: [usize; 2],
    pub fit: Fit,
    pub channels: Channels,
    pub mean: Vec<f64>,
    pub std: Vec<f64>,
    #[serde(deserialize_with = "nullable")]
    pub labels: Option<Vec<String>>,
}

/// R of SPEC 6.3.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "form", rename_all = "lowercase", deny_unknown_fields)]
#[allow(missing_docs, reason = "SPEC 6.3 says what each key means")]
pub enum Form {
    Copy {},
    Q15 { shift: i64, multiplier: String },
    Exact { left: i64, shift: i64, multiplier: String },
}

/// SPEC 6.3.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", rename_all_fields = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "SPEC 6.3 says what each key means")]
pub enum Operation {
    Conv2d {
        name: String,
        inputs: [usize; 1],
        outputs: [usize; 1],
        weight: String,
        #[serde(deserialize_with = "nullable")]
        bias: Option<String>,
        stride: [i64; 2],
        pads: [i64; 4],
        dilation: [i64; 2],
        groups: usize,
        requantization: Form,
        clamp: [i64; 2],
    },
    Dense {
        name: String,
        inputs: [usize; 1],
        outputs: [usize; 1],
        weight: String,
        #[serde(deserialize_with = "nullable")]
        bias: Option<String>,
        requantization: Form,
        clamp: [i64; 2],
    },
    Add {
        name: String,
        inputs: [usize; 2],
        outputs: [Option<usize>; 2],
        requantizations: [Form; 2],
        clamp: [i64; 2],
        #[serde(deserialize_with = "nullable")]
        code_requantization: Option<Form>,
        #[serde(deserialize_with = "nullable")]
        code_clamp: Option<[i64; 2]>,
    },
    MaxPool {
        name: String,
        inputs: [usize; 1],
        outputs: [usize; 1],
        kernel: [i64; 2],
        stride: [i64; 2],
        pads: [i64; 4],
        dilation: [i64; 2],
        output_size: [i64; 2],
        clamp: [i64; 2],
    },
    AveragePool {
        name: String,
        inputs: [usize; 1],
        outputs: [usize; 1],
        kernel: [i64; 2],
        stride: [i64; 2],
        pads: [i64; 4],
        count_include_pad: bool,
        output_size: [i64; 2],
        divisors: Vec<i64>,
        requantization: Form,
        clamp: [i64; 2],
    },
    Requantize {
        name: String,
        inputs: [usize; 1],
        outputs: [usize; 1],
        requantization: Form,
        clamp: [i64; 2],
    },
    Concat {
        name: String,
        inputs: Vec<usize>,
        outputs: [usize; 1],
        axis: usize,
        requantizations: Vec<Form>,
        clamp: [i64; 2],
    },
    Slice {
        name: String,
        inputs: [usize; 1],
        outputs: [usize; 1],
        starts: Vec<i64>,
        steps: Vec<i64>,
    },
    Pad {
        name: String,
        inputs: [usize; 1],
        outputs: [usize; 1],
        before: Vec<usize>,
        after: Vec<usize>,
        value: i64,
    },
    Transpose {
        name: String,
        inputs: [usize; 1],
        outputs: [usize; 1],
        perm: Vec<usize>,
    },
    Reshape {
        name: String,
        inputs: [usize; 1],
        outputs: [usize; 1],
    },
}

impl Form {
    /// The multiplier tensor, if the form has one.
    pub fn multiplier(&self) -> Option<&str> {
        match self {
            Form::Copy {} => None,
            Form::Q15 { multiplier, .. } | Form::Exact { multiplier, .. } => Some(multiplier),
        }
    }
}

impl Operation {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Operation::Conv2d { name, .. }
            | Operation::Dense { name, .. }
            | Operation::Add { name, .. }
            | Operation::MaxPool { name, .. }
            | Operation::AveragePool { name, .. }
            | Operation::Requantize { name, .. }
            | Operation::Concat { name, .. }
            | Operation::Slice { name, .. }
            | Operation::Pad { name, .. }
            | Operation::Transpose { name, .. }
            | Operation::Reshape { name, .. } => name,
        }
    }

    /// Indices of the values it reads.
    pub fn inputs(&self) -> &[usize] {
        match self {
            Operation::Add { inputs, .. } => inputs,
            Operation::Concat { inputs, .. } => inputs,
            Operation::Conv2d { inputs, .. }
            | Operation::Dense { inputs, .. }
            | Operation::MaxPool { inputs, .. }
            | Operation::AveragePool { inputs, .. }
            | Operation::Requantize { inputs, .. }
            | Operation::Slice { inputs, .. }
            | Operation::Pad { inputs, .. }
            | Operation::Transpose { inputs, .. }
            | Operation::Reshape { inputs, .. } => inputs,
        }
    }

    /// Indices of the values it makes.
    pub fn outputs(&self) -> Vec<usize> {
        match self {
            Operation::Add { outputs, .. } => outputs.iter().copied().flatten().collect(),
            Operation::Conv2d { outputs, .. }
            | Operation::Dense { outputs, .. }
            | Operation::MaxPool { outputs, .. }
            | Operation::AveragePool { outputs, .. }
            | Operation::Requantize { outputs, .. }
            | Operation::Concat { outputs, .. }
            | Operation::Slice { outputs, .. }
            | Operation::Pad { outputs, .. }
            | Operation::Transpose { outputs, .. }
            | Operation::Reshape { outputs, .. } => outputs.to_vec(),
        }
    }

    /// Names of the tensors it uses.
    pub fn tensors(&self) -> Vec<&str> {
        let (constants, forms): (Vec<Option<&String>>, Vec<&Form>) = match self {
            Operation::Conv2d { weight, bias, requantization, .. } | Operation::Dense { weight, bias, requantization, .. } => {
                (vec![Some(weight), bias.as_ref()], vec![requantization])
            }
            Operation::Add { requantizations, code_requantization, .. } => (vec![], requantizations.iter().chain(code_requantization).collect()),
            Operation::Concat { requantizations, .. } => (vec![], requantizations.iter().collect()),
            Operation::AveragePool { requantization, .. } | Operation::Requantize { requantization, .. } => (vec![], vec![requantization]),
            _ => (vec![], vec![]),
        };
        let constants = constants.into_iter().flatten().map(String::as_str);
        constants.chain(forms.into_iter().filter_map(Form::multiplier)).collect()
    }
}

//! SPEC 2 and 3: what each operation demands of its attributes, shapes, types and tensors.

use super::check::require;
use super::check_movement::check_movement;
use super::check_pool::{check_average_pool, check_max_pool};
use super::check_weights::{check_conv2d, check_dense};
use super::graph::{Form, Operation, Value};
use super::network::{within, Network};
use crate::accumulator::{check_element, Codes};
use crate::codes::{CodeDtype, CARRIER};
use crate::error::{Error, Result};
use crate::requantize::Requantization;

/// Largest kernel, stride, dilation, padding or step (SPEC 6.2).
pub(super) const LARGEST: i64 = 1 << 24;

/// Checks one operation, whose inputs and outputs are values that exist.
pub fn check_operation(network: &Network, operation: &Operation) -> Result<()> {
    let value = |index: usize| &network.graph.values[index];
    let [x, y] = match operation {
        Operation::Add { .. } => return check_add(network, operation),
        Operation::Concat { .. } => return check_concat(network, operation),
        _ => [value(operation.inputs()[0]), value(operation.outputs()[0])],
    };
    match operation {
        Operation::Conv2d { .. } => check_conv2d(network, operation, x, y),
        Operation::Dense { .. } => check_dense(network, operation, x, y),
        Operation::MaxPool { .. } => check_max_pool(operation, x, y),
        Operation::AveragePool { .. } => check_average_pool(network, operation, x, y),
        Operation::Requantize { requantization, clamp, .. } => {
            require(x.shape == y.shape, || format!("expected output {:?}, got {:?}", x.shape, y.shape))?;
            check_clamp(*clamp, y)?;
            check_element(x.codes(), one_form(network, requantization)?)
        }
        _ => check_movement(operation, x, y),
    }
}

/// SPEC 2: the clamp lies inside the range of the output.
pub(super) fn check_clamp([lo, hi]: [i64; 2], output: &Value) -> Result<()> {
    within("clamp", lo, output.range)?;
    within("clamp", hi, [lo, output.range[1]])
}

pub(super) fn one_form(network: &Network, form: &Form) -> Result<Requantization> {
    Ok(network.forms(form, 1, true)?[0])
}

pub(super) fn all_within(what: &str, numbers: &[i64], limits: [i64; 2]) -> Result<()> {
    numbers.iter().try_for_each(|&number| within(what, number, limits))
}

/// [1, C, H, W].
pub(super) fn require_image(x: &Value) -> Result<()> {
    require(x.shape.len() == 4 && x.shape[0] == 1, || format!("expected an input [1, C, H, W], got {:?}", x.shape))
}

pub(super) fn require_shape(y: &Value, shape: &[i64]) -> Result<()> {
    let same = y.shape.iter().map(|&size| size as i64).eq(shape.iter().copied());
    require(same, || format!("expected output {shape:?}, got {:?}", y.shape))
}

fn check_add(network: &Network, operation: &Operation) -> Result<()> {
    let Operation::Add { inputs, outputs, requantizations, clamp, code_requantization, code_clamp, .. } = operation else {
        return Ok(());
    };
    let values = &network.graph.values;
    let shape = &values[inputs[0]].shape;
    require(!operation.outputs().is_empty(), || "expected at least one output, got none".into())?;
    for index in operation.outputs().iter().chain(inputs) {
        require(values[*index].shape == *shape, || format!("expected shape {shape:?}, got {:?}", values[*index].shape))?;
    }
    for (&input, form) in inputs.iter().zip(requantizations) {
        check_element(values[input].codes(), one_form(network, form)?)?;
    }
    within("clamp", clamp[0], CARRIER)?;
    within("clamp", clamp[1], [clamp[0], CARRIER[1]])?;
    if let Some(carrier) = outputs[0] {
        let carrier = &values[carrier];
        let fits = carrier.dtype == CodeDtype::I16 && carrier.zero_point == 0;
        require(fits, || format!("carrier: expected i16 with zero point 0, got {:?}", carrier.dtype))?;
        check_clamp(*clamp, carrier)?;
    }
    match (outputs[1], code_requantization, code_clamp) {
        (None, None, None) => Ok(()),
        (Some(code), Some(form), Some(code_clamp)) => {
            check_clamp(*code_clamp, &values[code])?;
            check_element(Codes { range: *clamp, zero_point: 0 }, one_form(network, form)?)
        }
        _ => Err(Error::Invalid("expected a code output, codeRequantization and codeClamp together".into())),
    }
}

fn check_concat(network: &Network, operation: &Operation) -> Result<()> {
    let Operation::Concat { inputs, outputs, axis, requantizations, clamp, .. } = operation else {
        return Ok(());
    };
    let values = &network.graph.values;
    let y = &values[outputs[0]];
    let rank = y.shape.len();
    require(*axis < rank, || format!("axis: expected less than {rank}, got {axis}"))?;
    let lengths = [inputs.len(), requantizations.len()];
    require(lengths[0] >= 1 && lengths[0] == lengths[1], || format!("expected a requantization per input, got {lengths:?}"))?;
    let mut sum = 0;
    for (&input, form) in inputs.iter().zip(requantizations) {
        let x = &values[input];
        let fits = x.shape.len() == rank && (0..rank).all(|d| d == *axis || x.shape[d] == y.shape[d]);
        require(fits, || format!("expected inputs that differ on axis {axis} only, got {:?} and {:?}", x.shape, y.shape))?;
        sum += x.shape[*axis];
        check_element(x.codes(), one_form(network, form)?)?;
    }
    require(sum == y.shape[*axis], || format!("expected {sum} elements on axis {axis}, got {}", y.shape[*axis]))?;
    check_clamp(*clamp, y)
}

/// Type, scale and zero point stay.
pub(super) fn require_same_meaning(x: &Value, y: &Value) -> Result<()> {
    let same = x.dtype == y.dtype && x.scale == y.scale && x.zero_point == y.zero_point;
    require(same, || "expected an output of the input's type, scale and zero point".into())
}

//! SPEC 6.2: values, inputs, outputs, and that everything is made before it is read and used.

use super::check_operation::check_operation;
use super::graph::{Input, Output, Preprocess, Value};
use super::network::{within, Network};
use crate::codes::CodeDtype;
use crate::error::{Error, Result};
use crate::preprocess::Channels;
use std::collections::BTreeSet;

/// Refuses with the text unless the condition holds.
pub fn require(condition: bool, text: impl FnOnce() -> String) -> Result<()> {
    if condition {
        Ok(())
    } else {
        Err(Error::Invalid(text()))
    }
}

/// Everything that SPEC demands of a network whose JSON has been read and whose tensors are decoded.
pub fn check(network: &Network) -> Result<()> {
    let graph = &network.graph;
    check_names("inputs", graph.inputs.iter().map(|input| &input.name))?;
    check_names("outputs", graph.outputs.iter().map(|output| &output.name))?;
    for value in &graph.values {
        check_value(value).map_err(|error| error.at(&format!("value {:?}", value.name)))?;
    }
    let mut made = vec![false; graph.values.len()];
    for input in &graph.inputs {
        let place = format!("input {:?}", input.name);
        make(&mut made, input.value).map_err(|error| error.at(&place))?;
        check_input(input, &graph.values[input.value]).map_err(|error| error.at(&place))?;
    }
    let mut used = BTreeSet::new();
    for operation in &graph.operations {
        let place = format!("operation {:?}", operation.name());
        for &value in operation.inputs() {
            require(made.get(value) == Some(&true), || format!("{place}: expected inputs made before, got {value}"))?;
        }
        for value in operation.outputs() {
            make(&mut made, value).map_err(|error| error.at(&place))?;
        }
        used.extend(operation.tensors());
        check_operation(network, operation).map_err(|error| error.at(&place))?;
    }
    for output in &graph.outputs {
        check_output(output, &graph.values).map_err(|error| error.at(&format!("output {:?}", output.name)))?;
    }
    require(!made.contains(&false), || "expected every value to be made, got one that is not".into())?;
    let unused = graph.tensors.keys().find(|name| !used.contains(name.as_str()));
    require(unused.is_none(), || format!("expected every tensor to be used, got {unused:?}"))
}

fn make(made: &mut [bool], value: usize) -> Result<()> {
    match made.get_mut(value) {
        Some(made) if !*made => {
            *made = true;
            Ok(())
        }
        _ => Err(Error::Invalid(format!("expected to make a value that nothing else makes, got {value}"))),
    }
}

/// A finite number that f32 holds exactly.
fn check_f32(what: &str, number: f64) -> Result<()> {
    require(f64::from(number as f32) == number, || format!("{what}: expected a finite f32 number, got {number}"))
}

fn check_value(value: &Value) -> Result<()> {
    let Value { dtype, shape, scale, zero_point, range: [lo, hi], .. } = value;
    require((1..=6).contains(&shape.len()), || format!("expected rank 1 to 6, got {}", shape.len()))?;
    require(shape.iter().all(|size| (1..=1 << 24).contains(size)), || format!("expected sizes 1..2^24, got {shape:?}"))?;
    let count = shape.iter().try_fold(1usize, |count, &size| count.checked_mul(size));
    require(count.is_some_and(|count| count < 1 << 31), || format!("expected fewer than 2^31 elements, got {shape:?}"))?;
    check_f32("scale", *scale)?;
    require(*scale > 0.0, || format!("expected a positive scale, got {scale}"))?;
    let limits = dtype.limits();
    within("zeroPoint", *zero_point, limits)?;
    within("range", *lo, limits)?;
    within("range", *hi, [*lo, limits[1]])
}

/// A batch is a loop over samples: what goes in and comes out has a batch axis of 1 in front.
fn check_batch(value: &Value) -> Result<()> {
    require(value.shape[0] == 1, || format!("expected a batch axis of 1 in front, got {:?}", value.shape))
}

/// At least one name, none twice.
fn check_names<'a>(what: &str, names: impl Iterator<Item = &'a String>) -> Result<()> {
    let mut seen = BTreeSet::new();
    for name in names {
        require(seen.insert(name), || format!("{what}: expected different names, got {name:?} twice"))?;
    }
    require(!seen.is_empty(), || format!("{what}: expected at least one, got none"))
}

fn check_input(input: &Input, value: &Value) -> Result<()> {
    check_batch(value)?;
    let Some(Preprocess { size, channels, mean, std, .. }) = &input.preprocess else {
        return Ok(());
    };
    require(value.dtype != CodeDtype::I16, || "preprocess: expected an input of one byte per code, got i16".into())?;
    let count = if *channels == Channels::Gray { 1 } else { 3 };
    let shape = [1, count, size[0], size[1]];
    require(value.shape == shape, || format!("preprocess: expected an input {shape:?}, got {:?}", value.shape))?;
    let lengths = [mean.len(), std.len()];
    require(lengths == [count; 2], || format!("preprocess: expected {count} of mean and std, got {lengths:?}"))?;
    for &number in mean.iter().chain(std) {
        check_f32("preprocess", number)?;
    }
    let invertible = std.iter().all(|&std| std > 0.0 && (1.0 / std as f32).is_finite());
    require(invertible, || format!("preprocess.std: expected positive numbers with a reciprocal, got {std:?}"))
}

fn check_output(output: &Output, values: &[Value]) -> Result<()> {
    let value = values.get(output.value);
    let value = value.ok_or_else(|| Error::Invalid(format!("expected a value, got {}", output.value)))?;
    check_batch(value)?;
    let rank = value.shape.len();
    require(output.softmax.is_none_or(|axis| axis < rank), || format!("softmax: expected an axis below {rank}"))
}

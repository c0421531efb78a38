//! Runs a network: the codes of its inputs → the codes of every value.

use crate::add::add;
use crate::average_pool::AveragePool;
use crate::concat::{concat, Part};
use crate::conv2d::Conv2d;
use crate::dense::dense;
use crate::dyad::graph::{Form, Operation, Value};
use crate::dyad::Network;
use crate::error::{Error, Result};
use crate::max_pool::max_pool;
use crate::pad::pad;
use crate::requantize::{requantize, Requantization};
use crate::slice::slice;
use crate::transpose::transpose;
use crate::window::Window;

/// Codes of every value, by its index.
pub type Codes = Vec<Vec<i32>>;

/// One sample. `inputs` are the codes of the graph's inputs, in their order, row-major.
pub fn interpret(network: &Network, inputs: &[Vec<i32>]) -> Result<Codes> {
    let graph = &network.graph;
    let mut codes: Codes = vec![Vec::new(); graph.values.len()];
    if inputs.len() != graph.inputs.len() {
        return Err(Error::Argument(format!("expected {} inputs, got {}", graph.inputs.len(), inputs.len())));
    }
    for (input, given) in graph.inputs.iter().zip(inputs) {
        let value = &graph.values[input.value];
        let count: usize = value.shape.iter().product();
        let [lo, hi] = value.range;
        let wrong = given.iter().find(|&&code| (code as i64) < lo || code as i64 > hi);
        if given.len() != count || wrong.is_some() {
            let text = format!("input {:?}: expected {count} codes in {lo}..{hi}, got {} {wrong:?}", input.name, given.len());
            return Err(Error::Argument(text));
        }
        codes[input.value].clone_from(given);
    }
    for operation in &graph.operations {
        run(network, operation, &mut codes)?;
    }
    Ok(codes)
}

fn run(network: &Network, operation: &Operation, codes: &mut Codes) -> Result<()> {
    if let Operation::Add { .. } = operation {
        return run_add(network, operation, codes);
    }
    let output = operation.outputs()[0];
    codes[output] = match operation {
        Operation::Conv2d { .. } | Operation::Dense { .. } => run_weighted(network, operation, codes)?,
        Operation::MaxPool { .. } | Operation::AveragePool { .. } => run_pool(network, operation, codes)?,
        Operation::Requantize { .. } | Operation::Concat { .. } => run_rescaling(network, operation, codes)?,
        _ => run_movement(network, operation, codes),
    };
    Ok(())
}

fn sizes(value: &Value) -> [usize; 2] {
    [value.shape[2], value.shape[3]]
}

fn one_form(network: &Network, form: &Form) -> Result<Requantization> {
    Ok(network.forms(form, 1, true)?[0])
}

fn run_weighted(network: &Network, operation: &Operation, codes: &Codes) -> Result<Vec<i32>> {
    let [i, o] = [operation.inputs()[0], operation.outputs()[0]];
    let [from, to] = [&network.graph.values[i], &network.graph.values[o]];
    let x = &codes[i];
    match operation {
        Operation::Conv2d { weight, bias, stride, pads, dilation, groups, requantization, clamp, .. } => {
            let w = network.tensor(weight)?;
            let kernel = [w.shape[2] as i64, w.shape[3] as i64];
            let conv = Conv2d {
                x,
                x_zero_point: from.zero_point,
                w: &w.codes,
                bias: network.optional_codes(bias.as_ref())?,
                channels: [from.shape[1], w.shape[0]],
                groups: *groups,
                windows: Window::pair(from.spatial(), kernel, *stride, *dilation, *pads),
                output_size: sizes(to),
            };
            Ok(conv.run(&network.forms(requantization, w.shape[0], true)?, to.zero_point, *clamp))
        }
        Operation::Dense { weight, bias, requantization, clamp, .. } => {
            let w = network.tensor(weight)?;
            let bias = network.optional_codes(bias.as_ref())?;
            let forms = network.forms(requantization, w.shape[0], true)?;
            Ok(dense(x, from.zero_point, &w.codes, bias, &forms, to.zero_point, *clamp))
        }
        other => unreachable!("{} has no weights", other.name()),
    }
}

fn run_pool(network: &Network, operation: &Operation, codes: &Codes) -> Result<Vec<i32>> {
    let [i, o] = [operation.inputs()[0], operation.outputs()[0]];
    let [from, to] = [&network.graph.values[i], &network.graph.values[o]];
    match operation {
        Operation::MaxPool { kernel, stride, pads, dilation, clamp, .. } => {
            let windows = Window::pair(from.spatial(), *kernel, *stride, *dilation, *pads);
            Ok(max_pool(&codes[i], windows, sizes(to), *clamp))
        }
        Operation::AveragePool { kernel, stride, pads, count_include_pad, divisors, requantization, clamp, .. } => {
            let pool = AveragePool {
                x: &codes[i],
                x_zero_point: from.zero_point,
                windows: Window::pair(from.spatial(), *kernel, *stride, [1, 1], *pads),
                count_include_pad: *count_include_pad,
                divisors,
            };
            let forms = network.forms(requantization, divisors.len(), false)?;
            Ok(pool.run(sizes(to), &forms, to.zero_point, *clamp))
        }
        other => unreachable!("{} has no windows", other.name()),
    }
}

fn run_rescaling(network: &Network, operation: &Operation, codes: &Codes) -> Result<Vec<i32>> {
    let values = &network.graph.values;
    let to = &values[operation.outputs()[0]];
    match operation {
        Operation::Requantize { inputs: [i], requantization, clamp, .. } => {
            let form = one_form(network, requantization)?;
            let zero_point = values[*i].zero_point;
            let x = codes[*i].iter();
            Ok(x.map(|&a| requantize(a as i64 - zero_point, form, to.zero_point, *clamp) as i32).collect())
        }
        Operation::Concat { inputs, axis, requantizations, clamp, .. } => {
            let mut parts = Vec::new();
            for (&i, form) in inputs.iter().zip(requantizations) {
                parts.push(Part { x: &codes[i], zero_point: values[i].zero_point, form: one_form(network, form)? });
            }
            Ok(concat(&parts, to.shape[..*axis].iter().product(), to.zero_point, *clamp))
        }
        other => unreachable!("{} does not rescale", other.name()),
    }
}

fn run_movement(network: &Network, operation: &Operation, codes: &Codes) -> Vec<i32> {
    let [i, o] = [operation.inputs()[0], operation.outputs()[0]];
    let [from, to] = [&network.graph.values[i].shape, &network.graph.values[o].shape];
    let x = &codes[i];
    match operation {
        Operation::Slice { starts, steps, .. } => slice(x, from, starts, steps, to),
        Operation::Pad { before, value, .. } => pad(x, from, before, to, *value as i32),
        Operation::Transpose { perm, .. } => transpose(x, from, perm),
        _ => x.clone(),
    }
}

fn run_add(network: &Network, operation: &Operation, codes: &mut Codes) -> Result<()> {
    let Operation::Add { inputs, outputs, requantizations: [first, second], clamp, code_requantization, code_clamp, .. } = operation else {
        return Ok(());
    };
    let values = &network.graph.values;
    let forms = [one_form(network, first)?, one_form(network, second)?];
    let zero_points = inputs.map(|i| values[i].zero_point);
    let carriers = add(inputs.map(|i| codes[i].as_slice()), zero_points, forms, *clamp);
    if let (Some(o), Some(form), Some(clamp)) = (outputs[1], code_requantization, code_clamp) {
        let form = one_form(network, form)?;
        let zero_point = values[o].zero_point;
        codes[o] = carriers.iter().map(|&a| requantize(a as i64, form, zero_point, *clamp) as i32).collect();
    }
    if let Some(o) = outputs[0] {
        codes[o] = carriers;
    }
    Ok(())
}

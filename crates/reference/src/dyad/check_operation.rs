//! SPEC 2 and 3: what each operation demands of its attributes, shapes, types and tensors.

use super::check::require;
use super::graph::{Form, Operation, Value};
use super::network::{within, Network, Tensor};
use crate::accumulator::{check_channel, check_element, check_pool, Codes};
use crate::average_pool::divisors;
use crate::codes::{CodeDtype, TensorDtype, CARRIER};
use crate::error::{Error, Result};
use crate::window::Window;

/// Largest size of a kernel, stride, dilation or padding: enough for every shape, small enough for 64-bit products.
const LARGEST: i64 = i32::MAX as i64;

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
        Operation::Requantize {
            requantization,
            clamp,
            ..
        } => {
            require(x.shape == y.shape, || {
                format!("expected output {:?}, got {:?}", x.shape, y.shape)
            })?;
            check_clamp(*clamp, y)?;
            check_element(x.codes(), one_form(network, requantization)?)
        }
        _ => check_movement(operation, x, y),
    }
}

/// SPEC 2: the clamp lies inside the range of the output.
fn check_clamp([lo, hi]: [i64; 2], output: &Value) -> Result<()> {
    within("clamp", lo, output.range)?;
    within("clamp", hi, [lo, output.range[1]])
}

fn one_form(network: &Network, form: &Form) -> Result<crate::requantize::Requantization> {
    Ok(network.forms(form, 1, true)?[0])
}

fn all_within(what: &str, numbers: &[i64], limits: [i64; 2]) -> Result<()> {
    numbers
        .iter()
        .try_for_each(|&number| within(what, number, limits))
}

/// [1, C, H, W].
fn require_image(x: &Value) -> Result<()> {
    require(x.shape.len() == 4, || {
        format!("expected an input [1, C, H, W], got {:?}", x.shape)
    })
}

fn require_shape(y: &Value, shape: &[i64]) -> Result<()> {
    let same = y
        .shape
        .iter()
        .map(|&size| size as i64)
        .eq(shape.iter().copied());
    require(same, || {
        format!("expected output {shape:?}, got {:?}", y.shape)
    })
}

/// A weight tensor (i8 or i4) of a rank, with a bias or none, for an input that is no carrier.
fn require_weights<'a>(
    network: &'a Network,
    x: &Value,
    weight: &str,
    bias: Option<&String>,
    rank: usize,
) -> Result<&'a Tensor> {
    require(x.dtype != CodeDtype::I16, || {
        "expected an input of u8, i8 or u4, got i16".into()
    })?;
    let w = network.tensor(weight)?;
    let fits = w.dtype != TensorDtype::I32 && w.shape.len() == rank && !w.shape.contains(&0);
    require(fits, || {
        format!(
            "weight: expected i8 or i4 of rank {rank}, got {:?} {:?}",
            w.dtype, w.shape
        )
    })?;
    if let Some(bias) = bias {
        let b = network.tensor(bias)?;
        let fits = b.dtype == TensorDtype::I32 && b.shape == [w.shape[0]];
        require(fits, || {
            format!(
                "bias: expected i32 [{}], got {:?} {:?}",
                w.shape[0], b.dtype, b.shape
            )
        })?;
    }
    Ok(w)
}

/// SPEC 2.4 of every output channel.
fn check_accumulators(
    network: &Network,
    x: &Value,
    w: &Tensor,
    bias: Option<&String>,
    form: &Form,
) -> Result<()> {
    let forms = network.forms(form, w.shape[0], true)?;
    let bias = network.optional_codes(bias)?;
    let channels = w.codes.chunks_exact(w.codes.len() / w.shape[0]).zip(forms);
    for (channel, (weights, form)) in channels.enumerate() {
        let bias = bias.get(channel).map_or(0, |&bias| bias as i64);
        check_channel(weights, bias, x.codes(), form)
            .map_err(|error| error.at(&format!("channel {channel}")))?;
    }
    Ok(())
}

fn check_conv2d(network: &Network, operation: &Operation, x: &Value, y: &Value) -> Result<()> {
    let Operation::Conv2d {
        weight,
        bias,
        stride,
        pads,
        dilation,
        groups,
        requantization,
        clamp,
        ..
    } = operation
    else {
        return Ok(());
    };
    require_image(x)?;
    let w = require_weights(network, x, weight, bias.as_ref(), 4)?;
    let [oc, group_channels, kh, kw] = [0, 1, 2, 3].map(|axis| w.shape[axis]);
    let (g, ic) = (*groups, x.shape[1]);
    let divides = g >= 1 && ic % g == 0 && oc % g == 0 && ic / g == group_channels;
    require(divides, || {
        format!(
            "groups: expected a divisor of {ic} and {oc} channels that fits the weights, got {g}"
        )
    })?;
    all_within("stride", stride, [1, LARGEST])?;
    all_within("dilation", dilation, [1, LARGEST])?;
    all_within("pads", pads, [0, LARGEST])?;
    let [rows, columns] = Window::pair(
        x.spatial(),
        [kh as i64, kw as i64],
        *stride,
        *dilation,
        *pads,
    );
    let size = [rows.floor_size(), columns.floor_size()];
    require(size.iter().all(|&size| size >= 1), || {
        format!("expected an output of at least 1 by 1, got {size:?}")
    })?;
    require_shape(y, &[1, oc as i64, size[0], size[1]])?;
    check_clamp(*clamp, y)?;
    check_accumulators(network, x, w, bias.as_ref(), requantization)
}

fn check_dense(network: &Network, operation: &Operation, x: &Value, y: &Value) -> Result<()> {
    let Operation::Dense {
        weight,
        bias,
        requantization,
        clamp,
        ..
    } = operation
    else {
        return Ok(());
    };
    let w = require_weights(network, x, weight, bias.as_ref(), 2)?;
    let (last, outer) = (x.shape[x.shape.len() - 1], &x.shape[..x.shape.len() - 1]);
    require(w.shape[1] == last, || {
        format!("weight: expected [N, {last}], got {:?}", w.shape)
    })?;
    let shape: Vec<i64> = outer
        .iter()
        .chain([&w.shape[0]])
        .map(|&size| size as i64)
        .collect();
    require_shape(y, &shape)?;
    check_clamp(*clamp, y)?;
    check_accumulators(network, x, w, bias.as_ref(), requantization)
}

fn check_add(network: &Network, operation: &Operation) -> Result<()> {
    let Operation::Add {
        inputs,
        outputs,
        requantizations,
        clamp,
        code_requantization,
        code_clamp,
        ..
    } = operation
    else {
        return Ok(());
    };
    let values = &network.graph.values;
    let shape = &values[inputs[0]].shape;
    require(!operation.outputs().is_empty(), || {
        "expected at least one output, got none".into()
    })?;
    for index in operation.outputs().iter().chain(inputs) {
        require(values[*index].shape == *shape, || {
            format!("expected shape {shape:?}, got {:?}", values[*index].shape)
        })?;
    }
    for (&input, form) in inputs.iter().zip(requantizations) {
        check_element(values[input].codes(), one_form(network, form)?)?;
    }
    within("clamp", clamp[0], CARRIER)?;
    within("clamp", clamp[1], [clamp[0], CARRIER[1]])?;
    if let Some(carrier) = outputs[0] {
        let carrier = &values[carrier];
        let fits = carrier.dtype == CodeDtype::I16 && carrier.zero_point == 0;
        require(fits, || {
            format!(
                "carrier: expected i16 with zero point 0, got {:?}",
                carrier.dtype
            )
        })?;
        check_clamp(*clamp, carrier)?;
    }
    match (outputs[1], code_requantization, code_clamp) {
        (None, None, None) => Ok(()),
        (Some(code), Some(form), Some(code_clamp)) => {
            check_clamp(*code_clamp, &values[code])?;
            check_element(
                Codes {
                    range: *clamp,
                    zero_point: 0,
                },
                one_form(network, form)?,
            )
        }
        _ => Err(Error::Invalid(
            "expected a code output, codeRequantization and codeClamp together".into(),
        )),
    }
}

/// Sizes of a pool's attributes and of its output (SPEC 3.4).
fn check_windows(x: &Value, y: &Value, windows: [Window; 2], size: [i64; 2]) -> Result<()> {
    for (axis, window) in windows.iter().enumerate() {
        within("kernel", window.kernel, [1, LARGEST])?;
        within("stride", window.stride, [1, LARGEST])?;
        within("dilation", window.dilation, [1, LARGEST])?;
        all_within("pads", &[window.before, window.after], [0, LARGEST])?;
        let floor = window.floor_size();
        let ceil = size[axis] == floor + 1
            && (size[axis] - 1) * window.stride - window.before < window.input;
        let fits = size[axis] >= 1 && (size[axis] == floor || ceil);
        require(fits, || {
            format!(
                "outputSize: expected {floor}, or one more in ceil mode, got {}",
                size[axis]
            )
        })?;
    }
    require_shape(y, &[1, x.shape[1] as i64, size[0], size[1]])
}

fn check_max_pool(operation: &Operation, x: &Value, y: &Value) -> Result<()> {
    let Operation::MaxPool {
        kernel,
        stride,
        pads,
        dilation,
        output_size,
        clamp,
        ..
    } = operation
    else {
        return Ok(());
    };
    require_image(x)?;
    let windows = Window::pair(x.spatial(), *kernel, *stride, *dilation, *pads);
    check_windows(x, y, windows, *output_size)?;
    for (window, size) in windows.iter().zip(output_size) {
        let empty = (0..*size).find(|&index| !window.touches_input(index));
        require(empty.is_none(), || {
            format!("expected an input element in every window, got none in {empty:?}")
        })?;
    }
    require_same_meaning(x, y)?;
    check_clamp(*clamp, y)
}

fn check_average_pool(
    network: &Network,
    operation: &Operation,
    x: &Value,
    y: &Value,
) -> Result<()> {
    let Operation::AveragePool {
        kernel,
        stride,
        pads,
        count_include_pad,
        output_size,
        requantization,
        clamp,
        ..
    } = operation
    else {
        return Ok(());
    };
    let Operation::AveragePool {
        divisors: listed, ..
    } = operation
    else {
        return Ok(());
    };
    require_image(x)?;
    let windows = Window::pair(x.spatial(), *kernel, *stride, [1, 1], *pads);
    check_windows(x, y, windows, *output_size)?;
    let expected = divisors(windows, *output_size, *count_include_pad);
    require(expected[0] > 0, || {
        "expected an element in every window, got none".into()
    })?;
    require(*listed == expected, || {
        format!("divisors: expected {expected:?}, got {listed:?}")
    })?;
    check_clamp(*clamp, y)?;
    let elements = windows
        .iter()
        .map(|window| window.kernel.min(window.input))
        .product();
    for form in network.forms(requantization, listed.len(), false)? {
        check_pool(elements, x.codes(), form)?;
    }
    Ok(())
}

fn check_concat(network: &Network, operation: &Operation) -> Result<()> {
    let Operation::Concat {
        inputs,
        outputs,
        axis,
        requantizations,
        clamp,
        ..
    } = operation
    else {
        return Ok(());
    };
    let values = &network.graph.values;
    let y = &values[outputs[0]];
    let rank = y.shape.len();
    require(*axis < rank, || {
        format!("axis: expected less than {rank}, got {axis}")
    })?;
    let lengths = [inputs.len(), requantizations.len()];
    require(lengths[0] >= 1 && lengths[0] == lengths[1], || {
        format!("expected a requantization per input, got {lengths:?}")
    })?;
    let mut sum = 0;
    for (&input, form) in inputs.iter().zip(requantizations) {
        let x = &values[input];
        let fits =
            x.shape.len() == rank && (0..rank).all(|d| d == *axis || x.shape[d] == y.shape[d]);
        require(fits, || {
            format!(
                "expected inputs that differ on axis {axis} only, got {:?} and {:?}",
                x.shape, y.shape
            )
        })?;
        sum += x.shape[*axis];
        check_element(x.codes(), one_form(network, form)?)?;
    }
    require(sum == y.shape[*axis], || {
        format!(
            "expected {sum} elements on axis {axis}, got {}",
            y.shape[*axis]
        )
    })?;
    check_clamp(*clamp, y)
}

/// Type, scale and zero point stay.
fn require_same_meaning(x: &Value, y: &Value) -> Result<()> {
    let same = x.dtype == y.dtype && x.scale == y.scale && x.zero_point == y.zero_point;
    require(same, || {
        "expected an output of the input's type, scale and zero point".into()
    })
}

/// SPEC 3.7.
fn check_movement(operation: &Operation, x: &Value, y: &Value) -> Result<()> {
    require_same_meaning(x, y)?;
    require(x.range == y.range, || {
        format!("expected range {:?}, got {:?}", x.range, y.range)
    })?;
    let rank = x.shape.len();
    let per_axis = |length: usize| {
        require(length == rank, || {
            format!("expected {rank} numbers, got {length}")
        })
    };
    match operation {
        Operation::Slice { starts, steps, .. } => {
            per_axis(starts.len())?;
            per_axis(steps.len())?;
            per_axis(y.shape.len())?;
            (0..rank).try_for_each(|d| {
                check_slice_axis(x.shape[d] as i64, starts[d], steps[d], y.shape[d] as i64)
            })
        }
        Operation::Pad {
            before,
            after,
            value,
            ..
        } => {
            per_axis(before.len())?;
            per_axis(after.len())?;
            let small = before.iter().chain(after).all(|&size| size <= 1 << 24);
            require(small, || "expected padding up to 2^24, got more".into())?;
            within("value", *value, x.range)?;
            let shape: Vec<i64> = (0..rank)
                .map(|d| (before[d] + x.shape[d] + after[d]) as i64)
                .collect();
            require_shape(y, &shape)
        }
        Operation::Transpose { perm, .. } => {
            let mut sorted = perm.clone();
            sorted.sort_unstable();
            require(sorted.into_iter().eq(0..rank), || {
                format!("perm: expected a permutation of {rank} axes, got {perm:?}")
            })?;
            let shape: Vec<i64> = perm.iter().map(|&axis| x.shape[axis] as i64).collect();
            require_shape(y, &shape)
        }
        _ => {
            let counts: [usize; 2] = [x.shape.iter().product(), y.shape.iter().product()];
            require(counts[0] == counts[1], || {
                format!("expected {} elements, got {}", counts[0], counts[1])
            })
        }
    }
}

fn check_slice_axis(size: i64, start: i64, step: i64, count: i64) -> Result<()> {
    within("starts", start, [0, size - 1])?;
    within("steps", step, [-LARGEST, LARGEST])?;
    require(step != 0, || {
        "steps: expected a number other than 0, got 0".into()
    })?;
    within("starts", start + (count - 1) * step, [0, size - 1])
}

//! SPEC 3.1, 3.2 and 2.4: what convolution and dense demand.

use super::check::require;
use super::check_operation::{all_within, check_clamp, require_image, require_shape, LARGEST};
use super::graph::{Form, Operation, Value};
use super::network::{Network, Tensor};
use crate::accumulator::check_channel;
use crate::codes::{CodeDtype, TensorDtype};
use crate::error::Result;
use crate::window::Window;

/// A weight tensor (i8 or i4) of a rank, with a bias or none, for an input that is no carrier.
fn require_weights<'a>(network: &'a Network, x: &Value, weight: &str, bias: Option<&String>, rank: usize) -> Result<&'a Tensor> {
    require(x.dtype != CodeDtype::I16, || "expected an input of u8, i8 or u4, got i16".into())?;
    let w = network.tensor(weight)?;
    let fits = w.dtype != TensorDtype::I32 && w.shape.len() == rank && !w.shape.contains(&0);
    require(fits, || format!("weight: expected i8 or i4 of rank {rank}, got {:?} {:?}", w.dtype, w.shape))?;
    if let Some(bias) = bias {
        let b = network.tensor(bias)?;
        let fits = b.dtype == TensorDtype::I32 && b.shape == [w.shape[0]];
        require(fits, || format!("bias: expected i32 [{}], got {:?} {:?}", w.shape[0], b.dtype, b.shape))?;
    }
    Ok(w)
}

/// SPEC 2.4 of every output channel.
fn check_accumulators(network: &Network, x: &Value, w: &Tensor, bias: Option<&String>, form: &Form) -> Result<()> {
    let forms = network.forms(form, w.shape[0], true)?;
    let bias = network.optional_codes(bias)?;
    let channels = w.codes.chunks_exact(w.codes.len() / w.shape[0]).zip(forms);
    for (channel, (weights, form)) in channels.enumerate() {
        let bias = bias.get(channel).map_or(0, |&bias| bias as i64);
        check_channel(weights, bias, x.codes(), form).map_err(|error| error.at(&format!("channel {channel}")))?;
    }
    Ok(())
}

pub(super) fn check_conv2d(network: &Network, operation: &Operation, x: &Value, y: &Value) -> Result<()> {
    let Operation::Conv2d { weight, bias, stride, pads, dilation, groups, requantization, clamp, .. } = operation else {
        return Ok(());
    };
    require_image(x)?;
    let w = require_weights(network, x, weight, bias.as_ref(), 4)?;
    let [oc, group_channels, kh, kw] = [0, 1, 2, 3].map(|axis| w.shape[axis]);
    let (g, ic) = (*groups, x.shape[1]);
    let divides = g >= 1 && ic % g == 0 && oc % g == 0 && ic / g == group_channels;
    require(divides, || format!("groups: expected a divisor of {ic} and {oc} channels that fits the weights, got {g}"))?;
    all_within("stride", stride, [1, LARGEST])?;
    all_within("dilation", dilation, [1, LARGEST])?;
    all_within("pads", pads, [0, LARGEST])?;
    let [rows, columns] = Window::pair(x.spatial(), [kh as i64, kw as i64], *stride, *dilation, *pads);
    let size = [rows.floor_size(), columns.floor_size()];
    require(size.iter().all(|&size| size >= 1), || format!("expected an output of at least 1 by 1, got {size:?}"))?;
    require_shape(y, &[1, oc as i64, size[0], size[1]])?;
    check_clamp(*clamp, y)?;
    check_accumulators(network, x, w, bias.as_ref(), requantization)
}

pub(super) fn check_dense(network: &Network, operation: &Operation, x: &Value, y: &Value) -> Result<()> {
    let Operation::Dense { weight, bias, requantization, clamp, .. } = operation else {
        return Ok(());
    };
    let w = require_weights(network, x, weight, bias.as_ref(), 2)?;
    let (last, outer) = (x.shape[x.shape.len() - 1], &x.shape[..x.shape.len() - 1]);
    require(w.shape[1] == last, || format!("weight: expected [N, {last}], got {:?}", w.shape))?;
    let shape: Vec<i64> = outer.iter().chain([&w.shape[0]]).map(|&size| size as i64).collect();
    require_shape(y, &shape)?;
    check_clamp(*clamp, y)?;
    check_accumulators(network, x, w, bias.as_ref(), requantization)
}

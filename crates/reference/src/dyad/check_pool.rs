//! SPEC 3.4: what pools demand.

use super::check::require;
use super::check_operation::{all_within, check_clamp, require_image, require_same_meaning, require_shape, LARGEST};
use super::graph::{Operation, Value};
use super::network::{within, Network};
use crate::accumulator::check_pool;
use crate::average_pool::divisors;
use crate::error::Result;
use crate::window::Window;

/// Sizes of a pool's attributes and of its output (SPEC 3.4).
fn check_windows(x: &Value, y: &Value, windows: [Window; 2], size: [i64; 2]) -> Result<()> {
    for (axis, window) in windows.iter().enumerate() {
        within("kernel", window.kernel, [1, LARGEST])?;
        within("stride", window.stride, [1, LARGEST])?;
        within("dilation", window.dilation, [1, LARGEST])?;
        all_within("pads", &[window.before, window.after], [0, LARGEST])?;
        let floor = window.floor_size();
        let ceil = window.uncovered() != 0 && size[axis] == floor + 1 && (size[axis] - 1) * window.stride - window.before < window.input;
        let fits = size[axis] >= 1 && (size[axis] == floor || ceil);
        require(fits, || format!("outputSize: expected {floor}, or one more in ceil mode, got {}", size[axis]))?;
    }
    require_shape(y, &[1, x.shape[1] as i64, size[0], size[1]])
}

pub(super) fn check_max_pool(operation: &Operation, x: &Value, y: &Value) -> Result<()> {
    let Operation::MaxPool { kernel, stride, pads, dilation, output_size, clamp, .. } = operation else {
        return Ok(());
    };
    require_image(x)?;
    let windows = Window::pair(x.spatial(), *kernel, *stride, *dilation, *pads);
    check_windows(x, y, windows, *output_size)?;
    for (window, size) in windows.iter().zip(output_size) {
        let empty = (0..*size).find(|&index| !window.touches_input(index));
        require(empty.is_none(), || format!("expected an input element in every window, got none in {empty:?}"))?;
    }
    require_same_meaning(x, y)?;
    check_clamp(*clamp, y)
}

pub(super) fn check_average_pool(network: &Network, operation: &Operation, x: &Value, y: &Value) -> Result<()> {
    let Operation::AveragePool { kernel, stride, pads, count_include_pad, output_size, requantization, clamp, .. } = operation else {
        return Ok(());
    };
    let Operation::AveragePool { divisors: listed, .. } = operation else {
        return Ok(());
    };
    require_image(x)?;
    let windows = Window::pair(x.spatial(), *kernel, *stride, [1, 1], *pads);
    check_windows(x, y, windows, *output_size)?;
    let expected = divisors(windows, *output_size, *count_include_pad, listed.len());
    require(expected.as_ref() == Some(listed), || format!("divisors: expected {expected:?}, the counts of the windows, got {listed:?}"))?;
    require(listed[0] > 0, || "expected an element in every window, got none".into())?;
    check_clamp(*clamp, y)?;
    let elements = windows.iter().map(|window| window.kernel.min(window.input)).product();
    for form in network.forms(requantization, listed.len(), false)? {
        check_pool(elements, x.codes(), form)?;
    }
    Ok(())
}

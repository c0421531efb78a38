//! Parameter structs of the quantizers: one struct of i32 per kernel, as it lies in wasm memory; see `kernels::params`.
//!
//! **Quantizer state** (`state_offset`), f32 × 4, belongs to one weight or activation quantizer: `[interval, step, initialised, 0]`. The interval is the
//! learned s or u; the kernels that quantize write the step (s/(2^(b−1)−1), u/(2^b−1)), which is what a code is worth; `initialised` is 0 or 1.
//!
//! **Gradient state** (`state_offset` of the gradient kernels), f32 × 8: `[maximum, clip, step, clipped, count, 0, 0, 0]`: max|G| of this step, the clip
//! that the host wrote, what a code is worth, how many elements lay beyond the clip and how many there are (counts, rounded to f32).

use kernels::kernel_params;

/// Which interval [`InitQuantizer`] takes from a standard deviation.
pub mod init {
    /// 3·std: weights, signed activations.
    pub const SIGNED: i32 = 0;
    /// 3·std/√(1 − 2/π): activations ≥ 0.
    pub const UNSIGNED: i32 = 1;
}

/// Containers of f32 kernels, beside those of `kernels::params::container`.
pub mod container {
    /// Raw sums of an integer convolution that fit.
    pub const I16: i32 = 2;
    /// Raw sums of an integer convolution.
    pub const I32: i32 = 3;
    /// Floats.
    pub const F32: i32 = 4;
}

kernel_params! {
    /// The published initialisation (SPEC 7): sets `interval` and `initialised` from `count` f32 if `initialised` is 0, else does nothing. `mode`: [`init`].
    InitQuantizer = 96, "init_quantizer", float: true { input_offset, state_offset, count, mode }
    /// f32 weights to symmetric codes of `bits` with the learned interval; writes the state's step.
    QuantizeWeights = 97, "quantize_weights", float: true { weights_offset, state_offset, codes_offset, count, bits }
    /// What flows back through [`QuantizeWeights`]: dW = dWq where |w| ≤ s, else 0; ds summed over all. `gradient` and `output` are f32 [count], `interval_gradient` f32 [1].
    QuantizeWeightsBackward = 98, "quantize_weights_backward", float: true {
        weights_offset, gradient_offset, state_offset, output_offset, interval_gradient_offset, count, bits,
    }
    /// f32 [rows][channels] to codes [rows][out_stride] with the learned interval, pad channels 0; writes the state's step. `is_signed` 0: u-codes 0..2^b−1, 1: symmetric.
    QuantizeActivations = 99, "quantize_activations", float: true { input_offset, state_offset, codes_offset, rows, channels, out_stride, bits, is_signed }
    /// What flows back through [`QuantizeActivations`]. The gradient is i32 [rows][in_stride] times the two f32 at `scale_a_offset` and `scale_b_offset`
    /// (`in_container` 3; 2: i16), or f32 [rows][in_stride] (4). Adds f32 [rows][channels] at `add_offset` (0: none): what other consumers of the input gave.
    /// Where the input is the result of a clamp, the sum counts where lo < input < hi, else it is +0: so whoever made the input need not look at it again.
    QuantizeActivationsBackward = 100, "quantize_activations_backward", float: true {
        input_offset, gradient_offset, scale_a_offset, scale_b_offset, add_offset, state_offset, output_offset, interval_gradient_offset,
        rows, channels, in_container, in_stride, bits, is_signed, lo_bits, hi_bits,
    }
    /// max|G| of f32 [count] into the gradient state.
    GradientMaximum = 101, "gradient_maximum", float: true { gradient_offset, state_offset, count }
    /// How many of |G|/max fall into each of `bins` equal bins of [0, 1], i32 [bins]. The maximum is the state's.
    GradientHistogram = 102, "gradient_histogram", float: true { gradient_offset, state_offset, output_offset, count, bins }
    /// Per channel of f32 [rows][channels]: maximum of |g|, standard deviation, fraction of |g| beyond it; f32 [3][channels].
    GradientChannels = 103, "gradient_channels", float: true { gradient_offset, output_offset, rows, channels }
    /// G [rows][channels] f32 to symmetric codes i8 [rows][out_stride] (pad channels 0) with the state's clip by stochastic rounding; writes step and clipped.
    /// `random_offset`: i32 [4] `[seed low, seed high, step, 0]`; with `layer` and the element's index they address the noise (SPEC 7). `channel_clips_offset`:
    /// f32 [channels], 0 = the state's clip for all; `channel_steps_offset` f32 [channels] is then written.
    QuantizeGradient = 104, "quantize_gradient", float: true {
        gradient_offset, state_offset, random_offset, channel_clips_offset, codes_offset, channel_steps_offset, rows, channels, out_stride, bits, layer,
    }
    /// For reports: of the elements with |g| ≥ threshold (f32 at `threshold_offset`) and of all, Σ(g−ĝ)², Σg² and how many; f32 [6] at `output_offset`.
    GradientError = 105, "gradient_error", float: true { gradient_offset, codes_offset, state_offset, threshold_offset, output_offset, rows, channels, codes_stride }
}

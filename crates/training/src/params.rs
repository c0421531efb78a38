//! Parameter structs of the f32 training kernels: one struct of i32 per kernel, as it lies in wasm memory; see `kernels::params`.
//!
//! Activations and their gradients are f32 [rows][channels] (NHWC, rows = batch·height·width), dense. Weights are in the order of PyTorch and ONNX,
//! [out_c][in_c/groups][kernel_h][kernel_w]. Where a kernel may read exact sums of an integer convolution, `in_container` is 3 (i32 [rows][in_stride],
//! each worth the product of the f32 at `scale_a_offset` and at `scale_b_offset`), 2 (the same in i16) or 4 (f32 [rows][in_stride], the scales unused).

use kernels::kernel_params;

kernel_params! {
    /// Packs f32 weights for [`ConvF32Nhwc`]. `is_transposed` 1: those of the backward pass, flipped in both axes and with channels exchanged within each group.
    PackConvF32 = 64, "pack_conv_f32", float: true { weights_offset, packed_weights_offset, in_c, out_c, kernel_h, kernel_w, groups, is_transposed }
    /// f32 convolution NHWC. The backward pass to the input is this kernel on transposed weights with `input_dilation` = the forward stride (zeros between
    /// pixels), stride 1 and pads dilation·(kernel − 1) − pad. Linear layers are 1×1 on in_h = rows. `bias_offset` 0 = none.
    ConvF32Nhwc = 65, "conv_f32_nhwc", float: true {
        input_offset, packed_weights_offset, bias_offset, output_offset, batch, in_h, in_w, in_c, out_h, out_w, out_c,
        kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left, dilation_h, dilation_w, groups, input_dilation_h, input_dilation_w,
    }
    /// dW = Σ over pixels of input · gradient, f32 [out_c][in_c/groups][kernel_h][kernel_w].
    ConvWeightGradientF32 = 66, "conv_weight_gradient_f32", float: true {
        input_offset, gradient_offset, output_offset, batch, in_h, in_w, in_c, out_h, out_w, out_c,
        kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left, dilation_h, dilation_w, groups,
    }
    /// Sum over rows per channel, f32 [channels]: the gradient of a bias.
    SumRows = 67, "sum_rows", float: true { input_offset, output_offset, rows, channels }
    /// Exact integer sums (`in_container` 2 or 3) to f32: output[r][c] = sum·a·b + bias[c] (`bias_offset` 0 = none).
    DequantizeSums = 68, "dequantize_sums", float: true {
        input_offset, scale_a_offset, scale_b_offset, bias_offset, output_offset, in_container, rows, channels, in_stride,
    }
    /// Integer weight-gradient sums i32 [slabs][out_c][per_channel] to f32 [out_c][per_channel]: the slabs are added exactly, then times a·b, where b is one f32
    /// or (`is_per_channel` 1) f32 [out_c].
    DequantizeWeightGradient = 69, "dequantize_weight_gradient", float: true {
        input_offset, scale_a_offset, scale_b_offset, output_offset, slabs, out_c, per_channel, is_per_channel,
    }
    /// Mean and 1/√(variance + ε) per channel, f32 [2][channels] at `statistics_offset`; moves the running mean and the running (unbiased) variance, f32 [2][channels] at
    /// `running_offset`, by `momentum` (PyTorch's meaning).
    BatchNormStatistics = 70, "batch_norm_statistics", float: true {
        input_offset, scale_a_offset, scale_b_offset, statistics_offset, running_offset, in_container, in_stride, rows, channels, momentum_bits, epsilon_bits,
    }
    /// The statistics of evaluation: f32 [2][channels] mean and 1/√(variance + ε) from the running ones.
    BatchNormRunning = 71, "batch_norm_running", float: true { running_offset, statistics_offset, channels, epsilon_bits }
    /// y = clamp((x − mean)·inverse_std·γ + β + residual, lo, hi). γ and β f32 [channels]; `residual_offset` f32 [rows][channels], 0 = none. Relu is [0, ∞].
    BatchNormApply = 72, "batch_norm_apply", float: true {
        input_offset, scale_a_offset, scale_b_offset, statistics_offset, gamma_offset, beta_offset, residual_offset, output_offset,
        in_container, in_stride, rows, channels, lo_bits, hi_bits,
    }
    /// dγ and dβ, f32 [2][channels] at `sums_offset`. `output_offset` is the y of [`BatchNormApply`]: the gradient counts where lo < y < hi.
    BatchNormBackwardReduce = 73, "batch_norm_backward_reduce", float: true {
        gradient_offset, output_offset, input_offset, scale_a_offset, scale_b_offset, statistics_offset, sums_offset,
        in_container, in_stride, rows, channels, lo_bits, hi_bits,
    }
    /// dx of batch norm, f32 [rows][channels]; the masked gradient for the residual too unless `residual_gradient_offset` is 0; max|dx| into f32 [1] at `maximum_offset` unless 0.
    /// `input_gradient_offset` may be `gradient_offset`, without bounds and residual: dx takes the gradient's place.
    BatchNormBackwardApply = 74, "batch_norm_backward_apply", float: true {
        gradient_offset, output_offset, input_offset, scale_a_offset, scale_b_offset, statistics_offset, gamma_offset, sums_offset,
        input_gradient_offset, residual_gradient_offset, maximum_offset, in_container, in_stride, rows, channels, lo_bits, hi_bits,
    }
    /// gradient where lo < y < hi, else 0.
    ClampBackward = 75, "clamp_backward", float: true { gradient_offset, output_offset, input_gradient_offset, count, lo_bits, hi_bits }
    /// clamp(a + b, lo, hi) over `count` elements of one shape: residual adds, and gradients of a value with several consumers.
    AddElements = 76, "add_elements", float: true { a_offset, b_offset, output_offset, count, lo_bits, hi_bits }
    /// Max pool NHWC; `indices_offset` i32: the pixel of the input that won (first of equals).
    MaxPoolNhwc = 77, "max_pool_nhwc", float: true {
        input_offset, output_offset, indices_offset, batch, in_h, in_w, channels, out_h, out_w, kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left,
    }
    /// Gradients to the pixels that won.
    MaxPoolBackward = 78, "max_pool_backward", float: true {
        gradient_offset, indices_offset, input_gradient_offset, batch, in_h, in_w, channels, out_h, out_w, kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left,
    }
    /// Average pool NHWC, divisor kernel_h·kernel_w, or the pixels inside if `count_include_pad` is 0. Global: the kernel is the picture.
    AveragePoolNhwc = 79, "average_pool_nhwc", float: true {
        input_offset, output_offset, batch, in_h, in_w, channels, out_h, out_w, kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left, count_include_pad,
    }
    /// The gradient of [`AveragePoolNhwc`].
    AveragePoolBackward = 80, "average_pool_backward", float: true {
        gradient_offset, input_gradient_offset, batch, in_h, in_w, channels, out_h, out_w, kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left, count_include_pad,
    }
    /// Mean cross entropy of softmax over f32 [rows][classes] with i32 labels [rows], and its gradient. `result_offset` f32 [2]: mean loss, how many argmax are right.
    /// `gradient_offset` 0 = evaluation only.
    SoftmaxCrossEntropy = 81, "softmax_cross_entropy", float: true { logits_offset, labels_offset, gradient_offset, result_offset, rows, classes, smoothing_bits }
    /// Mean of (prediction − target)² over `count`, and its gradient. `result_offset` f32 [2]: mean loss, 0.
    MeanSquaredError = 82, "mean_squared_error", float: true { prediction_offset, target_offset, gradient_offset, result_offset, count }
    /// SGD as PyTorch's. `hyper_offset` f32 [8]: learning rate, momentum, dampening, weight decay, nesterov (0/1), first step (0/1: the velocity is then the
    /// gradient); `scale_offset` f32 [1], a factor on this parameter's learning rate, 0 = 1.
    Sgd = 83, "sgd", float: true { gradient_offset, hyper_offset, scale_offset, parameter_offset, velocity_offset, count }
    /// Adam as PyTorch's. `hyper_offset` f32 [8]: learning rate, β1, β2, ε, weight decay, 1 − β1^t, 1 − β2^t, 0; `scale_offset` as of [`Sgd`].
    Adam = 84, "adam", float: true { gradient_offset, hyper_offset, scale_offset, parameter_offset, first_moment_offset, second_moment_offset, count }
    /// How many of `count` f32 are NaN or infinite, i32 [1]: names the layer when a loss is no number.
    CountNonFinite = 85, "count_non_finite", float: true { input_offset, output_offset, count }
}

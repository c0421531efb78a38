use super::{AVERAGE, MAX};
use crate::f32::testing::{check_all_units, floats, Arena};
use crate::kernel::Kernel;
use crate::params::PoolF32;
use reference::f32_sums::average_f32;
use reference::window::Window;

fn window(params: &PoolF32) -> [Window; 2] {
    let wide = |pair: [i32; 2]| pair.map(i64::from);
    Window::pair(
        wide([params.in_h, params.in_w]),
        wide([params.kernel_h, params.kernel_w]),
        wide([params.stride_h, params.stride_w]),
        wide([params.dilation_h, params.dilation_w]),
        [params.pad_top, params.pad_left, params.pad_bottom, params.pad_right].map(i64::from),
    )
}

fn check(mut params: PoolF32) {
    let [rows, columns] = window(&params);
    let plane = (params.in_h * params.in_w) as usize;
    let pixels = (params.out_h * params.out_w) as usize;
    let x = floats(params.planes as usize * plane, 1);
    let mut arena = Arena::new();
    params.input_offset = arena.floats(&x);
    params.output_offset = arena.output(params.planes as usize * pixels);
    let y = check_all_units(params, &arena, params.planes as usize * pixels);
    for (index, y) in y.iter().enumerate() {
        let image = &x[index / pixels * plane..][..plane];
        let (oy, ox) = ((index % pixels / params.out_w as usize) as i64, (index % params.out_w as usize) as i64);
        let mut elements = Vec::new();
        let mut padded = 0;
        for (ky, kx) in (0..rows.kernel).flat_map(|ky| (0..columns.kernel).map(move |kx| (ky, kx))) {
            elements.extend(rows.inside(oy, ky).zip(columns.inside(ox, kx)).map(|(iy, ix)| image[iy * params.in_w as usize + ix]));
            let within = |axis: &Window, window, tap| axis.position(window, tap) < axis.input + axis.after;
            padded += usize::from(within(&rows, oy, ky) && within(&columns, ox, kx));
        }
        let expected = match (params.mode, params.count_include_pad) {
            (MAX, _) => elements.iter().copied().fold(f32::NEG_INFINITY, f32::max),
            (_, 0) => average_f32(&elements, elements.len() as f32),
            _ => average_f32(&elements, padded as f32),
        };
        assert_eq!(expected.to_bits(), y.to_bits(), "output {index} of {params:?}");
    }
}

fn params(mode: i32, input: [i32; 2], kernel: [i32; 2], stride: i32, pads: [i32; 4], extra: i32) -> PoolF32 {
    let mut params = PoolF32 {
        mode,
        planes: 3,
        in_h: input[0],
        in_w: input[1],
        kernel_h: kernel[0],
        kernel_w: kernel[1],
        stride_h: stride,
        stride_w: stride,
        pad_top: pads[0],
        pad_left: pads[1],
        pad_bottom: pads[2],
        pad_right: pads[3],
        dilation_h: 1,
        dilation_w: 1,
        ..PoolF32::default()
    };
    [params.out_h, params.out_w] = window(&params).map(|axis| axis.floor_size() as i32 + extra);
    params
}

#[test]
fn equals_the_reference() {
    for mode in [MAX, AVERAGE] {
        for count_include_pad in [0, 1] {
            check(PoolF32 { count_include_pad, ..params(mode, [7, 9], [3, 3], 2, [0; 4], 0) });
            check(PoolF32 { count_include_pad, ..params(mode, [6, 8], [3, 3], 2, [1, 0, 1, 1], 0) });
            check(PoolF32 { count_include_pad, ..params(mode, [6, 8], [3, 3], 2, [0; 4], 1) });
            check(PoolF32 { count_include_pad, ..params(mode, [6, 6], [3, 2], 3, [1; 4], 0) });
            check(PoolF32 { count_include_pad, ..params(mode, [5, 4], [5, 4], 1, [0; 4], 0) });
            check(PoolF32 { count_include_pad, ..params(mode, [1, 1], [1, 1], 1, [0; 4], 0) });
        }
    }
    let mut dilated = PoolF32 { dilation_h: 2, dilation_w: 3, ..params(MAX, [9, 11], [3, 2], 1, [1; 4], 0) };
    [dilated.out_h, dilated.out_w] = window(&dilated).map(|axis| axis.floor_size() as i32);
    check(dilated);
    check(PoolF32 { mode: AVERAGE, ..dilated });
}

#[test]
fn a_nan_wins_every_maximum() {
    let mut arena = Arena::new();
    let (input_offset, output_offset) = (arena.floats(&[1.0, f32::NAN, 3.0]), arena.output(1));
    let params = PoolF32 { planes: 1, input_offset, output_offset, ..params(MAX, [1, 3], [1, 3], 1, [0; 4], 0) };
    assert!(check_all_units(params, &arena, 1)[0].is_nan());
}

#[test]
fn refuses_what_does_not_fit() {
    let good = params(MAX, [7, 9], [3, 3], 2, [0; 4], 0);
    assert!(good.check().is_ok());
    for params in [
        PoolF32 { mode: 2, ..good },
        PoolF32 { count_include_pad: 2, ..good },
        PoolF32 { stride_h: 0, ..good },
        PoolF32 { pad_right: -1, ..good },
        PoolF32 { planes: 1 << 24, ..good },
        PoolF32 { kernel_w: 1 << 24, dilation_w: 1 << 24, ..good },
    ] {
        assert!(params.check().is_err(), "{params:?}");
    }
}

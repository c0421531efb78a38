//! `vectors [DIR]`: writes small vectors of single functions as JSON, for tests in other languages (default `tests/vectors`).
#![forbid(unsafe_code)]

use reference::exp::exp;
use reference::packing::pack_nibbles;
use reference::preprocess::table;
use reference::quantize::{dequantize, quantize};
use reference::requantize::{requantize, Requantization};
use reference::resize::resize;
use reference::softmax::softmax;
use serde_json::{json, Value};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let folder = env::args().nth(1).map_or_else(default_folder, PathBuf::from);
    fs::create_dir_all(&folder)?;
    write(&folder, "requantize", requantize_vectors())?;
    write(&folder, "packing", packing_vectors())?;
    write(&folder, "quantize", quantize_vectors())?;
    write(&folder, "softmax", softmax_vectors())?;
    write(&folder, "preprocess", preprocess_vectors())
}

fn default_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors")
}

/// One case a line.
fn write(folder: &Path, name: &str, cases: Vec<Value>) -> io::Result<()> {
    let lines: Vec<String> = cases.iter().map(Value::to_string).collect();
    fs::write(folder.join(format!("{name}.json")), format!("[\n{}\n]\n", lines.join(",\n")))
}

/// Accumulators at the ends of what SPEC 2.4 allows (|acc| ≤ `most`), around ties and around 0.
fn accumulators(most: i64, tie: i64) -> Vec<i64> {
    let near = [0, 1, 2, 3, 7, 100, 32766, 32767, 32768, 32769, tie - 1, tie, tie + 1, 3 * tie, 5 * tie, most - 1, most];
    let mut all: Vec<i64> = near.iter().flat_map(|&acc| [-acc, acc]).filter(|acc| acc.abs() <= most).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// {form…, zeroPoint, clamp, acc: […], q: […]} (SPEC 2.1 to 2.3).
fn requantize_vectors() -> Vec<Value> {
    let i32_most = i64::from(i32::MAX);
    let outputs = [(0, [0, 255]), (3, [-128, 127]), (-7, [-32767, 32767]), (15, [0, 15])];
    let mut cases = Vec::new();
    let mut case = |form: Requantization, fields: Value, most: i64, tie: i64, which: usize| {
        let (zero_point, clamp) = outputs[which % outputs.len()];
        let acc = accumulators(most, tie);
        let q: Vec<i64> = acc.iter().map(|&acc| requantize(acc, form, zero_point, clamp)).collect();
        cases.push(json!({ "requantization": fields, "zeroPoint": zero_point, "clamp": clamp, "acc": acc, "q": q }));
    };
    for which in 0..outputs.len() {
        case(Requantization::Copy, json!({ "form": "copy" }), i32_most, 128, which);
    }
    let shifts = [-15, -14, -8, -1, 0, 1, 2, 8, 15, 21, 22];
    for (i, shift) in shifts.into_iter().enumerate() {
        for (j, b) in [1, 2, 3, 255, 16384, 32766, 32767].into_iter().enumerate() {
            let rounding = if shift > 0 { 1i64 << (shift - 1) } else { 0 };
            let fields = json!({ "form": "q15", "shift": shift, "multiplier": b });
            case(Requantization::Q15 { shift, b }, fields, i32_most - rounding, rounding.max(1), i + j);
        }
    }
    for (i, left) in [0, 1, 2, 12, 23, 24].into_iter().enumerate() {
        for (j, shift) in [33, 34, 47, 61, 62].into_iter().enumerate() {
            for b in [0, 1, 3, 1 << 30, i32_most - 1, i32_most] {
                let fields = json!({ "form": "exact", "left": left, "shift": shift, "multiplier": b });
                // With b = 2^30 a tie is an odd multiple of 2^(c − l − 31).
                let tie = 1i64 << (shift - left - 31).max(0);
                case(Requantization::Exact { left, shift, b }, fields, (1 << (31 - left)) - 1, tie, i + j);
            }
        }
    }
    cases
}

/// {dtype, codes, bytes} (SPEC 1.4): every pair of nibbles, and odd counts.
fn packing_vectors() -> Vec<Value> {
    let mut cases = Vec::new();
    for (dtype, lo, hi) in [("i4", -8, 7), ("u4", 0, 15)] {
        let pairs: Vec<i32> = (lo..=hi).flat_map(|a| (lo..=hi).flat_map(move |b| [a, b])).collect();
        for codes in [&pairs[..], &pairs[..1], &pairs[6..9], &[][..], &[hi], &[lo], &[hi, lo, hi]] {
            cases.push(json!({ "dtype": dtype, "codes": codes, "bytes": pack_nibbles(codes) }));
        }
    }
    cases
}

/// {scale, zeroPoint, range, x, q, real} (SPEC 1.3); x and scale are f32 numbers, `null` is NaN, ±1e39 stands for ±∞.
fn quantize_vectors() -> Vec<Value> {
    let ties = [0.25, 0.75, 1.25, 1.75, -0.25, -0.75, -1.25, 1.0, 3.0, 5.0, -1.0, -3.0, 0.0, -0.0];
    let far = [1e-30, 273.0, -273.0, 1e9, -1e9, 3e38, -3e38, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 0.273_939_94];
    let mut cases = Vec::new();
    let types = [(0, [0, 255]), (1, [-128, 127]), (7, [0, 15]), (-5, [-32767, 32767]), (0, [0, 127])];
    for scale in [0.5f32, 2.0, 0.002_148_548_6, 0.1, 1e-20, 1e20] {
        for (zero_point, range) in types {
            let x: Vec<f32> = ties.iter().chain(&far).copied().collect();
            let q: Vec<i64> = x.iter().map(|&x| quantize(x, scale, zero_point, range)).collect();
            let real: Vec<f32> = q.iter().map(|&q| dequantize(q, scale, zero_point)).collect();
            let x: Vec<Value> = x.iter().map(|&x| finite(x)).collect();
            cases.push(json!({
                "scale": f64::from(scale), "zeroPoint": zero_point, "range": range, "x": x, "q": q, "real": reals(&real),
            }));
        }
    }
    cases
}

fn finite(x: f32) -> Value {
    if x.is_nan() {
        Value::Null
    } else {
        json!(f64::from(x).clamp(-1e39, 1e39))
    }
}

fn reals(numbers: &[f32]) -> Vec<f64> {
    numbers.iter().map(|&x| f64::from(x)).collect()
}

/// {x, y} of exp (SPEC 4.4), then of softmax (SPEC 4.3).
fn softmax_vectors() -> Vec<Value> {
    let ends = [0.0f32, -0.0, -1e-8, -0.5, -1.0, -2.5, -10.0, -50.0, -87.0, -87.3, -87.4, -88.0, -1000.0, -1e30];
    let grid = (1..120).map(|i| i as f32 * -0.618_034);
    let x: Vec<f32> = ends.into_iter().chain(grid).collect();
    let y: Vec<f32> = x.iter().map(|&x| exp(x)).collect();
    let mut cases = vec![json!({ "function": "exp", "x": reals(&x), "y": reals(&y) })];
    let lines: [&[f32]; 5] = [&[1.0], &[0.0, 0.0, 0.0], &[1.5, -2.25, 7.125], &[-100.0, 50.0, 49.5, 12.0], &[3e38, -3e38]];
    let long: Vec<f32> = (0..37).map(|i| ((i * 29) % 41) as f32 * 0.37).collect();
    for line in lines.into_iter().chain([long.as_slice()]) {
        cases.push(json!({ "function": "softmax", "x": reals(line), "y": reals(&softmax(line)) }));
    }
    cases
}

/// {function, …} of the table of SPEC 5.1 and the resize of SPEC 5.2.
fn preprocess_vectors() -> Vec<Value> {
    let mut cases = Vec::new();
    for (mean, std, scale, zero_point, range) in [
        (0.485f32, 0.229f32, 0.018_658_1f32, 114, [0, 255]),
        (0.0, 1.0, 1.0 / 255.0, 0, [0, 255]),
        (0.5, 0.5, 0.007_874, 0, [-128, 127]),
        (0.2860, 0.3530, 0.2, 4, [0, 15]),
    ] {
        let given = [mean, std, scale].map(f64::from);
        cases.push(json!({
            "function": "table", "mean": given[0], "std": given[1], "scale": given[2], "zeroPoint": zero_point, "range": range,
            "codes": table(mean, std, scale, zero_point, range),
        }));
    }
    for (size, channels, output) in [([1, 1], 1, [3, 2]), ([2, 3], 3, [4, 6]), ([5, 7], 1, [3, 3]), ([8, 8], 3, [8, 8]), ([9, 4], 1, [2, 7])] {
        let pixels: Vec<u8> = (0..size[0] * size[1] * channels).map(|i| (i * 97 % 256) as u8).collect();
        cases.push(json!({
            "function": "resize", "size": size, "channels": channels, "outputSize": output, "pixels": pixels,
            "resized": resize(&pixels, size, channels, output),
        }));
    }
    cases
}

//! Writes `.dyad` files for tests: a graph as JSON text and its tensors.
use reference::dyad::container::{header_text, Entry, Storage};
use std::collections::BTreeMap;

/// Stored tensors: name, storage, sizes, bytes.
pub type Stored = Vec<(&'static str, Storage, Vec<u64>, Vec<u8>)>;

/// A file whose header is `header` padded to a multiple of 8.
pub fn file(header: &str, data: &[u8]) -> Vec<u8> {
    let mut header = header.as_bytes().to_vec();
    header.resize(header.len().div_ceil(8) * 8, b' ');
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header);
    bytes.extend(data);
    bytes
}

/// A whole file.
pub fn dyad(graph: &str, stored: &Stored) -> Vec<u8> {
    let mut sorted = stored.clone();
    sorted.sort_by_key(|(name, ..)| *name);
    let mut data = Vec::new();
    let mut entries = BTreeMap::new();
    for (name, dtype, shape, bytes) in sorted {
        let begin = data.len() as u64;
        data.extend(bytes);
        entries.insert(name.to_string(), Entry { dtype, shape, data_offsets: [begin, data.len() as u64] });
    }
    let metadata = BTreeMap::from([("dyad".to_string(), graph.to_string())]);
    file(&header_text(&metadata, &entries), &data)
}

/// Little-endian bytes.
pub fn words(numbers: &[i32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// A network of two convolutions (i4 with a bias, i8 depthwise), an add with both outputs, pools, concat and a dense layer.
pub fn network() -> (String, Stored) {
    let value = |name: &str, dtype: &str, shape: &str, zero_point: i64, range: &str| {
        format!(r#"{{"name":"{name}","dtype":"{dtype}","shape":[{shape}],"scale":0.5,"zeroPoint":{zero_point},"range":[{range}]}}"#)
    };
    let values = [
        value("x", "u8", "1,1,4,4", 3, "0,255"),
        value("a", "u4", "1,3,4,4", 1, "0,15"),
        value("b", "i8", "1,3,4,4", -2, "-128,127"),
        value("carrier", "i16", "1,3,4,4", 0, "-32767,32767"),
        value("code", "u8", "1,3,4,4", 0, "0,127"),
        value("max", "u8", "1,3,2,2", 0, "0,127"),
        value("average", "i8", "1,3,2,2", 0, "-128,127"),
        value("joined", "i8", "1,6,2,2", 0, "-128,127"),
        value("flat", "i8", "1,24", 0, "-128,127"),
        value("logits", "i16", "1,2", 0, "-32767,32767"),
    ];
    let q15 = |shift: i64, b: &str| format!(r#"{{"form":"q15","shift":{shift},"multiplier":"{b}"}}"#);
    let copy = r#"{"form":"copy"}"#;
    let operations = [
        format!(r#"{{"op":"conv2d","name":"conv","inputs":[0],"outputs":[1],"weight":"w0","bias":"b0","stride":[1,1],"pads":[1,1,1,1],"dilation":[1,1],"groups":1,"requantization":{},"clamp":[1,15]}}"#, q15(0, "m0")),
        r#"{"op":"conv2d","name":"depthwise","inputs":[1],"outputs":[2],"weight":"w1","bias":null,"stride":[1,1],"pads":[0,0,0,0],"dilation":[1,1],"groups":3,"requantization":{"form":"exact","left":4,"shift":40,"multiplier":"m1"},"clamp":[-128,127]}"#.to_string(),
        format!(r#"{{"op":"add","name":"add","inputs":[1,2],"outputs":[3,4],"requantizations":[{},{copy}],"clamp":[0,32767],"codeRequantization":{},"codeClamp":[0,127]}}"#, q15(-3, "m2"), q15(0, "m2")),
        r#"{"op":"max_pool","name":"max","inputs":[4],"outputs":[5],"kernel":[3,3],"stride":[2,2],"pads":[0,0,1,1],"dilation":[1,1],"outputSize":[2,2],"clamp":[0,127]}"#.to_string(),
        format!(r#"{{"op":"average_pool","name":"average","inputs":[2],"outputs":[6],"kernel":[3,3],"stride":[2,2],"pads":[0,0,0,0],"countIncludePad":false,"outputSize":[2,2],"divisors":[4,6,9],"requantization":{},"clamp":[-128,127]}}"#, q15(1, "m3")),
        format!(r#"{{"op":"concat","name":"concat","inputs":[5,6],"outputs":[7],"axis":1,"requantizations":[{copy},{copy}],"clamp":[-128,127]}}"#),
        r#"{"op":"reshape","name":"flatten","inputs":[7],"outputs":[8]}"#.to_string(),
        format!(r#"{{"op":"dense","name":"dense","inputs":[8],"outputs":[9],"weight":"w2","bias":"b2","requantization":{},"clamp":[-32767,32767]}}"#, q15(2, "m2")),
    ];
    let tensors = r#""b0":{"dtype":"i32","shape":[3]},"b2":{"dtype":"i32","shape":[2]},"m0":{"dtype":"i32","shape":[3]},"m1":{"dtype":"i32","shape":[3]},"m2":{"dtype":"i32","shape":[1]},"m3":{"dtype":"i32","shape":[3]},"w0":{"dtype":"i4","shape":[3,1,3,3]},"w1":{"dtype":"i8","shape":[3,1,1,1]},"w2":{"dtype":"i8","shape":[2,24]}"#;
    let graph = format!(
        r#"{{"format":"dyad","version":1,"spec":"1","name":"test","values":[{}],"inputs":[{{"name":"x","value":0,"preprocess":{{"size":[4,4],"fit":"crop","channels":"gray","mean":[0.25],"std":[0.5],"labels":["a","b"]}}}}],"outputs":[{{"name":"y","value":9,"softmax":1}}],"tensors":{{{tensors}}},"operations":[{}]}}"#,
        values.join(","),
        operations.join(","),
    );
    let stored: Stored = vec![
        ("b0", Storage::I32, vec![3], words(&[100, -100, 0])),
        ("b2", Storage::I32, vec![2], words(&[5, -5])),
        ("m0", Storage::I32, vec![3], words(&[400, 300, 200])),
        ("m1", Storage::I32, vec![3], words(&[1 << 30, 2_000_000_000, 3])),
        ("m2", Storage::I32, vec![1], words(&[20000])),
        ("m3", Storage::I32, vec![3], words(&[16384, 10923, 7282])),
        ("w0", Storage::U8, vec![14], vec![0x71, 0x9f, 0x13, 0x52, 0x7e, 0x11, 0x22, 0x33, 0xf4, 0x79, 0x97, 0x10, 0xee, 0x05]),
        ("w1", Storage::I8, vec![3, 1, 1, 1], vec![127, 0x81, 5]),
        ("w2", Storage::I8, vec![2, 24], (0..48u8).map(|i| (i as i8).wrapping_mul(17).max(-127) as u8).collect()),
    ];
    (graph, stored)
}

//! SPEC 6: what a reader accepts, what it refuses and how it says so.
mod support;

use reference::dyad::container::Storage;
use reference::{dyad, interpreter, Error};
use support::{file, network, words, Stored};

fn code_of(graph: &str, stored: &Stored) -> &'static str {
    match dyad::read(&support::dyad(graph, stored)) {
        Ok(_) => "accepted",
        Err(error) => error.code(),
    }
}

/// The code after replacing `from`, which must occur once, in the graph.
fn code_after(from: &str, to: &str) -> &'static str {
    let (graph, stored) = network();
    assert_eq!(graph.matches(from).count(), 1, "{from}");
    code_of(&graph.replace(from, to), &stored)
}

/// The code after the bytes of a tensor are others.
fn code_with(name: &str, bytes: Vec<u8>) -> &'static str {
    let (graph, mut stored) = network();
    stored.iter_mut().find(|(other, ..)| *other == name).expect("a tensor of the network").3 = bytes;
    code_of(&graph, &stored)
}

#[test]
fn the_network_is_accepted_and_runs() {
    let (graph, stored) = network();
    let network = dyad::read(&support::dyad(&graph, &stored)).expect("a valid file");
    let codes = interpreter::interpret(&network, &[(0..16).map(|i| i * 17).collect()]).expect("codes");
    for (value, codes) in network.graph.values.iter().zip(&codes) {
        assert_eq!(codes.len(), value.shape.iter().product::<usize>(), "{}", value.name);
        let [lo, hi] = value.range;
        assert!(codes.iter().all(|&code| (lo..=hi).contains(&i64::from(code))), "{}", value.name);
    }
    let wrong = interpreter::interpret(&network, &[vec![256; 16]]);
    assert_eq!(wrong.err().map(|error| error.code()), Some("ERR_ARGUMENT"));
}

#[test]
fn versions_and_formats() {
    assert_eq!(code_after(r#""version":1"#, r#""version":2"#), "ERR_DYAD_VERSION");
    assert_eq!(code_after(r#""version":1"#, r#""version":2.5"#), "ERR_DYAD_VERSION");
    assert_eq!(code_after(r#""version":1"#, r#""version":0"#), "ERR_DYAD_INVALID");
    assert_eq!(code_after(r#""spec":"1""#, r#""spec":"2""#), "ERR_DYAD_INVALID");
    assert_eq!(code_after(r#""format":"dyad""#, r#""format":"onnx""#), "ERR_DYAD_PARSE");
    assert_eq!(code_of("[1]", &vec![]), "ERR_DYAD_PARSE");
    assert_eq!(code_of("{", &vec![]), "ERR_DYAD_PARSE");
}

#[test]
fn keys_are_exactly_those_of_the_specification() {
    assert_eq!(code_after(r#","groups":3"#, r#","groups":3,"more":1"#), "ERR_DYAD_INVALID");
    assert_eq!(code_after(r#","bias":null"#, ""), "ERR_DYAD_INVALID");
    assert_eq!(code_after(r#","softmax":1"#, ""), "ERR_DYAD_INVALID");
    assert_eq!(code_after(r#""op":"reshape""#, r#""op":"resize""#), "ERR_DYAD_INVALID");
    assert_eq!(code_after(r#""form":"exact","#, r#""form":"inexact","#), "ERR_DYAD_INVALID");
    assert_eq!(code_after(r#""stride":[1,1],"pads":[1,1,1,1]"#, r#""stride":[1],"pads":[1,1,1,1]"#), "ERR_DYAD_INVALID");
    // The same network written in another way.
    assert_eq!(code_after(r#""axis":1"#, r#""axis": 1"#), "ERR_DYAD_PARSE");
    assert_eq!(code_after(r#""axis":1"#, r#""axis":1,"axis":1"#), "ERR_DYAD_PARSE");
    assert_eq!(code_after(r#""version":1,"spec":"1""#, r#""spec":"1","version":1"#), "ERR_DYAD_PARSE");
}

#[test]
fn values_obey_their_bounds() {
    let name = |text: &str| format!(r#""name":"logits","dtype":"i16",{text}"#);
    let original = name(r#""shape":[1,2],"scale":0.5,"zeroPoint":0,"range":[-32767,32767]"#);
    for wrong in [
        r#""shape":[1,2],"scale":0,"zeroPoint":0,"range":[-32767,32767]"#,
        r#""shape":[1,2],"scale":-1,"zeroPoint":0,"range":[-32767,32767]"#,
        r#""shape":[1,2],"scale":0.1,"zeroPoint":0,"range":[-32767,32767]"#,
        r#""shape":[1,2],"scale":0.5,"zeroPoint":-32768,"range":[-32767,32767]"#,
        r#""shape":[1,2],"scale":0.5,"zeroPoint":0,"range":[-32768,32767]"#,
        r#""shape":[1,2],"scale":0.5,"zeroPoint":0,"range":[1,0]"#,
        r#""shape":[],"scale":0.5,"zeroPoint":0,"range":[-32767,32767]"#,
        r#""shape":[1,0],"scale":0.5,"zeroPoint":0,"range":[-32767,32767]"#,
        r#""shape":[1,-2],"scale":0.5,"zeroPoint":0,"range":[-32767,32767]"#,
        r#""shape":[1,3],"scale":0.5,"zeroPoint":0,"range":[-32767,32767]"#,
        r#""shape":[2,1],"scale":0.5,"zeroPoint":0,"range":[-32767,32767]"#,
        r#""shape":[1,1,1,1,1,1,2],"scale":0.5,"zeroPoint":0,"range":[-32767,32767]"#,
        r#""shape":[1,16777217],"scale":0.5,"zeroPoint":0,"range":[-32767,32767]"#,
        r#""shape":[1,16777216,16777216,16777216,16777216,16777216],"scale":0.5,"zeroPoint":0,"range":[-32767,32767]"#,
    ] {
        assert_eq!(code_after(&original, &name(wrong)), "ERR_DYAD_INVALID", "{wrong}");
    }
}

#[test]
fn attributes_obey_their_operation() {
    for (from, to) in [
        (r#""groups":3"#, r#""groups":2"#),
        (r#""groups":3"#, r#""groups":0"#),
        (r#""pads":[1,1,1,1]"#, r#""pads":[1,1,1,-1]"#),
        (r#""pads":[1,1,1,1]"#, r#""pads":[1,1,1,2]"#),
        (r#""clamp":[1,15]"#, r#""clamp":[1,16]"#),
        (r#""clamp":[1,15]"#, r#""clamp":[15,1]"#),
        (r#""codeClamp":[0,127]"#, r#""codeClamp":[0,128]"#),
        (r#""codeClamp":[0,127]"#, r#""codeClamp":null"#),
        (r#""outputs":[3,4]"#, r#""outputs":[4,3]"#),
        (r#""divisors":[4,6,9]"#, r#""divisors":[4,9,6]"#),
        (r#""divisors":[4,6,9]"#, r#""divisors":[]"#),
        (r#""axis":1"#, r#""axis":2"#),
        (r#""axis":1"#, r#""axis":4"#),
        (r#""softmax":1"#, r#""softmax":2"#),
        (r#""shift":-3"#, r#""shift":-16"#),
        (r#""shift":2,"#, r#""shift":23,"#),
        (r#""left":4"#, r#""left":25"#),
        (r#""shift":40"#, r#""shift":32"#),
        (r#""shift":40"#, r#""shift":63"#),
        (r#""pads":[0,0,1,1]"#, r#""pads":[9,0,1,1]"#),
        (r#""size":[4,4]"#, r#""size":[4,5]"#),
        (r#""mean":[0.25]"#, r#""mean":[0.25,0.25]"#),
        (r#""std":[0.5]"#, r#""std":[0]"#),
        (r#""inputs":[8]"#, r#""inputs":[9]"#),
        (r#""inputs":[8]"#, r#""inputs":[10]"#),
        (r#""outputs":[8]"#, r#""outputs":[7]"#),
    ] {
        assert_eq!(code_after(from, to), "ERR_DYAD_INVALID", "{to}");
    }
}

#[test]
fn tensors_obey_their_types() {
    assert_eq!(code_with("w1", vec![127, 0x80, 5]), "ERR_DYAD_INVALID");
    assert_eq!(code_with("m2", words(&[0])), "ERR_DYAD_INVALID");
    assert_eq!(code_with("m2", words(&[32768])), "ERR_DYAD_INVALID");
    assert_eq!(code_with("m1", words(&[1, -1, 1])), "ERR_DYAD_INVALID");
    let mut w0 = vec![0x11; 14];
    w0[13] = 0x01;
    assert_eq!(code_with("w0", w0.clone()), "accepted");
    w0[13] = 0x11;
    assert_eq!(code_with("w0", w0.clone()), "ERR_DYAD_INVALID", "the unused nibble is 0");
    w0[13] = 0x08;
    assert_eq!(code_with("w0", w0), "ERR_DYAD_INVALID", "−8 is no weight");
    let (graph, mut stored) = network();
    stored.push(("unused", Storage::I8, vec![1], vec![0]));
    assert_eq!(code_of(&graph, &stored), "ERR_DYAD_INVALID");
    stored.pop();
    stored.pop();
    assert_eq!(code_of(&graph, &stored), "ERR_DYAD_INVALID");
}

/// Largest sums of channel 0 of `dense`: 24 codes of i8 by the weights of the network.
#[test]
fn the_accumulator_clause_holds_to_the_last_number() {
    let (graph, stored) = network();
    let network = dyad::read(&support::dyad(&graph, &stored)).expect("a valid file");
    let weights = &network.tensors["w2"].codes[..24];
    let positive: i64 = weights.iter().filter(|&&w| w > 0).map(|&w| i64::from(w)).sum();
    let negative: i64 = weights.iter().filter(|&&w| w < 0).map(|&w| i64::from(w)).sum();
    let largest = (positive * 127 - negative * 128).max(positive * 128 - negative * 127);
    // q15 with shift 2: A + 2 < 2^31.
    let most = (1i64 << 31) - 1 - 2 - largest;
    assert_eq!(code_with("b2", words(&[most as i32, 0])), "accepted");
    assert_eq!(code_with("b2", words(&[most as i32 + 1, 0])), "ERR_ACCUMULATOR");
    assert_eq!(code_with("b2", words(&[-most as i32, 0])), "accepted");
    assert_eq!(code_with("b2", words(&[-most as i32 - 1, 0])), "ERR_ACCUMULATOR");
    assert_eq!(code_with("b2", words(&[i32::MIN, 0])), "ERR_ACCUMULATOR");
    // exact: w = 127, codes u4 with zero point 1, so raw sums reach 127·15 + 127 = 2032 < 2^(31 − l) up to l = 20.
    assert_eq!(code_after(r#""left":4"#, r#""left":21"#), "ERR_ACCUMULATOR");
    assert_eq!(code_after(r#""left":4"#, r#""left":20"#), "accepted");
}

#[test]
fn the_container_is_whole() {
    let (graph, stored) = network();
    let bytes = support::dyad(&graph, &stored);
    let parse = |bytes: &[u8]| match dyad::read(bytes) {
        Ok(_) => "accepted",
        Err(error) => error.code(),
    };
    for length in 0..bytes.len() {
        assert_eq!(parse(&bytes[..length]), "ERR_DYAD_PARSE", "{length} bytes");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert_eq!(parse(&longer), "ERR_DYAD_PARSE");
    let mut huge = bytes.clone();
    huge[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    assert_eq!(parse(&huge), "ERR_DYAD_PARSE");

    let entry = |dtype: &str, shape: &str, offsets: &str| format!(r#""{dtype}","shape":[{shape}],"data_offsets":[{offsets}]"#);
    for (header, data) in [
        ("{}".to_string(), 0),
        ("".to_string(), 0),
        ("[]".to_string(), 0),
        (r#"{"__metadata__":{"dyad":1}}"#.to_string(), 0),
        (format!(r#"{{"a":{{"dtype":{}}}}}"#, entry("I8", "2", "0,3")), 3),
        (format!(r#"{{"a":{{"dtype":{}}}}}"#, entry("I8", "2", "1,3")), 3),
        (format!(r#"{{"a":{{"dtype":{}}}}}"#, entry("F32", "1", "0,4")), 4),
        (format!(r#"{{"a":{{"dtype":{}}}}}"#, entry("I32", "4611686018427387904", "0,0")), 0),
        (format!(r#"{{"a":{{"dtype":{}}}}}"#, entry("I8", "-1", "0,0")), 0),
        (format!(r#"{{"a":{{"dtype":{}}},"b":{{"dtype":{}}}}}"#, entry("I8", "2", "0,2"), entry("I8", "2", "1,3")), 3),
        (format!(r#"{{"a":{{"dtype":{}}},"b":{{"dtype":{}}}}}"#, entry("I8", "2", "0,2"), entry("I8", "2", "3,5")), 5),
        (format!(r#"{{"b":{{"dtype":{}}},"a":{{"dtype":{}}}}}"#, entry("I8", "2", "0,2"), entry("I8", "2", "2,4")), 4),
        (format!(r#"{{"a":{{"dtype":{}}},"a":{{"dtype":{}}}}}"#, entry("I8", "2", "0,2"), entry("I8", "2", "0,2")), 2),
    ] {
        assert_eq!(parse(&file(&header, &vec![0; data])), "ERR_DYAD_PARSE", "{header}");
    }
}

#[test]
fn errors_print_their_code_first() {
    let text = Error::Accumulator("too large".into()).at("conv").to_string();
    assert_eq!(text, "ERR_ACCUMULATOR conv: too large");
}

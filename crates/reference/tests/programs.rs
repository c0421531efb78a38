//! The two programs: `vectors` writes what is committed, `interpret` keeps its protocol.
mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, process};

/// An empty folder of this test and process.
fn folder(name: &str) -> PathBuf {
    let path = env::temp_dir().join(format!("dyadic-{name}-{}", process::id()));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("a temporary folder");
    path
}

#[test]
fn committed_vectors_are_those_of_the_reference() {
    let fresh = folder("vectors");
    let status = Command::new(env!("CARGO_BIN_EXE_vectors")).arg(&fresh).status();
    assert!(status.expect("vectors runs").success());
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors");
    for name in ["requantize", "packing", "quantize", "softmax", "preprocess"] {
        let file = format!("{name}.json");
        let written = fs::read_to_string(fresh.join(&file)).expect("a written file");
        let kept = fs::read_to_string(committed.join(&file)).expect("a committed file");
        assert!(written == kept, "{file} differs: run `cargo run -p reference --bin vectors`");
    }
    fs::remove_dir_all(fresh).expect("the folder goes");
}

#[test]
fn interpret_writes_codes_or_an_error_per_file() {
    let path = folder("interpret");
    let (graph, stored) = support::network();
    let file = support::dyad(&graph, &stored);
    let input = support::words(&(0..32).map(|i| i * 7).collect::<Vec<i32>>());
    for (stem, dyad, input) in [("good", &file[..], &input[..]), ("short", &file[..], &input[..12]), ("damaged", &file[..100], &input[..])] {
        fs::write(path.join(format!("{stem}.dyad")), dyad).expect("written");
        fs::write(path.join(format!("{stem}.in")), input).expect("written");
    }
    let status = Command::new(env!("CARGO_BIN_EXE_interpret")).arg(&path).status();
    assert!(status.expect("interpret runs").success());
    // x, a, b, carrier, code; max, average, joined; flat, logits.
    let codes = 16 + 4 * 48 + 2 * 12 + 24 + 24 + 2;
    assert_eq!(fs::read(path.join("good.out")).expect("codes").len(), 2 * 4 * codes);
    let error = |stem: &str| fs::read_to_string(path.join(format!("{stem}.err"))).expect("an error");
    assert!(error("short").starts_with("ERR_ARGUMENT "));
    assert!(error("damaged").starts_with("ERR_DYAD_PARSE "));
    assert!(!path.join("short.out").exists() && !path.join("good.err").exists());
    fs::remove_dir_all(path).expect("the folder goes");
}

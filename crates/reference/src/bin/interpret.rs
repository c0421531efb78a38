//! `interpret DIR`: for every `<stem>.dyad` reads `<stem>.in` (for each sample, for each input of the graph: codes as little-endian
//! i32, row-major) and writes `<stem>.out` (for each sample, for each value in the order of its index: codes alike), or
//! `<stem>.err` with `CODE message`. One process for many cases.
#![forbid(unsafe_code)]

use reference::dyad::{self, Network};
use reference::interpreter::interpret;
use reference::{Error, Result};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

fn main() -> ExitCode {
    let Some(folder) = env::args().nth(1) else {
        eprintln!("usage: interpret DIR");
        return ExitCode::from(2);
    };
    match run_folder(Path::new(&folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run_folder(folder: &Path) -> Result<()> {
    let entries = fs::read_dir(folder).map_err(|error| file_error(folder, &error))?;
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "dyad"));
    files.sort();
    for file in files {
        let (extension, bytes) = match run_case(&file) {
            Ok(bytes) => ("out", bytes),
            Err(error) => ("err", error.to_string().into_bytes()),
        };
        let result = file.with_extension(extension);
        fs::write(&result, bytes).map_err(|error| file_error(&result, &error))?;
    }
    Ok(())
}

fn file_error(path: &Path, error: &std::io::Error) -> Error {
    Error::File(format!("{}: {error}", path.display()))
}

fn read_file(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| file_error(path, &error))
}

fn run_case(file: &Path) -> Result<Vec<u8>> {
    let network = dyad::read(&read_file(file)?)?;
    let given = read_file(&file.with_extension("in"))?;
    let counts = input_counts(&network);
    let sample: usize = counts.iter().sum();
    if sample == 0 || given.len() % (4 * sample) != 0 {
        return Err(Error::Argument(format!("expected a multiple of {} bytes of input, got {}", 4 * sample, given.len())));
    }
    let codes: Vec<i32> = given.chunks_exact(4).map(|b| i32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    let mut bytes = Vec::new();
    for sample in codes.chunks_exact(sample) {
        let mut rest = sample;
        let inputs: Vec<Vec<i32>> = counts.iter().map(|&count| take(&mut rest, count)).collect();
        for value in interpret(&network, &inputs)? {
            bytes.extend(value.into_iter().flat_map(i32::to_le_bytes));
        }
    }
    Ok(bytes)
}

fn input_counts(network: &Network) -> Vec<usize> {
    let values = &network.graph.values;
    network.graph.inputs.iter().map(|input| values[input.value].shape.iter().product()).collect()
}

fn take(rest: &mut &[i32], count: usize) -> Vec<i32> {
    let (taken, left) = rest.split_at(count);
    *rest = left;
    taken.to_vec()
}

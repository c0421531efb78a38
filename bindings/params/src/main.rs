//! `params FILE` writes ts/wasm/params.ts; without an argument it prints it.

use std::process::ExitCode;

fn main() -> ExitCode {
    let text = params::render();
    let Some(path) = std::env::args().nth(1) else {
        print!("{text}");
        return ExitCode::SUCCESS;
    };
    match std::fs::write(&path, text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("params: cannot write {path}: {error}");
            ExitCode::FAILURE
        }
    }
}

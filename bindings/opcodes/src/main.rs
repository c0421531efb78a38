//! `opcodes module.wasm run_integer`: proves that an export reaches no float instruction (SPEC 3.8), or names those it reaches.

mod module;
mod operator;
mod walk;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, export] = arguments.as_slice() else {
        eprintln!("usage: opcodes MODULE.wasm EXPORT");
        return ExitCode::from(2);
    };
    let walked = std::fs::read(path).map_err(|error| error.to_string()).and_then(|bytes| walk::walk(&bytes, export));
    match walked {
        Err(error) => {
            eprintln!("{path}: {error}");
            ExitCode::from(2)
        }
        Ok(walk) if walk.floats.is_empty() => {
            println!("{path}: no float instruction in the {} functions that {export} reaches", walk.functions);
            ExitCode::SUCCESS
        }
        Ok(walk) => {
            for float in &walk.floats {
                println!("{path}: {} in {} at byte {}", float.operator, float.function, float.offset);
            }
            println!("{path}: {} float instructions in the {} functions that {export} reaches", walk.floats.len(), walk.functions);
            ExitCode::FAILURE
        }
    }
}

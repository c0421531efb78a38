//! The walk from an export through every call.

use crate::module::{text, Module};
use crate::operator::{is_float, name};
use std::collections::BTreeSet;
use wasmparser::Operator;

/// A float instruction that can be reached.
#[derive(Debug, PartialEq, Eq)]
pub struct Float {
    /// As wasmparser spells it.
    pub operator: &'static str,
    /// Name or number of the function that holds it.
    pub function: String,
    /// Byte in the file.
    pub offset: u64,
}

/// What a walk found.
#[derive(Debug)]
pub struct Walk {
    /// Functions with a body that were walked.
    pub functions: usize,
    /// Float instructions in them, by function.
    pub floats: Vec<Float>,
}

/// Walks every function that `export` can reach: by calls, by indirect calls (every table entry of the same type) and by `ref.func`.
/// An instruction whose targets cannot be listed (`call_ref`) or that is unknown is an error, never passed over.
pub fn walk(bytes: &[u8], export: &str) -> Result<Walk, String> {
    let module = Module::parse(bytes)?;
    let start = module.export(export).ok_or_else(|| format!("no exported function {export}"))?;
    let mut seen = BTreeSet::from([start]);
    let mut waiting = vec![start];
    let mut walk = Walk { functions: 0, floats: Vec::new() };
    while let Some(function) = waiting.pop() {
        let Some(body) = module.body(function) else { continue };
        walk.functions += 1;
        for item in body.get_operators_reader().map_err(text)?.into_iter_with_offsets() {
            let (operator, offset) = item.map_err(text)?;
            let operator_name = name(&operator).ok_or_else(|| format!("an instruction unknown to this program at byte {offset}"))?;
            if is_float(operator_name) {
                walk.floats.push(Float { operator: operator_name, function: module.name(function), offset });
            }
            for target in targets(&module, &operator, operator_name)? {
                if seen.insert(target) {
                    waiting.push(target);
                }
            }
        }
    }
    Ok(walk)
}

/// Functions that an instruction may call or hand on.
fn targets(module: &Module<'_>, operator: &Operator<'_>, operator_name: &str) -> Result<Vec<u32>, String> {
    match operator {
        Operator::Call { function_index } | Operator::ReturnCall { function_index } | Operator::RefFunc { function_index } => {
            Ok(vec![*function_index])
        }
        Operator::CallIndirect { type_index, .. } | Operator::ReturnCallIndirect { type_index, .. } => Ok(module.targets(*type_index)),
        Operator::CallRef { .. } | Operator::ReturnCallRef { .. } => Err(format!("{operator_name}: its targets cannot be listed")),
        _ => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::walk;

    fn floats(wat: &str) -> Vec<(&'static str, String)> {
        let walk = walk(&wat::parse_str(wat).expect("a module"), "run_integer").expect("a walk");
        walk.floats.into_iter().map(|float| (float.operator, float.function)).collect()
    }

    #[test]
    fn integers_pass() {
        let module = r#"(module
            (func $dot (param v128 v128) (result v128) (i32x4.dot_i16x8_s (local.get 0) (local.get 1)))
            (func $float (result f32) (f32.const 1))
            (func (export "run_float") (drop (call $float)))
            (func (export "run_integer") (param i32) (drop (call $dot (v128.const i32x4 1 2 3 4) (i32x4.splat (local.get 0))))))"#;
        assert_eq!(floats(module), []);
        let count = walk(&wat::parse_str(module).expect("a module"), "run_integer").expect("a walk").functions;
        assert_eq!(count, 2);
    }

    #[test]
    fn every_kind_of_float_is_found_through_calls() {
        let found = floats(
            r#"(module (memory 1)
            (func $deep (drop (f32.const 1)) (drop (i32.trunc_sat_f64_s (f64.load (i32.const 0)))) (drop (f32x4.splat (f32.demote_f64 (f64.const 0)))))
            (func $middle (call $deep))
            (func (export "run_integer") (call $middle)))"#,
        );
        let names: Vec<_> = found.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["F32Const", "F64Load", "I32TruncSatF64S", "F64Const", "F32DemoteF64", "F32x4Splat"]);
        assert!(found.iter().all(|(_, function)| function == "deep"));
    }

    #[test]
    fn indirect_calls_reach_every_entry_of_their_type_and_no_other() {
        // Types 0 and 1 are equal and must be taken for one; type 2 differs.
        let module = |entries: &str| {
            format!(
                r#"(module (type $a (func (param i32))) (type $b (func (param i32))) (type $c (func (param i64)))
                (table 4 funcref) (elem (i32.const 0) func {entries})
                (func $same (type $b) (drop (f32.abs (f32.const 1))))
                (func $other (type $c) (drop (f64.const 1)))
                (func (export "run_integer") (call_indirect (type $a) (i32.const 0) (i32.const 0))))"#
            )
        };
        assert_eq!(floats(&module("$other")), []);
        let found = floats(&module("$other $same"));
        assert_eq!(found, [("F32Const", "same".to_owned()), ("F32Abs", "same".to_owned())]);
    }

    #[test]
    fn expressions_in_segments_and_ref_func_count_as_entries() {
        let segment = r#"(module (type $t (func)) (table 1 funcref) (elem (i32.const 0) funcref (ref.func $float))
            (func $float (drop (f32.const 1)))
            (func (export "run_integer") (call_indirect (type $t) (i32.const 0))))"#;
        assert_eq!(floats(segment).len(), 1);
        let reference = r#"(module (table 1 funcref) (elem declare func $float)
            (func $float (drop (f64.const 1)))
            (func (export "run_integer") (table.set (i32.const 0) (ref.func $float))))"#;
        assert_eq!(floats(reference).len(), 1);
        let tail = r#"(module (func $float (drop (f64.const 1))) (func (export "run_integer") (return_call $float)))"#;
        assert_eq!(floats(tail).len(), 1);
    }

    #[test]
    fn recursion_ends_and_imports_have_no_body() {
        let module = r#"(module (import "env" "f" (func $f)) (func $g (export "run_integer") (call $f) (call $g)))"#;
        assert_eq!(floats(module), []);
    }

    #[test]
    fn what_cannot_be_walked_is_an_error() {
        assert!(walk(b"not a module", "run_integer").is_err());
        let module = wat::parse_str("(module (func (export \"other\")))").expect("a module");
        assert!(walk(&module, "run_integer").is_err());
        let by_reference = wat::parse_str(r#"(module (type $t (func)) (func (export "run_integer") (param (ref $t)) (call_ref $t (local.get 0))))"#);
        assert!(walk(&by_reference.expect("a module"), "run_integer").is_err());
    }
}

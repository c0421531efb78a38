//! Names of instructions.

use wasmparser::Operator;

macro_rules! define_name {
    ($( @$proposal:ident $operator:ident $({ $($argument:ident: $kind:ty),* })? => $visit:ident ($($annotation:tt)*) )*) => {
        /// The operator without its immediates, as wasmparser spells it: `F32x4Add`. `None` for one that is newer than this program.
        pub fn name(operator: &Operator<'_>) -> Option<&'static str> {
            match operator {
                $( Operator::$operator { .. } => Some(stringify!($operator)), )*
                _ => None,
            }
        }
    };
}
wasmparser::for_each_operator!(define_name);

/// Whether an instruction of this name computes with, converts, loads, stores or makes a float.
pub fn is_float(name: &str) -> bool {
    name.contains("F32") || name.contains("F64")
}

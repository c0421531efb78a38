//! Renders `ts/wasm/params.ts` from the parameter structs of the kernels, so that the two sides cannot disagree about a field.

use kernels::params::{container, dot, form, KernelSchema};
use kernels::Reason;
use std::fmt::Write;

const HEADER: &str =
    "// Written by bindings/params from the params.rs of crates/kernels, training and quantizers, which document every kernel and field. Do not edit.
";

const WRITER: &str = "
/** Writes the parameters of one kernel as the words that it reads; `words` has at least `KERNELS[kernel].fields.length` elements. */
export function writeParams<K extends KernelName>(words: Int32Array, kernel: K, params: KernelParams[K]): void {
  const fields = KERNELS[kernel].fields as readonly (keyof KernelParams[K])[];
  if (words.length < fields.length) throw new RangeError(`${kernel} takes ${fields.length} words, got ${words.length}`);
  fields.forEach((field, index) => {
    words[index] = params[field] as number;
  });
}
";

/// Every kernel of every crate.
fn all_kernels() -> impl Iterator<Item = &'static KernelSchema> {
    [kernels::params::KERNELS, training::params::KERNELS, quantizers::params::KERNELS].into_iter().flatten()
}

/// The whole TypeScript file.
pub fn render() -> String {
    let mut text = String::from(HEADER);
    let containers = [("u8", container::U8), ("i8", container::I8), ("i16", container::I16), ("i32", container::I32)];
    constants(&mut text, "How a code lies in memory.", "Container", &containers);
    let forms = [("copy", form::COPY), ("q15", form::Q15), ("exact", form::EXACT), ("raw", form::RAW)];
    constants(&mut text, "Requantization forms of SPEC 2; raw is the exact sum, in i32 (SPEC 7.1).", "Form", &forms);
    let dots = [("i7", dot::I7), ("w4", dot::W4), ("usdot", dot::USDOT), ("sdot", dot::SDOT)];
    constants(&mut text, "Dot products of bytes, which conv2d_relaxed multiplies by.", "Dot", &dots);
    let reasons = REASONS.map(|(name, reason)| (name, reason as i32));
    constants(&mut text, "Why a kernel refused its parameters.", "Reason", &reasons);
    for kernel in all_kernels() {
        interface(&mut text, kernel);
    }
    parameter_map(&mut text);
    schemas(&mut text);
    text.push_str(WRITER);
    text
}

const REASONS: [(&str, Reason); 5] = [
    ("outOfRange", Reason::OutOfRange),
    ("outOfBounds", Reason::OutOfBounds),
    ("overlap", Reason::Overlap),
    ("scratch", Reason::Scratch),
    ("unknownKernel", Reason::UnknownKernel),
];

fn constants(text: &mut String, doc: &str, name: &str, members: &[(&str, i32)]) {
    let members: Vec<String> = members.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    let _ = write!(
        text,
        "\n/** {doc} */\nexport const {name} = {{ {} }} as const;\nexport type {name} = (typeof {name})[keyof typeof {name}];\n",
        members.join(", ")
    );
}

fn interface(text: &mut String, kernel: &KernelSchema) {
    let _ = write!(text, "\nexport interface {}Params {{\n", pascal_case(kernel.name));
    for field in kernel.fields {
        let _ = writeln!(text, "  readonly {}: number;", camel_case(field));
    }
    text.push_str("}\n");
}

fn parameter_map(text: &mut String) {
    text.push_str("\n/** The parameters of every kernel, by its name. */\nexport interface KernelParams {\n");
    for kernel in all_kernels() {
        let _ = writeln!(text, "  readonly {}: {}Params;", kernel.name, pascal_case(kernel.name));
    }
    text.push_str("}\n\nexport type KernelName = keyof KernelParams;\n");
}

fn schemas(text: &mut String) {
    text.push_str(
        "
/** A kernel's number in a step table, whether only runFloat may run it, and its fields in memory order, one i32 each. */
export interface KernelSchema<K extends KernelName> {
  readonly id: number;
  readonly float: boolean;
  readonly fields: readonly (keyof KernelParams[K])[];
}

export const KERNELS: { readonly [K in KernelName]: KernelSchema<K> } = {
",
    );
    for kernel in all_kernels() {
        let fields: Vec<String> = kernel.fields.iter().map(|field| format!("'{}'", camel_case(field))).collect();
        let _ = writeln!(text, "  {}: {{ id: {}, float: {}, fields: [{}] }},", kernel.name, kernel.id, kernel.float, fields.join(", "));
    }
    text.push_str("};\n");
}

/// `in_zero_point` → `inZeroPoint`.
pub fn camel_case(snake: &str) -> String {
    let mut words = snake.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |text, word| text + &capitalized(word))
}

fn pascal_case(snake: &str) -> String {
    snake.split('_').map(capitalized).collect()
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The field names of one kernel as the rendered table lists them.
    fn rendered_fields(text: &str, kernel: &KernelSchema) -> Vec<String> {
        let start = format!("\n  {}: {{ id: {}, float: {}, fields: [", kernel.name, kernel.id, kernel.float);
        let begin = text.find(&start).unwrap_or_else(|| panic!("{} is missing", kernel.name)) + start.len();
        let end = begin + text[begin..].find(']').expect("a closing bracket");
        text[begin..end].split(", ").map(|field| field.trim_matches('\'').to_owned()).collect()
    }

    #[test]
    fn every_kernel_has_its_fields_in_memory_order() {
        let text = render();
        for kernel in all_kernels() {
            let expected: Vec<String> = kernel.fields.iter().map(|field| camel_case(field)).collect();
            assert_eq!(rendered_fields(&text, kernel), expected, "{}", kernel.name);
        }
    }

    #[test]
    fn kernel_numbers_and_names_are_distinct() {
        for (index, kernel) in all_kernels().enumerate() {
            for other in all_kernels().take(index) {
                assert_ne!(kernel.id, other.id, "{} and {}", kernel.name, other.name);
                assert_ne!(kernel.name, other.name);
            }
        }
    }

    #[test]
    fn camel_case_keeps_distinct_fields_distinct() {
        for kernel in all_kernels() {
            let names: std::collections::BTreeSet<String> = kernel.fields.iter().map(|field| camel_case(field)).collect();
            assert_eq!(names.len(), kernel.fields.len(), "{}", kernel.name);
        }
        assert_eq!(camel_case("in_zero_point"), "inZeroPoint");
        assert_eq!(camel_case("dim0"), "dim0");
    }
}

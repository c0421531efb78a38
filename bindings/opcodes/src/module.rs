//! What the walk needs of a wasm module.

use std::collections::{BTreeMap, BTreeSet};
use wasmparser::{ElementItems, ExternalKind, FuncType, FunctionBody, KnownCustom, Name, Operator, Parser, Payload, TypeRef};

/// A parsed module. Functions are numbered as in the module, imports first.
#[derive(Default)]
pub struct Module<'a> {
    types: Vec<FuncType>,
    /// Type index of every function.
    function_types: Vec<u32>,
    /// How many of the functions are imports.
    imports: u32,
    bodies: Vec<FunctionBody<'a>>,
    exports: BTreeMap<String, u32>,
    /// Functions that any table can hold from the start.
    table_entries: BTreeSet<u32>,
    names: BTreeMap<u32, String>,
}

impl<'a> Module<'a> {
    /// Reads a module; the error is a sentence.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, String> {
        let mut module = Self::default();
        for payload in Parser::new(0).parse_all(bytes) {
            module.read(payload.map_err(text)?)?;
        }
        Ok(module)
    }

    fn read(&mut self, payload: Payload<'a>) -> Result<(), String> {
        match payload {
            Payload::TypeSection(section) => {
                self.types = section.into_iter_err_on_gc_types().collect::<Result<_, _>>().map_err(text)?;
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    if let TypeRef::Func(kind) | TypeRef::FuncExact(kind) = import.map_err(text)?.ty {
                        self.function_types.push(kind);
                        self.imports += 1;
                    }
                }
            }
            Payload::FunctionSection(section) => {
                for kind in section {
                    self.function_types.push(kind.map_err(text)?);
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.map_err(text)?;
                    if export.kind == ExternalKind::Func {
                        self.exports.insert(export.name.to_owned(), export.index);
                    }
                }
            }
            Payload::ElementSection(section) => {
                for element in section {
                    self.read_element(element.map_err(text)?.items)?;
                }
            }
            Payload::CodeSectionEntry(body) => self.bodies.push(body),
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(names) = section.as_known() {
                    self.read_names(names);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn read_element(&mut self, items: ElementItems<'a>) -> Result<(), String> {
        match items {
            ElementItems::Functions(functions) => {
                for function in functions {
                    self.table_entries.insert(function.map_err(text)?);
                }
            }
            ElementItems::Expressions(_, expressions) => {
                for expression in expressions {
                    for operator in expression.map_err(text)?.get_operators_reader() {
                        if let Operator::RefFunc { function_index } = operator.map_err(text)? {
                            self.table_entries.insert(function_index);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Names are for people only: a damaged section is passed over.
    fn read_names(&mut self, names: wasmparser::NameSectionReader<'a>) {
        for name in names.into_iter().flatten() {
            if let Name::Function(functions) = name {
                self.names.extend(functions.into_iter().flatten().map(|naming| (naming.index, naming.name.to_owned())));
            }
        }
    }

    /// The function of an export.
    pub fn export(&self, name: &str) -> Option<u32> {
        self.exports.get(name).copied()
    }

    /// The body of a function; `None` for an import.
    pub fn body(&self, function: u32) -> Option<&FunctionBody<'a>> {
        self.bodies.get(function.checked_sub(self.imports)? as usize)
    }

    /// Functions an indirect call of this type may reach: every entry of an element segment whose type is equal, whatever its index.
    pub fn targets(&self, kind: u32) -> Vec<u32> {
        let wanted = self.types.get(kind as usize);
        let kind_of = |function: u32| self.types.get(*self.function_types.get(function as usize)? as usize);
        self.table_entries.iter().copied().filter(|&function| kind_of(function) == wanted).collect()
    }

    /// The function's name, its export or its number.
    pub fn name(&self, function: u32) -> String {
        let export = || self.exports.iter().find(|(_, &index)| index == function).map(|(name, _)| name.clone());
        self.names.get(&function).cloned().or_else(export).unwrap_or_else(|| format!("function {function}"))
    }
}

/// An error as a sentence.
pub fn text(error: wasmparser::BinaryReaderError) -> String {
    error.to_string()
}

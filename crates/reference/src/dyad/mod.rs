//! SPEC 6: the file.

pub mod check;
mod check_movement;
pub mod check_operation;
mod check_pool;
mod check_weights;
pub mod container;
pub mod graph;
pub mod json;
pub mod network;
pub mod tensors;

pub use graph::Graph;
pub use network::{Network, Tensor};

use crate::error::{Error, Result};

/// Reads and checks a whole file. Any bytes are allowed; what is accepted can be interpreted.
pub fn read(file: &[u8]) -> Result<Network> {
    let container = container::read(file)?;
    let text = container.metadata.get("dyad");
    let text = text.ok_or_else(|| Error::Parse("__metadata__: expected the key dyad, got none".into()))?;
    let graph = json::parse(text)?;
    let tensors = tensors::decode(&graph, &container)?;
    let network = Network { graph, tensors };
    check::check(&network)?;
    Ok(network)
}

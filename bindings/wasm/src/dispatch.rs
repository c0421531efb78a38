//! From a row of a step table to a kernel that runs: the one place that validates (DESIGN §3.8).
//!
//! A row is two words: the kernel's number and the address of its parameters.

use crate::arena::{Arena, Region};
use crate::error::Refusal;
use core::ops::Range;
use kernels::params::*;
use kernels::{BadParam, Kernel, Reason};
use simd::Native;

/// What to do with the kernel of a row, once its parameters are read.
trait Visit {
    fn visit<K: Kernel>(&mut self, arena: &mut Arena, kernel: K) -> Result<(), BadParam>;
}

/// Which part of every step's units one worker does.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    /// 0 ≤ worker < workers.
    pub worker: i32,
    /// 1 for one thread.
    pub workers: i32,
}

impl Share {
    fn is_valid(self) -> bool {
        self.workers >= 1 && (0..self.workers).contains(&self.worker)
    }

    fn of(self, units: usize) -> Range<usize> {
        let bound = |worker: i32| (units as u64 * worker as u64 / self.workers as u64) as usize;
        bound(self.worker)..bound(self.worker + 1)
    }
}

struct Run {
    share: Share,
    scratch: Region,
}

impl Visit for Run {
    fn visit<K: Kernel>(&mut self, arena: &mut Arena, kernel: K) -> Result<(), BadParam> {
        kernel.check()?;
        if kernel.scratch_bytes() > self.scratch.length {
            return Err(BadParam { field: 0, reason: Reason::Scratch });
        }
        let (mut buffers, scratch) = arena.lend(&kernel.spans(), self.scratch)?;
        kernel.run(Native::default(), &mut buffers, self.share.of(kernel.units()), scratch);
        Ok(())
    }
}

struct Scratch {
    bytes: usize,
}

impl Visit for Scratch {
    fn visit<K: Kernel>(&mut self, _arena: &mut Arena, kernel: K) -> Result<(), BadParam> {
        kernel.check()?;
        self.bytes = self.bytes.max(kernel.scratch_bytes());
        Ok(())
    }
}

const UNKNOWN_KERNEL: BadParam = BadParam { field: 0, reason: Reason::UnknownKernel };
const OUT_OF_BOUNDS: BadParam = BadParam { field: 0, reason: Reason::OutOfBounds };

macro_rules! step_by_number {
    ($(#[$doc:meta])* $name:ident: $($kernel:ident),* $(,)? ; else $otherwise:expr) => {
        $(#[$doc])*
        fn $name<V: Visit>(visit: &mut V, arena: &mut Arena, id: i32, address: usize) -> Result<(), BadParam> {
            match id {
                $( $kernel::ID => {
                    let kernel = arena.words(address, $kernel::WORDS).and_then($kernel::from_words).ok_or(OUT_OF_BOUNDS)?;
                    visit.visit(arena, kernel)
                } )*
                _ => $otherwise(visit, arena, id, address),
            }
        }
    };
}

step_by_number! {
    /// Kernels without floating point. Nothing else is reachable from `run_integer`.
    integer_step: Conv2d, DepthwiseConv2d, GroupedConv2d, PackConv2d, PackDepthwise, UnpackI4, PackI4, Add, MaxPool, AveragePool, Requantize,
        StridedCopy, Fill, LookupPixels, Gather;
    else |_, _, _, _| Err(UNKNOWN_KERNEL)
}

step_by_number! {
    /// Every kernel.
    float_step: ;
    else integer_step
}

/// Visits rows [first, last) of `table` by `step`, until one refuses. `step` is a type parameter, not a function pointer: that would put
/// the float kernels into the table, where the opcode walk finds them from `run_integer`.
fn each<V: Visit, S>(visit: &mut V, step: S, table: i32, rows: Range<i32>) -> Result<(), Refusal>
where
    S: Fn(&mut V, &mut Arena, i32, usize) -> Result<(), BadParam>,
{
    let mut arena = Arena::enter();
    for row in rows {
        let words = row_address(table, row).and_then(|address| arena.words(address, 2));
        let Some(&[id, address]) = words else {
            return Err(Refusal { step: row, kernel: 0, bad: OUT_OF_BOUNDS });
        };
        step(visit, &mut arena, id, address as u32 as usize).map_err(|bad| Refusal { step: row, kernel: id, bad })?;
    }
    Ok(())
}

fn row_address(table: i32, row: i32) -> Option<usize> {
    let offset = usize::try_from(row).ok()?.checked_mul(8)?;
    (table as u32 as usize).checked_add(offset)
}

fn run<S>(step: S, table: i32, rows: Range<i32>, share: Share, scratch: Region) -> Result<(), Refusal>
where
    S: Fn(&mut Run, &mut Arena, i32, usize) -> Result<(), BadParam>,
{
    if !share.is_valid() {
        let bad = BadParam { field: 0, reason: Reason::OutOfRange };
        return Err(Refusal { step: rows.start, kernel: 0, bad });
    }
    each(&mut Run { share, scratch }, step, table, rows)
}

/// Runs rows of integer kernels.
pub fn run_integer(table: i32, rows: Range<i32>, share: Share, scratch: Region) -> Result<(), Refusal> {
    run(integer_step, table, rows, share, scratch)
}

/// Runs rows of any kernels, on one thread.
pub fn run_float(table: i32, rows: Range<i32>, scratch: Region) -> Result<(), Refusal> {
    run(float_step, table, rows, Share { worker: 0, workers: 1 }, scratch)
}

/// The most scratch that one of the rows needs, in bytes.
pub fn scratch_bytes(table: i32, rows: Range<i32>) -> Result<usize, Refusal> {
    let mut scratch = Scratch { bytes: 0 };
    each(&mut scratch, float_step, table, rows)?;
    Ok(scratch.bytes)
}

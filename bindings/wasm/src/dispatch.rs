//! From a row of a step table to a kernel that runs: the one place that validates (DESIGN §3.8).
//!
//! A row is two words: the kernel's number and the address of its parameters.

use crate::arena::{Arena, Region};
use crate::error::Refusal;
use core::ops::Range;
use kernels::params::*;
use kernels::{BadParam, Kernel, Reason};
#[cfg(feature = "train")]
use quantizers::params::{
    GradientChannels, GradientError, GradientHistogram, GradientMaximum, InitQuantizer, QuantizeActivations, QuantizeActivationsBackward,
    QuantizeGradient, QuantizeWeights, QuantizeWeightsBackward,
};
use simd::Native;
#[cfg(feature = "train")]
use training::params::*;

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
    // One function of wasm per kernel: engines allocate the registers of one function of all kernels badly, and the convolution then
    // runs at half its speed.
    #[inline(never)]
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
            #[allow(clippy::match_single_binding)]
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
    /// Kernels by dot products of bytes, integer ones.
    byte_dot_step: Conv2dRelaxed, PackConv2dRelaxed, DepthwiseConv2dRelaxed;
    else |_, _, _, _| Err(UNKNOWN_KERNEL)
}

/// [`byte_dot_step`] where the module has an instruction for them: elsewhere they would be slower than the others, and only make the module larger.
fn relaxed_step<V: Visit>(visit: &mut V, arena: &mut Arena, id: i32, address: usize) -> Result<(), BadParam> {
    if cfg!(target_feature = "relaxed-simd") {
        byte_dot_step(visit, arena, id, address)
    } else {
        Err(UNKNOWN_KERNEL)
    }
}

step_by_number! {
    /// Kernels by two weights in one lane.
    paired_step: Conv2dPaired, PackConv2dPaired;
    else relaxed_step
}

/// [`paired_step`] where the module has vectors and no dot product of bytes: elsewhere others are faster.
fn simd128_step<V: Visit>(visit: &mut V, arena: &mut Arena, id: i32, address: usize) -> Result<(), BadParam> {
    if cfg!(all(target_feature = "simd128", not(target_feature = "relaxed-simd"))) {
        paired_step(visit, arena, id, address)
    } else {
        relaxed_step(visit, arena, id, address)
    }
}

step_by_number! {
    /// Winograd F(2,3), by bytes or by i16.
    winograd_f23_step: WinogradF23, PackWinogradF23;
    else simd128_step
}

/// [`winograd_f23_step`] where there are vectors: without, it saves nothing.
fn vector_step<V: Visit>(visit: &mut V, arena: &mut Arena, id: i32, address: usize) -> Result<(), BadParam> {
    if cfg!(target_feature = "simd128") {
        winograd_f23_step(visit, arena, id, address)
    } else {
        relaxed_step(visit, arena, id, address)
    }
}

step_by_number! {
    /// Kernels without floating point. Nothing else is reachable from `run_integer`.
    integer_step: Conv2d, DepthwiseConv2d, GroupedConv2d, PackConv2d, PackDepthwise, UnpackI4, PackI4, Add, MaxPool, AveragePool, Requantize,
        StridedCopy, Fill, LookupPixels, Gather, WinogradF43, PackWinogradF43;
    else vector_step
}

step_by_number! {
    /// Every kernel of inference.
    float_step: QuantizeF32, DequantizeF32, ConvF32, GemmF32, AddF32, ClampF32, BatchNormF32, PoolF32, SoftmaxF32, MeanF32;
    else integer_step
}

// Kernels that only training needs, in the modules that have them: one list per crate.

step_by_number! {
    /// Gradients of convolutions by dot products of bytes.
    #[cfg(feature = "train")]
    byte_dot_training_step: ConvWeightGradientRelaxed;
    else float_step
}

/// [`byte_dot_training_step`] where the module has an instruction for them, as [`relaxed_step`].
#[cfg(feature = "train")]
fn relaxed_training_step<V: Visit>(visit: &mut V, arena: &mut Arena, id: i32, address: usize) -> Result<(), BadParam> {
    if cfg!(target_feature = "relaxed-simd") {
        byte_dot_training_step(visit, arena, id, address)
    } else {
        float_step(visit, arena, id, address)
    }
}

step_by_number! {
    /// Winograd F(3×3, 2×2), by bytes or by i16.
    #[cfg(feature = "train")]
    winograd_training_step: WinogradWeightGradient;
    else relaxed_training_step
}

/// [`winograd_training_step`] where there are vectors, as [`vector_step`].
#[cfg(feature = "train")]
fn vector_training_step<V: Visit>(visit: &mut V, arena: &mut Arena, id: i32, address: usize) -> Result<(), BadParam> {
    if cfg!(target_feature = "simd128") {
        winograd_training_step(visit, arena, id, address)
    } else {
        relaxed_training_step(visit, arena, id, address)
    }
}

step_by_number! {
    /// Integer sums of training: the gradients of convolutions.
    #[cfg(feature = "train")]
    integer_training_step: ConvWeightGradient;
    else vector_training_step
}

step_by_number! {
    /// The quantizers.
    #[cfg(feature = "train")]
    quantizer_step: InitQuantizer, QuantizeWeights, QuantizeWeightsBackward, QuantizeActivations, QuantizeActivationsBackward, GradientMaximum,
        GradientHistogram, GradientChannels, QuantizeGradient, GradientError;
    else integer_training_step
}

step_by_number! {
    /// f32 forward, backward, losses, optimizers.
    #[cfg(feature = "train")]
    training_step: PackConvF32, ConvF32Nhwc, ConvWeightGradientF32, BatchNormStatistics, BatchNormRunning, BatchNormApply, BatchNormBackwardReduce,
        BatchNormBackwardApply, SoftmaxCrossEntropy, MeanSquaredError, Sgd, Adam, SumRows, DequantizeSums, DequantizeWeightGradient, ClampBackward,
        AddElements, CountNonFinite, MaxPoolNhwc, MaxPoolBackward, AveragePoolNhwc, AveragePoolBackward;
    else quantizer_step
}

#[cfg(not(feature = "train"))]
use float_step as any_step;
#[cfg(feature = "train")]
use training_step as any_step;

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
    run(any_step, table, rows, Share { worker: 0, workers: 1 }, scratch)
}

/// The most scratch that one of the rows needs, in bytes.
pub fn scratch_bytes(table: i32, rows: Range<i32>) -> Result<usize, Refusal> {
    let mut scratch = Scratch { bytes: 0 };
    each(&mut scratch, any_step, table, rows)?;
    Ok(scratch.bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arena::reserve;
    use kernels::{Access, Spans};

    const ALONE: Share = Share { worker: 0, workers: 1 };
    const NOTHING: Region = Region { begin: 0, length: 0 };

    /// The address of these words, in memory of their own.
    fn store(words: &[i32]) -> i32 {
        let address = reserve(words.len() * 4).expect("room") as i32;
        let mut arena = Arena::enter();
        let spans = Spans::new().with(0, address, words.len() * 4, Access::Write);
        let (buffers, _) = arena.lend(&spans, NOTHING).expect("it was just reserved");
        for (bytes, word) in buffers.writes[0].chunks_exact_mut(4).zip(words) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        address
    }

    fn bytes(address: i32, count: usize) -> Vec<u8> {
        let mut arena = Arena::enter();
        let spans = Spans::new().with(0, address, count, Access::Read);
        arena.lend(&spans, NOTHING).expect("inside").0.reads[0].to_vec()
    }

    /// A table of one `Fill` of `count` bytes at `output`.
    fn fill_table(output: i32, count: i32) -> i32 {
        let params = Fill { output_offset: output, count, element_bytes: 1, value: 7 };
        let params = store(&params.to_words());
        store(&[Fill::ID, params])
    }

    fn reason(result: Result<(), Refusal>) -> (i32, Reason) {
        let refusal = result.expect_err("a refusal");
        (refusal.kernel, refusal.bad.reason)
    }

    #[test]
    fn a_step_runs_and_its_neighbours_stay() {
        let output = store(&[0; 4]);
        assert_eq!(run_integer(fill_table(output + 3, 7), 0..1, ALONE, NOTHING), Ok(()));
        assert_eq!(bytes(output, 16), [0, 0, 0, 7, 7, 7, 7, 7, 7, 7, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn the_shares_of_all_workers_are_every_unit_once() {
        for (units, workers) in [(0, 1), (1, 3), (7, 2), (100, 7), (3, 3), (usize::from(u16::MAX), 64)] {
            let mut next = 0;
            for worker in 0..workers {
                let range = Share { worker, workers }.of(units);
                assert_eq!(range.start, next);
                next = range.end;
            }
            assert_eq!(next, units);
        }
    }

    #[test]
    fn workers_that_cannot_be_are_refused() {
        let table = fill_table(store(&[0; 4]), 4);
        for (worker, workers) in [(0, 0), (-1, 1), (1, 1), (2, -3), (i32::MIN, i32::MAX)] {
            let result = run_integer(table, 0..1, Share { worker, workers }, NOTHING);
            assert_eq!(reason(result).1, Reason::OutOfRange);
        }
    }

    #[test]
    fn nothing_outside_the_arena_is_read_or_written() {
        let end = Arena::enter().words(0, 1).is_none();
        assert!(end, "the module's own memory is no part of the arena");
        let last = store(&[0; 16]);
        for (output, count) in [(0, 1), (4, 4), (last + 1, i32::MAX / 4), (-1, 1), (i32::MAX, 1)] {
            assert_eq!(reason(run_integer(fill_table(output, count), 0..1, ALONE, NOTHING)), (Fill::ID, Reason::OutOfBounds));
        }
        for table in [0, 2, -8, i32::MAX] {
            assert_eq!(reason(run_integer(table, 0..1, ALONE, NOTHING)), (0, Reason::OutOfBounds));
        }
        assert_eq!(reason(run_integer(store(&[Fill::ID, -16]), 0..1, ALONE, NOTHING)), (Fill::ID, Reason::OutOfBounds));
    }

    #[test]
    fn what_is_written_overlaps_nothing() {
        let output = store(&[0; 16]);
        let table = fill_table(output, 32);
        let scratch = |begin: i32, length: i32| run_integer(table, 0..1, ALONE, Region::from_words(begin, length));
        assert_eq!(scratch(output + 32, 32), Ok(()));
        assert_eq!(reason(scratch(output + 31, 32)), (Fill::ID, Reason::Overlap));
        assert_eq!(reason(scratch(i32::MAX, 32)), (Fill::ID, Reason::Scratch));
    }

    #[test]
    fn an_integer_run_refuses_float_kernels_and_unknown_ones() {
        for id in [0, -1, ClampF32::ID, QuantizeF32::ID, 99, i32::MAX] {
            let table = store(&[id, 0]);
            assert_eq!(reason(run_integer(table, 0..1, ALONE, NOTHING)), (id, Reason::UnknownKernel));
        }
    }

    #[test]
    fn the_refusal_names_the_step() {
        let good = fill_table(store(&[0; 4]), 4);
        let params = Arena::enter().words(good as usize, 2).expect("a row")[1];
        let table = store(&[Fill::ID, params, Fill::ID, params, 99, params, Fill::ID, params]);
        let refusal = run_integer(table, 0..4, ALONE, NOTHING).expect_err("kernel 99");
        assert_eq!((refusal.step, refusal.kernel), (2, 99));
        assert_eq!(run_integer(table, 0..2, ALONE, NOTHING), Ok(()));
        assert_eq!(run_integer(table, 3..4, ALONE, NOTHING), Ok(()));
    }
}

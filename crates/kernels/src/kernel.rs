//! What every kernel has in common (DESIGN §3.8).

use core::ops::Range;
use simd::Isa;

/// Why parameters were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Reason {
    /// A number outside what the kernel accepts.
    OutOfRange = 1,
    /// A buffer that does not lie inside the arena.
    OutOfBounds = 2,
    /// A written buffer that overlaps another one.
    Overlap = 3,
    /// Less scratch than [`Kernel::scratch_bytes`].
    Scratch = 4,
    /// A kernel number that does not exist, or a float kernel in an integer run.
    UnknownKernel = 5,
}

/// The field (its index in the struct) that was refused and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadParam {
    /// Index of the field in the struct.
    pub field: usize,
    /// Why.
    pub reason: Reason,
}

/// Whether a kernel reads or writes a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Only read.
    Read,
    /// Written. Kernels of inference never read it before that; an optimizer updates it in place.
    Write,
}

/// One buffer of a kernel: the field that holds its byte address, and its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Index of the field in the struct.
    pub field: usize,
    /// Byte address in linear memory.
    pub offset: usize,
    /// Size in bytes. 0: the buffer is absent, its slice is empty.
    pub bytes: usize,
    /// Read or written.
    pub access: Access,
}

/// At most this many buffers in one kernel.
pub const MAX_SPANS: usize = 16;

/// The buffers of one kernel, in the order its documentation gives.
#[derive(Clone, Copy, Debug)]
pub struct Spans {
    spans: [Span; MAX_SPANS],
    length: usize,
}

impl Spans {
    /// No buffers yet.
    pub const fn new() -> Self {
        Self { spans: [Span { field: 0, offset: 0, bytes: 0, access: Access::Read }; MAX_SPANS], length: 0 }
    }

    /// The same with one more buffer.
    #[must_use]
    pub fn with(mut self, field: usize, offset: i32, bytes: usize, access: Access) -> Self {
        self.spans[self.length] = Span { field, offset: offset as u32 as usize, bytes, access };
        self.length += 1;
        self
    }

    /// The buffers in order.
    pub fn as_slice(&self) -> &[Span] {
        &self.spans[..self.length]
    }
}

impl Default for Spans {
    fn default() -> Self {
        Self::new()
    }
}

/// The slices that belong to [`Spans`]: those that are read and those that are written, each in order.
pub struct Buffers<'a> {
    /// Slices of the [`Access::Read`] spans, in order.
    pub reads: [&'a [u8]; MAX_SPANS],
    /// Slices of the [`Access::Write`] spans, in order.
    pub writes: [&'a mut [u8]; MAX_SPANS],
}

/// A kernel: its parameters know how to check themselves and how to run. Buffers are bytes; `simd::mem` reads numbers from them.
pub trait Kernel: Copy + Sized {
    /// Refuses numbers that the kernel cannot work with. Everything else below may assume that this passed.
    fn check(&self) -> Result<(), BadParam>;
    /// The buffers, sizes computed from the parameters without overflow.
    fn spans(&self) -> Spans;
    /// Independent units of work (row blocks, tile blocks); any range of them may run alone.
    fn units(&self) -> usize;
    /// Scratch bytes one caller of [`Kernel::run`] needs.
    fn scratch_bytes(&self) -> usize;
    /// Runs `units`. `scratch` has at least [`Kernel::scratch_bytes`].
    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]);
}

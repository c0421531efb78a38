//! The linear memory as slices: the only file of this crate with `unsafe`.
//!
//! Every slice is made from an address and a length that were checked to lie in the arena, which is the memory above the module's own stack and
//! data. So nothing that a caller passes can read or write what the module itself needs.

use kernels::{Access, BadParam, Buffers, Reason, Spans};

/// Bytes [begin, begin + length) of linear memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// First byte.
    pub begin: usize,
    /// How many bytes.
    pub length: usize,
}

impl Region {
    /// The region that two words of a caller name.
    pub fn from_words(begin: i32, length: i32) -> Self {
        Self { begin: begin as u32 as usize, length: length as u32 as usize }
    }

    fn end(self) -> Option<usize> {
        self.begin.checked_add(self.length)
    }

    /// Whether the two share a byte. Both ends were checked before.
    fn overlaps(self, other: Self) -> bool {
        self.length > 0 && other.length > 0 && self.begin < other.begin + other.length && other.begin < self.begin + self.length
    }
}

/// The permission to look at the arena. An exported function takes it once, so that its slices are the only ones.
pub struct Arena {
    begin: usize,
    end: usize,
}

impl Arena {
    /// The arena as it is now: between the module's own data and the end of memory.
    pub fn enter() -> Self {
        let (begin, end) = memory::bounds();
        Self { begin, end }
    }

    fn contains(&self, region: Region) -> bool {
        // A slice may not be longer than isize::MAX.
        let fits = region.length <= isize::MAX as usize;
        fits && region.begin >= self.begin && region.end().is_some_and(|end| end <= self.end)
    }

    /// `count` words at `address`, which is a multiple of 4; `None` if they do not lie in the arena.
    pub fn words(&self, address: usize, count: usize) -> Option<&[i32]> {
        let region = Region { begin: address, length: count.checked_mul(4)? };
        if !address.is_multiple_of(4) || !self.contains(region) {
            return None;
        }
        // SAFETY: in the arena and aligned; i32 has no invalid bits; `lend`, which makes the only mutable slices, borrows self mutably.
        Some(unsafe { core::slice::from_raw_parts(memory::pointer(address).cast_const().cast::<i32>(), count) })
    }

    /// The slices of a kernel and its scratch: all in the arena, and what is written overlaps nothing else.
    pub fn lend(&mut self, spans: &Spans, scratch: Region) -> Result<(Buffers<'_>, &mut [u8]), BadParam> {
        self.check(spans, scratch)?;
        let mut buffers = Buffers { reads: [&[]; kernels::kernel::MAX_SPANS], writes: Default::default() };
        let (mut reads, mut writes) = (0, 0);
        for span in spans.as_slice() {
            let region = Region { begin: span.offset, length: span.bytes };
            match span.access {
                Access::Read => {
                    // SAFETY: `check` found it in the arena and apart from every written slice.
                    buffers.reads[reads] = unsafe { slice(region) };
                    reads += 1;
                }
                Access::Write => {
                    // SAFETY: `check` found it in the arena and apart from every other slice.
                    buffers.writes[writes] = unsafe { slice_mut(region) };
                    writes += 1;
                }
            }
        }
        // SAFETY: `check` found it in the arena and apart from every other slice.
        Ok((buffers, unsafe { slice_mut(scratch) }))
    }

    fn check(&self, spans: &Spans, scratch: Region) -> Result<(), BadParam> {
        if scratch.length > 0 && !self.contains(scratch) {
            return Err(BadParam { field: 0, reason: Reason::Scratch });
        }
        let spans = spans.as_slice();
        for (index, span) in spans.iter().enumerate() {
            let region = Region { begin: span.offset, length: span.bytes };
            if region.length > 0 && !self.contains(region) {
                return Err(BadParam { field: span.field, reason: Reason::OutOfBounds });
            }
            let earlier = spans[..index].iter().filter(|other| span.access == Access::Write || other.access == Access::Write);
            let mut earlier = earlier.map(|other| Region { begin: other.offset, length: other.bytes });
            if region.overlaps(scratch) || earlier.any(|other| region.overlaps(other)) {
                return Err(BadParam { field: span.field, reason: Reason::Overlap });
            }
        }
        Ok(())
    }
}

/// # Safety
/// A region of length > 0 lies in the arena and nobody writes to it while the slice lives.
unsafe fn slice<'a>(region: Region) -> &'a [u8] {
    if region.length == 0 {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { core::slice::from_raw_parts(memory::pointer(region.begin).cast_const(), region.length) }
}

/// # Safety
/// A region of length > 0 lies in the arena and nobody else reads or writes it while the slice lives.
unsafe fn slice_mut<'a>(region: Region) -> &'a mut [u8] {
    if region.length == 0 {
        return &mut [];
    }
    // SAFETY: the caller's promise.
    unsafe { core::slice::from_raw_parts_mut(memory::pointer(region.begin), region.length) }
}

/// Grows the memory so that `bytes` more lie at its end, and gives their address; `None` if the host has no more.
pub fn reserve(bytes: usize) -> Option<usize> {
    memory::grow(bytes)
}

#[cfg(target_arch = "wasm32")]
mod memory {
    use core::arch::wasm32::{memory_grow, memory_size};

    const PAGE: usize = 65_536;

    extern "C" {
        /// The linker puts it behind the stack and all data.
        static __heap_base: u8;
    }

    /// Memory of 65,536 pages ends at 2^32, one more than an address can say: the last byte stays unused.
    fn end_of(pages: usize) -> usize {
        pages.saturating_mul(PAGE)
    }

    pub fn bounds() -> (usize, usize) {
        (core::ptr::addr_of!(__heap_base) as usize, end_of(memory_size::<0>()))
    }

    pub fn pointer(address: usize) -> *mut u8 {
        core::ptr::with_exposed_provenance_mut(address)
    }

    pub fn grow(bytes: usize) -> Option<usize> {
        let pages = bytes.div_ceil(PAGE);
        let before = memory_grow::<0>(pages);
        // memory.grow answers −1 when it cannot.
        (before != usize::MAX).then_some(before * PAGE)
    }

    /// wasm-bindgen's runtime names an allocator; nothing here allocates, so there is none.
    struct NoAllocator;

    // SAFETY: an allocator may always answer null, and what was never given is never given back.
    unsafe impl core::alloc::GlobalAlloc for NoAllocator {
        unsafe fn alloc(&self, _layout: core::alloc::Layout) -> *mut u8 {
            core::ptr::null_mut()
        }

        unsafe fn dealloc(&self, _pointer: *mut u8, _layout: core::alloc::Layout) {}
    }

    #[global_allocator]
    static ALLOCATOR: NoAllocator = NoAllocator;
}

/// A stand-in for linear memory, one per thread, so that the checks above are tested by `cargo test`.
#[cfg(not(target_arch = "wasm32"))]
mod memory {
    use std::cell::Cell;

    const CAPACITY: usize = 1 << 20;
    const BEGIN: usize = 1024;

    thread_local! {
        static BASE: *mut u8 = Box::leak(vec![0u64; CAPACITY / 8].into_boxed_slice()).as_mut_ptr().cast();
        static END: Cell<usize> = const { Cell::new(BEGIN) };
    }

    pub fn bounds() -> (usize, usize) {
        (BEGIN, END.get())
    }

    pub fn pointer(address: usize) -> *mut u8 {
        BASE.with(|base| base.wrapping_add(address))
    }

    pub fn grow(bytes: usize) -> Option<usize> {
        let begin = END.get();
        let end = begin.checked_add(bytes.checked_next_multiple_of(64)?).filter(|&end| end <= CAPACITY)?;
        END.set(end);
        Some(begin)
    }
}

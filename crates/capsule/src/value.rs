//! How a Rust value is stored: behind a head, in the same allocation, so that a capsule with a value
//! needs no second one. The type of the value is erased; [`ValueType`] describes it.

use core::alloc::Layout;
use core::any::{TypeId, type_name};
use core::ffi::c_void;
use core::mem::offset_of;
use core::ptr::NonNull;

/// A block of memory with a head and a value.
#[repr(C)]
pub(crate) struct Block<H, T> {
    pub(crate) head: H,
    pub(crate) value: T,
}

/// Describes the type of a value, and the block that it is in.
pub(crate) struct ValueType {
    pub(crate) id: TypeId,
    pub(crate) name: fn() -> &'static str,
    /// The layout of the whole block.
    pub(crate) layout: Layout,
    offset: usize,
    drop: unsafe fn(NonNull<c_void>),
}

/// The constant of each type, which a reference to it makes a `static`.
struct Constant<H, T>(H, T);

impl<H, T: 'static> Constant<H, T> {
    const TYPE: ValueType = ValueType {
        id: TypeId::of::<T>(),
        name: type_name::<T>,
        layout: Layout::new::<Block<H, T>>(),
        offset: offset_of!(Block<H, T>, value),
        drop: drop_in_place::<T>,
    };
}

/// # Safety
/// There is a `T` at `value`, which is not used again.
unsafe fn drop_in_place<T>(value: NonNull<c_void>) {
    // SAFETY: there is a `T`, which the caller does not use again.
    unsafe { value.cast::<T>().drop_in_place() };
}

impl ValueType {
    /// That of a `T` behind an `H`.
    pub(crate) const fn of<H, T: Send + Sync + 'static>() -> &'static Self {
        &Constant::<H, T>::TYPE
    }

    /// Whether the value is a `T`.
    pub(crate) fn is<T: 'static>(&self) -> bool {
        self.id == TypeId::of::<T>()
    }

    /// The address of the value in a block.
    ///
    /// # Safety
    /// `block` leads to a block of this type.
    pub(crate) unsafe fn value_in<H>(&self, block: NonNull<H>) -> NonNull<c_void> {
        // SAFETY: the offset is within the block, or one past its end for a zero-sized value.
        unsafe { block.cast().byte_add(self.offset) }
    }

    /// Drops the value in a block.
    ///
    /// # Safety
    /// `block` leads to a block of this type, and its value is neither borrowed nor used again.
    pub(crate) unsafe fn drop_in<H>(&self, block: NonNull<H>) {
        // SAFETY: a block of this type.
        let value = unsafe { self.value_in(block) };
        // SAFETY: `drop` is for the type of the value, which the caller does not use again.
        unsafe { (self.drop)(value) };
    }
}

//! What a capsule owns beyond its fields: names, a closure, an owner, a Rust value. Most capsules
//! that C makes own nothing, so all of it is in one block of memory that is made when first needed.

use core::alloc::Layout;
use core::any::type_name;
use core::ffi::c_void;
use core::mem::ManuallyDrop;
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use std::alloc::{alloc, dealloc};

use rustpython_vm::object::{Traverse, TraverseFn};
use rustpython_vm::{PyObject, PyObjectRef};

use crate::alloc::{FreeList, try_box};
use crate::callback_guard::catch_panic;
use crate::error::{CapsuleError, TypeMismatch};
use crate::ffi_types::{CClear, CTraverse};
use crate::foreign_threads::InterpreterId;
use crate::lock::Locked;
use crate::name::OwnedNames;
use crate::thread::with_interpreter;
use crate::value::{Block, ValueType};

/// The block, or NULL. Made once, and taken when the capsule is deallocated.
#[derive(Debug, Default)]
pub(crate) struct OwnedSlot(AtomicPtr<Owned>);

/// A block that no capsule has yet, or no longer. The pointer is raw, because other code has the
/// address of the value, and moving a `Box` would assert that none does.
#[derive(Debug)]
pub(crate) struct OwnedBlock(NonNull<Owned>);

/// The layout of blocks with small values, of up to four words. A thread keeps a few for the next
/// capsules.
const SMALL: Layout = Layout::new::<Block<Owned, [usize; 4]>>();

thread_local! {
    static FREE_LIST: FreeList = const { FreeList::new(SMALL) };
}

/// The layout in which a block is allocated.
const fn layout_of(block: Layout) -> Layout {
    if block.size() <= SMALL.size() && block.align() <= SMALL.align() {
        SMALL
    } else {
        block
    }
}

#[inline]
fn allocate(layout: Layout) -> Option<NonNull<u8>> {
    let recycled = if layout == SMALL {
        FREE_LIST.try_with(FreeList::pop).ok().flatten()
    } else {
        None
    };
    // SAFETY: a block is not of size zero, since its head is not.
    recycled.or_else(|| NonNull::new(unsafe { alloc(layout) }))
}

/// # Safety
/// [`allocate`] made `block` with this layout. It holds nothing that must be dropped, and the caller
/// does not use it again.
#[inline]
unsafe fn free(block: NonNull<u8>, layout: Layout) {
    let is_recycled = layout == SMALL
        && FREE_LIST
            // SAFETY: the caller does not use the block again, and it has the layout of the list.
            .try_with(|list| unsafe { list.push(block) })
            .unwrap_or(false);
    if !is_recycled {
        // SAFETY: the global allocator made it with this layout, whether it came from the list or
        // not.
        unsafe { dealloc(block.as_ptr(), layout) };
    }
}

/// The head of a block. Behind it is the value; `()` if there is none.
pub(crate) struct Owned {
    value_type: &'static ValueType,
    /// False if there was no value from the start, or it was dropped.
    has_value: bool,
    /// The pointer may lead into the owner, so the value, every destructor and the hooks may depend
    /// on it. It is set when the capsule is made, and dropped after all of them.
    pub(crate) owner: Option<PyObjectRef>,
    pub(crate) gc_refs: Locked<GcRefs>,
    pub(crate) names: Locked<OwnedNames>,
    /// Whether the collector tracks the capsule.
    pub(crate) tracked: AtomicBool,
}

/// What may refer to Python objects and can be replaced while the capsule lives.
#[derive(Default)]
pub(crate) struct GcRefs {
    pub(crate) closure: Option<Closure>,
    pub(crate) hooks: Option<CHooks>,
}

/// How C code reports to the collector references that only that code knows.
#[derive(Clone, Copy)]
pub(crate) struct CHooks {
    pub(crate) traverse: CTraverse,
    pub(crate) clear: CClear,
}

/// A destructor written in Rust: called once with the capsule.
pub(crate) type RustDestructor = Box<dyn FnOnce(&PyObject) + Send>;

/// A destructor that is not a C function.
pub(crate) enum Closure {
    /// `None` once it has begun to run.
    Rust(Option<RustDestructor>),
    Python {
        callable: PyObjectRef,
        interpreter_id: InterpreterId,
    },
}

impl OwnedBlock {
    /// A block without a value.
    ///
    /// # Errors
    /// [`CapsuleError::OutOfMemory`].
    pub(crate) fn new() -> Result<Self, CapsuleError> {
        Self::make((), false)
    }

    /// A block with a value.
    ///
    /// # Errors
    /// [`CapsuleError::OutOfMemory`], and `value` is dropped.
    #[inline]
    pub(crate) fn with_value<T: Send + Sync + 'static>(value: T) -> Result<Self, CapsuleError> {
        Self::make(value, true)
    }

    #[inline]
    fn make<T: Send + Sync + 'static>(value: T, has_value: bool) -> Result<Self, CapsuleError> {
        let layout = const { layout_of(Layout::new::<Block<Owned, T>>()) };
        let Some(block) = allocate(layout) else {
            return Err(CapsuleError::OutOfMemory);
        };
        let block: NonNull<Block<Owned, T>> = block.cast();
        let head = Owned {
            value_type: ValueType::of::<Owned, T>(),
            has_value,
            owner: None,
            gc_refs: Locked::default(),
            names: Locked::default(),
            tracked: AtomicBool::new(false),
        };
        // SAFETY: allocated for this, with at least the size and alignment of a block of this type.
        unsafe { block.write(Block { head, value }) };
        Ok(Self(block.cast()))
    }

    /// The address of the value, which never moves. A zero-sized value has one too.
    pub(crate) fn value_address(&self) -> NonNull<c_void> {
        // SAFETY: the block is alive, and its type never changes.
        let value_type = unsafe { self.0.as_ref() }.value_type;
        // SAFETY: `make` set the type of the block.
        unsafe { value_type.value_in(self.0) }
    }

    #[inline]
    pub(crate) fn get_mut(&mut self) -> &mut Owned {
        // SAFETY: only `self` has the block. The borrow is of the head, not of the value.
        unsafe { self.0.as_mut() }
    }
}

/// Drops the value first, and the owner and the names after all that may depend on them.
impl Drop for OwnedBlock {
    fn drop(&mut self) {
        /// Drops the head and frees the memory, even if the value's `Drop` panics.
        struct Rest(NonNull<Owned>);

        impl Drop for Rest {
            fn drop(&mut self) {
                // SAFETY: the block is alive.
                let layout = unsafe { self.0.as_ref() }.value_type.layout;
                // SAFETY: the value is dropped, and no other code has the block.
                unsafe { self.0.drop_in_place() };
                // SAFETY: `make` allocated it with this layout, and all in it is dropped.
                unsafe { free(self.0.cast(), layout_of(layout)) };
            }
        }

        let block = self.0;
        let _rest = Rest(block);
        // SAFETY: only `self` has the block, so its value is not borrowed.
        unsafe { drop_value(block) };
    }
}

/// Drops the value of a block, if it has one.
///
/// # Safety
/// No other code has the block, and the value is not borrowed.
#[inline]
unsafe fn drop_value(mut block: NonNull<Owned>) {
    // SAFETY: the block is alive, and the caller's alone.
    let head = unsafe { block.as_mut() };
    if core::mem::take(&mut head.has_value) {
        let value_type = head.value_type;
        // SAFETY: `make` set the type of the block, and `has_value` is true only once.
        unsafe { value_type.drop_in(block) };
    }
}

impl OwnedSlot {
    #[inline]
    pub(crate) fn new(block: Option<OwnedBlock>) -> Self {
        Self(AtomicPtr::new(block.map_or(null_mut(), into_raw)))
    }

    /// The head of the block, if there is one.
    #[inline]
    pub(crate) fn get(&self) -> Option<&Owned> {
        // SAFETY:
        // - NULL or from `into_raw`, published with Release.
        // - lives for the borrow: only `take` frees it, and only `get_mut` and `drop_dependents`
        //   change it. No other code refers to the capsule when these are called, so there is no
        //   borrow.
        unsafe { self.0.load(Ordering::Acquire).as_ref() }
    }

    /// The head of the block, to change it.
    ///
    /// # Safety
    /// No other code refers to the capsule for `'a`.
    #[inline]
    pub(crate) unsafe fn get_mut<'a>(&self) -> Option<&'a mut Owned> {
        // SAFETY: as in `get`; and the caller promises that there is no other reference.
        unsafe { self.0.load(Ordering::Acquire).as_mut() }
    }

    /// The value, if there is one and it is a `T`.
    ///
    /// # Errors
    /// [`CapsuleError::WrongType`].
    #[inline]
    pub(crate) fn value<T: 'static>(&self) -> Result<&T, CapsuleError> {
        let block = NonNull::new(self.0.load(Ordering::Acquire));
        let found = self.value_type();
        match (block, found) {
            (Some(block), Some(found)) if found.is::<T>() => {
                // SAFETY:
                // - a `T`: the type of the block says so (I4), and it is there.
                // - lives for the borrow: as in `get`.
                Ok(unsafe { &(*block.cast::<Block<Owned, T>>().as_ptr()).value })
            }
            _ => Err(wrong_type(type_name::<T>(), found)),
        }
    }

    fn value_type(&self) -> Option<&'static ValueType> {
        let head = self.get()?;
        head.has_value.then_some(head.value_type)
    }

    /// The head of the block, which is made now if there is none.
    ///
    /// # Errors
    /// [`CapsuleError::OutOfMemory`].
    pub(crate) fn get_or_make(&self) -> Result<&Owned, CapsuleError> {
        if let Some(owned) = self.get() {
            return Ok(owned);
        }
        let made = into_raw(OwnedBlock::new()?);
        let installed =
            self.0
                .compare_exchange(null_mut(), made, Ordering::AcqRel, Ordering::Acquire);
        let current = match installed {
            Ok(_) => made,
            Err(current) => {
                // SAFETY: `made` comes from `into_raw` above and was not published.
                drop(unsafe { from_raw(made) });
                current
            }
        };
        // SAFETY: as in `get`, and not NULL in either arm.
        Ok(unsafe { &*current })
    }

    /// Takes the block. The caller must be the only thread that can reach the capsule.
    #[inline]
    pub(crate) fn take(&self) -> Option<OwnedBlock> {
        let block = self.0.load(Ordering::Acquire);
        self.0.store(null_mut(), Ordering::Relaxed);
        // SAFETY: NULL or from `into_raw`, and the only thread that can reach it takes it once.
        unsafe { from_raw(block) }
    }

    /// Drops what may depend on the owner and the names: the value and the closure. Each drop runs
    /// foreign code that may panic, so each panic is caught separately. Reporting one may resurrect
    /// the capsule, in which case the owner and the names must stay (I2).
    ///
    /// # Safety
    /// No other code refers to the capsule.
    #[inline]
    pub(crate) unsafe fn drop_dependents(&self, capsule: Option<&PyObject>) {
        let Some(mut block) = NonNull::new(self.0.load(Ordering::Acquire)) else {
            return;
        };
        // SAFETY: the block is alive, and the caller promises that there is no other reference.
        let closure = unsafe { block.as_mut() }.gc_refs.get_mut().closure.take();
        // SAFETY: the caller promises that there is no other reference.
        catch_panic(capsule, || unsafe { drop_value(block) });
        if closure.is_some() {
            catch_panic(capsule, || drop(closure));
        }
    }

    /// Drops the rest, after [`drop_dependents`](Self::drop_dependents). From here on no code can
    /// resurrect the capsule.
    #[inline]
    pub(crate) fn drop_rest(&self) {
        let Some(mut block) = self.take() else {
            return;
        };
        let owned = block.get_mut();
        if let Some(owner) = owned.owner.take() {
            catch_panic(None, || drop(owner));
        }
        // Leaks names that a thread was changing at a fork; dropping the block does the rest.
        let _ = owned.names.get_mut();
    }
}

fn into_raw(block: OwnedBlock) -> *mut Owned {
    ManuallyDrop::new(block).0.as_ptr()
}

/// # Safety
/// `block` is NULL, or comes from [`into_raw`] and was not passed to this function before.
unsafe fn from_raw(block: *mut Owned) -> Option<OwnedBlock> {
    NonNull::new(block).map(OwnedBlock)
}

#[cold]
fn wrong_type(expected: &'static str, found: Option<&'static ValueType>) -> CapsuleError {
    let mismatch = try_box(TypeMismatch {
        expected,
        found: found.map(|found| (found.name)()),
    });
    mismatch.map_or_else(|no_memory| no_memory, CapsuleError::WrongType)
}

impl Owned {
    /// Whether there is anything that can be part of a cycle.
    pub(crate) fn holds_objects(&self) -> bool {
        self.owner.is_some()
            || self.gc_refs.read(|refs| {
                refs.hooks.is_some() || matches!(refs.closure, Some(Closure::Python { .. }))
            })
    }
}

impl GcRefs {
    /// Takes the Python callable, if there is one.
    pub(crate) fn take_callable(&mut self) -> Option<PyObjectRef> {
        let is_python = |closure: &mut Closure| matches!(closure, Closure::Python { .. });
        match self.closure.take_if(is_python) {
            Some(Closure::Python { callable, .. }) => Some(callable),
            _ => None,
        }
    }
}

// SAFETY: visits each of the references that are stored here once, and clones none.
unsafe impl Traverse for GcRefs {
    fn traverse(&self, visit: &mut TraverseFn<'_>) {
        if let Some(Closure::Python { callable, .. }) = &self.closure {
            callable.traverse(visit);
        }
    }
}

impl Closure {
    /// Drops a closure that `capsule` had until now. A callable is dropped by an attached thread,
    /// because the collector may be reading it, which it does only while no thread is attached.
    pub(crate) fn drop_replaced(self, capsule: &PyObject) {
        let object = Some(capsule);
        catch_panic(object, || match self {
            Self::Rust(closure) => drop(closure),
            Self::Python {
                callable,
                interpreter_id,
            } => with_interpreter(interpreter_id, |_| catch_panic(object, || drop(callable))),
        });
    }
}

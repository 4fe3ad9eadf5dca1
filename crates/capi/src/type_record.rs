//! What is known of a class from C: its functions, and where its data lies in an instance. The
//! record belongs to the class object (`vtable`) and is found without a lock, also while the
//! collector has stopped all threads.

use core::ffi::c_void;
use core::fmt;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

use rustpython_capsule::__private::InterpreterId;
use rustpython_vm::builtins::{PyType, PyTypeRef};
use rustpython_vm::object::TraverseFn;
use rustpython_vm::{AsObject, Context, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::slot_ids::SlotId;
use crate::type_spec::Functions;
use crate::vtable::{self, Header, Hooks};

/// The alignment of the data of each class.
pub(crate) const DATA_ALIGN: usize = 16;

/// How many classes from C can be above one another so that each has slot functions of its own. The
/// classes below these share theirs.
pub(crate) const LEVELS: usize = 8;

/// The description of a class from C.
#[repr(C)]
pub(crate) struct TypeRecord {
    header: MaybeUninit<Header>,
    /// The class itself.
    class: NonNull<Py<PyType>>,
    /// The record of the nearest class from C among the bases.
    parent: Option<NonNull<Self>>,
    /// The class that the parent belongs to. The collector and assignments to `__bases__` take the
    /// bases of a class away while there are instances.
    parent_class: Option<PyTypeRef>,
    pub(crate) content: Content,
}

// SAFETY: after it is made, a record does not change. The functions and the token belong to C code,
// which is responsible for their use on all threads.
unsafe impl Sync for TypeRecord {}

/// The parts of a record that do not depend on its place.
pub(crate) struct Content {
    /// The functions of the class and, where it has none, those that it inherits from C classes.
    pub(crate) functions: Functions,
    /// Which functions are the class's own: a bit for each id.
    pub(crate) own: u128,
    /// How many classes from C are above the class.
    pub(crate) level: usize,
    /// Where the data of the class begins in the data of an instance.
    pub(crate) offset: usize,
    /// The size of the data of the class.
    pub(crate) size: usize,
    /// The size of an item of an instance.
    pub(crate) itemsize: usize,
    /// Where the data of the class has a function that calls an instance.
    pub(crate) vectorcall: Option<usize>,
    /// The `Py_TPFLAGS_…` that the class was made with.
    pub(crate) flags: u64,
    pub(crate) token: *mut c_void,
    pub(crate) module: Option<PyObjectRef>,
    /// The interpreter that made the class.
    pub(crate) interpreter: InterpreterId,
}

impl fmt::Debug for TypeRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypeRecord")
            .field("level", &self.content.level)
            .finish_non_exhaustive()
    }
}

static HOOKS: Hooks = Hooks {
    trace: Some(trace),
    // The collector breaks cycles at the attributes of a class. Instances may still ask for the
    // module.
    clear: None,
    dealloc: None,
    free,
    interpreter: None,
};

impl TypeRecord {
    /// The record of a class; `None` if it is not from C.
    #[inline]
    pub(crate) fn of(class: &Py<PyType>) -> Option<&Self> {
        let header = vtable::find(class.as_object(), &HOOKS)?;
        // SAFETY: a header with these hooks is the beginning of a record, which lives as long as
        // the class.
        Some(unsafe { header.cast::<Self>().as_ref() })
    }

    /// The record of the nearest class from C in a class's chain of bases.
    #[inline]
    pub(crate) fn nearest(class: &Py<PyType>) -> Option<&Self> {
        let mut current = Some(class);
        while let Some(class) = current {
            if let Some(record) = Self::of(class) {
                return Some(record);
            }
            current = class.base.deref();
        }
        None
    }

    /// Attaches a record to a new class.
    ///
    /// # Errors
    /// SystemError if the VM's vtable is unknown.
    pub(crate) fn attach(
        class: &Py<PyType>,
        parent: Option<&Self>,
        content: Content,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        let record = NonNull::from(Box::leak(Box::new(Self {
            header: MaybeUninit::uninit(),
            class: NonNull::from(class),
            parent: parent.map(NonNull::from),
            parent_class: parent.map(|parent| parent.class().to_owned()),
            content,
        })));
        // SAFETY: the header is new, and its data initialized.
        let installed = unsafe { vtable::install_always(class.as_object(), record.cast(), &HOOKS) };
        installed.map_err(|unknown| {
            // SAFETY: it was never installed.
            drop(unsafe { Box::from_raw(record.as_ptr()) });
            unknown.into_exception(vm)
        })
    }

    #[inline]
    pub(crate) fn class(&self) -> &Py<PyType> {
        // SAFETY: the record belongs to the class.
        unsafe { self.class.as_ref() }
    }

    #[inline]
    pub(crate) fn is_of(&self, class: &Py<PyType>) -> bool {
        core::ptr::eq(self.class.as_ptr(), class)
    }

    #[inline]
    pub(crate) fn parent(&self) -> Option<&Self> {
        // SAFETY: `parent_class` is the class that the parent belongs to.
        self.parent.map(|parent| unsafe { parent.as_ref() })
    }

    /// This record and those of the classes from C above it.
    #[inline]
    pub(crate) fn chain(&self) -> impl Iterator<Item = &Self> {
        core::iter::successors(Some(self), |record| record.parent())
    }

    /// A function of the class, its own or inherited; null if there is none.
    #[inline]
    pub(crate) fn function(&self, id: SlotId) -> *mut c_void {
        self.content.functions[usize::from(id)]
    }

    /// Whether the class has a function of its own for a slot.
    pub(crate) fn is_own(&self, id: SlotId) -> bool {
        self.content.own & 1 << id != 0
    }

    /// The function for a slot that the class at `level` of the chain has, its own or inherited.
    #[inline]
    pub(crate) fn function_at(&self, level: usize, id: SlotId) -> *mut c_void {
        let mut record = self;
        if level < LEVELS - 1 {
            while record.content.level > level
                && let Some(parent) = record.parent()
            {
                record = parent;
            }
        }
        record.function(id)
    }

    /// The size of all data of an instance without items.
    pub(crate) fn data_size(&self) -> usize {
        self.content.offset + self.content.size
    }
}

/// The first class in a class's chain of bases that is part of the VM.
pub(crate) fn native_base(class: &Py<PyType>) -> &Py<PyType> {
    class
        .iter_base_chain()
        .find(|base| base.heaptype_ext.is_none())
        .unwrap_or(Context::genesis().types.object_type)
}

/// # Safety
/// `header` is that of a record.
unsafe fn trace(header: NonNull<Header>, _class: &PyObject, visit: &mut TraverseFn<'_>) {
    // SAFETY: it is that of a record.
    let record = unsafe { header.cast::<TypeRecord>().as_ref() };
    if let Some(class) = &record.parent_class {
        visit(class.as_object());
    }
    if let Some(module) = &record.content.module {
        visit(module);
    }
}

/// # Safety
/// `header` is that of a record, which is not used any more.
unsafe fn free(header: NonNull<Header>) {
    let record = header.cast::<TypeRecord>();
    // SAFETY: `attach` made it as a box, and initialized it.
    drop(unsafe { Box::from_raw(record.as_ptr()) });
}

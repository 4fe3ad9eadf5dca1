//! The data symbols of the stable ABI that are objects of the VM, such as `PyLong_Type`. C code
//! takes their addresses, so the address of the symbol must be that of the object. The table is
//! here; `absolute_symbols` makes the symbols.

use core::ffi::{CStr, c_void};
use core::sync::atomic::{AtomicBool, Ordering};

use rustpython_capi::pyerrors::PyExc_OSError;
use rustpython_capsule::PyCapsule;
use rustpython_vm::builtins::PyType;
use rustpython_vm::{AsObject, Context, Py, PyObject, PyPayload};

use crate::absolute_symbols::{Symbol, define};

static DEFINED: AtomicBool = AtomicBool::new(false);

/// Defines the symbols, if that has not been done, for the libraries that are loaded from now on.
///
/// # Errors
/// Why this system cannot do it. The text ends a sentence.
pub(crate) fn provide() -> Result<(), String> {
    if !DEFINED.load(Ordering::Acquire) {
        // If two threads do it at once, libraries use the symbols of either, which are the same.
        define(&symbols(Context::genesis()))?;
        DEFINED.store(true, Ordering::Release);
    }
    Ok(())
}

/// The symbol that a message of the dynamic loader names, if it is one of these.
pub(crate) fn named_in(message: &str) -> Option<&'static str> {
    let mut words = message.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let symbols = symbols(Context::genesis());
    words.find_map(|word| {
        let named = symbols
            .iter()
            .find(|(name, _)| name.to_bytes() == word.as_bytes());
        named?.0.to_str().ok()
    })
}

/// Every symbol and its address. The objects belong to the context that all interpreters of the
/// process share and that is never dropped, so the addresses stay valid.
///
/// The other data of the stable ABI are not here:
///
/// - `PyExc_…` and `Py_Version` are variables of the program. Two old names of OSError are here and
///   share its variable. `PyExc_WindowsError` exists on Windows only;
/// - `PyModuleDef_Type`: the VM has no class for definitions of modules;
/// - `PyStructSequence_UnnamedField`: there are no functions for struct sequences;
/// - `PyOS_InputHook`: the prompt of the VM calls no hook;
/// - `_Py_RefTotal`: only debug builds of CPython have it;
/// - `Py_FileSystemDefaultEncoding`, `Py_FileSystemDefaultEncodeErrors`, `Py_UTF8Mode`,
///   `Py_HasFileSystemDefaultEncoding` and `_Py_SwappedOp`: no header of the stable ABI declares
///   them.
#[rustfmt::skip]
fn symbols(ctx: &'static Context) -> Vec<Symbol> {
    let types = &ctx.types;
    let types: [(&CStr, &Py<PyType>); 59] = [
        (c"PyBaseObject_Type", types.object_type),
        (c"PyBool_Type", types.bool_type),
        (c"PyByteArrayIter_Type", types.bytearray_iterator_type),
        (c"PyByteArray_Type", types.bytearray_type),
        (c"PyBytesIter_Type", types.bytes_iterator_type),
        (c"PyBytes_Type", types.bytes_type),
        (c"PyCFunction_Type", types.builtin_function_or_method_type),
        (c"PyCallIter_Type", types.callable_iterator),
        (c"PyCapsule_Type", PyCapsule::class(ctx)),
        (c"PyClassMethodDescr_Type", types.classmethod_descriptor_type),
        (c"PyComplex_Type", types.complex_type),
        (c"PyDictItems_Type", types.dict_items_type),
        (c"PyDictIterItem_Type", types.dict_itemiterator_type),
        (c"PyDictIterKey_Type", types.dict_keyiterator_type),
        (c"PyDictIterValue_Type", types.dict_valueiterator_type),
        (c"PyDictKeys_Type", types.dict_keys_type),
        (c"PyDictProxy_Type", types.mappingproxy_type),
        (c"PyDictRevIterItem_Type", types.dict_reverseitemiterator_type),
        (c"PyDictRevIterKey_Type", types.dict_reversekeyiterator_type),
        (c"PyDictRevIterValue_Type", types.dict_reversevalueiterator_type),
        (c"PyDictValues_Type", types.dict_values_type),
        (c"PyDict_Type", types.dict_type),
        (c"PyEllipsis_Type", types.ellipsis_type),
        (c"PyEnum_Type", types.enumerate_type),
        (c"PyFilter_Type", types.filter_type),
        (c"PyFloat_Type", types.float_type),
        (c"PyFrozenSet_Type", types.frozenset_type),
        (c"PyGetSetDescr_Type", types.getset_type),
        (c"PyListIter_Type", types.list_iterator_type),
        (c"PyListRevIter_Type", types.list_reverseiterator_type),
        (c"PyList_Type", types.list_type),
        (c"PyLongRangeIter_Type", types.long_range_iterator_type),
        (c"PyLong_Type", types.int_type),
        (c"PyMap_Type", types.map_type),
        (c"PyMemberDescr_Type", types.member_descriptor_type),
        (c"PyMemoryView_Type", types.memoryview_type),
        (c"PyMethodDescr_Type", types.method_descriptor_type),
        (c"PyModule_Type", types.module_type),
        (c"PyProperty_Type", types.property_type),
        (c"PyRangeIter_Type", types.range_iterator_type),
        (c"PyRange_Type", types.range_type),
        (c"PyReversed_Type", types.reverse_iter_type),
        (c"PySeqIter_Type", types.iter_type),
        (c"PySetIter_Type", types.set_iterator_type),
        (c"PySet_Type", types.set_type),
        (c"PySlice_Type", types.slice_type),
        (c"PySuper_Type", types.super_type),
        (c"PyTraceBack_Type", types.traceback_type),
        (c"PyTupleIter_Type", types.tuple_iterator_type),
        (c"PyTuple_Type", types.tuple_type),
        (c"PyType_Type", types.type_type),
        (c"PyUnicodeIter_Type", types.str_iterator_type),
        (c"PyUnicode_Type", types.str_type),
        (c"PyWrapperDescr_Type", types.wrapper_descriptor_type),
        (c"PyZip_Type", types.zip_type),
        (c"Py_GenericAliasType", types.generic_alias_type),
        (c"_PyWeakref_CallableProxyType", types.weakcallableproxy_type),
        (c"_PyWeakref_ProxyType", types.weakproxy_type),
        (c"_PyWeakref_RefType", types.weakref_type),
    ];
    let singletons: [(&CStr, &PyObject); 5] = [
        (c"_Py_EllipsisObject", ctx.ellipsis.as_object()),
        (c"_Py_FalseStruct", ctx.false_value.as_object()),
        (c"_Py_NoneStruct", ctx.none.as_object()),
        (c"_Py_NotImplementedStruct", ctx.not_implemented.as_object()),
        (c"_Py_TrueStruct", ctx.true_value.as_object()),
    ];
    let variables = [c"PyExc_EnvironmentError", c"PyExc_IOError"];

    let types = types.map(|(name, class)| (name, class.as_object()));
    let objects = types.into_iter().chain(singletons);
    let objects = objects.map(|(name, object)| (name, core::ptr::from_ref(object).cast::<c_void>()));
    objects.chain(variables.map(|name| (name, (&raw const PyExc_OSError).cast()))).collect()
}

//! The consumer: the module `scanner`, which imports the table by its dotted name and works
//! through the pointer.

pub(crate) use scanner::module_def;

/// Finds every occurrence of a word in a file.
#[rustpython_vm::pymodule]
mod scanner {
    use rustpython_capsule_glue::import_api;
    use rustpython_vm::builtins::PyListRef;
    use rustpython_vm::convert::ToPyObject;
    use rustpython_vm::function::ArgBytesLike;
    use rustpython_vm::{PyResult, VirtualMachine};

    use crate::api::SearchApi;

    /// Return the offsets of all occurrences of needle in haystack.
    #[pyfunction]
    fn scan(
        haystack: ArgBytesLike,
        needle: ArgBytesLike,
        vm: &VirtualMachine,
    ) -> PyResult<PyListRef> {
        let api = import_api::<SearchApi>(vm)?;
        let (haystack, needle) = (haystack.borrow_buf(), needle.borrow_buf());
        if needle.is_empty() {
            return Err(vm.new_value_error("cannot search for nothing"));
        }
        let mut offsets = Vec::<usize>::new();
        let mut start = 0;
        // From here to the end no Python runs.
        while let Some(rest) = haystack.get(start..) {
            // SAFETY: both are slices that live for the call.
            let offset =
                unsafe { (api.find)(rest.as_ptr(), rest.len(), needle.as_ptr(), needle.len()) };
            if offset == usize::MAX {
                break;
            }
            offsets.push(start + offset);
            start += offset + 1;
        }
        let offsets = offsets.into_iter();
        Ok(vm
            .ctx
            .new_list(offsets.map(|offset| offset.to_pyobject(vm)).collect()))
    }
}

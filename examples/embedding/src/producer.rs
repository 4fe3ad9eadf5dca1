//! The producer: the module `bytesearch`, which offers its search to Python code as a function and
//! to native modules as an API table.

use rustpython_capsule_glue::ApiHeader;

use crate::api::SearchApi;

pub(crate) use bytesearch::module_def;

static API: SearchApi = SearchApi {
    header: ApiHeader::new(),
    find,
};

unsafe extern "C" fn find(
    haystack: *const u8,
    haystack_len: usize,
    needle: *const u8,
    needle_len: usize,
) -> usize {
    // SAFETY: the table requires that it is readable during the call.
    let haystack = unsafe { core::slice::from_raw_parts(haystack, haystack_len) };
    // SAFETY: as for `haystack`.
    let needle = unsafe { core::slice::from_raw_parts(needle, needle_len) };
    memchr::memmem::find(haystack, needle).unwrap_or(usize::MAX)
}

/// Substring search over bytes.
#[rustpython_vm::pymodule]
mod bytesearch {
    use rustpython_capsule_glue::capsule::PyCapsule;
    use rustpython_capsule_glue::publish_api;
    use rustpython_vm::function::ArgBytesLike;
    use rustpython_vm::{PyRef, VirtualMachine};

    /// The capsule from which native modules import the table.
    #[pyattr(name = "_C_API")]
    fn api(vm: &VirtualMachine) -> PyRef<PyCapsule> {
        publish_api(&super::API, &vm.ctx)
    }

    /// Return the offset of the first needle at or after start, or -1 if there is none.
    #[pyfunction]
    fn find(haystack: ArgBytesLike, needle: ArgBytesLike, start: usize) -> isize {
        let haystack = haystack.borrow_buf();
        let Some(rest) = haystack.get(start..) else {
            return -1;
        };
        memchr::memmem::find(rest, &needle.borrow_buf())
            .map_or(-1, |offset| (start + offset).cast_signed())
    }
}

//! The consumer: the module `scanner`, which imports two API tables and calls their functions.

pub(crate) use scanner::module_def;

/// Finds every occurrence of a word in a file.
#[rustpython_vm::pymodule]
mod scanner {
    use rustpython_capsule_glue::import_api;
    use rustpython_vm::builtins::PyListRef;
    use rustpython_vm::convert::ToPyObject;
    use rustpython_vm::function::ArgBytesLike;
    use rustpython_vm::{PyResult, VirtualMachine};

    use crate::api::{SearchApi, StatlibApi, StatlibSample, StatlibSummary};

    /// Return the offsets of all occurrences of needle in haystack.
    #[pyfunction]
    fn scan(
        haystack: ArgBytesLike,
        needle: ArgBytesLike,
        vm: &VirtualMachine,
    ) -> PyResult<PyListRef> {
        let offsets = offsets(&haystack, &needle, vm)?.into_iter();
        Ok(vm
            .ctx
            .new_list(offsets.map(|offset| offset.to_pyobject(vm)).collect()))
    }

    /// Return count, minimum, maximum, mean and standard deviation of the distances between the
    /// occurrences of needle in haystack. The extension module `statlib` computes them.
    #[pyfunction]
    fn gaps(
        haystack: ArgBytesLike,
        needle: ArgBytesLike,
        vm: &VirtualMachine,
    ) -> PyResult<(u64, f64, f64, f64, f64)> {
        let offsets = offsets(&haystack, &needle, vm)?;
        let gaps = offsets.windows(2).map(|pair| (pair[1] - pair[0]) as f64);
        let gaps: Vec<f64> = gaps.collect();
        let api = import_api::<StatlibApi>(vm)?;
        let mut summary = StatlibSummary::default();
        // SAFETY: the sample is readable and the summary writable during the call.
        let status = unsafe { (api.summarize)(&StatlibSample::of(&gaps), &mut summary) };
        if status != 0 {
            return Err(vm.new_value_error("needle occurs less than twice"));
        }
        let StatlibSummary {
            count,
            minimum,
            maximum,
            mean,
            deviation,
        } = summary;
        Ok((count, minimum, maximum, mean, deviation))
    }

    fn offsets(
        haystack: &ArgBytesLike,
        needle: &ArgBytesLike,
        vm: &VirtualMachine,
    ) -> PyResult<Vec<usize>> {
        let api = import_api::<SearchApi>(vm)?;
        let (haystack, needle) = (haystack.borrow_buf(), needle.borrow_buf());
        if needle.is_empty() {
            return Err(vm.new_value_error("cannot search for nothing"));
        }
        let mut offsets = Vec::new();
        let mut start = 0;
        // No Python code runs from here on, so the buffers do not change.
        while let Some(rest) = haystack.get(start..) {
            // SAFETY: both are slices, which are readable during the call.
            let offset =
                unsafe { (api.find)(rest.as_ptr(), rest.len(), needle.as_ptr(), needle.len()) };
            if offset == usize::MAX {
                break;
            }
            offsets.push(start + offset);
            start += offset + 1;
        }
        Ok(offsets)
    }
}

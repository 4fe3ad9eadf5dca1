//! The class of the rows of classes as a class of the VM, in the builtin module `speed_native`; see
//! `benches/c/class/sample.c`.

pub(crate) use speed_native::module_def;

#[rustpython_vm::pymodule]
mod speed_native {
    use core::sync::atomic::{AtomicUsize, Ordering};

    use rustpython_vm::builtins::PyType;
    use rustpython_vm::common::hash::PyHash;
    use rustpython_vm::function::{FuncArgs, KwArgs, PosArgs, PyComparisonValue};
    use rustpython_vm::object::{Traverse, TraverseFn};
    use rustpython_vm::protocol::{
        BufferDescriptor, BufferMethods, PyBuffer, PyIterReturn, PyMappingMethods, PyNumberMethods,
    };
    use rustpython_vm::types::{
        AsBuffer, AsMapping, AsNumber, Comparable, Constructor, Hashable, IterNext, Iterable,
        PyComparisonOp, SelfIter,
    };
    use rustpython_vm::{
        AsObject, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass,
    };

    const LENGTH: usize = 3;
    const HASH: PyHash = 271_828;
    const SIZE: usize = 64;

    #[pyattr]
    #[pyclass(module = "speed_native", name = "Sample", traverse = "manual")]
    #[derive(Debug, PyPayload)]
    struct Sample {
        #[pymember]
        member: PyObjectRef,
        remaining: AtomicUsize,
        bytes: [u8; SIZE],
    }

    // SAFETY: the only reference is visited once.
    unsafe impl Traverse for Sample {
        fn traverse(&self, visit: &mut TraverseFn<'_>) {
            self.member.traverse(visit);
        }
    }

    #[pyclass(with(
        AsBuffer,
        AsMapping,
        AsNumber,
        Comparable,
        Constructor,
        Hashable,
        IterNext,
        Iterable
    ))]
    impl Sample {
        #[pymethod]
        fn noargs(zelf: PyRef<Self>) -> PyRef<Self> {
            zelf
        }

        #[pymethod]
        fn one(zelf: PyRef<Self>, _argument: PyObjectRef) -> PyRef<Self> {
            zelf
        }

        #[pymethod]
        fn varargs(zelf: PyRef<Self>, _arguments: PosArgs) -> PyRef<Self> {
            zelf
        }

        #[pymethod]
        fn varargs_keywords(
            zelf: PyRef<Self>,
            _arguments: PosArgs,
            _keywords: KwArgs,
        ) -> PyRef<Self> {
            zelf
        }

        #[pymethod]
        fn fastcall(zelf: PyRef<Self>, _first: PyObjectRef, _second: PyObjectRef) -> PyRef<Self> {
            zelf
        }

        #[pymethod]
        fn fastcall_keywords(zelf: PyRef<Self>, _arguments: FuncArgs) -> PyRef<Self> {
            zelf
        }

        #[pymethod]
        fn method(zelf: PyRef<Self>, _arguments: FuncArgs) -> PyRef<Self> {
            zelf
        }

        #[pygetset]
        fn getter(zelf: &Py<Self>) -> PyObjectRef {
            zelf.member.clone()
        }

        #[pygetset]
        fn remaining(zelf: &Py<Self>) -> usize {
            zelf.remaining.load(Ordering::Relaxed)
        }

        #[pygetset(setter)]
        fn set_remaining(zelf: &Py<Self>, remaining: usize) {
            zelf.remaining.store(remaining, Ordering::Relaxed);
        }
    }

    impl Constructor for Sample {
        type Args = FuncArgs;

        fn py_new(_class: &Py<PyType>, _args: FuncArgs, vm: &VirtualMachine) -> PyResult<Self> {
            Ok(Self {
                member: vm.ctx.none(),
                remaining: AtomicUsize::new(0),
                bytes: [0; SIZE],
            })
        }
    }

    impl AsMapping for Sample {
        fn as_mapping() -> &'static PyMappingMethods {
            static METHODS: PyMappingMethods = PyMappingMethods {
                length: Some(|_mapping, _vm| Ok(LENGTH)),
                subscript: Some(|mapping, _key, _vm| {
                    Ok(Sample::mapping_downcast(mapping).member.clone())
                }),
                ass_subscript: None,
            };
            &METHODS
        }
    }

    impl AsNumber for Sample {
        fn as_number() -> &'static PyNumberMethods {
            static METHODS: PyNumberMethods = PyNumberMethods {
                add: Some(|left, _right, _vm| Ok(left.to_owned())),
                ..PyNumberMethods::NOT_IMPLEMENTED
            };
            &METHODS
        }
    }

    impl Comparable for Sample {
        fn cmp(
            zelf: &Py<Self>,
            other: &PyObject,
            operation: PyComparisonOp,
            _vm: &VirtualMachine,
        ) -> PyResult<PyComparisonValue> {
            operation.eq_only(|| Ok(zelf.as_object().is(other).into()))
        }
    }

    impl Hashable for Sample {
        fn hash(_zelf: &Py<Self>, _vm: &VirtualMachine) -> PyResult<PyHash> {
            Ok(HASH)
        }
    }

    impl SelfIter for Sample {}

    impl IterNext for Sample {
        fn next(zelf: &Py<Self>, _vm: &VirtualMachine) -> PyResult<PyIterReturn> {
            let remaining = zelf.remaining.load(Ordering::Relaxed);
            if remaining == 0 {
                return Ok(PyIterReturn::StopIteration(None));
            }
            zelf.remaining.store(remaining - 1, Ordering::Relaxed);
            Ok(PyIterReturn::Return(zelf.member.clone()))
        }
    }

    static BUFFER: BufferMethods = BufferMethods {
        obj_bytes: |buffer| buffer.obj_as::<Sample>().bytes.as_slice().into(),
        obj_bytes_mut: |_| unreachable!("the buffer is read-only"),
        release: |_| {},
        retain: |_| {},
    };

    impl AsBuffer for Sample {
        fn as_buffer(zelf: &Py<Self>, _vm: &VirtualMachine) -> PyResult<PyBuffer> {
            let description = BufferDescriptor::simple(SIZE, true);
            Ok(PyBuffer::new(zelf.to_owned().into(), description, &BUFFER))
        }
    }
}

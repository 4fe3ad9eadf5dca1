//! `_wheelcheck`, the native part of the Python module `wheelcheck`: what a shared library needs, and
//! which symbols this process offers. No code of the library runs.

use rustpython_vm::Context;
use rustpython_vm::builtins::PyModuleDef;
use rustpython_vm::pymodule;

pub(crate) fn module(ctx: &Context) -> &'static PyModuleDef {
    _wheelcheck::module_def(ctx)
}

#[pymodule]
mod _wheelcheck {
    use core::ffi::c_void;
    use std::path::Path;

    use libloading::os::unix::Library;
    use rustpython_vm::builtins::PyListRef;
    use rustpython_vm::function::FsPath;
    use rustpython_vm::{PyResult, VirtualMachine};

    use crate::elf::SharedLibrary;
    use crate::type_symbols;

    /// Read a shared library. Return whether it is for this machine, the libraries that it needs, the
    /// symbols that it must get from others, and those of `wanted` that it defines.
    #[pyfunction]
    fn read(
        path: FsPath,
        wanted: Vec<String>,
        vm: &VirtualMachine,
    ) -> PyResult<(bool, PyListRef, PyListRef, PyListRef)> {
        let path = path.to_path_buf(vm)?;
        let open = |path: &Path| {
            SharedLibrary::read(path)
                .map_err(|error| vm.new_os_error(format!("{}: {error}", path.display())))
        };
        let library = open(&path)?;
        let here = open(Path::new("/proc/self/exe"))?;
        let list = |names: &mut dyn Iterator<Item = String>| {
            let names = names.map(|name| vm.ctx.new_str(name).into());
            vm.ctx.new_list(names.collect())
        };
        let text = |name: &std::ffi::OsStr| name.to_string_lossy().into_owned();
        let undefined = library.undefined().filter(|symbol| !symbol.weak);
        Ok((
            library.machine == here.machine,
            list(&mut library.needed.iter().map(|name| text(name))),
            list(&mut undefined.map(|symbol| text(symbol.name))),
            list(&mut wanted.into_iter().filter(|name| library.defines(name))),
        ))
    }

    /// Return whether a library that is imported now would find this symbol of the C API.
    #[pyfunction]
    fn offers(symbol: String) -> bool {
        // Where they cannot be defined, the type symbols are missing, which is the answer.
        let _ = type_symbols::provide();
        // SAFETY: the address is not used.
        let found = unsafe { Library::this().get::<*const c_void>(symbol.as_bytes()) };
        found.is_ok()
    }
}

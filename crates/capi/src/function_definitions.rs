//! The definitions of function objects and method descriptors. The VM never frees a definition, so
//! objects that are made alike share one. How a C function is called is in `method_definition`.

use core::ffi::c_int;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustpython_vm::function::{PyMethodDef, PyNativeFn};

/// The properties in which definitions differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    /// The name in messages about arguments: with the module, or with the class of a method.
    pub(crate) full_name: &'static str,
    /// The class of a method, with its module; empty for a function.
    pub(crate) owner: &'static str,
    /// Empty if there is none.
    pub(crate) doc: &'static str,
    /// The address of the C function.
    pub(crate) address: usize,
    /// The flags of the C definition, which say how the C function takes its arguments.
    pub(crate) flags: c_int,
    pub(crate) receiver: Receiver,
    /// The address of the class that the C function gets as its defining class; 0 if it gets none.
    pub(crate) class: usize,
}

/// The object that a C function gets as its first argument, `self`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Receiver {
    /// NULL.
    Nothing,
    /// The object that the function object is bound to.
    Bound,
    /// An instance of the class that has the method.
    Instance,
    /// That class, or one derived from it.
    Class,
}

type Definitions = HashMap<Key, &'static PyMethodDef>;

/// The lock is held for a lookup and an allocation. Its holder waits for no other lock, so that a
/// fork may wait for it.
static DEFINITIONS: Mutex<Option<Definitions>> = Mutex::new(None);

fn lock() -> MutexGuard<'static, Option<Definitions>> {
    DEFINITIONS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The definition for a key, which `make` makes the first time. `make` must not enter the VM.
pub(crate) fn definition(key: Key, make: impl FnOnce() -> PyMethodDef) -> &'static PyMethodDef {
    #[cfg(unix)]
    forks::handle();
    lock()
        .get_or_insert_default()
        .entry(key)
        .or_insert_with(|| Box::leak(Box::new(make())))
}

/// The key of the definition whose function is `function`; `None` if the VM made the definition.
pub(crate) fn key_of(function: &'static dyn PyNativeFn) -> Option<Key> {
    #[cfg(unix)]
    forks::handle();
    let definitions = lock();
    let mut entries = definitions.iter().flatten();
    let (key, _) = entries.find(|(_, made)| core::ptr::addr_eq(made.func, function))?;
    Some(*key)
}

/// The forking thread holds the lock during a fork, so that the child gets an unlocked, complete
/// map.
#[cfg(unix)]
mod forks {
    use core::cell::Cell;
    use std::sync::{MutexGuard, Once};

    use super::{Definitions, lock};

    thread_local! {
        /// The lock, while this thread forks.
        static HELD: Cell<Option<MutexGuard<'static, Option<Definitions>>>> =
            const { Cell::new(None) };
    }

    /// Registers the handlers. Called before the lock is taken for the first time.
    pub(super) fn handle() {
        static ONCE: Once = Once::new();
        // SAFETY: the handlers are async-fork-safe: they only take and release a lock of this file.
        ONCE.call_once(|| unsafe {
            // Without memory the handlers are missing, and only a child of a bare fork is at risk.
            let _no_memory = libc::pthread_atfork(Some(before), Some(after), Some(after));
        });
    }

    unsafe extern "C" fn before() {
        let guard = lock();
        // During thread shutdown this drops the guard, and the fork continues without the lock.
        let _ = HELD.try_with(|held| held.set(Some(guard)));
    }

    unsafe extern "C" fn after() {
        let _ = HELD.try_with(Cell::take);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use rustpython_vm::builtins::PyStr;
    use rustpython_vm::function::{ItemDoc, PyMethodFlags};

    use super::{Key, PyMethodDef, Receiver, definition};

    const KEY: Key = Key {
        name: "name",
        full_name: "module.name",
        owner: "",
        doc: "",
        address: 1,
        flags: 0,
        receiver: Receiver::Nothing,
        class: 0,
    };

    fn make() -> PyMethodDef {
        let flags = PyMethodFlags::empty();
        PyMethodDef::new_const(
            "name",
            |_: rustpython_vm::PyRef<PyStr>| (),
            flags,
            ItemDoc::NONE,
        )
    }

    pub(crate) fn equal_keys_share_a_definition() {
        let first = definition(KEY, make);
        assert!(core::ptr::eq(
            first,
            definition(KEY, || unreachable!("it is made once"))
        ));
        let others = [
            Key {
                name: "other",
                ..KEY
            },
            Key {
                full_name: "other",
                ..KEY
            },
            Key {
                doc: "other",
                ..KEY
            },
            Key { address: 2, ..KEY },
            Key { flags: 1, ..KEY },
            Key { class: 1, ..KEY },
            Key {
                owner: "other",
                ..KEY
            },
            Key {
                receiver: Receiver::Bound,
                ..KEY
            },
        ];
        for other in others {
            assert!(!core::ptr::eq(first, definition(other, make)), "{other:?}");
        }
    }

    /// A child has the lock of a thread that only the parent has, unless the fork waits for it.
    #[cfg(unix)]
    pub(crate) fn a_child_can_make_definitions() {
        use core::sync::atomic::{AtomicBool, Ordering};

        let going = AtomicBool::new(true);
        std::thread::scope(|scope| {
            for thread in 0..2 {
                let going = &going;
                scope.spawn(move || {
                    for address in (0..50_000).cycle() {
                        definition(
                            Key {
                                address,
                                flags: 2 + thread,
                                ..KEY
                            },
                            make,
                        );
                        if !going.load(Ordering::Relaxed) {
                            break;
                        }
                    }
                });
            }
            let failed = (0..200)
                .map(|_| status_of_child())
                .find(|status| *status != 0);
            going.store(false, Ordering::Relaxed);
            assert_eq!(failed, None);
        });
    }

    /// The status of a child that makes a definition; the signal that ends it if it hangs.
    #[cfg(unix)]
    fn status_of_child() -> core::ffi::c_int {
        // SAFETY: the child only uses the lock of this file and the allocator, and exits.
        let child = unsafe { libc::fork() };
        if child == 0 {
            // SAFETY: it takes any number of seconds.
            unsafe { libc::alarm(10) };
            definition(Key { flags: 9, ..KEY }, make);
            // SAFETY: it ends the process.
            unsafe { libc::_exit(0) };
        }
        let mut status = -1;
        // SAFETY: the status can be written to.
        unsafe { libc::waitpid(child, &raw mut status, 0) };
        status
    }
}

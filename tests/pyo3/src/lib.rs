//! `pyo3_capsules`: each function of PyO3 for capsules as a Python function, and some for dates.
//! `tests/it/extensions/pyo3.py` checks what they do.

mod accessors;
mod constructors;
mod dates;
mod ledger;
mod threads;

use pyo3::prelude::*;

#[pymodule]
mod pyo3_capsules {
    /// The name of capsules whose constructor takes no name.
    #[pymodule_export]
    const NAME: &str = "pyo3_capsules.capsule";

    #[pymodule_export]
    use crate::accessors::{
        address, call, context, import, import_aligned, import_pointer, is_capsule, is_valid, name,
        name_address, number, set_context, type_object,
    };
    #[pymodule_export]
    use crate::constructors::{
        with_closure, with_destructor, with_function, with_name, with_pointer,
        with_pointer_and_destructor, with_value, with_value_and_destructor, without_name,
    };
    #[pymodule_export]
    use crate::dates::{midnight, since_midnight};
    #[pymodule_export]
    use crate::ledger::take_ledger;
    #[pymodule_export]
    use crate::threads::{drop_detached, drop_on_a_thread, made_on_a_thread};
}

//! `pyo3_classes`: what PyO3 offers for classes, one file for each topic. The scripts in
//! `tests/it/extensions/classes` check it, here and in CPython.

mod attributes;
mod bases;
mod buffers;
mod comparisons;
mod containers;
mod conversions;
mod coroutines;
mod cycles;
mod enums;
mod failures;
mod ledger;
mod levels;
mod methods;
mod numbers;
mod threads;

use pyo3::prelude::*;

/// Classes of each kind.
#[pymodule(gil_used = false)]
mod pyo3_classes {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::attributes::{Fallback, Loud, Noted, Open, Shared};
    #[pymodule_export]
    use crate::bases::{
        Animal, CodeError, CodeExit, CodeImportError, CodeKeyError, CodeOsError, CodeStop, Dog,
        NativeComplex, NativeDate, NativeDelta, NativeDict, NativeFloat, NativeFrozenSet,
        NativeObject, NativeSet, NativeZone, Puppy, catch_code, names, raise_code,
    };
    #[pymodule_export]
    use crate::buffers::{Block, Holder, Matrix, NoBuffer, describe_buffer, fill, numbers_of};
    #[pymodule_export]
    use crate::comparisons::{Each, Plain, Refusing, Rich, Version};
    #[pymodule_export]
    use crate::containers::{Closed, Countdown, Numbers, Partial, Row, Strict, Table};
    #[pymodule_export]
    use crate::conversions::{any, byte, config, pair, person, sorted_attributes, text, through};
    #[pymodule_export]
    use crate::coroutines::{
        Clock, Ready, Ticks, fail_later, later, nap, panic_later, until_cancelled,
    };
    #[pymodule_export]
    use crate::cycles::{Branch, LastWords, Node, OneThread, Opaque, Recycled};
    #[pymodule_export]
    use crate::enums::{Colour, Direction, Shape, largest, next_colour};
    #[pymodule_export]
    use crate::failures::{
        Cell, FirstError, FoundError, Panicking, SecondError, borrow_errors, describe_error, fail,
        fail_with_cause,
    };
    #[pymodule_export]
    use crate::ledger::counts;
    #[pymodule_export]
    use crate::levels::{Level1, Level2, Level3, Level4, Level5, Level6};
    #[pymodule_export]
    use crate::methods::{Empty, Entry, Fields, Frozen, Made, Thermometer, make};
    #[pymodule_export]
    use crate::numbers::{InPlace, Left, Number, Right};
    #[pymodule_export]
    use crate::threads::{
        Counter, add_on_threads, call_on_a_thread, drop_detached, make_on_threads, only_list,
    };

    /// A module inside the module.
    #[pymodule]
    mod inner {
        use pyo3::prelude::*;

        /// Its `__module__` comes from the modules that it is declared in.
        #[pyclass]
        struct Deep {
            #[pyo3(get)]
            level: u8,
        }

        #[pymethods]
        impl Deep {
            #[new]
            fn new() -> Self {
                Self { level: 2 }
            }
        }

        #[pymodule_export]
        const LEVEL: u8 = 2;
    }

    #[pymodule_init]
    fn start(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("started", true)
    }
}

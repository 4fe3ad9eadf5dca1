//! What PyO3 offers only in builds for one version of CPython, and refuses for the stable ABI.

use pyo3::marshal;
use pyo3::prelude::*;
use pyo3::types::{PyContext, PyFrame, PyWeakrefReference};

#[pyclass(extends = PyWeakrefReference)]
struct Reference;

#[pymodule]
mod version_specific {
    use pyo3::prelude::*;
    use pyo3::types::PyString;

    /// Characters as they are stored.
    #[pyfunction]
    fn is_latin(text: &Bound<'_, PyString>) -> PyResult<bool> {
        // SAFETY: the text is not changed.
        let data = unsafe { text.data() };
        Ok(matches!(data?, pyo3::types::string::PyStringData::Ucs1(_)))
    }

    #[pymodule_init]
    fn show(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let context = module.py().get_type::<super::PyContext>();
        let code = super::marshal::dumps(&context, super::marshal::VERSION)?;
        module.add("frame", module.py().get_type::<super::PyFrame>())?;
        module.add("Reference", module.py().get_type::<super::Reference>())?;
        module.add("code", code)
    }
}

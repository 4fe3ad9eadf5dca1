//! What most users import: `use rustpython_capsule_glue::prelude::*;`. It contains the prelude of
//! [`rustpython_capsule`](crate::capsule).

pub use rustpython_capsule::prelude::*;

pub use crate::{
    Access, ApiHeader, ApiRef, ApiTable, CapsuleBuilderExt, api_table, import_api, import_capsule,
    import_value, publish_api,
};

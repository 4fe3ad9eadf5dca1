//! The items that most users import: `use rustpython_capsule_glue::prelude::*;`. They include the
//! prelude of [`rustpython_capsule`](crate::capsule).

pub use rustpython_capsule::prelude::*;

pub use crate::access::{Access, CapsuleBuilderExt};
pub use crate::api_ref::{ApiRef, import_api, publish_api};
pub use crate::api_table;
pub use crate::api_table::{ApiHeader, ApiTable};
pub use crate::import::{import_capsule, import_value};

//! The slots of buffers. `foreign_buffer` has what the VM calls, which is the same for all classes.

use crate::foreign_buffer::AS_BUFFER;
use crate::slot_ids::{BF_GETBUFFER, BF_RELEASEBUFFER};
use crate::type_record::TypeRecord;

pub(super) fn fill(record: &TypeRecord) {
    let slots = &record.class().slots;
    if record.is_own(BF_GETBUFFER) {
        slots.as_buffer.store(Some(AS_BUFFER));
    }
    if record.is_own(BF_RELEASEBUFFER) {
        slots.has_release_buffer.store(true);
    }
}

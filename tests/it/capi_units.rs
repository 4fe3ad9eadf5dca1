//! The unit tests of private code in `crates/capi/src`. They are in the files of that code, which
//! are compiled here once more: a test binary of the crate itself would have to link the VM again,
//! with the linker arguments of a program.

#![expect(
    unreachable_pub,
    reason = "an item of these files is public in its own crate"
)]

#[path = "../../crates/capi/src/abi_info.rs"]
mod abi_info;
#[expect(dead_code, reason = "exceptions are tested with an interpreter")]
#[path = "../../crates/capi/src/c_string.rs"]
mod c_string;
#[cfg(unix)]
#[path = "../../crates/capi/src/elf.rs"]
mod elf;
#[path = "../../crates/capi/src/export_hook.rs"]
mod export_hook;
#[expect(dead_code, reason = "imports are tested with an interpreter")]
#[path = "../../crates/capi/src/foreign_files.rs"]
mod foreign_files;
#[expect(dead_code, reason = "functions are tested with an interpreter")]
#[path = "../../crates/capi/src/function_definitions.rs"]
mod function_definitions;
#[cfg(unix)]
#[expect(dead_code, reason = "a search is tested with libraries")]
#[path = "../../crates/capi/src/library_search.rs"]
mod library_search;
#[expect(
    dead_code,
    reason = "instances and classes are tested with an interpreter"
)]
#[path = "../../crates/capi/src/vtable.rs"]
mod vtable;
#[path = "../../crates/capi/src/vtable_entries.rs"]
mod vtable_entries;

use libtest_mimic::Trial;

use crate::interpreter::trial;

const TESTS: &[(&str, fn())] = &[
    (
        "abi_info::a-record-is-compatible-or-has-a-problem",
        abi_info::tests::a_record_is_compatible_or_has_a_problem,
    ),
    (
        "c_string::the-text-of-an-object-keeps-its-address",
        c_string::tests::the_text_of_an_object_keeps_its_address,
    ),
    (
        "c_string::a-text-that-grows-moves-rarely",
        c_string::tests::a_text_that_grows_moves_rarely,
    ),
    (
        "c_string::the-empty-text-is-shared",
        c_string::tests::the_empty_text_is_shared,
    ),
    (
        "c_string::breaking-a-cycle-keeps-the-text",
        c_string::tests::breaking_a_cycle_keeps_the_text,
    ),
    (
        "c_string::deallocation-restores-the-vtable",
        c_string::tests::deallocation_restores_the_vtable,
    ),
    #[cfg(target_os = "linux")]
    ("elf::a-program-is-read", elf::tests::a_program_is_read),
    #[cfg(unix)]
    (
        "elf::a-file-that-is-not-elf-is-an-error",
        elf::tests::a_file_that_is_not_elf_is_an_error,
    ),
    (
        "export_hook::the-name-comes-from-the-last-part",
        export_hook::tests::the_name_comes_from_the_last_part,
    ),
    (
        "export_hook::an-error-of-the-encoder-is-returned",
        export_hook::tests::an_error_of_the_encoder_is_returned,
    ),
    (
        "foreign_files::a-tag-says-for-what-a-file-is-built",
        foreign_files::tests::a_tag_says_for_what_a_file_is_built,
    ),
    (
        "function_definitions::equal-keys-share-a-definition",
        function_definitions::tests::equal_keys_share_a_definition,
    ),
    #[cfg(unix)]
    (
        "function_definitions::a-child-can-make-definitions",
        function_definitions::tests::a_child_can_make_definitions,
    ),
    #[cfg(unix)]
    (
        "library_search::origin-is-the-folder-of-the-library",
        library_search::tests::origin_is_the_folder_of_the_library,
    ),
    #[cfg(unix)]
    (
        "library_search::the-cache-has-the-files-of-a-name",
        library_search::tests::the_cache_has_the_files_of_a_name,
    ),
];

pub(crate) fn trials() -> Vec<Trial> {
    let test = |&(name, test): &'static (&str, fn())| {
        trial(format!("capi_units::{name}"), move || {
            test();
            Ok(())
        })
    };
    TESTS.iter().map(test).collect()
}

//! A shared library, made in memory, whose symbols are addresses that this process chooses. The
//! linker cannot give a symbol the address of an object that is made at run time; the dynamic loader
//! can, because it adds nothing to a symbol that is marked as absolute. `docs/design/type-symbols.md`
//! has the reasons.

use core::ffi::{CStr, c_uint, c_void};
use core::mem::size_of;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_LOCAL, RTLD_NOW};
use object::elf::{
    DT_HASH, DT_NULL, DT_STRSZ, DT_STRTAB, DT_SYMENT, DT_SYMTAB, Dyn64, ET_DYN, FileHeader64, PF_R,
    PF_W, PT_DYNAMIC, PT_GNU_STACK, PT_LOAD, ProgramHeader64, SHN_ABS, SHN_UNDEF, STB_GLOBAL,
    STT_OBJECT, Sym64, hash,
};
use object::endian::{I64, U16, U32, U64};
use object::pod::{bytes_of, bytes_of_slice};
use object::read::elf::FileHeader;
use object::{NativeEndian as Native, ReadCache};

/// A symbol, and the address that it gets.
pub(crate) type Symbol = (&'static CStr, *const c_void);

/// Defines the symbols for all libraries that are loaded from now on, until the process ends. A
/// library that was loaded before may define a symbol of the same name, and then that one counts.
///
/// # Errors
/// Why this system cannot do it; nothing is defined then. The text ends a sentence.
pub(crate) fn define(symbols: &[Symbol]) -> Result<(), String> {
    let program = File::open("/proc/self/exe").map(ReadCache::new);
    let program = program.map_err(|error| format!("/proc/self/exe cannot be read: {error}"))?;
    let header = FileHeader64::<Native>::parse(&program)
        .map_err(|error| format!("/proc/self/exe is not for a 64-bit processor: {error}"))?;
    let file = memory_file(&image(header, symbols))
        .map_err(|error| format!("a file in memory cannot be made: {error}"))?;
    // The dynamic loader recognizes a loaded library by this name, and the number of a closed file
    // is used again. So the name is spelt as no other code is likely to spell it.
    let name = format!("/proc/self/fd/.//{}", file.as_raw_fd());
    let open = |flags| {
        // SAFETY: the library has no code, so none runs.
        unsafe { Library::open(Some(&name), RTLD_NOW | flags) }.map_err(|error| {
            let source = core::error::Error::source(&error);
            source.map_or_else(|| error.to_string(), ToString::to_string)
        })
    };
    // No other library sees the symbols before they are known to be right.
    let library = open(RTLD_LOCAL)?;
    for (symbol, address) in symbols {
        // SAFETY: the address is only compared.
        let found = unsafe { library.get::<*const c_void>(symbol.to_bytes_with_nul()) };
        if found.ok().map(|found| found.as_raw_ptr().cast_const()) != Some(*address) {
            return Err("the dynamic loader changes the addresses of absolute symbols".to_owned());
        }
    }
    // Both handles are kept, and so the library is never closed.
    core::mem::forget(open(RTLD_GLOBAL | libc::RTLD_NOLOAD)?);
    core::mem::forget(library);
    Ok(())
}

/// A file that exists only in memory and is closed in programs that this process starts.
fn memory_file(content: &[u8]) -> io::Result<File> {
    let name = c"rustpython-type-symbols";
    let create = |flags: c_uint| {
        // SAFETY: the name is NUL-terminated.
        let descriptor = unsafe { libc::memfd_create(name.as_ptr(), libc::MFD_CLOEXEC | flags) };
        if descriptor < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor is new, so nothing else owns it.
        Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
    };
    // Linux before 6.3 does not know the flag, and later versions may be set up to require it.
    let descriptor = create(libc::MFD_NOEXEC_SEAL).or_else(|_| create(0))?;
    let mut file = File::from(descriptor);
    file.write_all(content)?;
    Ok(file)
}

/// The content of the library: one segment with all of it, which the dynamic loader reads and writes.
/// Machine, byte order and calling convention are those in the header of the program.
fn image(program: &FileHeader64<Native>, symbols: &[Symbol]) -> Vec<u8> {
    let mut names = vec![0];
    // The first symbol is always undefined.
    let mut table = vec![symbol(0, SHN_UNDEF, 0)];
    for (name, address) in symbols {
        table.push(symbol(names.len(), SHN_ABS, address.addr()));
        names.extend_from_slice(name.to_bytes_with_nul());
    }
    let hashes = hash_table(symbols.iter().map(|(name, _)| hash(name.to_bytes())));

    let headers =
        size_of::<FileHeader64<Native>>() + SEGMENTS * size_of::<ProgramHeader64<Native>>();
    let hash_at = headers;
    let table_at = (hash_at + size_of_val(&*hashes)).next_multiple_of(ALIGNMENT);
    let names_at = table_at + size_of_val(&*table);
    let dynamic_at = (names_at + names.len()).next_multiple_of(ALIGNMENT);
    let dynamic = [
        (DT_HASH, hash_at),
        (DT_SYMTAB, table_at),
        (DT_SYMENT, size_of::<Sym64<Native>>()),
        (DT_STRTAB, names_at),
        (DT_STRSZ, names.len()),
        (DT_NULL, 0),
    ];
    let dynamic = dynamic.map(|(tag, value)| Dyn64::<Native> {
        d_tag: I64::new(Native, tag),
        d_val: long(value),
    });
    let length = dynamic_at + size_of_val(&dynamic);
    let segments: [_; SEGMENTS] = [
        segment(PT_LOAD, 0, length),
        segment(PT_DYNAMIC, dynamic_at, size_of_val(&dynamic)),
        // Without it some systems would make the stack of the process executable.
        segment(PT_GNU_STACK, 0, 0),
    ];
    let header = FileHeader64::<Native> {
        e_type: U16::new(Native, ET_DYN),
        e_entry: long(0),
        e_phoff: long(size_of::<FileHeader64<Native>>()),
        e_shoff: long(0),
        e_phnum: U16::new(Native, SEGMENTS as u16),
        e_shnum: U16::new(Native, 0),
        e_shstrndx: U16::new(Native, 0),
        ..*program
    };

    let mut image = Vec::with_capacity(length);
    image.extend_from_slice(bytes_of(&header));
    image.extend_from_slice(bytes_of_slice(&segments));
    image.extend_from_slice(bytes_of_slice(&hashes));
    image.resize(table_at, 0);
    image.extend_from_slice(bytes_of_slice(&table));
    image.extend_from_slice(&names);
    image.resize(dynamic_at, 0);
    image.extend_from_slice(bytes_of_slice(&dynamic));
    image
}

const SEGMENTS: usize = 3;

/// That of the parts of the library.
const ALIGNMENT: usize = 8;

/// A multiple of every page size in use.
const PAGE: usize = 0x1_0000;

fn long(value: usize) -> U64<Native> {
    U64::new(Native, value as u64)
}

fn symbol(name: usize, section: u16, value: usize) -> Sym64<Native> {
    Sym64 {
        st_name: U32::new(Native, name as u32),
        st_info: STB_GLOBAL << 4 | STT_OBJECT,
        st_other: 0,
        st_shndx: U16::new(Native, section),
        st_value: long(value),
        st_size: long(0),
    }
}

fn segment(kind: u32, offset: usize, length: usize) -> ProgramHeader64<Native> {
    ProgramHeader64 {
        p_type: U32::new(Native, kind),
        p_flags: U32::new(Native, PF_R | PF_W),
        p_offset: long(offset),
        p_vaddr: long(offset),
        p_paddr: long(offset),
        p_filesz: long(length),
        p_memsz: long(length),
        p_align: long(if kind == PT_LOAD { PAGE } else { ALIGNMENT }),
    }
}

/// The hash table of the System V ABI: two counts, the first symbol of each bucket, and for each
/// symbol the next one in its bucket. It has a bucket for each symbol, because the dynamic loader
/// looks here for many symbols that other libraries define.
fn hash_table(hashes: impl ExactSizeIterator<Item = u32>) -> Vec<u32> {
    // Symbol 0 is undefined, and ends a bucket.
    let count = hashes.len() + 1;
    let mut buckets = vec![0; count];
    let mut next = vec![0; count];
    for (index, hash) in (1..).zip(hashes) {
        let first = &mut buckets[hash as usize % count];
        next[index as usize] = *first;
        *first = index;
    }
    [vec![count as u32; 2], buckets, next].concat()
}

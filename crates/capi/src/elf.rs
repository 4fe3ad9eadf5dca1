//! Reads what a shared library in ELF format tells the dynamic loader: the libraries that it needs,
//! where to search for them, and its dynamic symbols. No code of the library runs.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use object::elf::{
    DT_NEEDED, DT_RPATH, DT_RUNPATH, FileHeader32, FileHeader64, SHN_UNDEF, SHT_DYNSYM, STB_LOCAL,
    STB_WEAK,
};
use object::read::elf::{FileHeader, SectionHeader, Sym};
use object::read::{ReadRef, Result};
use object::{Endianness, FileKind, ReadCache};

/// The dynamic section and the dynamic symbols of a library.
#[derive(Debug)]
pub(crate) struct SharedLibrary {
    /// The class and the machine. The dynamic loader skips libraries for other machines when it
    /// searches its folders.
    pub(crate) machine: (u8, u16),
    /// The libraries that it needs (`DT_NEEDED`), in their order.
    pub(crate) needed: Vec<OsString>,
    /// The folders of `DT_RPATH`, separated by colons.
    pub(crate) rpath: Option<OsString>,
    /// The folders of `DT_RUNPATH`, separated by colons.
    pub(crate) runpath: Option<OsString>,
    symbols: Vec<Symbol>,
    /// The names of the symbols, each followed by a NUL.
    names: Box<[u8]>,
}

/// A dynamic symbol that other libraries see, or that is taken from them.
#[derive(Clone, Copy, Debug)]
struct Symbol {
    /// The offset of its name.
    name: u32,
    defined: bool,
    weak: bool,
}

impl SharedLibrary {
    /// Reads the library of this path. A library whose section headers were removed has no symbols
    /// and needs nothing, as far as this function can see.
    ///
    /// # Errors
    /// If the file cannot be read, or is not a valid ELF file.
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        let data = ReadCache::new(File::open(path)?);
        read(&data).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    /// Whether the library defines a symbol of this name that others can use.
    pub(crate) fn defines(&self, name: &str) -> bool {
        let mut defined = self.symbols.iter().filter(|symbol| symbol.defined);
        defined.any(|symbol| self.name(*symbol) == Some(name.as_bytes()))
    }

    /// The names of the symbols that the library takes from others. Without one that is not weak it
    /// cannot be loaded.
    pub(crate) fn undefined(&self) -> impl Iterator<Item = Undefined<'_>> {
        let undefined = self.symbols.iter().filter(|symbol| !symbol.defined);
        undefined.filter_map(|symbol| {
            Some(Undefined {
                name: OsStr::from_bytes(self.name(*symbol)?),
                weak: symbol.weak,
            })
        })
    }

    fn name(&self, symbol: Symbol) -> Option<&[u8]> {
        let rest = self.names.get(symbol.name as usize..)?;
        rest.split(|&byte| byte == 0).next()
    }
}

/// A symbol that a library takes from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Undefined<'a> {
    pub(crate) name: &'a OsStr,
    /// Whether the library can be loaded without it.
    pub(crate) weak: bool,
}

fn read<'data, R: ReadRef<'data>>(data: R) -> Result<SharedLibrary> {
    match FileKind::parse(data)? {
        FileKind::Elf32 => read_class::<FileHeader32<Endianness>, R>(data),
        // For a file that is not ELF this is the error.
        _ => read_class::<FileHeader64<Endianness>, R>(data),
    }
}

fn read_class<'data, Elf, R>(data: R) -> Result<SharedLibrary>
where
    Elf: FileHeader<Endian = Endianness>,
    R: ReadRef<'data>,
{
    let header = Elf::parse(data)?;
    let endian = header.endian()?;
    let sections = header.sections(endian, data)?;

    let dynamic = sections.dynamic_table(endian, data)?;
    let text = |tag| -> Result<Vec<OsString>> {
        let entries = dynamic.iter().filter(|entry| entry.tag == tag);
        let texts = entries.map(|entry| dynamic.string(entry));
        texts
            .map(|text| Ok(OsString::from_vec(text?.to_vec())))
            .collect()
    };

    let table = sections.symbols(endian, data, SHT_DYNSYM)?;
    // Read at once, and not through the table, which would read each name from the file.
    let names = if table.is_empty() {
        &[]
    } else {
        let strings = sections.section(table.string_section())?;
        strings.data(endian, data)?
    };
    let global = table.iter().filter(|symbol| symbol.st_bind() != STB_LOCAL);
    let symbols = global.map(|symbol| Symbol {
        name: symbol.st_name(endian),
        defined: symbol.st_shndx(endian) != SHN_UNDEF,
        weak: symbol.st_bind() == STB_WEAK,
    });

    Ok(SharedLibrary {
        machine: (header.e_ident().class, header.e_machine(endian)),
        needed: text(DT_NEEDED)?,
        rpath: text(DT_RPATH)?.pop(),
        runpath: text(DT_RUNPATH)?.pop(),
        symbols: symbols.collect(),
        names: names.into(),
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// This program, which exports the C API and is linked with the C library.
    pub(crate) fn a_program_is_read() {
        let program = std::env::current_exe().expect("the path is known");
        let program = SharedLibrary::read(&program).expect("it is an ELF file");
        assert!(program.defines("PyCapsule_New"));
        assert!(
            !program.defines("PyCapsule_Ne"),
            "a part of a name is not the name"
        );
        assert!(!program.defines("dlsym"), "it is undefined");
        let undefined = |wanted: &str| {
            let mut undefined = program.undefined();
            undefined.find(|symbol| symbol.name == wanted)
        };
        assert_eq!(undefined("dlsym").map(|symbol| symbol.weak), Some(false));
        assert_eq!(undefined("PyCapsule_New"), None);
        assert!(program.undefined().any(|symbol| symbol.weak));
        let is_libc = |name: &OsString| name.as_bytes().starts_with(b"libc.");
        assert!(program.needed.iter().any(is_libc), "{:?}", program.needed);
    }

    /// Nothing here may panic, whatever a file has in it.
    pub(crate) fn a_file_that_is_not_elf_is_an_error() {
        let program = std::env::current_exe().expect("the path is known");
        let mut bytes = Vec::new();
        let opened = File::open(program).expect("it can be read");
        io::Read::read_to_end(&mut io::Read::take(opened, 4096), &mut bytes)
            .expect("it can be read");
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length]).is_err(), "{length} bytes");
        }
        assert!(SharedLibrary::read(Path::new("/")).is_err());
        assert!(SharedLibrary::read(Path::new("/nowhere")).is_err());
    }
}

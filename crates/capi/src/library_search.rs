//! Where the dynamic loader finds a library that another one needs, without loading either. The
//! rules are those of glibc's ld.so(8), except for `DT_RPATH` of the program, `$LIB`, `$PLATFORM`
//! and the folders for newer processors.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::elf::SharedLibrary;

/// A library in a file.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    pub(crate) library: SharedLibrary,
    /// The folders of its `DT_RPATH` and of those of the libraries that led to it.
    inherited: Vec<PathBuf>,
}

impl Found {
    /// The library in a file that does not come from a search; `None` if the file has none.
    pub(crate) fn new(path: &Path) -> Option<Self> {
        Self::after(path.to_owned(), &[])
    }

    /// The library in this file, if it has one. It is needed by a library with these inherited
    /// folders.
    fn after(path: PathBuf, inherited: &[PathBuf]) -> Option<Self> {
        let library = SharedLibrary::read(&path).ok()?;
        // A library with DT_RUNPATH does not use DT_RPATH.
        let own = library
            .rpath
            .as_deref()
            .filter(|_| library.runpath.is_none());
        let mut folders = own.map_or_else(Vec::new, |list| folders_of(list, &path));
        folders.extend_from_slice(inherited);
        Some(Self {
            path,
            library,
            inherited: folders,
        })
    }
}

/// The folders that are the same for all libraries.
#[derive(Debug)]
pub(crate) struct Search {
    environment: Vec<PathBuf>,
    cache: Vec<u8>,
}

impl Search {
    /// Reads the environment and the loader's cache. The dynamic loader has read `LD_LIBRARY_PATH`
    /// when the process started; a later change is seen here only.
    pub(crate) fn new() -> Self {
        let list = std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
        // Both separators are allowed here.
        let entries = list.as_bytes().split(|byte| b":;".contains(byte));
        let environment = entries.filter(|entry| !entry.is_empty());
        Self {
            environment: environment.map(path_of).collect(),
            cache: fs::read("/etc/ld.so.cache").unwrap_or_default(),
        }
    }

    /// The library that the dynamic loader would load for this name, which `user` needs; `None` if
    /// it is not found.
    pub(crate) fn find(&self, name: &OsStr, user: &Found) -> Option<Found> {
        let usable = |path: PathBuf| {
            let found = Found::after(path, &user.inherited)?;
            (found.library.machine == user.library.machine).then_some(found)
        };
        if name.as_bytes().contains(&b'/') {
            return usable(expanded(name.as_bytes(), &user.path)?);
        }
        let runpath = user.library.runpath.as_deref();
        let rpath: &[PathBuf] = match runpath {
            Some(_) => &[],
            None => &user.inherited,
        };
        let runpath = runpath.map_or_else(Vec::new, |list| folders_of(list, &user.path));
        let folders = rpath.iter().chain(&self.environment).chain(&runpath);
        let cached = cached(&self.cache, name.as_bytes()).map(path_of);
        let system = system_folders().map(|folder| folder.join(name));
        let files = folders.map(|folder| folder.join(name));
        files.chain(cached).chain(system).find_map(usable)
    }
}

/// The folders where libraries of the system are.
fn system_folders() -> impl Iterator<Item = PathBuf> {
    let multiarch = format!("{}-linux-gnu", std::env::consts::ARCH);
    let folders = ["/lib", "/usr/lib"].map(|folder| Path::new(folder).join(&multiarch));
    let others = ["/lib64", "/usr/lib64", "/lib", "/usr/lib"].map(PathBuf::from);
    folders.into_iter().chain(others)
}

/// The folders of a list in a library of this path.
fn folders_of(list: &OsStr, path: &Path) -> Vec<PathBuf> {
    let entries = list.as_bytes().split(|&byte| byte == b':');
    let folders = entries.filter_map(|entry| match entry {
        b"" => Some(PathBuf::from(".")),
        entry => expanded(entry, path),
    });
    folders.collect()
}

/// Replaces `$ORIGIN`, the folder of the library of this path. `None` if another variable is left.
fn expanded(text: &[u8], path: &Path) -> Option<PathBuf> {
    let mut rest = text;
    let mut result = Vec::new();
    while let Some(position) = rest.iter().position(|&byte| byte == b'$') {
        result.extend_from_slice(&rest[..position]);
        let variable = &rest[position..];
        rest = [b"$ORIGIN".as_slice(), b"${ORIGIN}"]
            .into_iter()
            .find_map(|name| variable.strip_prefix(name))?;
        result.extend_from_slice(path.parent()?.as_os_str().as_bytes());
    }
    result.extend_from_slice(rest);
    Some(OsString::from_vec(result).into())
}

fn path_of(bytes: &[u8]) -> PathBuf {
    OsStr::from_bytes(bytes).into()
}

/// The files that glibc's cache has for a library name. A cache in another format has none.
fn cached<'a>(cache: &'a [u8], name: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    const MAGIC: &[u8] = b"glibc-ld.so.cache1.1";
    const HEADER: usize = 48;
    const ENTRY: usize = 24;
    // An older format may precede this one. The offsets in the entries count from this header.
    let start = cache.windows(MAGIC.len()).position(|text| text == MAGIC);
    let cache = &cache[start.unwrap_or(cache.len())..];
    let number = move |offset: usize| -> Option<usize> {
        let bytes = cache.get(offset..offset.checked_add(4)?)?;
        usize::try_from(u32::from_ne_bytes(bytes.try_into().ok()?)).ok()
    };
    let text = move |offset: usize| cache.get(offset..)?.split(|&byte| byte == 0).next();
    let count = number(MAGIC.len()).unwrap_or_default();
    let entries = (0..count).map_while(move |index| {
        let entry = HEADER + index * ENTRY;
        Some((text(number(entry + 4)?)?, text(number(entry + 8)?)?))
    });
    entries.filter_map(move |(key, file)| (key == name).then_some(file))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A name with variables, and what it is for a library in `/opt/lib`.
    const NAMES: [(&str, Option<&str>); 7] = [
        ("/usr/lib", Some("/usr/lib")),
        ("$ORIGIN", Some("/opt/lib")),
        ("${ORIGIN}/../libs", Some("/opt/lib/../libs")),
        ("$ORIGIN:x", Some("/opt/lib:x")),
        ("a/$ORIGIN/b/$ORIGIN", Some("a//opt/lib/b//opt/lib")),
        ("$ORIGIN/$LIB", None),
        ("${ORIGIN", None),
    ];

    pub(crate) fn origin_is_the_folder_of_the_library() {
        for (text, expected) in NAMES {
            let found = expanded(text.as_bytes(), Path::new("/opt/lib/libx.so"));
            assert_eq!(found, expected.map(PathBuf::from), "{text}");
        }
    }

    pub(crate) fn the_cache_has_the_files_of_a_name() {
        let mut cache = b"ld.so-1.7.0\0an older format".to_vec();
        let texts = b"libx.so.1\0/a/libx.so.1\0/b/libx.so.1\0liby.so\0/a/liby.so\0";
        let entries = [[0, 10], [0, 23], [36, 44]];
        let base = 48 + 24 * entries.len();
        cache.extend(b"glibc-ld.so.cache1.1");
        cache.extend(u32::try_from(entries.len()).expect("a few").to_ne_bytes());
        cache.extend([0; 24]);
        for entry in entries {
            let [key, value] = entry.map(|offset| u32::try_from(base + offset).expect("small"));
            cache.extend([0x0303, key, value, 0, 0, 0].map(u32::to_ne_bytes).concat());
        }
        cache.extend(texts);
        let files = |cache: &[u8], name: &str| -> Vec<String> {
            let files = cached(cache, name.as_bytes());
            files
                .map(|file| String::from_utf8_lossy(file).into_owned())
                .collect()
        };
        assert_eq!(files(&cache, "libx.so.1"), ["/a/libx.so.1", "/b/libx.so.1"]);
        assert_eq!(files(&cache, "liby.so"), ["/a/liby.so"]);
        assert_eq!(files(&cache, "libx.so"), [""; 0]);
        // A file that ends early has fewer entries.
        for length in 0..cache.len() {
            assert!(files(&cache[..length], "libx.so.1").len() <= 2);
        }
        assert_eq!(files(b"", "libx.so.1"), [""; 0]);
        // That of this machine, if it has one.
        let cache = Search::new().cache;
        if !cache.is_empty() {
            let [first, ..] = &files(&cache, "libc.so.6")[..] else {
                panic!("the cache cannot be read");
            };
            assert!(Path::new(first).exists(), "{first}");
        }
    }
}

//! `wheelcheck`: wheels, libraries and names, and what it says of each. The libraries are compiled
//! here, and have an initializer that would end the process.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use libtest_mimic::{Failed, Trial};
use tempfile::TempDir;

use crate::c_code::{self, HAS_COMPILER};
use crate::interpreter::{Ended, child, child_source, same, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        trial("wheelcheck::what-each-tag-means", tags),
        trial("wheelcheck::pip-takes-wheels-for-abi3t", pip_tags),
        trial("wheelcheck::what-is-no-wheel-is-told", no_wheels),
    ];
    type Test = fn() -> Result<(), Failed>;
    let compiled: [(&str, Test); 4] = [
        ("a-wheel-that-can-work", good_wheel),
        ("what-keeps-a-wheel-from-working", bad_wheels),
        ("a-folder-a-module-and-a-distribution", names),
        ("a-table-for-programs", table),
    ];
    trials.extend(compiled.map(|(name, test)| {
        let name = format!("wheelcheck::{name}");
        if *HAS_COMPILER {
            trial(name, test)
        } else {
            trial(format!("{name}, skipped, no C compiler here"), test).with_ignored_flag(true)
        }
    }));
    trials
}

/// Runs `wheelcheck` in a folder.
fn wheelcheck(folder: &Path, arguments: &[&str]) -> Ended {
    let code = "import os, sys; os.chdir(sys.argv.pop(1)); import wheelcheck; \
                sys.exit(wheelcheck.main(sys.argv[1:]))";
    let mut all = vec![OsStr::new("-c"), OsStr::new(code), folder.as_os_str()];
    all.extend(arguments.iter().map(OsStr::new));
    let path = folder.to_string_lossy();
    child(&all, &[("PYTHONPATH", &path)])
}

/// Each tag that differs from one for this interpreter, and what is wrong with it.
const TAGS: [(&str, &str); 16] = [
    ("cp315-abi3t-linux_x86_64", "None"),
    ("cp313-abi3t-manylinux1_x86_64", "None"),
    ("cp315-abi3t-manylinux_2_17_x86_64", "None"),
    ("py3-none-any", "None"),
    ("py314-none-any", "None"),
    ("py3-none-manylinux2014_x86_64", "None"),
    (
        "cp316-abi3t-linux_x86_64",
        "it needs the ABI of Python 3.16, and the newest here is 3.15",
    ),
    (
        "py315-none-any",
        "it needs Python 3.15, and the language here is that of 3.14",
    ),
    ("py2-none-any", "it is for Python 2"),
    (
        "cp313-cp313-linux_x86_64",
        "it is built for CPython 3.13 alone (cp313)",
    ),
    (
        "cp315-cp315t-linux_x86_64",
        "it is built for CPython 3.15 alone (cp315t)",
    ),
    (
        "cp39-abi3-linux_x86_64",
        "it is built for interpreters with a GIL (abi3), and this one has none",
    ),
    (
        "pp311-pypy311_pp73-linux_x86_64",
        "it is built for another interpreter, pp311",
    ),
    (
        "cp315-abi3t-musllinux_1_2_x86_64",
        "it is built for musllinux_1_2_x86_64, and this is linux_x86_64",
    ),
    (
        "cp315-abi3t-manylinux2014_aarch64",
        "it is built for manylinux_2_17_aarch64, and this is linux_x86_64",
    ),
    (
        "cp315-abi3t-manylinux_9_9_x86_64",
        "it needs glibc 9.9, and this system has *",
    ),
];

fn tags() -> Result<(), Failed> {
    let tags: Vec<&str> = TAGS.iter().map(|(tag, _)| *tag).collect();
    let ended = child_source(&format!(
        "import wheelcheck, platform\n\
         for tag in {tags:?}:\n    \
             problem = wheelcheck.problem_of_tag(*tag.split('-'))\n    \
             print(str(problem).replace(f'has {{platform.libc_ver()[1]}}', 'has *'))\n"
    ));
    let expected: Vec<&str> = TAGS.iter().map(|(_, problem)| *problem).collect();
    same(ended.stdout.lines().collect::<Vec<_>>(), expected)?;
    same(ended.stderr.as_str(), "")
}

/// pip is taken from the wheel that `ensurepip` has.
fn pip_tags() -> Result<(), Failed> {
    let ended = child_source(
        "import ensurepip, pathlib, sys\n\
         folder = pathlib.Path(ensurepip.__file__).parent / '_bundled'\n\
         sys.path.insert(0, str(next(folder.glob('pip-*.whl'))))\n\
         from pip._internal.utils.compatibility_tags import get_supported\n\
         from pip._vendor.packaging import tags\n\
         print(tags.__file__.endswith('tags.py'), tags.generic_tags.__doc__ is not None)\n\
         here = [str(tag) for tag in get_supported()]\n\
         abi3t = [tag for tag in here if '-abi3t-' in tag]\n\
         print(abi3t[0].split('-')[0], abi3t[-1])\n\
         print('cp316-abi3t-linux_x86_64' in here, any('-abi3-' in tag for tag in here))\n\
         own = here.index(next(tag for tag in here if tag.startswith('rustpython')))\n\
         print(own < here.index(abi3t[0]) < here.index('py3-none-any'))\n\
         other = get_supported(abis=['none'])\n\
         print(any('abi3t' in str(tag) for tag in other))\n",
    );
    let expected = "True True\ncp315 cp32-abi3t-linux_x86_64\nFalse False\nTrue\nFalse\n";
    same(
        (ended.stdout.as_str(), ended.stderr.as_str()),
        (expected, ""),
    )
}

fn no_wheels() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("text.whl"), "no zip file")?;
    fs::write(folder.path().join("text.so"), "no library")?;
    fs::write(
        folder.path().join("pure.py"),
        "raise SystemExit('it has run')",
    )?;
    let rows = [
        (
            "no_such_name",
            2,
            "no_such_name: no wheel, no library, and nothing of this name is installed",
        ),
        (
            "text.whl",
            2,
            "text.whl: it is not a wheel, which is a zip file",
        ),
        ("text.so", 2, "text.so: *"),
    ];
    for (argument, code, expected) in rows {
        let ended = wheelcheck(folder.path(), &[argument]);
        same((ended.code, ended.stdout.as_str()), (Some(code), ""))?;
        let error = ended.stderr.trim_end();
        if error != expected && !error.starts_with(expected.trim_end_matches('*')) {
            return Err(format!("{error}\nexpected:\n{expected}").into());
        }
    }
    let ended = wheelcheck(folder.path(), &["pure"]);
    let expected = "pure\n  it has no library that uses the C API\n  it can work here\n";
    same((ended.code, ended.stdout.as_str()), (Some(0), expected))?;
    let ended = wheelcheck(folder.path(), &[]);
    same(
        (ended.code, ended.stdout.contains("wheelcheck")),
        (Some(2), true),
    )
}

/// The parts of C code: an initializer, functions for modules, references to symbols.
const INITIALIZER: &str = "#include <stdlib.h>\n\
    __attribute__((constructor)) static void run(void) { abort(); }\n";
const EXPORT: &str = "void *PyModExport_x(void) { return 0; }\n";
const OLD: &str = "void *PyInit_x(void) { return 0; }\n";
const GOOD: &str = "extern int PyLong_AsLong(void *);\nextern char PyLong_Type[], PyExc_ValueError[];\n\
    int use(void) { return PyLong_AsLong(PyLong_Type) + PyLong_AsLong(PyExc_ValueError); }\n";
const BAD: &str = "extern int PyNo_Such(void), _PyAlso_Missing(void);\nextern char PyNone_Such_Type[];\n\
    int want(void) { return PyNo_Such() + _PyAlso_Missing() + PyNone_Such_Type[0]; }\n";
const WEAK: &str = "extern int PyNo_Such(void) __attribute__((weak));\n\
    int may(void) { return PyNo_Such ? PyNo_Such() : 0; }\n";

/// Compiles C code to a shared library in a folder.
fn compile(folder: &Path, file: &str, parts: &[&str], options: &[&str]) -> Result<(), Failed> {
    let source = folder.join("source.c");
    fs::write(&source, format!("{INITIALIZER}{}", parts.concat()))?;
    let compiled = c_code::compile(&[source], &c_code::headers(), options, &folder.join(file));
    Ok(compiled?)
}

/// Makes a wheel from files in a folder.
fn wheel(folder: &Path, name: &str, files: &[&str], metadata: &str) -> Result<(), Failed> {
    let ended = child_source(&format!(
        "import zipfile\n\
         folder = {folder:?}\n\
         with zipfile.ZipFile(f'{{folder}}/{name}', 'w') as wheel:\n    \
             for file in {files:?}:\n        \
                 wheel.write(f'{{folder}}/{{file}}', f'x/{{file}}')\n    \
             wheel.writestr('x-1.dist-info/METADATA', {metadata:?})\n",
        folder = folder.to_string_lossy(),
    ));
    same((ended.code, ended.stderr.as_str()), (Some(0), ""))
}

const METADATA: &str = "Name: x\nVersion: 1\nRequires-Dist: a>=1\nRequires-Dist: b; extra == 'c'\n\n\
                        Requires-Dist: not a header\n";

fn good_wheel() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let (folder, file) = (folder.path(), "x.abi3t.so");
    compile(folder, file, &[EXPORT, GOOD, WEAK], &[])?;
    compile(folder, "libhelper.so", &[], &[])?;
    let name = "x-1-cp315-abi3.abi3t-manylinux_2_17_x86_64.whl";
    wheel(folder, name, &[file, "libhelper.so"], METADATA)?;
    let ended = wheelcheck(folder, &[name]);
    let expected = format!(
        "{name}\n  tag: cp315-abi3t-manylinux_2_17_x86_64\n  x/x.abi3t.so\n    \
         entry point: PyModExport_x\n    \
         needs 1 functions and 2 data symbols of the C API; all are here\n  \
         it also requires a>=1\n  it can work here\n"
    );
    same((ended.code, ended.stdout), (Some(0), expected))
}

/// A row: the file, the C code, options of the compiler, and what is told of it.
type Row = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
    &'static [&'static str],
);

const ROWS: [Row; 6] = [
    ("x.so", &[EXPORT, GOOD], &[], &[]),
    (
        "x.abi3t.so",
        &[EXPORT, BAD],
        &[],
        &[
            "missing functions (2): PyNo_Such, _PyAlso_Missing",
            "missing data symbols (1): PyNone_Such_Type",
            "The C API of this interpreter lacks them",
        ],
    ),
    (
        "x.cpython-313-x86_64-linux-gnu.so",
        &[OLD, GOOD],
        &[],
        &[
            "PyInit_x is the entry point of modules for CPython",
            "abi3t-py315",
        ],
    ),
    (
        "y.abi3t.so",
        &[EXPORT, GOOD],
        &[],
        &["entry point: none", "no entry point PyModExport_y"],
    ),
    (
        "x.abi4t.so",
        &[EXPORT, GOOD],
        &[],
        &[
            "import does not look for a file of this name",
            "Name it x.abi3t.so",
        ],
    ),
    (
        "x.abi3t.so",
        &[EXPORT, GOOD],
        &["-Wl,--no-as-needed", "-L.", "-l:libpython3.99.so"],
        &[
            "linked with another Python, libpython3.99.so",
            "Link it without libpython",
        ],
    ),
];

fn bad_wheels() -> Result<(), Failed> {
    for (file, parts, options, expected) in ROWS {
        let folder = tempfile::tempdir()?;
        let folder = folder.path();
        compile(
            folder,
            "libpython3.99.so",
            &[],
            &["-Wl,-soname,libpython3.99.so"],
        )?;
        let here = format!("-L{}", folder.display());
        let options: Vec<&str> = options
            .iter()
            .map(|option| {
                if *option == "-L." {
                    here.as_str()
                } else {
                    option
                }
            })
            .collect();
        compile(folder, file, parts, &options)?;
        let ended = wheelcheck(folder, &[file]);
        let works = expected.is_empty();
        let verdict = if works {
            "it can work here"
        } else {
            "it cannot work here"
        };
        same(ended.code, Some(i32::from(!works)))?;
        let text = ended
            .stdout
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        for part in expected.iter().chain([&verdict]) {
            if !text.contains(part) {
                return Err(format!("{file}: no {part:?} in:\n{}", ended.stdout).into());
            }
        }
    }
    let folder = tempfile::tempdir()?;
    compile(folder.path(), "x.so", &[EXPORT, GOOD], &[])?;
    let code = format!(
        "import sys, wheelcheck; sys.exit(wheelcheck.main(['{}/x.so']))",
        folder.path().display()
    );
    let sealed = [("CAPSULE_PYTHON_SEALED", "1")];
    let ended = child(&[OsStr::new("-c"), OsStr::new(&code)], &sealed);
    let reason = "loads no libraries, since its capsules are sealed";
    same((ended.code, ended.stdout.contains(reason)), (Some(1), true))?;

    // The tag alone can be the reason, and advice is given once.
    let folder = tempfile::tempdir()?;
    let (folder, file) = (folder.path(), "x.abi3.so");
    compile(folder, file, &[OLD, GOOD], &[])?;
    let name = "x-1-cp39-abi3-linux_x86_64.whl";
    wheel(folder, name, &[file], METADATA)?;
    let ended = wheelcheck(folder, &[name]);
    let count = ended.stdout.matches("abi3t-py315").count();
    let reason = ended
        .stdout
        .contains("it is built for interpreters with a GIL (abi3)");
    same((ended.code, count, reason), (Some(1), 1, true))
}

/// A package with a library, and the record of its distribution.
fn installed() -> Result<TempDir, Failed> {
    let folder = tempfile::tempdir()?;
    let package = folder.path().join("pack");
    fs::create_dir(&package)?;
    fs::write(
        package.join("__init__.py"),
        "raise SystemExit('it has run')",
    )?;
    compile(&package, "x.abi3t.so", &[EXPORT, BAD], &[])?;
    let information = folder.path().join("dist_x-1.dist-info");
    fs::create_dir(&information)?;
    fs::write(information.join("METADATA"), "Name: dist-x\nVersion: 1\n")?;
    fs::write(information.join("WHEEL"), "Tag: cp315-abi3t-linux_x86_64\n")?;
    fs::write(
        information.join("RECORD"),
        "pack/__init__.py,,\npack/x.abi3t.so,,\n",
    )?;
    Ok(folder)
}

fn names() -> Result<(), Failed> {
    let folder = installed()?;
    let rows = [
        ("pack", "pack\n  "),
        ("./pack", "./pack\n  ./pack/x.abi3t.so\n"),
        (
            "dist-x",
            "dist-x 1\n  tag: cp315-abi3t-linux_x86_64\n  pack/x.abi3t.so\n",
        ),
        ("dist_x", "dist-x 1\n"),
    ];
    for (argument, start) in rows {
        let ended = wheelcheck(folder.path(), &[argument]);
        if ended.code != Some(1) || !ended.stdout.starts_with(start) {
            return Err(format!("{argument}: {ended:?}").into());
        }
    }
    Ok(())
}

fn table() -> Result<(), Failed> {
    let folder = installed()?;
    let ended = wheelcheck(folder.path(), &["--table", "dist-x"]);
    let expected = "pack/x.abi3t.so\t2\t1\tPyNo_Such,PyNone_Such_Type,_PyAlso_Missing\n";
    same((ended.code, ended.stdout.as_str()), (Some(1), expected))
}

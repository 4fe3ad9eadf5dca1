//! Files and modules that cannot be loaded, and the exception that each raises.

use libtest_mimic::{Failed, Trial};

use super::fixture::{Fixture, Suite};
use crate::c_code::HAS_COMPILER;
use crate::interpreter::trial;
use crate::table::Group;

pub(super) const SUITE: Suite = Suite {
    topic: "errors",
    sources: &["errors.c", "undefined.c"],
    prelude: PRELUDE,
    groups: GROUPS,
};

pub(super) fn trials() -> Option<Trial> {
    let name = "loader::errors::a-sealed-interpreter-loads-no-module";
    HAS_COMPILER.then(|| trial(name, sealed))
}

const PRELUDE: &str = "
import _imp

def create(name, origin):
    return _imp.create_dynamic(types.SimpleNamespace(name=name, origin=origin))

def attributes(name):
    'The attributes of the ImportError that importing the module raises.'
    try:
        importlib.import_module(name)
    except ImportError as error:
        return type(error).__name__, error.name, error.path, name in sys.modules
";

#[rustfmt::skip]
const GROUPS: &[Group] = &[
    ("a-missing-symbol-is-named", &[
        ("place('undefined.so', library='undefined')\nimport undefined", "ImportError: {folder}/undefined.so: undefined symbol: PyNoSuch_Function\nnote the C API of this interpreter has no PyNoSuch_Function"),
        ("place('undefined.so', library='undefined')\nanswer = attributes('undefined')", "('ImportError', 'undefined', '{folder}/undefined.so', False)"),
        ("place('undefined.so', library='undefined')\nwith open('undefined.so', 'rb') as file: text = file.read()\nwrite('undefined.so', text.replace(b'\\0PyNoSuch_', b'\\0_Py_oSuch_'[:1] + b'_PyoSuch_'))\nimport undefined", "ImportError: {folder}/undefined.so: undefined symbol: _PyoSuch_Function\nnote the C API of this interpreter has no _PyoSuch_Function"),
        ("place('undefined.so', library='undefined')\nwith open('undefined.so', 'rb') as file: text = file.read()\nwrite('undefined.so', text.replace(b'\\0PyNoSuch_', b'\\0sqlite3__'))\nimport undefined", "ImportError: {folder}/undefined.so: undefined symbol: sqlite3__Function"),
    ]),
    ("a-file-that-is-no-library-raises-the-message-of-dlopen", &[
        ("write('plain.so', '')\nimport plain", "ImportError: {folder}/plain.so: file too short"),
        ("write('plain.so', 'text' * 1000)\nimport plain", "ImportError: {folder}/plain.so: invalid ELF header"),
        ("place('both.so')\nwith open('both.so', 'rb') as file: text = file.read()\ndef cut(name, length):\n write(name + '.so', text[:length])\n return refused(importlib.import_module, name)\nanswer = cut('a', 10), cut('b', 63), cut('c', 100)", "('ImportError: {folder}/a.so: file too short', 'ImportError: {folder}/b.so: file too short', 'ImportError: {folder}/c.so: cannot read file data')"),
        ("write('plain.so', '')\nanswer = attributes('plain')", "('ImportError', 'plain', '{folder}/plain.so', False)"),
        ("create('plain', path('none.so'))", "ImportError: {folder}/none.so: cannot open shared object file: No such file or directory"),
        ("os.mkdir('plain.so')\nanswer = refused(create, 'plain', path('plain.so')), refused(importlib.import_module, 'plain')", "('ImportError: {folder}/plain.so: cannot read file data: Is a directory', \"ModuleNotFoundError: No module named 'plain'\")"),
        ("create('plain', 'libc.so.6')", "ImportError: ./libc.so.6: cannot open shared object file: No such file or directory"),
        ("from_file('plain', 'nowhere.so')", "ImportError: {folder}/nowhere.so: cannot open shared object file: No such file or directory"),
    ]),
    ("a-missing-export-hook-is-named", &[
        ("load('absent')", "ImportError: dynamic module does not define module export function (PyModExport_absent)"),
        ("load('in.absent')", "ImportError: dynamic module does not define module export function (PyModExport_absent)"),
        ("load('жё')", "ImportError: dynamic module does not define module export function (PyModExportU_f1a8c)"),
        ("refused(load, 'absent')\nanswer = attributes('absent')", "('ImportError', 'absent', '{folder}/absent.so', False)"),
        ("[refused(create, name, path('x.so')) for name in ('', 'a.', '.') if place('x.so') is None]", "['ImportError: dynamic module does not define module export function (PyModExport_)', 'ImportError: dynamic module does not define module export function (PyModExport_)', 'ImportError: dynamic module does not define module export function (PyModExport_)']"),
    ]),
    ("the-message-for-a-module-built-for-older-versions-says-what-to-do", &[
        ("load('older')", "ImportError: dynamic module does not define module export function (PyModExport_older); it defines PyInit_older, as modules for CPython up to 3.14 do: it must be built for the stable ABI without a GIL (abi3t) of Python 3.15"),
        ("load('zoë')", "ImportError: dynamic module does not define module export function (PyModExportU_zo_ija); it defines PyInitU_zo_ija, as modules for CPython up to 3.14 do: it must be built for the stable ABI without a GIL (abi3t) of Python 3.15"),
        ("load('both').__doc__", "'New.'"),
    ]),
    ("an-export-hook-can-fail", &[
        ("load('raises')", "KeyError: 'mine'"),
        ("load('silent')", "SystemError: export hook of module silent failed without setting an exception"),
        ("load('both_ways')", "SystemError: export hook of module both_ways raised unreported exception\ncause KeyError: 'mine'"),
        ("[refused(load, name) and name in sys.modules for name in ('raises', 'silent', 'both_ways')]", "[False, False, False]"),
        ("try: 1/0\nexcept ZeroDivisionError: answer = refused(load, 'silent'), type(sys.exception()).__name__", "('SystemError: export hook of module silent failed without setting an exception', 'ZeroDivisionError')"),
        ("try: 1/0\nexcept ZeroDivisionError as handled:\n try: load('raises')\n except KeyError as error: answer = error.__context__ is handled", "True"),
    ]),
    ("an-array-of-slots-can-be-invalid", &[
        ("load('no_abi')", "SystemError: the array of slots has no Py_mod_abi"),
        ("load('incompatible')", "ImportError: module incompatible is not compatible with this interpreter: it is built for one version of CPython; build it for the stable ABI (abi3t)"),
        ("refused(load, 'incompatible')\ntry: import incompatible\nexcept ImportError as error: answer = error.name, 'incompatible' in sys.modules", "('incompatible', False)"),
    ]),
    ("paths-need-not-be-utf-8", &[
        ("place('both.so')\nos.rename(b'both.so', b'\\xff.so')\nanswer = create('both', path('\\udcff.so')), create('both', path('\\udcff.so').encode('utf-8', 'surrogateescape'))", "(<module 'both'>, <module 'both'>)"),
        ("place('both.so')\nimport pathlib\nanswer = create('both', pathlib.Path('both.so'))", "<module 'both'>"),
        ("refused(create, 'both', 'a\\0.so'), refused(create, 'both', b'a\\0.so')", "('ValueError: embedded null character', 'ValueError: embedded null character')"),
        ("refused(create, 'both', '\\ud800.so').partition(':')[0]", "'UnicodeEncodeError'"),
        ("refused(create, 'both', None), refused(create, 'both', 5)", "('TypeError: expected str, bytes or os.PathLike object, not NoneType', 'TypeError: expected str, bytes or os.PathLike object, not int')"),
    ]),
    ("names-must-be-valid-strings", &[
        ("place('both.so')\nanswer = refused(create, 'a\\0both', 'both.so').partition(':')[0], refused(create, '\\ud800', 'both.so').partition(':')[0]", "('ImportError', 'ImportError')"),
        ("refused(create, 5, 'both.so'), refused(create, None, 'both.so')", "(\"TypeError: Expected type 'str' but 'int' found.\", \"TypeError: Expected type 'str' but 'NoneType' found.\")"),
        ("refused(_imp.create_dynamic, 5), refused(_imp.create_dynamic, types.SimpleNamespace(name='x'))", "(\"AttributeError: 'int' object has no attribute 'name'\", \"AttributeError: 'types.SimpleNamespace' object has no attribute 'origin'\")"),
    ]),
];

/// Tries each way to load a library in a sealed interpreter.
const SEALED: &str = "
import _imp, importlib.machinery, importlib.util, sys, types
assert _imp.extension_suffixes() == importlib.machinery.EXTENSION_SUFFIXES == []
open(sys.path[0] + '/errors.abi3.so', 'w').close()
try:
    import errors
except ModuleNotFoundError as error:
    assert str(error) == \"No module named 'errors'\", error
    assert not hasattr(error, '__notes__'), 'files are told of'
path = sys.path[0] + '/errors.so'
loader = importlib.machinery.ExtensionFileLoader('both', path)
spec = importlib.util.spec_from_file_location('both', path, loader=loader)
for make in (
    lambda: importlib.util.module_from_spec(spec),
    lambda: _imp.create_dynamic(spec),
    lambda: _imp.create_dynamic(types.SimpleNamespace(name='both', origin='no such file')),
):
    try:
        make()
    except ImportError as error:
        assert str(error) == 'shared libraries cannot be loaded in an interpreter whose capsules are sealed'
    else:
        raise AssertionError('a library was loaded')
print('all refused')
";

fn sealed() -> Result<(), Failed> {
    let fixture = Fixture::new(&["errors.c"])?;
    let ended = fixture.run(SEALED, &[], &[("CAPSULE_PYTHON_SEALED", "1")]);
    if ended.code == Some(0) && ended.stdout == "all refused\n" {
        Ok(())
    } else {
        Err(format!("{ended:?}").into())
    }
}

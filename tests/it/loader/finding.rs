//! Where `import` finds extension modules, under which names, and the attributes that say so.

use super::fixture::Suite;
use crate::table::Group;

pub(super) const SUITE: Suite = Suite {
    topic: "finding",
    sources: &["finding.c"],
    prelude: PRELUDE,
    groups: GROUPS,
};

const PRELUDE: &str = "
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, FileFinder
OWN, STABLE_HERE, STABLE, PLAIN = EXTENSION_SUFFIXES
HERE = sys.implementation._multiarch

def found(*names):
    'The file that `plain` is imported from if all these files exist.'
    sys.modules.pop('plain', None)
    place(*names)
    file = os.path.relpath(importlib.import_module('plain').__file__)
    for name in names:
        os.remove(name)
    return file
";

#[rustfmt::skip]
const GROUPS: &[Group] = &[
    (
        "a-file-with-each-suffix-is-found",
        &[
            (
                "OWN == f'.rustpython313-{HERE}.so', STABLE_HERE == f'.abi3t-{HERE}.so', STABLE, PLAIN",
                "(True, True, '.abi3t.so', '.so')",
            ),
            ("found('plain' + OWN) == 'plain' + OWN", "True"),
            ("found('plain' + STABLE_HERE) == 'plain' + STABLE_HERE", "True"),
            ("found('plain' + STABLE)", "'plain.abi3t.so'"),
            ("found('plain' + PLAIN)", "'plain.so'"),
            (
                "import sysconfig\nanswer = sysconfig.get_config_var('EXT_SUFFIX') == OWN",
                "True",
            ),
            (
                "import _imp\nanswer = _imp.extension_suffixes() == EXTENSION_SUFFIXES",
                "True",
            ),
        ],
    ),
    (
        "the-most-specific-suffix-comes-first",
        &[
            (
                "found('plain.so', 'plain.abi3t.so', 'plain' + STABLE_HERE, 'plain' + OWN) == 'plain' + OWN",
                "True",
            ),
            (
                "found('plain.so', 'plain.abi3t.so', 'plain' + STABLE_HERE) == 'plain' + STABLE_HERE",
                "True",
            ),
            ("found('plain.so', 'plain.abi3t.so')", "'plain.abi3t.so'"),
        ],
    ),
    (
        "an-extension-comes-before-source-and-after-a-package",
        &[
            ("write('plain.py', '1/0')\nanswer = found('plain.so')", "'plain.so'"),
            (
                "write('plain/__init__.py', '')\nanswer = found('plain.so')",
                "'plain/__init__.py'",
            ),
            ("os.mkdir('plain')\nanswer = found('plain.so')", "'plain.so'"),
        ],
    ),
    (
        "other-suffixes-are-not-found",
        &[
            (
                "place('plain.so.1', 'plain.plugin.so', 'plainer.so', 'plain.abi3.so.bak')\nimport plain",
                "ModuleNotFoundError: No module named 'plain'",
            ),
            ("place('plain.abi3.so')\nanswer = importlib.util.find_spec('plain')", "None"),
        ],
    ),
    (
        "files-for-other-interpreters-are-told-of",
        &[
            (
                "place('plain.cpython-313-x86_64-linux-gnu.so', 'plain.abi3.so', 'other.abi3.so')\nimport plain",
                "ModuleNotFoundError: No module named 'plain'\n\
                 note {folder}/plain.abi3.so is not imported: it is built for the stable ABI of interpreters with a GIL (abi3); build it for the stable ABI without a GIL (abi3t)\n\
                 note {folder}/plain.cpython-313-x86_64-linux-gnu.so is not imported: it is built for CPython 3.13 only; build it for the stable ABI without a GIL (abi3t)",
            ),
            (
                "write('pack/deep/__init__.py', '')\nplace('pack/deep/plain.abi3t-riscv64-linux-gnu.so', 'plain.abi3.so')\nimport pack.deep.plain",
                "ModuleNotFoundError: No module named 'pack.deep.plain'\n\
                 note {folder}/pack/deep/plain.abi3t-riscv64-linux-gnu.so is not imported: it is built for another platform, riscv64-linux-gnu",
            ),
            (
                "place('space/plain.pypy311-pp73-x86_64-linux-gnu.so')\nfrom space.plain import filling",
                "ModuleNotFoundError: No module named 'space.plain'\n\
                 note {folder}/space/plain.pypy311-pp73-x86_64-linux-gnu.so is not imported: it is built for PyPy; build it for the stable ABI without a GIL (abi3t)",
            ),
            (
                "write('pack/__init__.py', '')\nplace('pack/plain.abi3.so')\nanswer = refused(importlib.import_module, '.plain', 'pack')",
                "\"ModuleNotFoundError: No module named 'pack.plain'\\nnote {folder}/pack/plain.abi3.so is not imported: it is built for the stable ABI of interpreters with a GIL (abi3); build it for the stable ABI without a GIL (abi3t)\"",
            ),
            (
                "place('plain.abi3.so')\nsys.path.insert(0, '')\ntry: import plain\nexcept ImportError as error: answer = [note.split(' ')[0] for note in error.__notes__]\nfinally: del sys.path[0]",
                "['plain.abi3.so', '{folder}/plain.abi3.so']",
            ),
            (
                "place('plain.abi3.so')\nimport _interpreters\none = _interpreters.create()\nfailed = _interpreters.run_string(one, f'import sys; sys.path[:0] = [{folder!r}]\\ntry: import plain\\nexcept ImportError as error: assert len(error.__notes__) == 1')\n_interpreters.destroy(one)\nanswer = failed",
                "None",
            ),
        ],
    ),
    (
        "an-import-that-fails-for-another-reason-has-no-note",
        &[
            ("place('plain.abi3.so')\nsys.modules['plain'] = None\nimport plain", "ModuleNotFoundError: import of plain halted; None in sys.modules"),
            ("place('plain.abi3.so')\nwrite('user.py', 'import missing')\nimport user", "ModuleNotFoundError: No module named 'missing'"),
            ("place('plain.abi3.so')\nwrite('user.py', '')\nimport user.plain", "ModuleNotFoundError: No module named 'user.plain'; 'user' is not a package"),
            ("place('plain.abi3.so')\nwrite('plain.py', 'raise ModuleNotFoundError(name=__name__)')\nimport plain", "ModuleNotFoundError: "),
            ("place('plain.abi3.so')\nimport plain.deep", "ModuleNotFoundError: No module named 'plain'\nnote {folder}/plain.abi3.so is not imported: it is built for the stable ABI of interpreters with a GIL (abi3); build it for the stable ABI without a GIL (abi3t)"),
            ("sys.path.insert(0, 5)\nsys.path.insert(0, path('nowhere'))\ntry: import plain\nfinally: del sys.path[:2]", "ModuleNotFoundError: No module named 'plain'"),
        ],
    ),
    (
        "modules-are-found-in-packages",
        &[
            ("write('pack/__init__.py', '')\nanswer = load('pack.plain')", "<module 'pack.plain' from '{folder}/pack/plain.so'>"),
            ("load('space.plain').__package__", "'space'"),
            ("write('pack/__init__.py', 'from . import plain')\nplace('pack/plain.so')\nimport pack\nanswer = pack.plain.filling", "1"),
            ("write('pack/deep/__init__.py', '')\nload('pack.deep.plain')\nimport pack.deep.plain\nanswer = pack.deep.plain.__name__", "'pack.deep.plain'"),
            ("write('pack/__init__.py', '')\nplace('pack/plain.so')\nfrom pack import *\nfrom pack import plain, nothing", "ImportError: cannot import name 'nothing' from 'pack' ({folder}/pack/__init__.py)"),
        ],
    ),
    (
        "a-package-can-be-an-extension",
        &[
            ("place('pkg/__init__.so')\nimport pkg\nanswer = pkg, pkg.__path__, pkg.__package__", "(<module 'pkg' from '{folder}/pkg/__init__.so'>, ['{folder}/pkg'], 'pkg')"),
            ("place('pkg/__init__' + OWN, 'pkg/plain.so')\nimport pkg.plain\nanswer = pkg.plain.filling, pkg.plain.__package__", "(1, 'pkg')"),
            ("place('pkg/__init__.so')\nwrite('pkg/sub.py', 'from . import filling')\nimport pkg.sub\nanswer = pkg.sub.filling", "1"),
            ("write('above/__init__.py', '')\nplace('above/pkg/__init__.so')\nimport above.pkg\nanswer = above.pkg.__name__", "'above.pkg'"),
        ],
    ),
    (
        "finders-and-path-hooks-find-extension-modules",
        &[
            ("place('plain.so')\nspec = importlib.util.find_spec('plain')\nanswer = spec.name, spec.origin, type(spec.loader) is ExtensionFileLoader, spec.cached", "('plain', '{folder}/plain.so', True, None)"),
            ("place('in/plain.so')\nfinder = FileFinder(path('in'), (ExtensionFileLoader, EXTENSION_SUFFIXES))\nanswer = finder.find_spec('plain').origin, finder.find_spec('other')", "('{folder}/in/plain.so', None)"),
            ("place('in/plain.so')\n[finder] = [hook(path('in')) for hook in sys.path_hooks if 'zipimporter' not in repr(hook)]\nspec = finder.find_spec('plain')\nanswer = importlib.util.module_from_spec(spec)", "<module 'plain' from '{folder}/in/plain.so'>"),
            ("place('plain.so')\nsys.path.insert(0, '')\ntry: import plain\nfinally: del sys.path[0]\nanswer = plain.__file__", "'{folder}/plain.so'"),
        ("place('in/plain.so')\nsys.path.append(path('in'))\ntry: import plain\nfinally: del sys.path[-1]\nanswer = plain.__file__", "'{folder}/in/plain.so'"),
            ("place('plain.so')\nimport pkgutil\nanswer = [(one.name, one.ispkg) for one in pkgutil.iter_modules([folder])]", "[('plain', False)]"),
            ("place('plain.so')\nimport inspect\nanswer = inspect.getmodulename(path('plain.so')), inspect.getmodulename('plain.abi3t.so')", "('plain', 'plain')"),
        ],
    ),
    (
        "a-module-from-a-spec-is-created-and-then-executed",
        &[
            ("place('plain.so')\nspec = importlib.util.spec_from_file_location('plain', path('plain.so'))\nmade = importlib.util.module_from_spec(spec)\nbefore = hasattr(made, 'filling'), made.__spec__ is spec\nspec.loader.exec_module(made)\nanswer = before, made.filling, 'plain' in sys.modules", "((False, True), 1, False)"),
            ("place('any.file')\nloader = ExtensionFileLoader('plain', path('any.file'))\nspec = importlib.util.spec_from_loader('plain', loader)\nmade = importlib.util.module_from_spec(spec)\nloader.exec_module(made)\nanswer = made.__file__, made.filling", "('{folder}/any.file', 1)"),
            ("place('any.file')\nimport _imp\nspec = types.SimpleNamespace(name='a.b.plain', origin=path('any.file'))\nmade = _imp.create_dynamic(spec)\nanswer = made.__name__, hasattr(made, 'filling'), _imp.exec_dynamic(made), made.filling", "('a.b.plain', False, 0, 1)"),
            ("place('plain.so')\nimport _imp\nspec = types.SimpleNamespace(name='plain', origin=path('plain.so').encode())\nanswer = _imp.create_dynamic(spec, None)", "<module 'plain'>"),
            ("place('plain.so')\nimport _imp\nanswer = _imp.create_dynamic(types.SimpleNamespace(name='plain', origin='plain.so'))", "<module 'plain'>"),
        ],
    ),
    (
        "a-module-is-executed-once",
        &[
            ("plain = load('plain')\nfirst = plain.filling\nplain.mine = 5\nanswer = importlib.reload(plain) is plain, plain.filling, plain.mine", "(True, 1, 5)"),
            ("plain = load('plain')\nplain.__loader__.exec_module(plain)\nanswer = plain.filling", "1"),
            ("plain = load('plain')\nimport _imp\nanswer = _imp.exec_dynamic(plain), plain.filling", "(0, 1)"),
            ("import _imp\nanswer = _imp.exec_dynamic(types.ModuleType('x')), _imp.exec_dynamic(sys), _imp.exec_dynamic(5)", "(0, 0, 0)"),
        ],
    ),
    (
        "a-module-has-the-usual-attributes",
        &[
            ("plain = load('plain')\nanswer = plain, plain.__name__, plain.__package__, plain.__file__, plain.__doc__", "(<module 'plain' from '{folder}/plain.so'>, 'plain', '', '{folder}/plain.so', None)"),
            ("plain = load('plain')\nspec = plain.__spec__\nanswer = spec.name, spec.origin, spec.loader is plain.__loader__, spec.has_location, spec.submodule_search_locations", "('plain', '{folder}/plain.so', True, True, None)"),
            ("plain = load('plain')\nloader = plain.__loader__\nanswer = type(loader) is ExtensionFileLoader, loader.name, loader.path, loader.get_source('plain'), loader.get_code('plain'), loader.is_package('plain')", "(True, 'plain', '{folder}/plain.so', None, None, False)"),
            ("plain = load('plain')\nanswer = type(plain) is types.ModuleType, isinstance(plain, types.ModuleType)", "(True, True)"),
            ("plain = load('plain')\nanswer = sorted(set(vars(plain)) - set(vars(types.ModuleType('x'))))", "['__file__', 'filling']"),
            ("plain = load('plain')\nplain.__class__ = type('Mine', (types.ModuleType,), {'twice': property(lambda self: 2 * self.filling)})\nanswer = plain.twice", "2"),
            ("plain = load('plain')\ndel plain.filling\nanswer = plain.filling", "AttributeError: module 'plain' has no attribute 'filling'"),
            ("plain = load('plain')\nimport copy, pickle\nanswer = refused(copy.deepcopy, plain), refused(pickle.dumps, plain)", "(\"TypeError: cannot pickle 'module' object\", \"TypeError: cannot pickle 'module' object\")"),
        ],
    ),
    (
        "names-need-not-be-ascii",
        &[
            ("load('zoë')", "<module 'zoë' from '{folder}/zoë.so'>"),
            ("load('ёж').filling", "1"),
            ("load('a_ž_b').filling", "1"),
            ("write('ёж/__init__.py', '')\nanswer = load('ёж.zoë').filling", "1"),
            ("load('_private').filling", "1"),
            ("import unicodedata\nplace('zoë.so')\nanswer = importlib.import_module(unicodedata.normalize('NFD', 'zoë'))", "ModuleNotFoundError: No module named 'zoe\u{308}'"),
            ("place('päth/ёж.so')\nsys.path.insert(0, path('päth'))\ntry: import ёж\nfinally: del sys.path[0]\nanswer = ёж.__file__", "'{folder}/päth/ёж.so'"),
        ],
    ),
    (
        "one-file-can-be-many-modules",
        &[
            ("place('both.so')\none, two = from_file('plain', 'both.so'), from_file('other', 'both.so')\nanswer = one is two, one.__name__, one.filling, two.__name__, two.filling", "(False, 'plain', 1, 'other', 2)"),
            ("place('both.so')\none, two = from_file('a.plain', 'both.so'), from_file('b.plain', 'both.so')\nanswer = one.__name__, one.filling, two.__name__, two.filling", "('a.plain', 1, 'b.plain', 2)"),
            ("first = load('plain')\nfirst.mine = 5\ndel sys.modules['plain']\nimport plain\nanswer = first is plain, hasattr(plain, 'mine'), first.filling, plain.filling", "(False, False, 1, 2)"),
            ("one = load('plain')\nos.symlink('plain.so', 'other.so')\nimportlib.invalidate_caches()\nimport other\nanswer = one.filling, other.filling, other.__file__", "(1, 2, '{folder}/other.so')"),
        ("one = load('plain')\nplace('other.so')\nimport other\nanswer = one.filling, other.filling", "(1, 1)"),
            ("place('plain.so')\nimport plain, _interpreters\none = _interpreters.create()\nfailed = _interpreters.run_string(one, f'import sys; sys.path[:0] = [{folder!r}]\\nimport plain\\nassert plain.filling == 2')\n_interpreters.destroy(one)\nanswer = failed, plain.filling", "(None, 1)"),
        ("import threading\nplace('plain.so')\nfound, start = [], threading.Barrier(6)\ndef ask():\n start.wait()\n found.append(importlib.import_module('plain'))\nthreads = [threading.Thread(target=ask) for _ in range(6)]\nfor one in threads: one.start()\nfor one in threads: one.join()\nanswer = len(set(map(id, found))), {one.filling for one in found}", "(1, {1})"),
        ],
    ),
];

"""Runs rows: reads the files `row-N` of a folder and writes the files `outcome-N`. Each row has a folder
of its own, which is the current folder and on `sys.path`, and sees no modules of earlier rows.
"""

import importlib
import importlib.machinery
import importlib.util
import os
import shutil
import sys
import types
import warnings

ROOT = sys.argv[1]
COUNT, LIBRARY = int(sys.argv[2]), sys.argv[3]
KNOWN = set(sys.modules)
sys.dont_write_bytecode = True


class Row:
    """The folder of a row, and the functions on it that the row can call."""

    def __init__(self, number):
        self.folder = os.path.join(ROOT, f'folder-{number}')
        os.mkdir(self.folder)
        os.chdir(self.folder)
        sys.path[0] = self.folder

    def path(self, name):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def place(self, *names, library=LIBRARY):
        """Puts a copy of the library at each path. Each copy has static variables of its own."""
        for name in names:
            if os.path.exists(self.path(name)):
                # Writing to a loaded file would change running code, so this makes a new file.
                os.remove(self.path(name))
            shutil.copy(os.path.join(ROOT, library + '.so'), self.path(name))
        importlib.invalidate_caches()

    def write(self, name, text):
        with open(self.path(name), 'wb') as file:
            file.write(text.encode() if isinstance(text, str) else text)
        importlib.invalidate_caches()

    def load(self, name):
        self.place(name.replace('.', '/') + '.so')
        return importlib.import_module(name)

    def from_file(self, module, name):
        """Loads a file as a module of any name, without an entry in `sys.modules`."""
        spec = importlib.util.spec_from_file_location(module, self.path(name))
        made = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(made)
        return made


def refused(call, *arguments):
    """The exception that the call raises, as text."""
    try:
        found = call(*arguments)
    except BaseException as error:
        return error_text(error)
    raise AssertionError(f'{found!r} instead of an exception')


def error_text(error):
    """An exception with its cause and notes."""
    lines = [f'{type(error).__name__}: {error}']
    if error.__cause__ is not None:
        lines.append(f'cause {type(error.__cause__).__name__}: {error.__cause__}')
    lines += [f'note {note}' for note in getattr(error, '__notes__', ())]
    return '\n'.join(lines)


def warned(call, *arguments):
    """The result, and the warnings as text."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        result = call(*arguments)
    return result, [f'{one.category.__name__}: {one.message}' for one in caught]


def value(source, names):
    try:
        code = compile(source, '<row>', 'eval')
    except SyntaxError:
        code = None
    # Outside the handler, whose exception would otherwise become the context of what the row
    # raises.
    if code is not None:
        return eval(code, names)
    exec(source, names)
    return names['answer']


def outcome(source, prelude, row):
    names = {
        'importlib': importlib, 'os': os, 'sys': sys, 'types': types,
        'folder': row.folder, 'path': row.path, 'place': row.place, 'write': row.write,
        'load': row.load, 'from_file': row.from_file,
        'refused': refused, 'warned': warned,
    }
    try:
        exec(prelude, names)
        text = repr(value(source, names))
    except BaseException as error:
        text = error_text(error)
    return text.replace(row.folder, '{folder}')


def main():
    warnings.simplefilter('ignore')
    with open(os.path.join(ROOT, 'prelude'), encoding='utf-8') as file:
        prelude = file.read()
    for number in range(COUNT):
        with open(os.path.join(ROOT, f'row-{number}'), encoding='utf-8') as file:
            source = file.read()
        text = outcome(source, prelude, Row(number))
        with open(os.path.join(ROOT, f'outcome-{number}'), 'wb') as file:
            file.write(text.encode('utf-8', 'backslashreplace'))
        for name in sys.modules.keys() - KNOWN:
            if name.partition('.')[0] not in sys.stdlib_module_names:
                del sys.modules[name]


main()

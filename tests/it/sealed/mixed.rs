//! scratch
use rustpython_capsule_glue::Access;
use crate::interpreter::{exec, interpreter, shown};
pub(crate) fn scratch() {
    let open = interpreter(Access::Open);
    open.enter(|vm| {
        let scope = vm.new_scope_with_builtins();
        exec("
import sys, _capsule, types
m = types.ModuleType('openmod')
exec('''
import _capsule
class Marker:
    def method(self): pass
keep = [Marker()]
class Err(ValueError): pass
''', vars(m))
sys.modules['openmod'] = m
import gc
for n in ('os','time','sys','signal','ast','collections','datetime','io','threading','asyncio','types','typing','pickle','struct','socket','select','resource','array','weakref','contextvars','string.templatelib','grp','pwd','termios','zlib','csv','json','random','itertools','functools','operator','re','_hashlib','_elementtree'): __import__(n)
def walk(c, seen):
    for x in type.__subclasses__(c):
        if x not in seen: seen.add(x); walk(x, seen)
seen = set(); walk(object, seen)
open('/tmp/ids','w').write(repr([id(x) for x in seen]))
", &scope, vm).unwrap_or_else(|e| panic!("{}", shown(&e, vm)));
    });
    let sealed = interpreter(Access::Sealed);
    sealed.enter(|vm| {
        let scope = vm.new_scope_with_builtins();
        exec("
import sys, gc, _capsule, types

for n in ('os','time','sys','signal','ast','collections','datetime','io','threading','asyncio','types','typing','pickle','struct','socket','select','resource','array','weakref','contextvars','string.templatelib','grp','pwd','termios','zlib','csv','json','random','itertools','functools','operator','re','_hashlib','_elementtree'): __import__(n)
ids = set(eval(open('/tmp/ids').read()))
def walk(c, seen):
    for x in type.__subclasses__(c):
        if x not in seen: seen.add(x); walk(x, seen)
seen = set(); walk(object, seen)
shared = [x for x in seen if id(x) in ids]
def mutable(x):
    try: type.__setattr__(x, 'zzz', 1); return True
    except Exception as e: return False
print(len(seen), len(shared), [x for x in shared if mutable(x)], flush=True)
", &scope, vm).unwrap_or_else(|e| panic!("{}", shown(&e, vm)));
    });
}

/* Capsules for C: the functions of CPython's pycapsule.h, those that this interpreter has beyond
   them, and versioned tables of functions. This file is their manual.

   It is for RustPython with capsules. It can be included alone, or after (or through) the Python.h
   beside it. After a Python.h of CPython it leaves the functions to that, and adds the tables, so
   that one source is built for both.

   What a capsule is. A Python object that carries a pointer, which is never NULL, under a name,
   with a context (a second pointer, free for any use) and a destructor. Whoever knows the name
   knows what the pointer leads to. The class is `types.CapsuleType` in Python.

   There is no data symbol PyCapsule_Type: the interpreter makes its types at start-up, so that
   their addresses cannot be known to a linker. PyCapsule_CheckExact is a function here, and the
   type object is `types.CapsuleType`.

   References. A `PyObject *` that a function takes stays the caller's, one that it returns is a
   new reference of the caller's, here always.

   Names. A name is an address: it is kept and given back, never copied, never decoded. It must
   live, unchanged, as long as it is the capsule's name, and where other threads know the capsule,
   until what they were doing with it when it was replaced is done. Text is compared up to its NUL,
   byte by byte. NULL is a legal name, which only NULL matches; "" is another.

   Threads. Any thread may call any function at any time, several threads on one capsule too, and
   always sees a name and a pointer that belong together. Only raising and importing need an
   interpreter. On a thread that is attached to none, everything else works, and what fails
   returns as it does elsewhere but raises nothing. On a thread that is at its end (in a destructor
   of thread-local data, or in `atexit`) everything works too, but where the thread asks for an
   interpreter for the first time then, a line of complaint goes to stderr; and to drop another
   object than a capsule ends the process there, as does a capsule that owns Python objects.

   Forks. In the child every capsule works, whatever other threads of the parent were doing with it,
   and each process destroys its own. That holds after a bare fork() too; but Python code may hang
   there, in locks of the interpreter that another thread had.

   Exceptions. A refusal raises `_capsule.PyCapsuleError`, a subclass of ValueError, with the text
   that is given with each function; a note on it tells both names, or what the object is. It takes
   the place of an exception that is pending. A call that succeeds leaves a pending one alone, so
   where NULL is a legal answer, ask PyErr_Occurred with nothing pending before. Without
   memory for what a function makes or copies, it fails with a MemoryError, whatever is said below,
   and has changed nothing. (The interpreter, which makes exceptions and imports modules, ends the
   process where it has no memory for its own objects.) No function unwinds. */

#ifndef RUSTPYTHON_PYCAPSULE_H
#define RUSTPYTHON_PYCAPSULE_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#if defined(Py_PYTHON_H) && !defined(RUSTPYTHON_CAPI)
#define PyCapsuleRs_ON_CPYTHON_
#endif

#ifdef __cplusplus
extern "C" {
#endif

#ifndef PyCapsuleRs_ON_CPYTHON_

#ifndef Py_PYTHON_H

/* What the rest of this file needs. Python.h has the same. */
typedef struct _object PyObject;
typedef ptrdiff_t Py_ssize_t;
typedef int (*visitproc)(PyObject *object, void *arg);
typedef int (*traverseproc)(PyObject *self, visitproc visit, void *arg);
typedef int (*inquiry)(PyObject *self);

extern PyObject *PyExc_ImportError;
void PyErr_SetString(PyObject *type, const char *text);
void Py_DecRef(PyObject *object);
void *PyMem_Malloc(size_t size);
void PyMem_Free(void *memory);

#endif

/* ---- Making a capsule ---- */

/* Frees what a capsule was for. It is called once, with the capsule, when the last reference is
   gone: wherever that happens, so on any thread, attached or not (between Py_BEGIN_ALLOW_THREADS
   and Py_END_ALLOW_THREADS a thread is not), also while garbage is collected and while the
   interpreter ends. It is not called if the process ends before, or by a failed PyCapsule_New.

   `capsule` is the very object that died. (One exception: where more than 24 capsules end inside one
   another, and this one was read through a class, it is another capsule that has all it had.)

   Every function of this file works inside it. It need not free the capsule, does not own the
   reference that it gets, and may make and drop references. If it keeps one, the capsule lives on,
   without a destructor. A destructor that is set inside it is shown by PyCapsule_GetDestructor
   and never called.

   On an attached thread it may run Python code. An exception that was pending is put aside and is
   pending again afterwards; one that the destructor leaves goes to sys.unraisablehook, with the
   capsule. It must not unwind (throw, longjmp out). */
typedef void (*PyCapsule_Destructor)(PyObject *capsule);

/* A new capsule. `pointer` is what the name promises to those who know it. `name` and `destructor`
   may be NULL; the context is NULL at first.

   NULL pointer: NULL, "PyCapsule_New called with null pointer".
   No memory: NULL, MemoryError. */
PyObject *PyCapsule_New(void *pointer, const char *name, PyCapsule_Destructor destructor);

/* ---- Looking at one ---- */

/* Where `capsule` is NULL or not a capsule, the functions whose names begin with PyCapsule_Get
   return NULL and raise "<their own name> called with invalid PyCapsule object". */

/* The pointer, if `name` is the capsule's; it is never NULL. Hold a reference to the capsule as
   long as you use it.

   Another name: NULL, "PyCapsule_GetPointer called with incorrect name". */
void *PyCapsule_GetPointer(PyObject *capsule, const char *name);

/* The same, and tells in `vouched` (not NULL) whether native code answers for the pointer: 1 if C
   code made the capsule, or set the pointer last, or Rust code said so; 0 if Python code made it of
   a number, or has set pointer or name since, or a claim has. Who asks for 1 before reading what
   the pointer leads to cannot be crashed by Python code that knows the name. `vouched` is written
   to only where the call succeeds.

   Another name: NULL, "PyCapsuleRs_GetVouchedPointer called with incorrect name".
   Not a capsule: NULL, "PyCapsuleRs_GetVouchedPointer called with invalid PyCapsule object". */
void *PyCapsuleRs_GetVouchedPointer(PyObject *capsule, const char *name, int *vouched);

/* The name: the address that was set, which may be NULL. An address that C code set is good as
   long as that code keeps it; one that Rust or Python code set, as long as the capsule lives. */
const char *PyCapsule_GetName(PyObject *capsule);

/* The context, which may be NULL. */
void *PyCapsule_GetContext(PyObject *capsule);

/* The destructor, which may be NULL. Where Rust or Python code set it, a function that stands for
   it: on that capsule it may be put back, on others it does nothing. */
PyCapsule_Destructor PyCapsule_GetDestructor(PyObject *capsule);

/* 1 if `capsule` is a capsule of this name, whose pointer PyCapsule_GetPointer would then give;
   else 0, also for NULL. Never raises. */
int PyCapsule_IsValid(PyObject *capsule, const char *name);

/* 1 if `object` is a capsule, else 0, also for NULL. Never raises. Capsules have no subclasses. */
int PyCapsule_CheckExact(PyObject *object);

/* ---- Changing one ---- */

/* These return 0. Where `capsule` is NULL or not a capsule, they return -1 and raise "<their own
   name> called with invalid PyCapsule object". */

/* What the name promises must be true of the pointer. The old one is not freed.

   NULL pointer: -1, "PyCapsule_SetPointer called with null pointer". */
int PyCapsule_SetPointer(PyObject *capsule, void *pointer);

/* The pointer must be what the new name promises. NULL is a name. The old one is not freed. */
int PyCapsule_SetName(PyObject *capsule, const char *name);

/* NULL is a context. The old one is not freed. */
int PyCapsule_SetContext(PyObject *capsule, void *context);

/* NULL is none. The old one is not called. What a Rust or Python destructor holds is kept until
   the capsule ends, so that it may be put back. */
int PyCapsule_SetDestructor(PyObject *capsule, PyCapsule_Destructor destructor);

/* Checks the name, gives the capsule another and returns the pointer, as one step: of several
   threads that claim a capsule exactly one gets the pointer. That is how data is handed over once
   (DLPack: "dltensor" to "used_dltensor"). NULL is a name, in both places; `new_name` must live as
   long as it is the name. The destructor stays; it can ask which name the capsule has by then.

   Another name: NULL, "PyCapsuleRs_Claim called with incorrect name", and nothing has changed.
   Not a capsule: NULL, "PyCapsuleRs_Claim called with invalid PyCapsule object". */
void *PyCapsuleRs_Claim(PyObject *capsule, const char *name, const char *new_name);

/* Shows the collector the strong references that stand behind the capsule (in its context, say),
   so that cycles through it are found. The last call counts. `traverse` calls `visit` once with
   each of them, returns at once what is not 0, and does nothing else but read. It runs on any
   thread: in a collection while all others stand still, but for `gc.get_referents` beside them.
   References that are replaced while the capsule lives must therefore be replaced under a lock
   that `traverse` only tries. `clear` gives them up, to break a cycle, and returns 0. It runs
   before the destructor, which then must find them gone; a capsule that ends without being part
   of a cycle has only its destructor. From the moment when the capsule dies, before its destructor
   runs, neither is called.

   NULL function: -1, "_PyCapsule_SetTraverse() called with NULL callback".
   Not a capsule: -1, "_PyCapsule_SetTraverse called with invalid PyCapsule object". */
int _PyCapsule_SetTraverse(PyObject *capsule, traverseproc traverse, inquiry clear);

/* ---- Importing one ---- */

/* Both take a dotted name: "a.b.c" is attribute `c` of `a.b`, and the capsule's name must be all
   of it. `a` comes from sys.modules or is imported; the others are attributes, and one that a
   package lacks is imported as a submodule. They need an attached thread; on another they return
   NULL and raise nothing. The exceptions:

   - ImportError 'PyCapsule_Import could not import module "a"', with the real one as __cause__:
     a module cannot be imported, or an exception is pending, which becomes the cause.
   - KeyboardInterrupt, SystemExit and MemoryError out of an import, as they are.
   - AttributeError: an attribute is missing. What else looking one up raises, as it is.
   - AttributeError 'PyCapsule_Import "a.b.c" is not valid': it is not a capsule of that name.
   - PyCapsuleError "PyCapsule_Import called with null name". */

/* The pointer. Nothing keeps the capsule: it must be one that its module keeps. `no_block` means
   nothing. */
void *PyCapsule_Import(const char *name, int no_block);

/* The capsule itself. While you hold it, its pointer is good. */
PyObject *PyCapsuleRs_ImportCapsule(const char *name);

#endif /* not on CPython */

/* ---- API tables ---- */

/* A struct of function pointers that one module publishes in a capsule and others import. It
   begins with a header that is checked on import, so that modules that were built against
   different versions get an exception instead of a crash. One definition, in a header that both
   sides include, makes the functions of both:

       typedef struct {
           PyCapsuleApi_Header header;
           int64_t (*twice)(int64_t number);
       } MathApi;
       PyCapsuleApi_DEFINE(MathApi, "mathlib._C_API", 1, 0);

   The producer has a table that lives for ever, and puts its capsule where the name says, here
   into the module `mathlib` as `_C_API`:

       static const MathApi api = {PyCapsuleApi_HEADER_INIT(MathApi, 0), twice};
       PyObject *capsule = MathApi_Publish(&api);

   A consumer keeps the capsule as long as it uses the table:

       PyObject *capsule;
       const MathApi *api = MathApi_Import(&capsule);
       if (api == NULL) { return NULL; }

   Versions of one major version may only add fields at the end, and then raise the minor one. So a
   table serves all consumers of its major version that were built for it or for a shorter one.

   A consumer that can do without the functions of later minor versions imports with the size of the
   fields that it needs, and checks for the others before it reads them. Here `halve` was added at the
   end in version 1.1:

       const MathApi *api = (const MathApi *)PyCapsuleApi_Import(
           "mathlib._C_API", 1, 0, offsetof(MathApi, halve), _Alignof(MathApi), &capsule);
       if (api == NULL) { return NULL; }
       if (PyCapsuleApi_HAS(MathApi, api, halve, 1)) { number = api->halve(number); }

   In Rust the same is `api_table!` of rustpython-capsule-glue, where `halve` has `#[since(1.1)]`. The
   producer and the consumers of a table may be in different languages. */

/* What every table begins with. */
typedef struct {
    char magic[8];     /* "PyCapApi", without a NUL */
    uint32_t major;    /* tables of different major versions have nothing in common */
    uint32_t minor;    /* a higher one has more at the end */
    uint64_t size;     /* of the whole table in bytes, this header included */
    uint64_t features; /* bits whose meaning is the table's own */
} PyCapsuleApi_Header;

static_assert(sizeof(PyCapsuleApi_Header) == 32, "the header has no padding");

/* The initializer of a table's first field. */
#define PyCapsuleApi_HEADER_INIT(type, features)                                                   \
    {                                                                                              \
        {'P', 'y', 'C', 'a', 'p', 'A', 'p', 'i'},                                                  \
        type##_MAJOR, type##_MINOR, sizeof(type), (features)                                       \
    }

/* True if the field, a pointer that minor version `since` added, is in a table: the version and the
   size of the table both cover it, and it is not NULL. Reads nothing beyond the table. */
#define PyCapsuleApi_HAS(type, table, field, since)                                                \
    ((table)->header.minor >= (since) &&                                                           \
     (table)->header.size >= offsetof(type, field) + sizeof((table)->field) &&                     \
     (table)->field != NULL)

/* Makes, for a struct whose first field is a header, the constants `type_MAJOR` and `type_MINOR`
   and two functions, for threads that are attached:

       PyObject *type_Publish(const type *table);    the capsule, or NULL and an exception
       const type *type_Import(PyObject **capsule);  as PyCapsuleApi_Import, which is below

   `name` is a string literal with the dotted name of the capsule. */
#define PyCapsuleApi_DEFINE(type, name, major, minor)                                              \
    PyCapsuleApi_FUNCTION_ PyObject *type##_Publish(const type *table)                             \
    {                                                                                              \
        static_assert(offsetof(type, header) == 0, "an API table begins with its header");         \
        return PyCapsule_New((void *)table, name, NULL);                                           \
    }                                                                                              \
    PyCapsuleApi_FUNCTION_ const type *type##_Import(PyObject **capsule)                           \
    {                                                                                              \
        return (const type *)PyCapsuleApi_Import(name, major, minor, sizeof(type),                 \
                                                 PyCapsuleApi_ALIGNOF_(type), capsule);            \
    }                                                                                              \
    enum { type##_MAJOR = (major), type##_MINOR = (minor) }

#ifdef __GNUC__
#define PyCapsuleApi_FUNCTION_ static inline __attribute__((unused))
#else
#define PyCapsuleApi_FUNCTION_ static inline
#endif

#ifdef __cplusplus
#define PyCapsuleApi_ALIGNOF_(type) alignof(type)
#else
#define PyCapsuleApi_ALIGNOF_(type) _Alignof(type)
#endif

/* The capsule `name`, or NULL and an exception. */
PyCapsuleApi_FUNCTION_ PyObject *PyCapsuleApi_Load_(const char *name)
{
#ifndef PyCapsuleRs_ON_CPYTHON_
    return PyCapsuleRs_ImportCapsule(name);
#else
    /* It has the right exceptions, but gives no reference. */
    if (PyCapsule_Import(name, 0) == NULL) {
        return NULL;
    }
    char *part = (char *)PyMem_Malloc(strlen(name) + 1);
    if (part == NULL) {
        return PyErr_NoMemory();
    }
    char *const copy = strcpy(part, name);
    PyObject *found = NULL;
    for (;;) {
        char *const dot = strchr(part, '.');
        if (dot != NULL) {
            *dot = '\0';
        }
        PyObject *const next =
            found == NULL ? PyImport_ImportModule(part) : PyObject_GetAttrString(found, part);
        Py_XDECREF(found);
        found = next;
        if (found == NULL || dot == NULL) {
            break;
        }
        part = dot + 1;
    }
    PyMem_Free(copy);
    return found;
#endif
}

/* Raises the ImportError for a table that cannot be used. */
PyCapsuleApi_FUNCTION_ void PyCapsuleApi_Refuse_(const char *name, const char *reason)
{
    const char *const form = "the API table \"%s\" cannot be used: %s";
    const size_t room = strlen(form) + strlen(name) + strlen(reason);
    char *const text = (char *)PyMem_Malloc(room);
    if (text != NULL) {
        snprintf(text, room, form, name, reason);
    }
    PyErr_SetString(PyExc_ImportError, text == NULL ? reason : text);
    PyMem_Free(text);
}

/* Imports a table and checks its header: the magic, the major version, and that it is not shorter
   than `size`. Returns the table and stores a new reference to its capsule, which keeps it; or
   returns NULL, stores NULL and raises what PyCapsuleRs_ImportCapsule (on CPython,
   PyCapsule_Import) raises, or ImportError 'the API table "<name>" cannot be used: <reason>'. The
   reasons:

   - no native module answers for its pointer (not on CPython, which cannot tell)
   - its pointer is not aligned
   - it has no API table header
   - it has version 2.0 (48 bytes), and version 1.0 (40 bytes) is needed

   Needs an attached thread. */
PyCapsuleApi_FUNCTION_ const void *PyCapsuleApi_Import(const char *name, uint32_t major,
                                                       uint32_t minor, uint64_t size,
                                                       size_t alignment, PyObject **capsule)
{
    *capsule = NULL;
    PyObject *const loaded = PyCapsuleApi_Load_(name);
    if (loaded == NULL) {
        return NULL;
    }
#ifndef PyCapsuleRs_ON_CPYTHON_
    int vouched = 0;
    const void *const table = PyCapsuleRs_GetVouchedPointer(loaded, name, &vouched);
#else
    const int vouched = 1;
    const void *const table = PyCapsule_GetPointer(loaded, name);
#endif
    const PyCapsuleApi_Header *const header = (const PyCapsuleApi_Header *)table;
    if (table == NULL) {
        /* Renamed since; the exception is there. */
    } else if (!vouched) {
        PyCapsuleApi_Refuse_(name, "no native module answers for its pointer");
    } else if ((uintptr_t)table % alignment != 0) {
        PyCapsuleApi_Refuse_(name, "its pointer is not aligned");
    } else if (memcmp(header->magic, "PyCapApi", sizeof header->magic) != 0) {
        PyCapsuleApi_Refuse_(name, "it has no API table header");
    } else if (header->major != major || header->size < size) {
        char reason[160];
        snprintf(reason, sizeof reason,
                 "it has version %lu.%lu (%llu bytes), and version %lu.%lu (%llu bytes) is needed",
                 (unsigned long)header->major, (unsigned long)header->minor,
                 (unsigned long long)header->size, (unsigned long)major, (unsigned long)minor,
                 (unsigned long long)size);
        PyCapsuleApi_Refuse_(name, reason);
    } else {
        *capsule = loaded;
        return table;
    }
    Py_DecRef(loaded);
    return NULL;
}

#ifdef __cplusplus
}
#endif

#endif

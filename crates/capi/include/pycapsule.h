/* Capsules for C: the functions of CPython's pycapsule.h, more functions that only this interpreter
   has, and versioned API tables. This file is their manual.

   It is for RustPython with capsules. It can be included alone, or after (or through) the Python.h
   in the same directory. After CPython's Python.h it declares no functions and adds only the
   tables, so that one source can be built for both interpreters.

   What a capsule is. A capsule is a Python object that carries a pointer, which is never NULL,
   under a name. It also has a context (a second pointer, free for any use) and a destructor. Code
   that knows the name knows what the pointer points to. In Python, the class is
   `types.CapsuleType`.

   PyCapsule_CheckExact is a function here. The data symbol PyCapsule_Type exists for shared
   libraries that `import` loads; rustpython/typesymbols.h has the details.

   References. No function steals a reference to an argument. Every returned `PyObject *` is a new
   reference.

   Names. A capsule stores the address of its name. It never copies or decodes the text. The text
   must stay valid and unchanged as long as it is the capsule's name. If other threads use the
   capsule, it must stay so until their calls that were running when the name was replaced have
   returned. Names are compared byte by byte up to the NUL. NULL is a legal name, which only NULL
   matches; "" is a different name.

   Threads. Any thread may call any function at any time, and several threads may use one capsule. A
   thread always sees a name and a pointer that belong together. Only raising and importing need an
   interpreter. On a thread that is not attached to one, all other functions work, and a function
   that fails returns its failure value but raises nothing. During thread shutdown (in a destructor
   of thread-local data, or in an `atexit` handler) all this holds too, with two exceptions. If the
   thread needs an interpreter for the first time, a warning is written to stderr. If it drops the
   last reference to an object that is not a capsule, or to a capsule that owns Python objects, the
   process is aborted.

   Forks. Every capsule works in the child, whatever other threads of the parent were doing with it.
   Each process runs the destructors of its own copies. This holds after a bare fork() too; but
   Python code may then hang in the child, in locks of the interpreter that another thread held.

   Exceptions. A function that refuses its arguments raises `_capsule.PyCapsuleError`, a subclass of
   ValueError, with the message that is given below. A note on the exception has both names, or the
   class of the object. The new exception replaces a pending one. A call that succeeds leaves a
   pending exception as it is. So if NULL is a legal result, call PyErr_Occurred to recognize a
   failure, and make sure that nothing is pending before the call. If there is no memory for what a
   function makes or copies, it fails with MemoryError and changes nothing. (The interpreter itself
   aborts the process if it has no memory for its own objects, such as exceptions and modules.) No
   function unwinds the stack. */

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

/* The declarations of Python.h that the rest of this file needs. */
typedef struct _object PyObject;
typedef struct _typeobject PyTypeObject;
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

/* The class of capsules. */
extern PyTypeObject PyCapsule_Type;

/* ---- Making a capsule ---- */

/* Frees the resources of a capsule. It is called once, with the capsule, after the last reference
   is dropped. It runs on the thread that drops it, which may be any thread, attached to an
   interpreter or not (between Py_BEGIN_ALLOW_THREADS and Py_END_ALLOW_THREADS a thread is not). It
   may run during a garbage collection and while the interpreter is finalized. It is not called if
   the process exits first, or if PyCapsule_New fails.

   `capsule` is a borrowed reference to the object that is destroyed. (One exception: if more than
   24 capsules are destroyed inside one another, and this one was read through a class, it is a new
   capsule with the same name, pointer, context and destructor.)

   All functions of this file work in a destructor. It must not drop the reference that it gets, and
   need not free the capsule. It may make and drop other references. If it keeps one, the capsule
   stays alive, without a destructor. A destructor that is set in a destructor is returned by
   PyCapsule_GetDestructor and never called.

   On an attached thread a destructor may run Python code. A pending exception is saved and
   restored afterwards. An exception that the destructor sets is passed to sys.unraisablehook, with
   the capsule. A destructor must not unwind the stack (throw a C++ exception or longjmp out). */
typedef void (*PyCapsule_Destructor)(PyObject *capsule);

/* Returns a new capsule. `pointer` must point to what the name promises. `name` and
   `destructor` may be NULL. The context is NULL at first.

   NULL pointer: returns NULL, "PyCapsule_New called with null pointer".
   No memory: returns NULL, MemoryError. */
PyObject *PyCapsule_New(void *pointer, const char *name, PyCapsule_Destructor destructor);

/* ---- Reading a capsule ---- */

/* If `capsule` is NULL or not a capsule, the functions whose names begin with PyCapsule_Get return
   NULL and raise "<name of the function> called with invalid PyCapsule object". */

/* Returns the pointer, which is never NULL, if `name` is the capsule's name. Hold a reference to
   the capsule as long as you use the pointer.

   Another name: returns NULL, "PyCapsule_GetPointer called with incorrect name". */
void *PyCapsule_GetPointer(PyObject *capsule, const char *name);

/* As PyCapsule_GetPointer; also stores in `*vouched` whether native code vouches for the pointer.
   It is 1 if C code made the capsule or was the last to set the pointer, or if Rust code vouched
   for it. It is 0 if Python code made the capsule from a number, or if Python code or a claim has
   since set the pointer or the name. Code that dereferences only vouched pointers cannot be crashed
   by Python code that knows the name. `vouched` must not be NULL; it is written only if the call
   succeeds.

   Another name: returns NULL, "PyCapsuleRs_GetVouchedPointer called with incorrect name".
   Not a capsule: returns NULL, "PyCapsuleRs_GetVouchedPointer called with invalid PyCapsule
   object". */
void *PyCapsuleRs_GetVouchedPointer(PyObject *capsule, const char *name, int *vouched);

/* Returns the name: the address that was set, which may be NULL. An address that C code set is
   valid as long as that code keeps the text. A name that Rust or Python code set is valid as long
   as the capsule lives. */
const char *PyCapsule_GetName(PyObject *capsule);

/* Returns the context, which may be NULL. */
void *PyCapsule_GetContext(PyObject *capsule);

/* Returns the destructor, which may be NULL. For a destructor that Rust or Python code set, it
   returns a placeholder function. Setting the placeholder on the same capsule sets that destructor
   again; on another capsule the placeholder does nothing. */
PyCapsule_Destructor PyCapsule_GetDestructor(PyObject *capsule);

/* Returns 1 if `capsule` is a capsule with this name, so that PyCapsule_GetPointer would succeed;
   else 0, including for NULL. Never raises. */
int PyCapsule_IsValid(PyObject *capsule, const char *name);

/* Returns 1 if `object` is a capsule; else 0, including for NULL. Never raises. The class of capsules
   has no subclasses. */
int PyCapsule_CheckExact(PyObject *object);

/* ---- Changing a capsule ---- */

/* The PyCapsule_Set functions return 0. If `capsule` is NULL or not a capsule, they return -1 and
   raise "<name of the function> called with invalid PyCapsule object". */

/* Sets the pointer, which must point to what the name promises. The old pointer is not
   freed.

   NULL pointer: returns -1, "PyCapsule_SetPointer called with null pointer". */
int PyCapsule_SetPointer(PyObject *capsule, void *pointer);

/* Sets the name, which may be NULL. The pointer must point to what the new name promises.
   The old name is not freed. */
int PyCapsule_SetName(PyObject *capsule, const char *name);

/* Sets the context, which may be NULL. The old context is not freed. */
int PyCapsule_SetContext(PyObject *capsule, void *context);

/* Sets the destructor; NULL removes it. The old destructor is not called. Objects that a Rust or
   Python destructor holds are kept until the capsule is deallocated, so that it can be set
   again. */
int PyCapsule_SetDestructor(PyObject *capsule, PyCapsule_Destructor destructor);

/* Checks the name, replaces it by `new_name` and returns the pointer, in one atomic step. If
   several threads claim a capsule, exactly one of them gets the pointer. This hands data over
   exactly once (DLPack: from "dltensor" to "used_dltensor"). Both names may be NULL. The text of
   `new_name` must stay valid as long as it is the name. The destructor is kept; it can check which
   name the capsule has when it is called.

   Another name: returns NULL, "PyCapsuleRs_Claim called with incorrect name". Nothing is changed.
   Not a capsule: returns NULL, "PyCapsuleRs_Claim called with invalid PyCapsule object". */
void *PyCapsuleRs_Claim(PyObject *capsule, const char *name, const char *new_name);

/* Sets the functions through which the garbage collector finds the strong references that the
   capsule owns (in its context, for example), so that it can detect cycles through the capsule. A
   later call replaces the functions. Returns 0.

   `traverse` calls `visit` once with each reference. If `visit` does not return 0, it returns that
   value at once; at the end it returns 0. It must do nothing else but read. It may run on any
   thread. In a collection all other threads are stopped; in a call of `gc.get_referents` they are
   not. So references that are replaced while the capsule lives must be replaced under a lock, which
   `traverse` must only try to take.

   `clear` drops the references to break a cycle, and returns 0. It runs before the destructor,
   which must then handle their absence. If the capsule is destroyed without being part of a cycle,
   only the destructor is called. When the destruction begins, even before the destructor is called,
   neither function is called any more.

   NULL function: returns -1, "_PyCapsule_SetTraverse() called with NULL callback".
   Not a capsule: returns -1, "_PyCapsule_SetTraverse called with invalid PyCapsule object". */
int _PyCapsule_SetTraverse(PyObject *capsule, traverseproc traverse, inquiry clear);

/* ---- Importing a capsule ---- */

/* Both functions take a dotted name: "a.b.c" is the attribute `c` of `a.b`, and the name of the
   capsule must be the whole text. `a` is taken from sys.modules or imported. The other parts are
   attributes; one that a package lacks is imported as a submodule. The thread must be attached to
   an interpreter; otherwise they return NULL and raise nothing. The exceptions:

   - ImportError 'PyCapsule_Import could not import module "a"': a module cannot be imported, or an
     exception was pending at the call. The original exception is its __cause__.
   - KeyboardInterrupt, SystemExit and MemoryError raised by an import, unchanged.
   - AttributeError: an attribute is missing. Other exceptions of the lookup, unchanged.
   - AttributeError 'PyCapsule_Import "a.b.c" is not valid': it is not a capsule with that name.
   - PyCapsuleError "PyCapsule_Import called with null name". */

/* Returns the pointer. The caller gets no reference to the capsule, so its module must keep it
   alive. `no_block` is ignored. */
void *PyCapsule_Import(const char *name, int no_block);

/* Returns a new reference to the capsule. Hold it as long as you use the pointer. */
PyObject *PyCapsuleRs_ImportCapsule(const char *name);

#endif /* not on CPython */

/* ---- API tables ---- */

/* An API table is a struct of function pointers that one module publishes in a capsule and other
   modules import. It begins with a header that is checked on import, so that modules that were
   built for different versions get an exception instead of a crash. One definition, in a header
   file that both sides include, defines the functions for both sides:

       typedef struct {
           PyCapsuleApi_Header header;
           int64_t (*twice)(int64_t number);
       } MathApi;
       PyCapsuleApi_DEFINE(MathApi, "mathlib._C_API", 1, 0);

   The producer has a table that is never freed. It stores the capsule under the dotted name, here
   as `_C_API` in the module `mathlib`:

       static const MathApi api = {PyCapsuleApi_HEADER_INIT(MathApi, 0), twice};
       PyObject *capsule = MathApi_Publish(&api);

   A consumer holds the capsule as long as it uses the table:

       PyObject *capsule;
       const MathApi *api = MathApi_Import(&capsule);
       if (api == NULL) { return NULL; }

   Within a major version, a new minor version may only add fields at the end. So a table works for
   all consumers of its major version that were built for the same or a shorter table.

   A consumer that can do without the functions of later minor versions imports with the size of the
   fields that it needs, and checks for the others before it reads them. Here `halve` was added at the
   end in version 1.1:

       const MathApi *api = (const MathApi *)PyCapsuleApi_Import(
           "mathlib._C_API", 1, 0, offsetof(MathApi, halve), _Alignof(MathApi), &capsule);
       if (api == NULL) { return NULL; }
       if (PyCapsuleApi_HAS(MathApi, api, halve, 1)) { number = api->halve(number); }

   In Rust, `api_table!` of rustpython-capsule-glue does the same, with `#[since(1.1)]` on `halve`.
   Producer and consumer may be written in different languages. */

/* The header of every table. */
typedef struct {
    char magic[8];     /* "PyCapApi", without a NUL */
    uint32_t major;    /* tables of different major versions are incompatible */
    uint32_t minor;    /* a higher minor version has more fields at the end */
    uint64_t size;     /* size of the whole table in bytes, with this header */
    uint64_t features; /* bits that the author of the table defines */
} PyCapsuleApi_Header;

static_assert(sizeof(PyCapsuleApi_Header) == 32, "the header has no padding");

/* The initializer of a table's header. */
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

/* Defines the constants `type_MAJOR` and `type_MINOR` and two functions for a struct whose first
   field is a header. The functions need a thread that is attached to an interpreter.

       PyObject *type_Publish(const type *table);    a new capsule, or NULL and an exception
       const type *type_Import(PyObject **capsule);  as PyCapsuleApi_Import, see below

   `name` is a string literal: the dotted name of the capsule. */
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

/* Returns a new reference to the capsule `name`, or NULL and an exception. */
PyCapsuleApi_FUNCTION_ PyObject *PyCapsuleApi_ImportCapsule_(const char *name)
{
#ifndef PyCapsuleRs_ON_CPYTHON_
    return PyCapsuleRs_ImportCapsule(name);
#else
    /* This raises the right exceptions, but returns no reference. */
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

/* Imports a table and checks its header: the magic, the major version, and that the table has at
   least `size` bytes. Returns the table and stores in `*capsule` a new reference to its capsule,
   which keeps the table alive. If it fails, it returns NULL and stores NULL. It raises the
   exceptions of PyCapsuleRs_ImportCapsule (on CPython, of PyCapsule_Import), or ImportError 'the
   API table "<name>" cannot be used: <reason>'. The reasons:

   - no native module vouches for its pointer (not on CPython, which cannot check this)
   - its pointer is not aligned
   - it has no API table header
   - it has version 2.0 (48 bytes), and version 1.0 (40 bytes) is needed

   The thread must be attached to an interpreter. */
PyCapsuleApi_FUNCTION_ const void *PyCapsuleApi_Import(const char *name, uint32_t major,
                                                       uint32_t minor, uint64_t size,
                                                       size_t alignment, PyObject **capsule)
{
    *capsule = NULL;
    PyObject *const imported = PyCapsuleApi_ImportCapsule_(name);
    if (imported == NULL) {
        return NULL;
    }
#ifndef PyCapsuleRs_ON_CPYTHON_
    int vouched = 0;
    const void *const table = PyCapsuleRs_GetVouchedPointer(imported, name, &vouched);
#else
    const int vouched = 1;
    const void *const table = PyCapsule_GetPointer(imported, name);
#endif
    const PyCapsuleApi_Header *const header = (const PyCapsuleApi_Header *)table;
    if (table == NULL) {
        /* The capsule was renamed meanwhile; the exception is set. */
    } else if (!vouched) {
        PyCapsuleApi_Refuse_(name, "no native module vouches for its pointer");
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
        *capsule = imported;
        return table;
    }
    Py_DecRef(imported);
    return NULL;
}

#ifdef __cplusplus
}
#endif

#endif

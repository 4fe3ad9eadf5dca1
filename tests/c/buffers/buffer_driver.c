/* Gives Python code access to the buffers of the C API, in this interpreter and in CPython (limited
   API of 3.11): views of objects, kept for as long as a script wants; the functions on views; and
   memoryviews of memory of C. */

#define Py_LIMITED_API 0x030b0000

#include "exporter.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---- Answers ---- */

/* Adds an object to a list and drops the reference to it. */
static int add(PyObject *list, PyObject *object)
{
    const int status = object == NULL ? -1 : PyList_Append(list, object);
    Py_XDECREF(object);
    return status;
}

/* A list of numbers; None for NULL. */
static PyObject *numbers(const Py_ssize_t *array, int count)
{
    if (array == NULL) {
        return Py_NewRef(Py_None);
    }
    PyObject *const list = PyList_New(0);
    for (int i = 0; list != NULL && i < count; i++) {
        add(list, PyLong_FromSsize_t(array[i]));
    }
    return list;
}

int numbers_of(PyObject *tuple, Py_ssize_t *array)
{
    if (tuple == Py_None) {
        return -1;
    }
    const Py_ssize_t count = PyTuple_Size(tuple);
    for (Py_ssize_t i = 0; i < count && i < MOST; i++) {
        array[i] = PyLong_AsSsize_t(PyTuple_GetItem(tuple, i));
    }
    return (int)count;
}

/* Goes to the indices of the next item in C order. Returns 0 after the last one. */
static int next_item(const Py_buffer *view, Py_ssize_t *indices)
{
    for (int i = view->ndim - 1; i >= 0; i--) {
        if (++indices[i] < view->shape[i]) {
            return 1;
        }
        indices[i] = 0;
    }
    return 0;
}

/* The bytes of all items, in C order, read at the addresses of PyBuffer_GetPointer. */
static PyObject *items(const Py_buffer *view)
{
    Py_ssize_t indices[PyBUF_MAX_NDIM] = {0};
    PyObject *const list = PyList_New(0);
    if (view->len > 0) {
        do {
            const char *const item = PyBuffer_GetPointer(view, indices);
            add(list, PyBytes_FromStringAndSize(item, view->itemsize));
        } while (next_item(view, indices));
    }
    return list;
}

/* Everything in a view: a list. The bytes of contiguous memory are read without the arrays. */
static PyObject *description(const Py_buffer *view, PyObject *object)
{
    PyObject *const list = PyList_New(0);
    add(list, PyLong_FromSsize_t(view->len));
    add(list, PyLong_FromSsize_t(view->itemsize));
    add(list, PyLong_FromLong(view->readonly));
    add(list, PyLong_FromLong(view->ndim));
    add(list, view->format == NULL ? Py_NewRef(Py_None) : PyUnicode_FromString(view->format));
    add(list, numbers(view->shape, view->ndim));
    add(list, numbers(view->strides, view->ndim));
    add(list, numbers(view->suboffsets, view->ndim));
    add(list, Py_NewRef(view->obj == object ? Py_True : Py_False));
    for (const char *order = "CFAx"; *order != 0; order++) {
        add(list, PyLong_FromLong(PyBuffer_IsContiguous(view, *order)));
    }
    if (view->strides != NULL) {
        add(list, items(view));
    } else {
        add(list, PyBytes_FromStringAndSize(view->buf, view->len));
    }
    return list;
}

/* ---- Views ---- */

/* get(object, flags): what the object exports. The view is released, twice. */
static PyObject *get(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    (void)module, (void)count;
    Py_buffer view;
    memset(&view, 7, sizeof view);
    if (PyObject_GetBuffer(arguments[0], &view, (int)PyLong_AsLong(arguments[1])) < 0) {
        return NULL;
    }
    PyObject *const described = description(&view, arguments[0]);
    PyBuffer_Release(&view);
    add(described, Py_NewRef(view.obj == NULL ? Py_True : Py_False));
    PyBuffer_Release(&view);
    return described;
}

static Py_buffer held[MOST];

/* hold(place, object, flags): keeps a view. */
static PyObject *hold(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    (void)module, (void)count;
    Py_buffer *const view = &held[PyLong_AsSsize_t(arguments[0])];
    const int status = PyObject_GetBuffer(arguments[1], view, (int)PyLong_AsLong(arguments[2]));
    return status < 0 ? NULL : Py_NewRef(Py_None);
}

/* move(from, to): keeps a copy of the view at another address, and overwrites the view. */
static PyObject *move(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    (void)module, (void)count;
    Py_buffer *const from = &held[PyLong_AsSsize_t(arguments[0])];
    held[PyLong_AsSsize_t(arguments[1])] = *from;
    memset(from, 7, sizeof *from);
    return Py_NewRef(Py_None);
}

/* held_bytes(place): the bytes of a view that is kept. */
static PyObject *held_bytes(PyObject *module, PyObject *place)
{
    (void)module;
    const Py_buffer *const view = &held[PyLong_AsSsize_t(place)];
    return PyBytes_FromStringAndSize(view->buf, view->len);
}

/* set_byte(place, index, byte): changes the memory of a view that is kept. */
static PyObject *set_byte(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    (void)module, (void)count;
    const Py_buffer *const view = &held[PyLong_AsSsize_t(arguments[0])];
    ((char *)view->buf)[PyLong_AsSsize_t(arguments[1])] = (char)PyLong_AsLong(arguments[2]);
    return Py_NewRef(Py_None);
}

/* let_go(place): releases a view that was kept, with an exception pending. Returns whether it is still
   the pending one. */
static PyObject *let_go(PyObject *module, PyObject *place)
{
    (void)module;
    Py_buffer *const view = &held[PyLong_AsSsize_t(place)];
    PyErr_SetString(PyExc_LookupError, "pending");
    PyBuffer_Release(view);
    const int pending = PyErr_ExceptionMatches(PyExc_LookupError);
    PyErr_Clear();
    return PyLong_FromLong(pending * 2 + (view->obj == NULL));
}

static void *release(void *view)
{
    PyBuffer_Release(view);
    return NULL;
}

/* let_go_elsewhere(place): releases a view on a native thread that is attached to no interpreter. Only
   this interpreter allows that. */
static PyObject *let_go_elsewhere(PyObject *module, PyObject *place)
{
    (void)module;
    Py_buffer *const view = &held[PyLong_AsSsize_t(place)];
    pthread_t thread;
    int failed = 0;
    Py_BEGIN_ALLOW_THREADS
    failed = pthread_create(&thread, NULL, release, view) != 0 || pthread_join(thread, NULL) != 0;
    Py_END_ALLOW_THREADS
    return PyLong_FromLong(failed == 0 && view->obj == NULL);
}

/* distance(object, other): how far the first item of one view is from that of the other. */
static PyObject *distance(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    (void)module, (void)count;
    Py_buffer first, second;
    if (PyObject_GetBuffer(arguments[0], &first, PyBUF_FULL_RO) < 0) {
        return NULL;
    }
    if (PyObject_GetBuffer(arguments[1], &second, PyBUF_FULL_RO) < 0) {
        PyBuffer_Release(&first);
        return NULL;
    }
    const intptr_t found = (intptr_t)first.buf - (intptr_t)second.buf;
    PyBuffer_Release(&first);
    PyBuffer_Release(&second);
    return PyLong_FromSsize_t(found);
}

static PyObject *check_buffer(PyObject *module, PyObject *object)
{
    (void)module;
    return PyLong_FromLong(PyObject_CheckBuffer(object));
}

/* fill_info(exporter or None, length, readonly, flags): the view that PyBuffer_FillInfo fills. */
static PyObject *fill_info(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    (void)module, (void)count;
    static char memory[16] = "0123456789abcde";
    PyObject *const exporter = arguments[0] == Py_None ? NULL : arguments[0];
    Py_buffer view;
    const int status = PyBuffer_FillInfo(
        &view, exporter, memory, PyLong_AsSsize_t(arguments[1]), (int)PyLong_AsLong(arguments[2]),
        (int)PyLong_AsLong(arguments[3]));
    if (status < 0) {
        return NULL;
    }
    PyObject *const described = description(&view, exporter);
    PyBuffer_Release(&view);
    return described;
}

/* ---- Copies ---- */

static char order_of(PyObject *text)
{
    const char *const order = PyBytes_AsString(text);
    return order == NULL ? 0 : *order;
}

/* to_contiguous(object, flags, order, difference): the bytes of the items in this order; the function
   gets a length that is wrong by the difference. */
static PyObject *to_contiguous(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    (void)module, (void)count;
    Py_buffer view;
    if (PyObject_GetBuffer(arguments[0], &view, (int)PyLong_AsLong(arguments[1])) < 0) {
        return NULL;
    }
    char *const memory = calloc(1, (size_t)view.len + 1);
    const Py_ssize_t length = view.len + PyLong_AsSsize_t(arguments[3]);
    const int status = PyBuffer_ToContiguous(memory, &view, length, order_of(arguments[2]));
    PyObject *const bytes = status < 0 ? NULL : PyBytes_FromStringAndSize(memory, view.len);
    free(memory);
    PyBuffer_Release(&view);
    return bytes;
}

/* from_contiguous(object, flags, order, bytes): copies the bytes into the object. */
static PyObject *from_contiguous(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    (void)module, (void)count;
    Py_buffer view;
    if (PyObject_GetBuffer(arguments[0], &view, (int)PyLong_AsLong(arguments[1])) < 0) {
        return NULL;
    }
    const int status =
        PyBuffer_FromContiguous(&view, PyBytes_AsString(arguments[3]), PyBytes_Size(arguments[3]),
                                order_of(arguments[2]));
    PyBuffer_Release(&view);
    return status < 0 ? NULL : PyLong_FromLong(status);
}

static PyObject *copy_data(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    (void)module, (void)count;
    const int status = PyObject_CopyData(arguments[0], arguments[1]);
    return status < 0 ? NULL : PyLong_FromLong(status);
}

/* ---- Shapes and formats ---- */

static PyObject *size_from_format(PyObject *module, PyObject *format)
{
    (void)module;
    const Py_ssize_t size = PyBuffer_SizeFromFormat(PyBytes_AsString(format));
    return size < 0 ? NULL : PyLong_FromSsize_t(size);
}

/* fill_strides(shape, itemsize, order) */
static PyObject *fill_strides(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    (void)module, (void)count;
    Py_ssize_t shape[MOST] = {0}, strides[MOST] = {0};
    const int dimensions = numbers_of(arguments[0], shape);
    PyBuffer_FillContiguousStrides(dimensions, shape, strides, (int)PyLong_AsLong(arguments[1]),
                                   order_of(arguments[2]));
    return numbers(strides, dimensions);
}

/* ---- memoryviews ---- */

static PyObject *from_object(PyObject *module, PyObject *object)
{
    (void)module;
    return PyMemoryView_FromObject(object);
}

static char memory[8] = "memory.";

/* from_memory(size, flags): of memory that lives forever. */
static PyObject *from_memory(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    (void)module, (void)count;
    memcpy(memory, "memory.", sizeof memory);
    return PyMemoryView_FromMemory(memory, PyLong_AsSsize_t(arguments[0]),
                                   (int)PyLong_AsLong(arguments[1]));
}

/* from_buffer(place): of a view that is kept. */
static PyObject *from_buffer(PyObject *module, PyObject *place)
{
    (void)module;
    return PyMemoryView_FromBuffer(&held[PyLong_AsSsize_t(place)]);
}

/* from_no_buffer(): of a view without memory. */
static PyObject *from_no_buffer(PyObject *module, PyObject *none)
{
    (void)module, (void)none;
    const Py_buffer nothing = {0};
    return PyMemoryView_FromBuffer(&nothing);
}

/* get_contiguous(object, buffertype, order) */
static PyObject *get_contiguous(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    (void)module, (void)count;
    return PyMemoryView_GetContiguous(arguments[0], (int)PyLong_AsLong(arguments[1]),
                                      order_of(arguments[2]));
}

/* is_memoryview(object) */
static PyObject *is_memoryview(PyObject *module, PyObject *object)
{
    (void)module;
    return PyLong_FromLong(PyMemoryView_Check(object) != 0);
}

/* ---- The module ---- */

#define FAST(name) {#name, (PyCFunction)(void (*)(void))(name), METH_FASTCALL, NULL}
#define ONE(name) {#name, name, METH_O, NULL}

static PyMethodDef methods[] = {
    FAST(get),
    FAST(hold),
    FAST(move),
    ONE(held_bytes),
    FAST(set_byte),
    ONE(let_go),
    ONE(let_go_elsewhere),
    FAST(distance),
    ONE(check_buffer),
    FAST(fill_info),
    FAST(to_contiguous),
    FAST(from_contiguous),
    FAST(copy_data),
    ONE(size_from_format),
    FAST(fill_strides),
    ONE(from_object),
    FAST(from_memory),
    ONE(from_buffer),
    {"from_no_buffer", from_no_buffer, METH_NOARGS, NULL},
    FAST(get_contiguous),
    ONE(is_memoryview),
    {"configure", configure, METH_VARARGS, NULL},
    {"counts", counts, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

#ifdef RUSTPYTHON_CAPI

PyABIInfo_VAR(abi_info);

static PySlot slots[] = {
    PySlot_STATIC_DATA(Py_mod_abi, &abi_info),
    PySlot_STATIC_DATA(Py_mod_methods, methods),
    PySlot_FUNC(Py_mod_exec, add_exporters),
    PySlot_PTR(Py_mod_gil, Py_MOD_GIL_NOT_USED),
    PySlot_END,
};

PyMODEXPORT_FUNC PyModExport_buffer_driver(void)
{
    return slots;
}

#else

static PyModuleDef_Slot slots[] = {{Py_mod_exec, add_exporters}, {0, NULL}};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "buffer_driver",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit_buffer_driver(void)
{
    return PyModuleDef_Init(&definition);
}

#endif

/* Buffers: the memory of objects. A part of Python.h.

   A consumer asks an object for a view of its memory, and releases the view when it is done:

       Py_buffer view;
       if (PyObject_GetBuffer(object, &view, PyBUF_SIMPLE) < 0) {
           return NULL;
       }
       ... view.buf, view.len ...
       PyBuffer_Release(&view);

   Until the release the memory stays where it is; a bytearray, for one, cannot be resized. There is
   no GIL: other threads may read and write the same memory meanwhile. No NUL follows the bytes. */

#ifndef RUSTPYTHON_PYBUFFER_H
#define RUSTPYTHON_PYBUFFER_H

#ifdef __cplusplus
extern "C" {
#endif

/* A view. What the request did not ask for is NULL. The struct may be copied, and then one of the
   copies released; but a view of plain bytes (PyBuffer_FillInfo, bytes) has pointers to its own
   fields in `shape` and `strides`. */
typedef struct {
    void *buf;              /* The first item. */
    PyObject *obj;          /* The exporter, a reference that the view owns; or NULL. */
    Py_ssize_t len;         /* The bytes of all items. */
    Py_ssize_t itemsize;    /* The bytes of an item. */
    int readonly;           /* Not 0 if the memory must not be changed. */
    int ndim;               /* The elements of each of the arrays below. */
    char *format;           /* As in the module struct; NULL stands for "B". */
    Py_ssize_t *shape;      /* The items in each dimension. */
    Py_ssize_t *strides;    /* The distances in bytes; NULL if the items are in C order. */
    Py_ssize_t *suboffsets; /* Always NULL from the objects of this interpreter. */
    void *internal;         /* Belongs to the exporter. */
} Py_buffer;

/* The functions of a class that exports buffers. The first returns 0, or -1 with an exception and
   `view->obj` NULL. The second frees what the first allocated, but does not drop the reference in
   `view->obj`; it may be NULL. */
typedef int (*getbufferproc)(PyObject *object, Py_buffer *view, int flags);
typedef void (*releasebufferproc)(PyObject *object, Py_buffer *view);

#define PyBUF_MAX_NDIM 64

#define PyBUF_SIMPLE 0
#define PyBUF_WRITABLE 0x0001
#define PyBUF_FORMAT 0x0004
#define PyBUF_ND 0x0008
#define PyBUF_STRIDES (0x0010 | PyBUF_ND)
#define PyBUF_C_CONTIGUOUS (0x0020 | PyBUF_STRIDES)
#define PyBUF_F_CONTIGUOUS (0x0040 | PyBUF_STRIDES)
#define PyBUF_ANY_CONTIGUOUS (0x0080 | PyBUF_STRIDES)
#define PyBUF_INDIRECT (0x0100 | PyBUF_STRIDES)

#define PyBUF_CONTIG (PyBUF_ND | PyBUF_WRITABLE)
#define PyBUF_CONTIG_RO (PyBUF_ND)
#define PyBUF_STRIDED (PyBUF_STRIDES | PyBUF_WRITABLE)
#define PyBUF_STRIDED_RO (PyBUF_STRIDES)
#define PyBUF_RECORDS (PyBUF_STRIDES | PyBUF_WRITABLE | PyBUF_FORMAT)
#define PyBUF_RECORDS_RO (PyBUF_STRIDES | PyBUF_FORMAT)
#define PyBUF_FULL (PyBUF_INDIRECT | PyBUF_WRITABLE | PyBUF_FORMAT)
#define PyBUF_FULL_RO (PyBUF_INDIRECT | PyBUF_FORMAT)

/* For PyMemoryView_FromMemory and PyMemoryView_GetContiguous only. */
#define PyBUF_READ 0x100
#define PyBUF_WRITE 0x200

/* ---- Views. PyBuffer_Release sets `view->obj` to NULL, does nothing if it is NULL already, and may
   be called by any thread. ---- */

int PyObject_CheckBuffer(PyObject *object);
int PyObject_GetBuffer(PyObject *object, Py_buffer *view, int flags);
void PyBuffer_Release(Py_buffer *view);
int PyBuffer_FillInfo(Py_buffer *view, PyObject *exporter, void *memory, Py_ssize_t length,
                      int readonly, int flags);

/* ---- Items. `order` is 'C' (the last index varies fastest), 'F' (the first one) or 'A' (either). The
   indices that PyBuffer_GetPointer gets are not checked. ---- */

int PyBuffer_IsContiguous(const Py_buffer *view, char order);
void *PyBuffer_GetPointer(const Py_buffer *view, const Py_ssize_t *indices);
Py_ssize_t PyBuffer_SizeFromFormat(const char *format);
void PyBuffer_FillContiguousStrides(int dimensions, Py_ssize_t *shape, Py_ssize_t *strides,
                                    int itemsize, char order);

/* ---- Copies. PyObject_CopyData copies to an object with the same shape, or from contiguous items to
   contiguous ones; otherwise it raises BufferError. ---- */

int PyBuffer_ToContiguous(void *memory, const Py_buffer *view, Py_ssize_t length, char order);
int PyBuffer_FromContiguous(const Py_buffer *view, const void *memory, Py_ssize_t length,
                            char order);
int PyObject_CopyData(PyObject *target, PyObject *source);

/* ---- memoryview. The memory that PyMemoryView_FromMemory and PyMemoryView_FromBuffer get must stay
   valid as long as the memoryview and everything that was made of it. ---- */

int PyMemoryView_Check(PyObject *object);
PyObject *PyMemoryView_FromObject(PyObject *object);
PyObject *PyMemoryView_FromMemory(char *memory, Py_ssize_t size, int flags);
PyObject *PyMemoryView_FromBuffer(const Py_buffer *info);
PyObject *PyMemoryView_GetContiguous(PyObject *object, int buffertype, char order);

#ifdef __cplusplus
}
#endif

#endif

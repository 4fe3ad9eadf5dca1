/* Classes that export buffers. */

#include "class_driver.h"

enum { SIZE = 12 };

typedef struct {
    unsigned char bytes[SIZE];
    long exports;
    char read_only;
    Py_ssize_t shape[2];
    Py_ssize_t strides[2];
} Block;

static PyTypeObject *block_type;
static PyTypeObject *grid_type;

static int block_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    (void)kwargs;
    Block *const block = PyObject_GetTypeData(self, block_type);
    for (int i = 0; i < SIZE; i++) {
        block->bytes[i] = (unsigned char)(i + 'a');
    }
    block->read_only = PyTuple_Size(args) > 0 && Py_IsTrue(PyTuple_GetItem(args, 0));
    return 0;
}

static int block_get(PyObject *self, Py_buffer *view, int flags)
{
    Block *const block = PyObject_GetTypeData(self, block_type);
    event("getbuffer(%s)", kind(self));
    if (PyBuffer_FillInfo(view, self, block->bytes, SIZE, block->read_only, flags) < 0) {
        return -1;
    }
    block->exports++;
    return 0;
}

static void block_release(PyObject *self, Py_buffer *view)
{
    Block *const block = PyObject_GetTypeData(self, block_type);
    block->exports--;
    event("releasebuffer(%s, %zd, %ld left)", kind(self), view->len, block->exports);
}

static void block_dealloc(PyObject *self)
{
    event("dealloc(%s)", kind(self));
    free_instance(self);
}

static PyMemberDef block_members[] = {
    {"exports", Py_T_LONG, offsetof(Block, exports), Py_READONLY | Py_RELATIVE_OFFSET, NULL},
    {NULL, 0, 0, 0, NULL},
};
static PyType_Slot block_slots[] = {
    SLOT(Py_tp_init, block_init),
    SLOT(Py_tp_dealloc, block_dealloc),
    SLOT(Py_tp_members, block_members),
    SLOT(Py_bf_getbuffer, block_get),
    SLOT(Py_bf_releasebuffer, block_release),
    {0, NULL},
};
static PyType_Spec block_spec = {"class_driver.Block", -(int)sizeof(Block), 0,
                                 Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, block_slots};

/* ---- Two dimensions, with strides: every other column of 3 x 4 bytes ---- */

static int grid_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    (void)args;
    (void)kwargs;
    Block *const block = PyObject_GetTypeData(self, grid_type);
    for (int i = 0; i < SIZE; i++) {
        block->bytes[i] = (unsigned char)i;
    }
    return 0;
}

static int grid_get(PyObject *self, Py_buffer *view, int flags)
{
    Block *const block = PyObject_GetTypeData(self, grid_type);
    /* PyBUF_STRIDES */
    if ((flags & 0x18) != 0x18) {
        PyErr_SetString(PyExc_BufferError, "a grid needs strides");
        view->obj = NULL;
        return -1;
    }
    block->shape[0] = 3;
    block->shape[1] = 2;
    block->strides[0] = 4;
    block->strides[1] = 2;
    static char format[] = "B";
    *view = (Py_buffer){.buf = block->bytes,
                        .obj = Py_NewRef(self),
                        .len = 6,
                        .itemsize = 1,
                        .readonly = 0,
                        .ndim = 2,
                        .format = format,
                        .shape = block->shape,
                        .strides = block->strides};
    return 0;
}

static PyType_Slot grid_slots[] = {
    SLOT(Py_tp_init, grid_init),
    SLOT(Py_bf_getbuffer, grid_get),
    {0, NULL},
};
static PyType_Spec grid_spec = {"class_driver.Grid", -(int)sizeof(Block), 0,
                                Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, grid_slots};

/* ---- Refuses ---- */

static int refusing_get(PyObject *self, Py_buffer *view, int flags)
{
    (void)flags;
    view->obj = NULL;
    PyErr_SetString(PyExc_BufferError, kind(self));
    return -1;
}

static PyType_Slot refusing_slots[] = {SLOT(Py_bf_getbuffer, refusing_get), {0, NULL}};
static PyType_Spec refusing_spec = {"class_driver.RefusesBuffers", 0, 0, Py_TPFLAGS_DEFAULT,
                                    refusing_slots};

int add_buffers(PyObject *module)
{
    if ((block_type = add_class(module, &block_spec, NULL)) == NULL ||
        (grid_type = add_class(module, &grid_spec, NULL)) == NULL ||
        add_class(module, &refusing_spec, NULL) == NULL) {
        return -1;
    }
    return 0;
}

/* The extension module `speed_class`, with the class of the rows of classes. The same source is
   compiled with the limited API of CPython 3.13, and for this project. The class in
   `python/python_class.py` and the native one in `src/ours/native_class.rs` do the same. */

#ifndef RUSTPYTHON_CAPI
#define Py_LIMITED_API 0x030D0000
#endif

#include <Python.h>
#include <stddef.h>

enum { LENGTH = 3, HASH = 271828, SIZE = 64 };

struct sample {
    /* What the class returns: None. */
    PyObject *item;
    /* How many items are left of an iteration. */
    Py_ssize_t remaining;
    char bytes[SIZE];
};

/* A borrowed reference. */
static PyTypeObject *sample_type;

static struct sample *data_of(PyObject *self)
{
    return PyObject_GetTypeData(self, sample_type);
}

static PyObject *sample_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    (void)arguments;
    (void)keywords;
    PyObject *const self = PyType_GenericAlloc(type, 0);
    if (self != NULL) {
        data_of(self)->item = Py_NewRef(Py_None);
    }
    return self;
}

static int sample_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(data_of(self)->item);
    return 0;
}

static void sample_dealloc(PyObject *self)
{
    PyTypeObject *const type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_XDECREF(data_of(self)->item);
    PyObject_GC_Del(self);
    Py_DECREF(type);
}

static PyObject *noargs(PyObject *self, PyObject *none)
{
    (void)none;
    return Py_NewRef(self);
}

static PyObject *one(PyObject *self, PyObject *argument)
{
    (void)argument;
    return Py_NewRef(self);
}

static PyObject *varargs(PyObject *self, PyObject *arguments)
{
    (void)arguments;
    return Py_NewRef(self);
}

static PyObject *varargs_keywords(PyObject *self, PyObject *arguments, PyObject *keywords)
{
    (void)arguments;
    (void)keywords;
    return Py_NewRef(self);
}

static PyObject *fastcall(PyObject *self, PyObject *const *arguments, Py_ssize_t count)
{
    (void)arguments;
    (void)count;
    return Py_NewRef(self);
}

static PyObject *fastcall_keywords(PyObject *self, PyObject *const *arguments, Py_ssize_t count,
                                   PyObject *names)
{
    (void)arguments;
    (void)count;
    (void)names;
    return Py_NewRef(self);
}

static PyObject *method(PyObject *self, PyTypeObject *defining_class, PyObject *const *arguments,
                        size_t count, PyObject *names)
{
    (void)defining_class;
    (void)arguments;
    (void)count;
    (void)names;
    return Py_NewRef(self);
}

#define FUNCTION(function) ((PyCFunction)(void (*)(void))(function))

static PyMethodDef methods[] = {
    {"noargs", noargs, METH_NOARGS, NULL},
    {"one", one, METH_O, NULL},
    {"varargs", varargs, METH_VARARGS, NULL},
    {"varargs_keywords", FUNCTION(varargs_keywords), METH_VARARGS | METH_KEYWORDS, NULL},
    {"fastcall", FUNCTION(fastcall), METH_FASTCALL, NULL},
    {"fastcall_keywords", FUNCTION(fastcall_keywords), METH_FASTCALL | METH_KEYWORDS, NULL},
    {"method", FUNCTION(method), METH_METHOD | METH_FASTCALL | METH_KEYWORDS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyObject *get_item(PyObject *self, void *closure)
{
    (void)closure;
    return Py_NewRef(data_of(self)->item);
}

static PyGetSetDef getset[] = {
    {"getter", get_item, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMemberDef members[] = {
    {"member", Py_T_OBJECT_EX, offsetof(struct sample, item), Py_READONLY | Py_RELATIVE_OFFSET,
     NULL},
    {"remaining", Py_T_PYSSIZET, offsetof(struct sample, remaining), Py_RELATIVE_OFFSET, NULL},
    {NULL, 0, 0, 0, NULL},
};

static Py_ssize_t length(PyObject *self)
{
    (void)self;
    return LENGTH;
}

static PyObject *subscript(PyObject *self, PyObject *key)
{
    (void)key;
    return Py_NewRef(data_of(self)->item);
}

static PyObject *add(PyObject *left, PyObject *right)
{
    (void)right;
    return Py_NewRef(left);
}

static PyObject *compare(PyObject *self, PyObject *other, int operation)
{
    if (operation != Py_EQ) {
        return Py_NewRef(Py_NotImplemented);
    }
    return Py_NewRef(self == other ? Py_True : Py_False);
}

static Py_hash_t hash(PyObject *self)
{
    (void)self;
    return HASH;
}

static PyObject *next(PyObject *self)
{
    struct sample *const data = data_of(self);
    if (data->remaining == 0) {
        return NULL;
    }
    data->remaining--;
    return Py_NewRef(data->item);
}

static int get_buffer(PyObject *self, Py_buffer *view, int flags)
{
    return PyBuffer_FillInfo(view, self, data_of(self)->bytes, SIZE, 1, flags);
}

static PyType_Slot slots[] = {
    {Py_tp_new, sample_new},
    {Py_tp_dealloc, sample_dealloc},
    {Py_tp_traverse, sample_traverse},
    {Py_tp_methods, methods},
    {Py_tp_getset, getset},
    {Py_tp_members, members},
    {Py_mp_length, length},
    {Py_mp_subscript, subscript},
    {Py_nb_add, add},
    {Py_tp_richcompare, compare},
    {Py_tp_hash, hash},
    {Py_tp_iter, PyObject_SelfIter},
    {Py_tp_iternext, next},
    {Py_bf_getbuffer, get_buffer},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "speed_class.Sample",
    .basicsize = -(int)sizeof(struct sample),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};

static int execute(PyObject *module)
{
    PyObject *const type = PyType_FromModuleAndSpec(module, &spec, NULL);
    sample_type = (PyTypeObject *)type;
    return PyModule_Add(module, "Sample", type);
}

#ifdef RUSTPYTHON_CAPI

PyABIInfo_VAR(abi_info);

static PySlot module_slots[] = {
    PySlot_STATIC_DATA(Py_mod_abi, &abi_info),
    PySlot_FUNC(Py_mod_exec, execute),
    PySlot_PTR(Py_mod_gil, Py_MOD_GIL_NOT_USED),
    PySlot_END,
};

PyMODEXPORT_FUNC PyModExport_speed_class(void)
{
    return module_slots;
}

#else

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, execute},
    {0, NULL},
};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "speed_class",
    .m_slots = module_slots,
};

PyMODINIT_FUNC PyInit_speed_class(void)
{
    return PyModuleDef_Init(&definition);
}

#endif

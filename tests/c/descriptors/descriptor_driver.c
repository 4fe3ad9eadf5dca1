/* Classes whose attributes are made by descriptors, for this interpreter and for CPython: a member of
   each type, getters and setters, and methods of each calling convention. */

#include <Python.h>

#include <stddef.h>
#include <string.h>

#include "../driver_module.h"

#ifdef RUSTPYTHON_CAPI
#include "pycapsule.h"
#endif

/* ---- Members ---- */

typedef struct {
    char one_bool;
    char one_char;
    signed char one_byte;
    unsigned char one_ubyte;
    short one_short;
    unsigned short one_ushort;
    int one_int;
    unsigned int one_uint;
    long one_long;
    unsigned long one_ulong;
    long long one_longlong;
    unsigned long long one_ulonglong;
    Py_ssize_t one_ssize;
    float one_float;
    double one_double;
    const char *one_string;
    char one_inplace[8];
    PyObject *one_object;
    PyObject *one_object_ex;
    /* What lies around the fields must not change. */
    unsigned char end[8];
} Fields;

static Fields *fields_of(PyObject *self, PyTypeObject *type)
{
    return PyObject_GetTypeData(self, type);
}

#define MEMBER(code, field, flags)                                                                 \
    {#field, code, offsetof(Fields, field), (flags) | Py_RELATIVE_OFFSET, "the doc of " #field}
#define READONLY(code, name, field)                                                                \
    {name, code, offsetof(Fields, field), Py_READONLY | Py_RELATIVE_OFFSET, NULL}

static PyMemberDef members[] = {
    MEMBER(Py_T_BOOL, one_bool, 0),
    MEMBER(Py_T_CHAR, one_char, 0),
    MEMBER(Py_T_BYTE, one_byte, 0),
    MEMBER(Py_T_UBYTE, one_ubyte, 0),
    MEMBER(Py_T_SHORT, one_short, 0),
    MEMBER(Py_T_USHORT, one_ushort, 0),
    MEMBER(Py_T_INT, one_int, 0),
    MEMBER(Py_T_UINT, one_uint, 0),
    MEMBER(Py_T_LONG, one_long, 0),
    MEMBER(Py_T_ULONG, one_ulong, 0),
    MEMBER(Py_T_LONGLONG, one_longlong, 0),
    MEMBER(Py_T_ULONGLONG, one_ulonglong, 0),
    MEMBER(Py_T_PYSSIZET, one_ssize, 0),
    MEMBER(Py_T_FLOAT, one_float, 0),
    MEMBER(Py_T_DOUBLE, one_double, 0),
    MEMBER(Py_T_STRING, one_string, 0),
    MEMBER(Py_T_STRING_INPLACE, one_inplace, 0),
    MEMBER(_Py_T_OBJECT, one_object, 0),
    MEMBER(Py_T_OBJECT_EX, one_object_ex, 0),
    {"one_none", _Py_T_NONE, 0, Py_RELATIVE_OFFSET, NULL},
    {"of_no_type", 77, 0, Py_RELATIVE_OFFSET, NULL},
    READONLY(Py_T_INT, "fixed_int", one_int),
    READONLY(Py_T_OBJECT_EX, "fixed_object", one_object_ex),
    {"audited", Py_T_INT, offsetof(Fields, one_int),
     Py_READONLY | Py_AUDIT_READ | Py_RELATIVE_OFFSET, NULL},
    /* The first of two attributes of one name stays. */
    {"one_int", Py_T_LONG, offsetof(Fields, one_long), Py_RELATIVE_OFFSET, "the second"},
    {NULL, 0, 0, 0, NULL},
};

/* set_texts(string, inplace): sets the fields that members cannot set. None is NULL. */
static PyObject *set_texts(PyObject *self, PyTypeObject *type, PyObject *const *args, size_t count,
                           PyObject *names)
{
    (void)names;
    static char kept[64];
    Fields *const fields = fields_of(self, type);
    if (count != 2) {
        PyErr_SetString(PyExc_TypeError, "two arguments");
        return NULL;
    }
    if (args[0] == Py_None) {
        fields->one_string = NULL;
    } else {
        strncpy(kept, PyBytes_AsString(args[0]), sizeof kept - 1);
        fields->one_string = kept;
    }
    strncpy(fields->one_inplace, PyBytes_AsString(args[1]), sizeof fields->one_inplace - 1);
    memset(fields->end, 0x5a, sizeof fields->end);
    return Py_NewRef(Py_None);
}

/* The bytes of the numbers, and those behind the last field. */
static PyObject *memory(PyObject *self, PyTypeObject *type, PyObject *const *args, size_t count,
                        PyObject *names)
{
    (void)args, (void)count, (void)names;
    const Fields *const fields = fields_of(self, type);
    char bytes[offsetof(Fields, one_string) + sizeof fields->end];
    memcpy(bytes, fields, offsetof(Fields, one_string));
    memcpy(bytes + offsetof(Fields, one_string), fields->end, sizeof fields->end);
    return PyBytes_FromStringAndSize(bytes, sizeof bytes);
}

/* get_one(code), set_one(code, value or nothing): PyMember_GetOne and _SetOne of a field that fits
   every type. */
static union {
    long long number;
    double real;
    PyObject *object;
    const char *text;
} scratch;

static PyMemberDef scratch_member(PyObject *code)
{
    const PyMemberDef member = {"scratch", (int)PyLong_AsLong(code) & 0xff, 0,
                                (int)PyLong_AsLong(code) >> 8, NULL};
    return member;
}

static PyObject *get_one(PyObject *module, PyObject *code)
{
    (void)module;
    PyMemberDef member = scratch_member(code);
    return PyMember_GetOne((const char *)&scratch, &member);
}

static PyObject *set_one(PyObject *module, PyObject *args)
{
    (void)module;
    PyMemberDef member = scratch_member(PyTuple_GetItem(args, 0));
    PyObject *const value = PyTuple_Size(args) > 1 ? PyTuple_GetItem(args, 1) : NULL;
    return PyLong_FromLong(PyMember_SetOne((char *)&scratch, &member, value) == 0 ? 0 : -1) == NULL
                   || PyErr_Occurred() != NULL
               ? NULL
               : Py_NewRef(Py_None);
}

/* ---- Methods ---- */

/* A list of what a function got. NULL is the string "NULL". */
static PyObject *shown(PyObject *object)
{
    return object == NULL ? PyUnicode_FromString("NULL") : Py_NewRef(object);
}

static PyObject *got(const char *function, PyObject *self, PyObject *args, PyObject *keywords)
{
    PyObject *const answer = PyList_New(0);
    PyObject *const parts[] = {PyUnicode_FromString(function), shown(self), shown(args),
                               shown(keywords)};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        PyList_Append(answer, parts[i]);
        Py_DECREF(parts[i]);
    }
    return answer;
}

static PyObject *list_of(PyObject *const *args, Py_ssize_t count)
{
    PyObject *const list = PyList_New(0);
    for (Py_ssize_t i = 0; i < count; i++) {
        PyList_Append(list, args[i]);
    }
    return list;
}

static PyObject *no_args(PyObject *self, PyObject *args)
{
    return got("no_args", self, args, NULL);
}

static PyObject *one(PyObject *self, PyObject *args)
{
    return got("one", self, args, NULL);
}

static PyObject *tuple(PyObject *self, PyObject *args)
{
    return got("tuple", self, args, NULL);
}

static PyObject *tuple_and_dict(PyObject *self, PyObject *args, PyObject *keywords)
{
    return got("tuple_and_dict", self, args, keywords);
}

static PyObject *array(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    PyObject *const list = list_of(args, count);
    PyObject *const answer = got("array", self, list, NULL);
    Py_DECREF(list);
    return answer;
}

static PyObject *array_and_names(PyObject *self, PyObject *const *args, Py_ssize_t count,
                                 PyObject *names)
{
    const Py_ssize_t named = names == NULL ? 0 : PyTuple_Size(names);
    PyObject *const list = list_of(args, count + named);
    PyObject *const answer = got("array_and_names", self, list, names);
    Py_DECREF(list);
    return answer;
}

static PyObject *with_class(PyObject *self, PyTypeObject *type, PyObject *const *args, size_t count,
                            PyObject *names)
{
    PyObject *const answer = array_and_names(self, args, (Py_ssize_t)count, names);
    PyList_Append(answer, (PyObject *)type);
    return answer;
}

static PyObject *fails_silently(PyObject *self, PyObject *args)
{
    (void)self, (void)args;
    return NULL;
}

static PyObject *raises_unreported(PyObject *self, PyObject *args)
{
    (void)args;
    PyErr_SetString(PyExc_KeyError, "unreported");
    return Py_NewRef(self == NULL ? Py_None : self);
}

static PyObject *calls(PyObject *self, PyObject *args)
{
    (void)self;
    return PyObject_CallNoArgs(args);
}

static PyObject *length(PyObject *self, PyObject *args)
{
    (void)self, (void)args;
    return PyUnicode_FromString("the method");
}

static Py_ssize_t slot_length(PyObject *self)
{
    (void)self;
    return 7;
}

static PyObject *slot_repr(PyObject *self)
{
    (void)self;
    return PyUnicode_FromString("<an instance>");
}

#define CAST(function) ((PyCFunction)(void (*)(void))(function))
#define METHOD(function, flags) {#function, CAST(function), flags, NULL}
#define KIND(prefix, kind)                                                                         \
    {prefix "no_args", CAST(no_args), METH_NOARGS | (kind), NULL},                                 \
        {prefix "one", CAST(one), METH_O | (kind), NULL},                                          \
        {prefix "tuple", CAST(tuple), METH_VARARGS | (kind), NULL},                                \
        {prefix "tuple_and_dict", CAST(tuple_and_dict), METH_VARARGS | METH_KEYWORDS | (kind),     \
         NULL},                                                                                    \
        {prefix "array", CAST(array), METH_FASTCALL | (kind), NULL},                               \
        {prefix "array_and_names", CAST(array_and_names), METH_FASTCALL | METH_KEYWORDS | (kind),  \
         NULL},                                                                                    \
        {prefix "fails_silently", CAST(fails_silently), METH_NOARGS | (kind), NULL},               \
        {prefix "raises_unreported", CAST(raises_unreported), METH_NOARGS | (kind), NULL}

#define ANY_CLASS (METH_METHOD | METH_FASTCALL | METH_KEYWORDS)

static PyMethodDef methods[] = {
    KIND("", 0),
    KIND("class_", METH_CLASS),
    KIND("static_", METH_STATIC),
    {"with_class", CAST(with_class), ANY_CLASS, NULL},
    {"class_with_class", CAST(with_class), ANY_CLASS | METH_CLASS, NULL},
    {"documented", no_args, METH_NOARGS, "documented($self, /)\n--\n\nThe text."},
    {"static_documented", one, METH_O | METH_STATIC, "static_documented(x, /)\n--\n\nThe text."},
    {"class_documented", one, METH_O | METH_CLASS, "class_documented($type, x, /)\n--\n\nThe text."},
    {"plain_doc", no_args, METH_NOARGS, "Only a text."},
    {"empty_doc", no_args, METH_NOARGS, ""},
    {"calls", calls, METH_O, NULL},
    {"__len__", length, METH_NOARGS, NULL},
    {"__repr__", length, METH_NOARGS | METH_COEXIST, NULL},
    {"__reduce__", length, METH_NOARGS, NULL},
    {"no_args", one, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

/* ---- Getters and setters ---- */

static PyObject *get_pair(PyObject *self, void *closure)
{
    return got("get_pair", self, NULL, closure == NULL ? NULL : Py_True);
}

static PyObject *last_set;

static int set_last(PyObject *self, PyObject *value, void *closure)
{
    if (value != NULL && PyUnicode_Check(value)) {
        PyErr_SetString(PyExc_ValueError, "no strings");
        return -1;
    }
    Py_XDECREF(last_set);
    last_set = got("set_last", self, value, closure == NULL ? NULL : Py_True);
    return 0;
}

static PyObject *get_last(PyObject *module, PyObject *args)
{
    (void)module, (void)args;
    return shown(last_set);
}

static PyObject *get_nothing(PyObject *self, void *closure)
{
    (void)self, (void)closure;
    return NULL;
}

static PyObject *get_and_raise(PyObject *self, void *closure)
{
    (void)closure;
    PyErr_SetString(PyExc_KeyError, "from the getter");
    (void)self;
    return NULL;
}

static PyObject *get_unreported(PyObject *self, void *closure)
{
    PyErr_SetString(PyExc_KeyError, "unreported");
    (void)closure;
    return Py_NewRef(self);
}

static int set_nothing(PyObject *self, PyObject *value, void *closure)
{
    (void)self, (void)value, (void)closure;
    return -1;
}

static int set_unreported(PyObject *self, PyObject *value, void *closure)
{
    (void)self, (void)value, (void)closure;
    PyErr_SetString(PyExc_KeyError, "unreported");
    return 0;
}

static int a_closure;

static PyGetSetDef getset[] = {
    {"both", get_pair, set_last, "the doc of both", &a_closure},
    {"read_only", get_pair, NULL, NULL, NULL},
    {"write_only", NULL, set_last, NULL, NULL},
    {"neither", NULL, NULL, NULL, NULL},
    {"raising", get_and_raise, NULL, NULL, NULL},
    {"silent", get_nothing, set_nothing, NULL, NULL},
    {"unreported", get_unreported, set_unreported, NULL, NULL},
    {"both", get_and_raise, NULL, "the second", NULL},
    {"no_args", get_pair, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

/* ---- Classes ---- */

static int traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    return 0;
}

static void deallocate(PyObject *self)
{
    PyTypeObject *const type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    freefunc const release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type);
}

static PyMethodDef member_methods[] = {
    {"set_texts", CAST(set_texts), ANY_CLASS, NULL},
    {"memory", CAST(memory), ANY_CLASS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot member_slots[] = {
    {Py_tp_members, members},
    {Py_tp_methods, member_methods},
    {Py_tp_traverse, (void *)traverse},
    {Py_tp_dealloc, (void *)deallocate},
    {0, NULL},
};

static PyType_Slot method_slots[] = {
    {Py_tp_methods, methods},
    {Py_tp_getset, getset},
    {Py_tp_repr, (void *)slot_repr},
    {Py_sq_length, (void *)slot_length},
    {Py_tp_traverse, (void *)traverse},
    {Py_tp_dealloc, (void *)deallocate},
    {0, NULL},
};

#define FLAGS (Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC)

static PyType_Spec member_spec = {
    "descriptor_driver.Members", -(int)sizeof(Fields), 0, FLAGS, member_slots,
};

static PyType_Spec method_spec = {"descriptor_driver.Methods", 0, 0, FLAGS, method_slots};

static PyMethodDef odd_methods[4][2] = {
    {{"odd", no_args, METH_NOARGS | METH_O, NULL}},
    {{"odd", no_args, METH_NOARGS | METH_CLASS | METH_STATIC, NULL}},
    {{"odd", NULL, METH_NOARGS, NULL}},
    {{"odd", no_args, METH_METHOD | METH_NOARGS, NULL}},
};

static PyMemberDef odd_members[3][2] = {
    {{"odd", Py_T_INT, 64, Py_RELATIVE_OFFSET, NULL}},
    {{"odd", Py_T_INT, -4, Py_RELATIVE_OFFSET, NULL}},
    {{"odd", Py_T_INT, 16, 0, NULL}},
};

/* odd(kind, index): tries to make a class with a definition that is wrong. */
static PyObject *odd(PyObject *module, PyObject *args)
{
    const long kind = PyLong_AsLong(PyTuple_GetItem(args, 0));
    const long index = PyLong_AsLong(PyTuple_GetItem(args, 1));
    PyType_Slot slots[] = {
        {kind ? Py_tp_members : Py_tp_methods,
         kind ? (void *)odd_members[index] : (void *)odd_methods[index]},
        {0, NULL},
    };
    PyType_Spec spec = {"descriptor_driver.Odd", -16, 0, Py_TPFLAGS_DEFAULT, slots};
    return PyType_FromModuleAndSpec(module, &spec, NULL);
}

/* new_method(class, index), new_class_method(class, index), new_getset(class, index): descriptors of
   a class. */
static PyObject *new_method(PyObject *module, PyObject *args)
{
    (void)module;
    return PyDescr_NewMethod((PyTypeObject *)PyTuple_GetItem(args, 0),
                             &methods[PyLong_AsLong(PyTuple_GetItem(args, 1))]);
}

static PyObject *new_class_method(PyObject *module, PyObject *args)
{
    (void)module;
    return PyDescr_NewClassMethod((PyTypeObject *)PyTuple_GetItem(args, 0),
                                  &methods[PyLong_AsLong(PyTuple_GetItem(args, 1))]);
}

static PyObject *new_getset(PyObject *module, PyObject *args)
{
    (void)module;
    return PyDescr_NewGetSet((PyTypeObject *)PyTuple_GetItem(args, 0),
                             &getset[PyLong_AsLong(PyTuple_GetItem(args, 1))]);
}

/* new_function(self or None, index, class or None): a function object of a method. */
static PyObject *new_function(PyObject *module, PyObject *args)
{
    (void)module;
    PyObject *const self = PyTuple_GetItem(args, 0);
    PyObject *const class = PyTuple_GetItem(args, 2);
    return PyCMethod_New(&methods[PyLong_AsLong(PyTuple_GetItem(args, 1))],
                         self == Py_None ? NULL : self, NULL,
                         class == Py_None ? NULL : (PyTypeObject *)class);
}

/* about(function): the flags of a function object, its self, and whether it calls `no_args`. */
static PyObject *about(PyObject *module, PyObject *function)
{
    (void)module;
    PyObject *const answer = PyList_New(0);
    PyObject *const parts[] = {
        PyLong_FromLong(PyCFunction_GetFlags(function)),
        shown(PyCFunction_GetSelf(function)),
        PyBool_FromLong(PyCFunction_GetFunction(function) == no_args),
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        PyList_Append(answer, parts[i]);
        Py_DECREF(parts[i]);
    }
    return answer;
}

/* make_class(): a new class with the methods. */
static PyObject *make_class(PyObject *module, PyObject *args)
{
    (void)args;
    return PyType_FromModuleAndSpec(module, &method_spec, NULL);
}

static PyObject *make_member_class(PyObject *module, PyObject *args)
{
    (void)args;
    return PyType_FromModuleAndSpec(module, &member_spec, NULL);
}

static PyMethodDef functions[] = {
    METHOD(get_one, METH_O),
    METHOD(set_one, METH_VARARGS),
    METHOD(get_last, METH_NOARGS),
    METHOD(odd, METH_VARARGS),
    METHOD(new_method, METH_VARARGS),
    METHOD(new_class_method, METH_VARARGS),
    METHOD(new_getset, METH_VARARGS),
    METHOD(new_function, METH_VARARGS),
    METHOD(about, METH_O),
    METHOD(make_class, METH_NOARGS),
    METHOD(make_member_class, METH_NOARGS),
    {NULL, NULL, 0, NULL},
};

DRIVER_MODULE(descriptor_driver, functions)

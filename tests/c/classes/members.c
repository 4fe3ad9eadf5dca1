/* A class with a member of every type. */

#include "class_driver.h"

typedef struct {
    short a_short;
    int an_int;
    long a_long;
    float a_float;
    double a_double;
    const char *a_string;
    PyObject *an_object;
    char a_char;
    signed char a_byte;
    unsigned char an_unsigned_byte;
    unsigned short an_unsigned_short;
    unsigned int an_unsigned_int;
    unsigned long an_unsigned_long;
    char an_array[8];
    char a_bool;
    PyObject *an_object_or_error;
    long long a_long_long;
    unsigned long long an_unsigned_long_long;
    Py_ssize_t a_size;
} Members;

#define MEMBER(name, type) {#name, type, offsetof(Members, name), Py_RELATIVE_OFFSET, NULL}
#define READ(name, member, type)                                                                   \
    {name, type, offsetof(Members, member), Py_READONLY | Py_RELATIVE_OFFSET, "Read only."}

static PyMemberDef definitions[] = {
    MEMBER(a_short, Py_T_SHORT),
    MEMBER(an_int, Py_T_INT),
    MEMBER(a_long, Py_T_LONG),
    MEMBER(a_float, Py_T_FLOAT),
    MEMBER(a_double, Py_T_DOUBLE),
    MEMBER(a_string, Py_T_STRING),
    MEMBER(an_object, _Py_T_OBJECT),
    MEMBER(a_char, Py_T_CHAR),
    MEMBER(a_byte, Py_T_BYTE),
    MEMBER(an_unsigned_byte, Py_T_UBYTE),
    MEMBER(an_unsigned_short, Py_T_USHORT),
    MEMBER(an_unsigned_int, Py_T_UINT),
    MEMBER(an_unsigned_long, Py_T_ULONG),
    MEMBER(an_array, Py_T_STRING_INPLACE),
    MEMBER(a_bool, Py_T_BOOL),
    MEMBER(an_object_or_error, Py_T_OBJECT_EX),
    MEMBER(a_long_long, Py_T_LONGLONG),
    MEMBER(an_unsigned_long_long, Py_T_ULONGLONG),
    MEMBER(a_size, Py_T_PYSSIZET),
    MEMBER(a_bool, _Py_T_NONE),
    READ("read_int", an_int, Py_T_INT),
    READ("read_object", an_object, _Py_T_OBJECT),
    READ("read_object_or_error", an_object_or_error, Py_T_OBJECT_EX),
    READ("read_string", a_string, Py_T_STRING),
    READ("always_none", an_int, _Py_T_NONE),
    {"audited", Py_T_INT, offsetof(Members, an_int), Py_AUDIT_READ | Py_RELATIVE_OFFSET, ""},
    {NULL, 0, 0, 0, NULL},
};

static PyTypeObject *members_type;

static Members *members_of(PyObject *self)
{
    return PyObject_GetTypeData(self, members_type);
}

static int members_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    (void)args;
    (void)kwargs;
    Members *const data = members_of(self);
    data->a_string = "h\xc3\xa9llo";
    memcpy(data->an_array, "inside", 7);
    data->a_char = 'c';
    return 0;
}

static PyObject *members_unset_string(PyObject *self, PyObject *none)
{
    (void)none;
    members_of(self)->a_string = NULL;
    return Py_NewRef(Py_None);
}

static void members_dealloc(PyObject *self)
{
    Py_CLEAR(members_of(self)->an_object);
    Py_CLEAR(members_of(self)->an_object_or_error);
    free_instance(self);
}

static PyMethodDef members_methods[] = {
    {"unset_string", members_unset_string, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};
static PyType_Slot members_slots[] = {
    SLOT(Py_tp_init, members_init),
    SLOT(Py_tp_members, definitions),
    SLOT(Py_tp_methods, members_methods),
    SLOT(Py_tp_dealloc, members_dealloc),
    {0, NULL},
};
static PyType_Spec members_spec = {"class_driver.Members", -(int)sizeof(Members), 0,
                                   Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, members_slots};

int add_members(PyObject *module)
{
    members_type = add_class(module, &members_spec, NULL);
    return members_type == NULL ? -1 : 0;
}

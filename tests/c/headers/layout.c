/* Prints the layout in C of the structs that C and Rust share: a line for each with its size and
   the offsets of its fields; and then the bytes of the header of a table. */

#include <Python.h>

typedef struct {
    PyCapsuleApi_Header header;
    int64_t (*twice)(int64_t number);
} MathApi;
PyCapsuleApi_DEFINE(MathApi, "mathlib._C_API", 0x01020304, 0x05060708);

static const MathApi api = {PyCapsuleApi_HEADER_INIT(MathApi, 0x1112131415161718), NULL};

#define FIELD(type, field) printf(" %zu", offsetof(type, field))

int main(void)
{
    printf("PyMethodDef %zu", sizeof(PyMethodDef));
    FIELD(PyMethodDef, ml_name);
    FIELD(PyMethodDef, ml_meth);
    FIELD(PyMethodDef, ml_flags);
    FIELD(PyMethodDef, ml_doc);

    printf("\nPySlot %zu", sizeof(PySlot));
    FIELD(PySlot, sl_id);
    FIELD(PySlot, sl_flags);
    FIELD(PySlot, sl_reserved);
    FIELD(PySlot, sl_ptr);

    printf("\nPyABIInfo %zu", sizeof(PyABIInfo));
    FIELD(PyABIInfo, abiinfo_major_version);
    FIELD(PyABIInfo, abiinfo_minor_version);
    FIELD(PyABIInfo, flags);
    FIELD(PyABIInfo, build_version);
    FIELD(PyABIInfo, abi_version);

    printf("\nPy_buffer %zu", sizeof(Py_buffer));
    FIELD(Py_buffer, buf);
    FIELD(Py_buffer, obj);
    FIELD(Py_buffer, len);
    FIELD(Py_buffer, itemsize);
    FIELD(Py_buffer, readonly);
    FIELD(Py_buffer, ndim);
    FIELD(Py_buffer, format);
    FIELD(Py_buffer, shape);
    FIELD(Py_buffer, strides);
    FIELD(Py_buffer, suboffsets);
    FIELD(Py_buffer, internal);

    printf("\nPyCapsuleApi_Header %zu", sizeof api.header);
    const unsigned char *const bytes = (const unsigned char *)&api.header;
    for (size_t position = 0; position < sizeof api.header; position++) {
        printf(" %u", bytes[position]);
    }
    printf("\n");
    return 0;
}

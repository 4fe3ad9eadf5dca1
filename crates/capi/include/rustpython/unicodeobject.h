/* `str` and codecs. A part of Python.h. */

#ifndef RUSTPYTHON_UNICODEOBJECT_H
#define RUSTPYTHON_UNICODEOBJECT_H

#ifdef __cplusplus
extern "C" {
#endif

/* ---- str ---- */

int PyUnicode_Check(PyObject *object);
int PyUnicode_CheckExact(PyObject *object);
PyObject *PyUnicode_FromString(const char *text);
PyObject *PyUnicode_FromStringAndSize(const char *text, Py_ssize_t length);

/* The text of an ASCII format, in which a `%` begins a conversion: the flags `-` and `0`; the width and
   `.` precision, which may be `*`; the size `l`, `ll`, `j`, `z` or `t`; and a letter:

       d i u o x X   an integer of the size
       c             an int, as a character
       p             a pointer
       s             UTF-8; of the size l, a string of wchar_t
       U S R A       an object: a str; its str(), repr() or ascii()
       T N           an object: the full name of its class; a class: its full name. With the flag `#`,
                     a colon is between the module and the name.
       V             an object or NULL, and a string that is used for NULL
       %             a per cent sign

   The precision of s counts bytes, that of objects characters. */
PyObject *PyUnicode_FromFormat(const char *format, ...);
PyObject *PyUnicode_FromFormatV(const char *format, va_list list);

PyObject *PyUnicode_FromObject(PyObject *object);
PyObject *PyUnicode_FromOrdinal(int ordinal);
PyObject *PyUnicode_InternFromString(const char *text);
void PyUnicode_InternInPlace(PyObject **string);
Py_ssize_t PyUnicode_GetLength(PyObject *string);

/* Return the text in UTF-8, followed by a NUL. It belongs to the string: the address is the same at
   each call, and valid as long as the string lives. `*size` is the length in bytes without the NUL,
   or -1 if the call fails; `size` may be NULL. They return NULL with TypeError if the object is not
   a str, or with UnicodeEncodeError if it contains a surrogate. */
const char *PyUnicode_AsUTF8(PyObject *object);
const char *PyUnicode_AsUTF8AndSize(PyObject *object, Py_ssize_t *size);

int PyUnicode_Compare(PyObject *left, PyObject *right);
int PyUnicode_CompareWithASCIIString(PyObject *left, const char *right);
int PyUnicode_Equal(PyObject *left, PyObject *right);
int PyUnicode_EqualToUTF8(PyObject *string, const char *text);
int PyUnicode_EqualToUTF8AndSize(PyObject *string, const char *text, Py_ssize_t size);
int PyUnicode_Contains(PyObject *container, PyObject *element);
PyObject *PyUnicode_Concat(PyObject *left, PyObject *right);
PyObject *PyUnicode_Format(PyObject *format, PyObject *args);
PyObject *PyUnicode_Partition(PyObject *string, PyObject *separator);
PyObject *PyUnicode_RPartition(PyObject *string, PyObject *separator);
PyObject *PyUnicode_Translate(PyObject *string, PyObject *table, const char *errors);
int PyUnicode_IsIdentifier(PyObject *string);

/* ---- From and to bytes ---- */

PyObject *PyUnicode_FromEncodedObject(PyObject *object, const char *encoding, const char *errors);
PyObject *PyUnicode_Decode(const char *text, Py_ssize_t size, const char *encoding,
                           const char *errors);
PyObject *PyUnicode_DecodeUTF8(const char *text, Py_ssize_t size, const char *errors);
PyObject *PyUnicode_DecodeUTF7(const char *text, Py_ssize_t size, const char *errors);
PyObject *PyUnicode_DecodeASCII(const char *text, Py_ssize_t size, const char *errors);
PyObject *PyUnicode_DecodeLatin1(const char *text, Py_ssize_t size, const char *errors);
PyObject *PyUnicode_DecodeUnicodeEscape(const char *text, Py_ssize_t size, const char *errors);
PyObject *PyUnicode_DecodeRawUnicodeEscape(const char *text, Py_ssize_t size, const char *errors);
PyObject *PyUnicode_DecodeFSDefault(const char *text);
PyObject *PyUnicode_DecodeFSDefaultAndSize(const char *text, Py_ssize_t size);
PyObject *PyUnicode_AsEncodedString(PyObject *string, const char *encoding, const char *errors);
PyObject *PyUnicode_AsUTF8String(PyObject *string);
PyObject *PyUnicode_AsUTF16String(PyObject *string);
PyObject *PyUnicode_AsUTF32String(PyObject *string);
PyObject *PyUnicode_AsASCIIString(PyObject *string);
PyObject *PyUnicode_AsLatin1String(PyObject *string);
PyObject *PyUnicode_AsUnicodeEscapeString(PyObject *string);
PyObject *PyUnicode_AsRawUnicodeEscapeString(PyObject *string);
PyObject *PyUnicode_EncodeFSDefault(PyObject *string);
const char *PyUnicode_GetDefaultEncoding(void);
PyObject *PyOS_FSPath(PyObject *path);

/* ---- codecs.h ---- */

int PyCodec_Register(PyObject *search_function);
int PyCodec_Unregister(PyObject *search_function);
int PyCodec_KnownEncoding(const char *encoding);
PyObject *PyCodec_Encode(PyObject *object, const char *encoding, const char *errors);
PyObject *PyCodec_Decode(PyObject *object, const char *encoding, const char *errors);
PyObject *PyCodec_Encoder(const char *encoding);
PyObject *PyCodec_Decoder(const char *encoding);
PyObject *PyCodec_IncrementalEncoder(const char *encoding, const char *errors);
PyObject *PyCodec_IncrementalDecoder(const char *encoding, const char *errors);
PyObject *PyCodec_StreamReader(const char *encoding, PyObject *stream, const char *errors);
PyObject *PyCodec_StreamWriter(const char *encoding, PyObject *stream, const char *errors);
int PyCodec_RegisterError(const char *name, PyObject *error);
PyObject *PyCodec_LookupError(const char *name);
PyObject *PyCodec_StrictErrors(PyObject *exception);
PyObject *PyCodec_IgnoreErrors(PyObject *exception);
PyObject *PyCodec_ReplaceErrors(PyObject *exception);
PyObject *PyCodec_XMLCharRefReplaceErrors(PyObject *exception);
PyObject *PyCodec_BackslashReplaceErrors(PyObject *exception);
PyObject *PyCodec_NameReplaceErrors(PyObject *exception);

#ifdef __cplusplus
}
#endif

#endif

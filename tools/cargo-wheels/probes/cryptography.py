"""cryptography: Fernet, RSA, Ed25519, AES, key derivation, hashes and X.509 certificates."""

import datetime
import pickle
import threading

import _cffi_backend
from cryptography import x509
from cryptography.exceptions import (
    AlreadyFinalized,
    InvalidSignature,
    InvalidTag,
    UnsupportedAlgorithm,
)
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes, hmac, padding as block_padding, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, x25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

print("_cffi_backend is", _cffi_backend.__file__)


def refused(exception, function, *arguments, **keywords):
    try:
        function(*arguments, **keywords)
    except exception as error:
        return error
    raise AssertionError(f"{function} accepted {arguments}")


# Fernet.
key = Fernet.generate_key()
token = Fernet(key).encrypt(b"secret")
assert Fernet(key).decrypt(token) == b"secret"
refused(InvalidToken, Fernet(Fernet.generate_key()).decrypt, token)
assert MultiFernet([Fernet(Fernet.generate_key()), Fernet(key)]).decrypt(token) == b"secret"

# Hashes of known texts, over each kind of buffer.
digest = hashes.Hash(hashes.SHA256())
for part in (b"a", bytearray(b"b"), memoryview(b"xcx")[1:2]):
    digest.update(part)
copy = digest.copy()
assert digest.finalize().hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
refused(AlreadyFinalized, digest.update, b"")
copy.update(b"")
assert copy.finalize().hex().startswith("ba7816bf")
code = hmac.HMAC(b"key", hashes.SHA256())
code.update(b"The quick brown fox jumps over the lazy dog")
expected = "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
code.copy().verify(bytes.fromhex(expected))
refused(InvalidSignature, code.verify, bytes(32))
refused(TypeError, hashes.Hash(hashes.SHA256()).update, "text")

# AES-GCM with a published vector (NIST, test case 4), and a changed text.
gcm = AESGCM(bytes.fromhex("feffe9928665731c6d6a8f9467308308"))
nonce = bytes.fromhex("cafebabefacedbaddecaf888")
plain = bytes.fromhex(
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
    "b16aedf5aa0de657ba637b39"
)
header = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
sealed = gcm.encrypt(nonce, plain, header)
assert sealed[-16:].hex() == "5bc94fbc3221a5db94fae95ae7121a47"
assert gcm.decrypt(nonce, bytearray(sealed), header) == plain
refused(InvalidTag, gcm.decrypt, nonce, sealed, b"other header")
refused(ValueError, AESGCM, b"short")
boxed = ChaCha20Poly1305(bytes(32)).encrypt(bytes(12), b"data", None)
assert ChaCha20Poly1305(bytes(32)).decrypt(bytes(12), boxed, None) == b"data"

# AES-CBC with padding, also into a buffer of ours.
cipher = Cipher(algorithms.AES(bytes(range(32))), modes.CBC(bytes(16)))
padder = block_padding.PKCS7(128).padder()
padded = padder.update(b"some text, not a whole block") + padder.finalize()
encryptor = cipher.encryptor()
secret = encryptor.update(padded) + encryptor.finalize()
buffer = bytearray(len(secret) + 15)
decryptor = cipher.decryptor()
assert decryptor.update_into(secret, buffer) == len(secret)
decryptor.finalize()
assert bytes(buffer[: len(padded)]) == padded
refused(ValueError, cipher.decryptor().update_into, secret, bytearray(3))
refused((TypeError, BufferError), cipher.decryptor().update_into, secret, bytes(64))
refused((ValueError, TypeError), algorithms.AES, b"short")

# Key derivation with published vectors (RFC 6070, RFC 5869).
kdf = PBKDF2HMAC(algorithm=hashes.SHA1(), length=20, salt=b"salt", iterations=4096)
assert kdf.derive(b"password").hex() == "4b007901b765489abead49d926f721d065a429c1"
derived = HKDF(
    hashes.SHA256(),
    42,
    bytes.fromhex("000102030405060708090a0b0c"),
    bytes.fromhex("f0f1f2f3f4f5f6f7f8f9"),
).derive(b"\x0b" * 22)
assert derived.hex().startswith("3cb25f25faacd57a90434f64d0362f2a")

# RSA.
private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
public = private.public_key()
pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.MAX_LENGTH)
signature = private.sign(b"message", pss, hashes.SHA256())
public.verify(signature, b"message", pss, hashes.SHA256())
refused(InvalidSignature, public.verify, signature, b"changed", pss, hashes.SHA256())
oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
assert private.decrypt(public.encrypt(b"small", oaep), oaep) == b"small"
pem = private.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.BestAvailableEncryption(b"pw"),
)
assert pem.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
loaded = serialization.load_pem_private_key(pem, b"pw")
assert loaded.private_numbers() == private.private_numbers() and loaded.key_size == 2048
refused(TypeError, serialization.load_pem_private_key, pem, None)
refused(ValueError, serialization.load_pem_private_key, pem, b"wrong")
numbers = public.public_numbers()
assert numbers.e == 65537 and numbers.n.bit_length() == 2048 and numbers.public_key() == public

# Ed25519 with a published vector (RFC 8032), X25519, ECDSA.
signer = ed25519.Ed25519PrivateKey.from_private_bytes(
    bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
)
assert (
    signer.public_key().public_bytes_raw().hex()
    == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
)
assert (
    signer.sign(b"")
    .hex()
    .startswith("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155")
)
signer.public_key().verify(signer.sign(b"m"), b"m")
refused(InvalidSignature, signer.public_key().verify, signer.sign(b"m"), b"n")
one, two = x25519.X25519PrivateKey.generate(), x25519.X25519PrivateKey.generate()
assert one.exchange(two.public_key()) == two.exchange(one.public_key())
curve = ec.generate_private_key(ec.SECP256R1())
curve.public_key().verify(
    curve.sign(b"data", ec.ECDSA(hashes.SHA256())), b"data", ec.ECDSA(hashes.SHA256())
)
assert curve.curve.name == "secp256r1"

# A certificate that signs itself, and one that it signs.
name = x509.Name(
    [
        x509.NameAttribute(x509.NameOID.COMMON_NAME, "example.org"),
        x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Größe"),
    ]
)
start = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
root = (
    x509.CertificateBuilder()
    .subject_name(name)
    .issuer_name(name)
    .public_key(public)
    .serial_number(77)
    .not_valid_before(start)
    .not_valid_after(start + datetime.timedelta(days=90))
    .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
    .add_extension(
        x509.SubjectAlternativeName([x509.DNSName("example.org"), x509.DNSName("*.example.org")]),
        critical=False,
    )
    .sign(private, hashes.SHA256())
)
read = x509.load_pem_x509_certificate(root.public_bytes(serialization.Encoding.PEM))
assert read == root and hash(read) == hash(root) and read.serial_number == 77
assert read.subject.rfc4514_string() == "O=Größe,CN=example.org", read.subject.rfc4514_string()
assert read.not_valid_after_utc == start + datetime.timedelta(days=90)
names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
assert names.get_values_for_type(x509.DNSName) == ["example.org", "*.example.org"]
read.verify_directly_issued_by(root)
refused(x509.ExtensionNotFound, read.extensions.get_extension_for_class, x509.KeyUsage)
leaf_name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "leaf")])
leaf = (
    x509.CertificateBuilder()
    .subject_name(leaf_name)
    .issuer_name(name)
    .public_key(curve.public_key())
    .serial_number(x509.random_serial_number())
    .not_valid_before(start)
    .not_valid_after(start + datetime.timedelta(days=1))
    .sign(private, hashes.SHA256())
)
leaf.verify_directly_issued_by(root)
refused((ValueError, InvalidSignature), root.verify_directly_issued_by, leaf)
request = (
    x509.CertificateSigningRequestBuilder().subject_name(leaf_name).sign(curve, hashes.SHA256())
)
assert x509.load_der_x509_csr(request.public_bytes(serialization.Encoding.DER)).is_signature_valid
refused(ValueError, x509.load_der_x509_certificate, b"not a certificate")

# Objects of the native part: no attributes can be set, no pickles can be made.
refused((AttributeError, TypeError), setattr, root, "serial_number", 1)
refused(TypeError, pickle.dumps, signer)
assert x509.ObjectIdentifier("2.5.4.3") == x509.NameOID.COMMON_NAME
assert len({x509.ObjectIdentifier("1.2.3"), x509.ObjectIdentifier("1.2.3")}) == 1
assert issubclass(UnsupportedAlgorithm, Exception)

# Several threads with one key.
failures = []


def work():
    try:
        for number in range(30):
            text = str(number).encode()
            signer.public_key().verify(signer.sign(text), text)
            assert gcm.decrypt(nonce, gcm.encrypt(nonce, text, None), None) == text
    except BaseException as error:
        failures.append(error)


threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert not failures, failures

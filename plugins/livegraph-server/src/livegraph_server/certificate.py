"""TLS: a certificate of the machine's own (`--tls auto`), or the files that were named (`--tls CERT,KEY`)."""

from __future__ import annotations

import os
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from platformdirs import user_data_path

from livegraph import InputError

LIFE = timedelta(days=365)
RENEWED_BEFORE = timedelta(days=7)
Names = list[x509.DNSName | x509.IPAddress]


@dataclass(frozen=True, slots=True)
class Certificate:
    """Files in PEM, and the fingerprint that a browser shows of one that nobody vouches for; empty for one that was
    brought along.
    """

    certificate: Path
    key: Path
    fingerprint: str = ""


def certificate_for(tls: str, names: list[str]) -> Certificate:
    """What `--tls` asks for. `names`: how the machine is called and reached. `InputError` says what is wrong."""
    if tls == "auto":
        return own(user_data_path("livegraph", appauthor=False) / "tls", names)
    certificate, comma, key = tls.partition(",")
    if not (comma and certificate and key):
        raise InputError(f"--tls {tls}: write `auto`, or CERT,KEY: two files in PEM with a comma between them")
    return _checked(Certificate(Path(certificate).expanduser(), Path(key).expanduser()))


def own(folder: Path, names: list[str]) -> Certificate:
    """The certificate kept in `folder`, made anew where there is none, it ends soon, or a name is not in it. It stands
    in one file with its key, so that the two always fit.
    """
    file = folder / "own.pem"
    wanted = [_general_name(name) for name in names]
    found = _read(file)
    if found is None or not _good(found, wanted):
        found = _make(file, wanted)
    return Certificate(file, file, found.fingerprint(hashes.SHA256()).hex(":").upper())


def _checked(files: Certificate) -> Certificate:
    for file in (files.certificate, files.key):
        try:
            file.open("rb").close()
        except OSError as error:
            raise InputError(f"--tls: {file} cannot be read: {error.strerror}") from None
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(files.certificate, files.key, password=_no_password)
    except (ssl.SSLError, ValueError) as error:
        why = "have no password" if "password" in str(error) else "be a certificate and its own key, in PEM"
        raise InputError(f"--tls: {files.certificate} and {files.key} must {why}") from None
    return files


def _no_password() -> str:
    raise ValueError("a password is asked for")


def _general_name(name: str) -> x509.DNSName | x509.IPAddress:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _read(file: Path) -> x509.Certificate | None:
    """None also where the file is damaged: then it is made anew."""
    with suppress(OSError, ValueError, ssl.SSLError):
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(file)
        return x509.load_pem_x509_certificate(file.read_bytes())
    return None


def _good(certificate: x509.Certificate, wanted: Names) -> bool:
    """Whether it has every name that the machine has now, and time left."""
    held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    lasts = certificate.not_valid_after_utc - datetime.now(UTC) > RENEWED_BEFORE
    return lasts and set(wanted) <= set(held)


def _make(file: Path, names: Names) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    made = _signed(key, names)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + made.public_bytes(serialization.Encoding.PEM)
    try:
        _write_private(file, pem)
    except OSError as error:
        raise InputError(f"--tls auto: {file} cannot be written: {error.strerror}") from None
    return made


def _signed(key: ec.EllipticCurvePrivateKey, names: Names) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "livegraph")])
    now, public = datetime.now(UTC), key.public_key()
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)  # digital signatures
    builder = (
        x509.CertificateBuilder(name, name, public, x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # for phones whose clock is slow
        .not_valid_after(now + LIFE)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)  # vouches for none but itself
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
    )
    return builder.sign(key, hashes.SHA256())


def _write_private(file: Path, content: bytes) -> None:
    """Nobody else may read it, at no moment; what others read meanwhile is whole."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = file.with_name(f".{file.name}.{os.getpid()}.part")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(content)
    partial.replace(file)


__all__ = ["Certificate", "certificate_for", "own"]

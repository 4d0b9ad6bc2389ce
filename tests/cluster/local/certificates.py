"""Throwaway certificate authorities and certificates, made with openssl. Keys are readable by their owner alone."""

import os
import pathlib
import subprocess

DAYS = "3650"
CONFIGURATION = "[req]\ndistinguished_name = dn\nprompt = no\n[dn]\n"


def _request(folder: pathlib.Path, name: str, subject: str, extensions: list[str], signer: list[str]) -> None:
    configuration = folder / "openssl.cnf"
    configuration.write_text(CONFIGURATION)
    command = ["openssl", "req", "-x509", "-config", str(configuration), "-newkey", "ec"]
    command += ["-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-sha256", "-days", DAYS, "-subj", subject]
    command += ["-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.crt.new"), *signer]
    for extension in extensions:
        command += ["-addext", extension]
    mask = os.umask(0o077)
    try:
        subprocess.run(command, check=True, capture_output=True)
    finally:
        os.umask(mask)
    os.chmod(folder / f"{name}.crt.new", 0o644)
    # Renamed last: a certificate that is there has its key beside it.
    os.rename(folder / f"{name}.crt.new", folder / f"{name}.crt")


def make_authority(folder: pathlib.Path, common_name: str) -> None:
    """Makes ca.crt and ca.key in `folder` unless they are there."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "ca.crt").exists():
        extensions = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign,digitalSignature"]
        extensions += ["subjectKeyIdentifier=hash"]
        _request(folder, "ca", f"/CN={common_name}", extensions, [])


def make_certificate(folder: pathlib.Path, name: str, subject: str, alternatives: list[str] | None = None) -> None:
    """Makes NAME.crt and NAME.key, signed by the folder's authority, unless they are there.

    `alternatives` are openssl's names, such as "DNS:localhost" or "IP:127.0.0.1"; with them it serves, without
    them it is a client's.
    """
    if (folder / f"{name}.crt").exists():
        return
    extensions = ["basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature"]
    extensions += ["subjectKeyIdentifier=hash", "authorityKeyIdentifier=keyid"]
    extensions += ["extendedKeyUsage=" + ("serverAuth" if alternatives else "clientAuth")]
    if alternatives:
        extensions.append("subjectAltName=" + ",".join(alternatives))
    signer = ["-CA", str(folder / "ca.crt"), "-CAkey", str(folder / "ca.key")]
    _request(folder, name, subject, extensions, signer)

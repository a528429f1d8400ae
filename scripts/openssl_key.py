"""Checks that OpenSSL reads the private keys `verifold key new` writes, and that both sign for the same public key.

Needs the `openssl` program (3.0 or newer) and a built `verifold`; Verifold's code takes no part in what OpenSSL does.

    python scripts/openssl_key.py [VERIFOLD]
        makes a key under a passphrase, lets OpenSSL decrypt it, compares the public key with the one Verifold wrote
        beside it, and has OpenSSL sign and verify with it; a wrong passphrase must be refused
"""

import pathlib
import subprocess
import sys
import tempfile

# RFC 8410, section 4: what stands in front of the 32 bytes of an Ed25519 public key in its DER form.
PUBLIC_KEY_PREFIX = bytes.fromhex("302a300506032b6570032100")


def openssl(*arguments):
    return subprocess.run(["openssl", *arguments], capture_output=True, check=False)


def main(verifold):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        key, right, wrong = (folder / name for name in ("bank.key", "right", "wrong"))
        right.write_text("correct horse battery\n")
        wrong.write_text("incorrect horse battery\n")
        made = [verifold, "key", "new", "-o", key, "--name", "A Bank", "--passphrase-file", right]
        subprocess.run(made, check=True, capture_output=True)
        stated = (folder / "bank.key.pub").read_text().split()[0].removeprefix("ed25519:")

        opened = openssl("pkey", "-in", key, "-passin", f"file:{right}", "-pubout", "-outform", "DER")
        assert opened.returncode == 0, opened.stderr.decode()
        assert opened.stdout == PUBLIC_KEY_PREFIX + bytes.fromhex(stated), "another public key"
        assert openssl("pkey", "-in", key, "-passin", f"file:{wrong}", "-noout").returncode != 0, "opened by a wrong passphrase"

        message, signature, public = (folder / name for name in ("message", "signature", "public.der"))
        message.write_bytes(b"a message")
        public.write_bytes(opened.stdout)
        raw = ("-rawin", "-in", message)
        signed = openssl("pkeyutl", "-sign", "-inkey", key, "-passin", f"file:{right}", *raw, "-out", signature)
        assert signed.returncode == 0, signed.stderr.decode()
        checked = openssl("pkeyutl", "-verify", "-pubin", "-inkey", public, "-keyform", "DER", *raw, "-sigfile", signature)
        assert checked.returncode == 0, checked.stderr.decode()
    version = openssl("version").stdout.decode().strip()
    print(f"{version} opens the key with its passphrase alone, finds the public key {stated}, and signs with it")


if __name__ == "__main__":
    if len(sys.argv) > 2 or sys.argv[1:2] in (["-h"], ["--help"]):
        sys.exit(__doc__)
    main(sys.argv[1] if len(sys.argv) == 2 else "target/debug/verifold")

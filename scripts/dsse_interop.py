"""Signs and verifies packages with another DSSE implementation than Verifold's own.

Python's securesystemslib makes and checks the envelope; Verifold's code takes no part. Needs
`securesystemslib[crypto]`.

    python scripts/dsse_interop.py verify PACKAGE.zkaudit
        checks every signature of a package under the key its statement names, and that the
        statement is about the manifest in the package
    python scripts/dsse_interop.py key SEED
        prints the public key of a 32-byte seed in hexadecimal, as `verifold sign --statement` takes it
    python scripts/dsse_interop.py sign SEED PAYLOAD ENVELOPE.json
        signs the bytes that `verifold sign --statement` wrote; `verifold sign --envelope` takes the result
"""

import hashlib
import json
import pathlib
import sys
import zipfile

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from securesystemslib.dsse import Envelope
from securesystemslib.signer import CryptoSigner, SSlibKey

PAYLOAD_TYPE = "application/vnd.in-toto+json"


def known_key(public_hex, keyid):
    """A key of securesystemslib, under the hint the signature carries: the library looks keys up by it."""
    return SSlibKey(keyid, "ed25519", "ed25519", {"public": public_hex})


def verify(package):
    with zipfile.ZipFile(package) as container:
        manifest = container.read("manifest.json")
        paths = [name for name in container.namelist() if name.startswith("signatures/")]
        envelopes = [json.loads(container.read(path)) for path in paths]
    if not envelopes:
        sys.exit("no signature in the package")
    for path, data in zip(paths, envelopes):
        hints = [signature["keyid"] for signature in data["signatures"]]
        envelope = Envelope.from_dict(data)
        statement = json.loads(envelope.payload)
        assert envelope.payload_type == PAYLOAD_TYPE, envelope.payload_type
        assert statement["_type"] == "https://in-toto.io/Statement/v1", statement["_type"]
        (subject,) = statement["subject"]
        assert subject["digest"]["sha256"] == hashlib.sha256(manifest).hexdigest(), "about another manifest"
        signer = statement["predicate"]["signer"]
        public_hex = signer["public_key"].removeprefix("ed25519:")
        envelope.verify([known_key(public_hex, hint) for hint in hints], 1)
        print(f"{path}: signature of {signer['name']} verifies under {signer['public_key']}")


def secret_key(seed):
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))


def public_hex_of(seed):
    return secret_key(seed).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def sign(seed, payload, output):
    envelope = Envelope(pathlib.Path(payload).read_bytes(), PAYLOAD_TYPE, {})
    envelope.sign(CryptoSigner(secret_key(seed)))
    # Keys sorted and no white space: for texts and lists of ASCII that is RFC 8785.
    text = json.dumps(envelope.to_dict(), sort_keys=True, separators=(",", ":"))
    pathlib.Path(output).write_text(text)


def main(arguments):
    match arguments:
        case ["verify", package]:
            verify(package)
        case ["key", seed]:
            print(f"ed25519:{public_hex_of(seed)}")
        case ["sign", seed, payload, output]:
            sign(seed, payload, output)
        case _:
            sys.exit(__doc__)


main(sys.argv[1:])

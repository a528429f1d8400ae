#!/bin/sh
# Makes the model signatures that tests read, over the scorecard of the samples, with OpenSSF's own tool:
#   pip install model-signing pyopenssl
#   scripts/model_signing_fixtures.sh crates/package/tests/fixtures/model-signing
# Needs OpenSSL. Keys are drawn anew and thrown away, so every run gives other bytes.
set -eu
out=$(cd "$1" && pwd)
model=$(cd "$(dirname "$0")" && pwd)/data/retail-scorecard-4.2.onnx
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

key() {
    openssl ecparam -name "$2" -genkey -noout -out "$1.key"
    openssl ec -in "$1.key" -pubout -out "$out/$1.pub" 2> /dev/null
}
key bank prime256v1
key other prime256v1
key p384 secp384r1
openssl req -x509 -new -key bank.key -out bank.pem -days 3650 -subj /CN=bank \
    -addext keyUsage=critical,digitalSignature -addext extendedKeyUsage=codeSigning 2> /dev/null

# The file alone, and in a folder with a card beside it.
cp "$model" scorecard.onnx
model_signing sign key scorecard.onnx --private_key bank.key --signature "$out/file.sig"
model_signing sign key scorecard.onnx --private_key p384.key --signature "$out/p384.sig"
mkdir release
cp "$model" release/scorecard.onnx
printf 'A scorecard of an invented bank.\n' > release/README.md
model_signing sign key release --private_key bank.key --signature "$out/folder.sig"
# Another model, and the same under a certificate.
printf 'another model' > another.onnx
model_signing sign key another.onnx --private_key bank.key --signature "$out/another.sig"
model_signing sign certificate scorecard.onnx --private_key bank.key --signing_certificate bank.pem \
    --certificate_chain bank.pem --signature "$out/certificate.sig"
# Cut into pieces, which the command line does not offer.
python3 - "$out/shards.sig" <<'END'
import pathlib, sys
from model_signing import hashing, signing
config = hashing.Config().use_shard_serialization(hashing_algorithm="sha256")
signing.Config().use_elliptic_key_signer(private_key=pathlib.Path("bank.key")).set_hashing_config(config).sign("release", sys.argv[1])
END
model_signing verify key scorecard.onnx --public_key "$out/bank.pub" --signature "$out/file.sig"
model_signing verify key release --public_key "$out/bank.pub" --signature "$out/folder.sig"

#!/bin/sh
# Makes the time-stamp tokens that tests read, over anchor.checkpoint in their folder:
#   scripts/timestamp_fixtures.sh crates/package/tests/fixtures/timestamp
# Needs OpenSSL 3. Keys are drawn anew and thrown away, so every run gives other bytes. What `openssl ts` refuses to
# make, because it is wrong, is signed with `openssl cms` as a forger would.
set -eu
out=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat > ts.cnf <<'END'
[ tsa ]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1, millisecs:500
ess_cert_id_alg = sha256
[ tsa_sha1 ]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha1
[ req ]
distinguished_name = any
[ ca ]
database = index
serial = casn
new_certs_dir = .
default_md = sha256
policy = any
unique_subject = no
[ any ]
commonName = supplied
[ stamping ]
extendedKeyUsage = critical, timeStamping
[ lenient ]
extendedKeyUsage = timeStamping
[ several ]
extendedKeyUsage = critical, timeStamping, serverAuth
END
echo 01 > serial
: > index
echo 01 > casn

# certificate NAME EXTENSIONS FROM UNTIL KEY-OPTIONS…: a self-signed certificate
certificate() {
    name=$1 extensions=$2 from=$3 until=$4
    shift 4
    openssl req -new -newkey "$@" -nodes -keyout "$name.key" -out "$name.csr" -subj "/CN=Time stamps $name" -config ts.cnf 2> /dev/null
    openssl ca -batch -selfsign -config ts.cnf -name ca -extensions "$extensions" -in "$name.csr" -keyfile "$name.key" -out "$name.pem" \
        -startdate "$from" -enddate "$until" -notext 2> /dev/null
    openssl x509 -in "$name.pem" -outform DER -out "$out/$name.der"
}
from=20260101000000Z until=21260101000000Z
certificate rsa stamping $from $until rsa:2048
certificate p256 stamping $from $until ec -pkeyopt ec_paramgen_curve:P-256
certificate p384 stamping $from $until ec -pkeyopt ec_paramgen_curve:P-384
certificate lenient lenient $from $until ec -pkeyopt ec_paramgen_curve:P-256
certificate several several $from $until ec -pkeyopt ec_paramgen_curve:P-256
certificate short stamping $from $until rsa:1024
certificate ended stamping 20200101000000Z 20210101000000Z ec -pkeyopt ec_paramgen_curve:P-256

# As an authority answers.
openssl ts -query -data "$out/anchor.checkpoint" -sha256 -no_nonce -cert -out "$out/anchor.tsq" 2> /dev/null
stamp() {
    openssl ts -reply -config ts.cnf -section "$3" -queryfile "$out/anchor.tsq" -signer "$1.pem" -inkey "$1.key" -out "$2" "$4" 2> /dev/null
}
stamp rsa "$out/rsa.tst" tsa -token_out
stamp p256 "$out/p256.tst" tsa -token_out
stamp p384 "$out/p384.tst" tsa -token_out
stamp p256 "$out/sha1-name.tst" tsa_sha1 -token_out
openssl ts -reply -config ts.cnf -section tsa -queryfile "$out/anchor.tsq" -signer rsa.pem -inkey rsa.key -out "$out/rsa.tsr" 2> /dev/null
openssl ts -query -data "$out/anchor.checkpoint" -sha512 -no_nonce -cert -out sha512.tsq 2> /dev/null
openssl ts -reply -config ts.cnf -section tsa -queryfile sha512.tsq -signer rsa.pem -inkey rsa.key -out "$out/sha512.tst" -token_out 2> /dev/null
printf 'another file' > other
openssl ts -query -data other -sha256 -no_nonce -cert -out other.tsq 2> /dev/null
openssl ts -reply -config ts.cnf -section tsa -queryfile other.tsq -signer p256.pem -inkey p256.key -out "$out/other-file.tst" -token_out 2> /dev/null
openssl ts -query -data "$out/anchor.checkpoint" -sha256 -no_nonce -out bare.tsq 2> /dev/null
openssl ts -reply -config ts.cnf -section tsa -queryfile bare.tsq -signer p256.pem -inkey p256.key -out "$out/no-certificate.tst" -token_out 2> /dev/null
# An algorithm the authority does not take: a refusal.
openssl ts -query -data other -md5 -no_nonce -out md5.tsq 2> /dev/null
openssl ts -reply -config ts.cnf -section tsa -queryfile md5.tsq -signer p256.pem -inkey p256.key -out "$out/refused.tsr" 2> /dev/null

# As a forger does: any content under any certificate. The time is that of a week's end.
openssl cms -verify -noverify -inform DER -in "$out/p256.tst" -out info.der 2> /dev/null
LC_ALL=C sed -E 's/20[0-9]{12}Z/20260608090000Z/' info.der > june.der
forge() {
    openssl cms -sign -binary -nodetach -cades -md sha256 -econtent_type 1.2.840.113549.1.9.16.1.4 \
        -in "$3" -signer "$1.pem" -inkey "$1.key" -outform DER -out "$out/$2.tst" 2> /dev/null
}
forge p256 june june.der
forge ended ended june.der
# Written out, as no authority of OpenSSL says it: half a second, and an extension that must be understood.
info() {
    {
        printf 'asn1=SEQUENCE:info\n[info]\na=INTEGER:1\nb=OID:1.2.3.4.1\nc=SEQUENCE:imprint\nd=INTEGER:9\ne=GENTIME:%s\n' "$2"
        test "$3" = none || printf 'f=IMPLICIT:1,SEQUENCE:extensions\n'
        printf '[imprint]\na=SEQUENCE:sha256\nb=FORMAT:HEX,OCT:%s\n' "$(openssl dgst -sha256 -r "$out/anchor.checkpoint" | cut -d ' ' -f 1)"
        printf '[sha256]\na=OID:sha256\nb=NULL\n[extensions]\na=SEQUENCE:extension\n'
        printf '[extension]\na=OID:1.2.3.4.5\nb=BOOLEAN:TRUE\nc=OCT:any\n'
    } > info.cnf
    openssl asn1parse -genconf info.cnf -noout -out "$1"
}
info half.der 20260608085959.5Z none
forge p256 half-second half.der
info extension.der 20260608090000Z critical
forge p256 critical-extension extension.der
forge lenient lenient june.der
forge several several june.der
forge short short june.der
printf 'no time stamp' > text
openssl cms -sign -binary -nodetach -cades -md sha256 -in text -signer p256.pem -inkey p256.key -outform DER -out "$out/signed-text.tst" 2> /dev/null
openssl cms -sign -binary -nodetach -md sha256 -econtent_type 1.2.840.113549.1.9.16.1.4 -in june.der -signer p256.pem -inkey p256.key \
    -outform DER -out "$out/no-name.tst" 2> /dev/null
tst=1.2.840.113549.1.9.16.1.4
openssl cms -sign -binary -nodetach -cades -md sha1 -econtent_type $tst -in june.der -signer p256.pem -inkey p256.key -outform DER \
    -out "$out/sha1.tst" 2> /dev/null
openssl cms -sign -binary -nodetach -cades -md sha256 -econtent_type $tst -in june.der -signer rsa.pem -inkey rsa.key \
    -keyopt rsa_padding_mode:pss -outform DER -out "$out/pss.tst" 2> /dev/null
openssl cms -sign -binary -nodetach -cades -md sha256 -econtent_type $tst -in june.der -signer p256.pem -inkey p256.key \
    -signer p384.pem -inkey p384.key -outform DER -out "$out/two-signers.tst" 2> /dev/null
# Signed by one, carrying the certificate of another beside its own.
openssl cms -sign -binary -nodetach -cades -md sha256 -econtent_type 1.2.840.113549.1.9.16.1.4 -in june.der -signer lenient.pem \
    -inkey lenient.key -certfile p256.pem -outform DER -out "$out/carries-another.tst" 2> /dev/null

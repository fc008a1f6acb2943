# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# lariat-nbd over TLS: with certificates, of clients too, and with keys that both sides have.
set -euo pipefail
# shellcheck source=tests/sh/nbd-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/nbd-functions.sh"
need python3 python3 && need openssl openssl || exit 77

truncate -s 64M "$dir/disk"
export="--export=name=disk,path=$dir/disk"
echo "alice:0123456789abcdef0123456789abcdef" >"$dir/psk"
if refused=$("$lariat_nbd" "$export" --tls=required --tls-psk="$dir/psk" 2>&1); [[ $refused == *"built without GnuTLS"* ]]; then
    skip "lariat-nbd was built without GnuTLS (Debian package: libgnutls28-dev)"
fi

make_certificate() # NAME SUBJECT
{
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$dir/$1-key.pem" -subj "/CN=$2" \
        -out "$dir/request" 2>>"$dir/out"
    openssl x509 -req -in "$dir/request" -CA "$dir/ca-cert.pem" -CAkey "$dir/ca-key.pem" -days 2 -out "$dir/$1-cert.pem" \
        -set_serial "0x$RANDOM" -extfile <(echo "subjectAltName=DNS:$2") 2>>"$dir/out"
}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$dir/ca-key.pem" -subj /CN=authority -days 2 \
    -out "$dir/ca-cert.pem" 2>"$dir/out"
make_certificate server localhost
make_certificate client client

refuses "say --tls=required" "$export" --tls-psk="$dir/psk"
refuses "TLS needs" "$export" --tls=allowed
refuses "cannot be used" "$export" --tls=required --tls-certificates=/nonexistent
refuses "cannot be used" "$export" --tls=required --tls-psk=/nonexistent

# What is served is the same.
start_nbd "$export" --tls=allowed --tls-certificates="$dir"
python "$LARIAT_SRCDIR/tests/sh/nbd_serve.py" "$dir" no what_is_written_is_read_at_any_offset the_largest_block_goes_both_ways
sed -n 's/^ok: //p' "$dir/out"
stop_nbd

"$lariat_nbd" "$export" --socket="$dir/allowed" --tls=allowed --tls-certificates="$dir" --pid-file="$dir/pid-allowed" 2>"$dir/log2" &
other=$!
start_nbd "$export" --tls=required --tls-certificates="$dir" --tls-verify-peer
wait_until test -e "$dir/pid-allowed"
python "$LARIAT_SRCDIR/tests/sh/nbd_tls.py" "$dir" "$dir/allowed"
sed -n 's/^ok: //p' "$dir/out"
kill $other
wait $other
stop_nbd

if need nbdinfo libnbd-bin; then
    start_nbd "$export" --tls=required --tls-psk="$dir/psk"
    timeout 20 nbdinfo "nbds+unix://alice@/disk?socket=$dir/socket&tls-psk-file=$dir/psk" >"$dir/out" 2>&1 || fail "nbdinfo"
    grep -q 'with TLS' "$dir/out" || fail "nbdinfo sees no TLS"
    echo "bob:ffffffffffffffffffffffffffffffff" >"$dir/psk-bob"
    ! timeout 20 nbdinfo "nbds+unix://bob@/disk?socket=$dir/socket&tls-psk-file=$dir/psk-bob" >"$dir/out" 2>&1 || fail "bob is let in"
    ! timeout 20 nbdinfo "$(uri disk)" >"$dir/out" 2>&1 || fail "nobody in particular is let in"
    stop_nbd
fi

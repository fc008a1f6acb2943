# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What a client of lariat-nbd sees: data at any offset, holes, errors, several connections.
set -euo pipefail
# shellcheck source=tests/sh/nbd-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/nbd-functions.sh"
need python3 python3 || exit 77

truncate -s 64M "$dir/disk"
head -c 1000001 /dev/urandom >"$dir/ro"
head -c 8192 /dev/zero | tr '\0' s >"$dir/short"
truncate -s 8M "$dir/aligned"
exports=("--export=name=disk,path=$dir/disk" "--export=name=ro,path=$dir/ro,readonly" "--export=name=short,path=$dir/short")
direct=no
if can_direct; then
    direct=direct
    exports+=("--export=name=direct,path=$dir/aligned,cache=none")
else
    echo "SKIP: there is no O_DIRECT in $dir: blocks written in part are not looked at"
fi
start_nbd "${exports[@]}" --iothreads=2
python "$LARIAT_SRCDIR/tests/sh/nbd_serve.py" "$dir" $direct
sed -n 's/^ok: //p' "$dir/out"
stop_nbd
if [ -e "$dir/socket" ] || [ -e "$dir/pid" ]; then
    fail "socket or pid file were left behind"
fi

# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# lariat-nbd and the clients that people have: each that is installed.
set -euo pipefail
# shellcheck source=tests/sh/nbd-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/nbd-functions.sh"

n=0
run() # COMMAND...
{
    timeout 60 "$@" >"$dir/out" 2>&1 || fail "status $?: $*"
    n=$((n + 1))
}
says() { grep -q -e "$1" "$dir/out" || fail "\"$1\" is not said"; }

truncate -s 16M "$dir/disk"
head -c 5M /dev/urandom >"$dir/data"
head -c 777777 /dev/urandom >"$dir/odd"
start_nbd "--export=name=disk,path=$dir/disk" "--export=name=data,path=$dir/data,readonly,description=what is read" \
    "--export=name=odd,path=$dir/odd" --iothreads=2

if need nbdinfo libnbd-bin; then
    run nbdinfo "$(uri disk)"
    says 'export-size: 16777216'
    says 'can_multi_conn: true'
    says 'base:allocation'
    run nbdinfo --list "$(uri '')"
    says 'description: what is read'
    run nbdinfo --map "$(uri disk)"
    says '0    16777216    3  hole,zero'
    run nbdinfo --is read-only "$(uri data)"
fi
if need nbdcopy libnbd-bin; then
    run nbdcopy --connections=4 "$(uri data)" "$(uri disk)"
    run cmp -n 5242880 "$dir/disk" "$dir/data"
    run nbdcopy "$(uri odd)" "$dir/copy"
    run cmp "$dir/odd" "$dir/copy"
    run nbdcopy --no-extents "$(uri disk)" null:
    ! need nbdinfo libnbd-bin || { run nbdinfo --map "$(uri disk)" && says '5242880    11534336    3  hole,zero'; }
fi
if need qemu-img qemu-utils; then
    run qemu-img convert -n -f raw -O raw "$dir/data" "$(uri disk)"
    run cmp -n 5242880 "$dir/disk" "$dir/data"
    run qemu-img compare -f raw -F raw "$dir/data" "$(uri data)"
    run qemu-img map -f raw --output=json "$(uri disk)"
    says '"zero": true'
fi
if need qemu-io qemu-utils; then
    run qemu-io -f raw -c 'write -P 7 12345 6789' -c 'read -P 7 12345 6789' -c 'write -f -P 8 0 4k' -c 'write -z -u 64k 64k' \
        -c 'read -P 0 64k 64k' -c 'write -z 1M 1M' -c 'discard 2M 1M' -c 'flush' "$(uri disk)"
    says 'wrote 6789/6789'
fi
if need fio fio && fio --enghelp 2>/dev/null | grep -qw nbd; then
    run fio --name=v --ioengine=nbd --uri="$(uri disk)" --rw=randwrite --bs=4k --size=4M --iodepth=16 --verify=crc32c --output="$dir/fio"
fi
if need nbdfuse libnbd-bin && [ -w /dev/fuse ] && need fusermount3 fuse3; then
    mkdir "$dir/mnt"
    nbdfuse "$dir/mnt/data" "$(uri data)" >"$dir/out" 2>&1 &
    wait_until test -e "$dir/mnt/data"
    run cmp "$dir/mnt/data" "$dir/data"
    run fusermount3 -u "$dir/mnt"
fi
stop_nbd
[ $n -gt 0 ] || skip "there is none of these clients"
echo "$n calls of other clients"

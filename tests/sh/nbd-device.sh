# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# lariat-nbd and block devices: data at any offset, zeroes and trims; what is mounted is not served for writing. As root only.
set -euo pipefail
# shellcheck source=tests/sh/nbd-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/nbd-functions.sh"
need python3 python3 || exit 77
[ "$(id -u)" = 0 ] || skip "only root makes devices"
if [ -z "${NBD_NAMESPACE:-}" ]; then
    rm -rf "$dir" # the mount below goes with its namespace
    unshare --mount true 2>/dev/null || skip "no mount namespace to be had"
    NBD_NAMESPACE=1 exec unshare --mount --propagation private bash "$0"
fi

truncate -s 16M "$dir/image"
loop=$(losetup --find --show "$dir/image" 2>/dev/null) || skip "there are no loop devices"
at_exit_of_loop()
{
    umount "$dir/mnt" 2>/dev/null || true
    losetup --detach "$loop"
    at_exit
}
trap at_exit_of_loop EXIT

start_nbd --export=name=disk,path="$loop" --export=name=direct,path="$loop",direct
python "$LARIAT_SRCDIR/tests/sh/nbd_serve.py" "$dir" direct what_is_written_is_read_at_any_offset \
    halves_of_blocks_written_at_once_are_all_there zeroes_and_trims_keep_what_is_around_them
sed -n 's/^ok: //p' "$dir/out"
stop_nbd

command -v mke2fs >/dev/null || skip "there is no mke2fs (Debian package: e2fsprogs)"
mke2fs -q -t ext4 "$loop"
mkdir "$dir/mnt"
mount "$loop" "$dir/mnt" || skip "$loop cannot be mounted"
refuses "mounted or in use" --socket="$dir/socket" --export=path="$loop"
for how in readonly force; do
    start_nbd --export=path="$loop",$how
    stop_nbd
done
echo "a mounted device is served readonly or by force only"

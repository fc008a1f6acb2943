# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# lariat-bench does not write to a block device that holds something, unless told to. Loop devices play the disks.
set -euo pipefail

# shellcheck source=tests/sh/bench-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/bench-functions.sh"
need_ring

[ "$(id -u)" = 0 ] || skip "only root can make loop devices"
for tool in losetup mkfs.ext4 mkswap; do
    command -v $tool >"$dir/out" || skip "there is no $tool"
done

disk() # sets device to a new one of 16 MiB of random data
{
    local image
    image=$(mktemp "$dir/disk.XXXXXX")
    head -c 16777216 /dev/urandom >"$image"
    device=$(losetup -f --show "$image" 2>"$dir/err") || skip "no loop device: $(cat "$dir/err")"
    on_exit losetup -d "$device"
}

spares() # WORD: writing to $device is refused because of WORD, and changes nothing
{
    local before rw
    before=$(cksum <"$device")
    for rw in write randwrite randrw; do
        for engine in lariat psync; do
            fails 1 "$1" --name=a --filename="$device" --rw=$rw --ioengine=$engine
            grep -q -e '--allow-destructive' "$dir/err" || fail "what to do about it is not told"
        done
    done
    [ "$(cksum <"$device")" = "$before" ] || fail "the device was written to ($1)"
}

# An empty disk
disk
good --name=a --filename="$device" --rw=randwrite --iodepth=4 --verify=crc32c --direct=1
grep -q 'verify: 4096 blocks checked, 0 wrong' "$dir/out" || fail "not the whole device was written"
good --name=a --filename="$device" --rw=read --bs=64k
fails 1 'the device has 16.00MiB' --name=a --filename="$device" --size=17m --rw=read
fails 1 'the device has 16.00MiB' --name=a --filename="$device" --size=17m --rw=write

# Signatures
mkswap "$device" >"$dir/out" 2>&1
spares 'it holds swap'
disk
mkfs.ext4 -q -L precious "$device" >"$dir/out" 2>&1
spares 'it holds ext4 (precious)'
good --name=a --filename="$device" --rw=randread
file_system=$device
disk
# A partition table by hand: one entry (type 0x83, from sector 2048, 8192 sectors), and the mark at the end.
head -c 446 /dev/zero | dd of="$device" conv=notrunc status=none
printf '\0\0\0\0\203\0\0\0\0\10\0\0\0\40\0\0%048d\125\252' 0 | tr 0 '\0' | dd of="$device" bs=1 seek=446 conv=notrunc status=none
spares 'it holds a partition table (dos)'
device=$file_system

# Mounted
mkdir "$dir/mnt"
if mount "$device" "$dir/mnt" 2>"$dir/err"; then
    on_exit umount -q "$dir/mnt"
    fails 1 'it is mounted' --name=a --filename="$device" --rw=write
    good --name=a --filename="$device" --rw=read
    good --name=a --filename="$device" --rw=write --offset=15m --size=4k --allow_mounted_write=1
    umount "$dir/mnt"
else
    skip_part "$device cannot be mounted: no test of a mounted device"
fi

# Told to
good --name=a --filename="$device" --rw=write --allow-destructive
if blkid -p "$device" >"$dir/out" 2>&1; then
    fail "--allow-destructive did not write over the file system"
fi

# A file of an overlayfs lies on the disk of its layers.
disks_of() # NAME: the names in disk_util of a job on that file
{
    "$lariat_bench" --preflight=0 --name=a --filename="$1" --size=64k --rw=write --output-format=json 2>"$dir/err" |
        sed -n '/"disk_util"/,$s/.*"name": "\(.*\)",/\1/p'
}
mkdir -p "$dir/lower" "$dir/upper" "$dir/work" "$dir/merged"
disks_over_layers()
{
    mount -t overlay overlay -o "lowerdir=$dir/lower,upperdir=$dir/upper,workdir=$dir/work" "$dir/merged" && disks_of "$dir/merged/file"
}
export -f disks_of disks_over_layers
export lariat_bench dir
below=$(disks_of "$dir/upper/file")
over=$(unshare -m bash -c disks_over_layers 2>"$dir/err") || over=none
if [ "$over" = none ]; then
    skip_part "no overlayfs: $(cat "$dir/err")"
else
    [ "$over" = "$below" ] || fail "disk_util: $over and not $below"
fi

echo "lariat-bench: devices that hold something are spared"

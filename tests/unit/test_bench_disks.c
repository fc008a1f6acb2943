/* SPDX-License-Identifier: MIT */
/* Which disks a file lies on, and what they did: on machines that are made of a few files. */
#include "fake_root.h"

#include <sys/sysmacros.h>

#include "disk_below.h"

#define MS INT64_C(1000000)

static char root[FAKE_ROOT_MAX];
static struct disks disks;
static struct disk_list list;

/* A disk and its only partition. */
static void put_disk(const char *name, unsigned number, unsigned writes, unsigned busy_ms)
{
    char path[128], to[128], text[128];

    snprintf(text, sizeof(text), "0 0 0 0 %u 0 %u 0 0 %u %u\n", writes, 8 * writes, busy_ms, busy_ms);
    snprintf(path, sizeof(path), "/sys/block/%s/stat", name);
    fake_root_put(root, path, text);
    snprintf(path, sizeof(path), "/sys/block/%s/%s1/partition", name, name);
    fake_root_put(root, path, "1\n");
    for (unsigned partition = 0; partition < 2; partition++) {
        snprintf(path, sizeof(path), "/sys/dev/block/8:%u", number + partition);
        snprintf(to, sizeof(to), "../../block/%s%s%s%s", name, partition ? "/" : "", partition ? name : "",
                 partition ? "1" : "");
        fake_root_link(root, path, to);
        snprintf(path, sizeof(path), "/sys/class/block/%s%s", name, partition ? "1" : "");
        fake_root_link(root, path, to);
    }
    snprintf(path, sizeof(path), "/dev/%s1", name);
    fake_root_put(root, path, "");
}

static void begin(void)
{
    fake_root_new(root);
    put_disk("sda", 0, 100, 10);
    put_disk("sdb", 16, 1000, 20);
    put_disk("sdc", 32, 0, 0);
    disks_init(&disks, root);
}

/* "sda sdb" */
static const char *names(void)
{
    static char text[128];

    disk_list_measure(&disks, 0, &list);
    text[0] = '\0';
    for (unsigned i = 0; i < list.n; i++)
        sprintf(text + strlen(text), "%s%s", i ? " " : "", list.list[i].name);
    return text;
}

static void add_mount(const char *line)
{
    char text[256];
    struct mount_line mount;

    snprintf(text, sizeof(text), "%s\n", line);
    ck_assert_msg(mount_parse(text, &mount), "%s", line);
    disks_add_mount(&disks, &mount);
    disks_begin(&disks, 0);
}

START_TEST(a_partition_is_its_disk_and_each_is_there_once)
{
    begin();
    disks_add(&disks, makedev(8, 1));
    disks_add(&disks, makedev(8, 0));
    disks_add(&disks, makedev(8, 17));
    disks_add(&disks, makedev(9, 99));
    disks_begin(&disks, 0);
    ck_assert_str_eq(names(), "sda sdb");
    fake_root_free(root);
}
END_TEST

/* What jobs of a later wave lie on is counted from their beginning on, and busy in percent of that time. */
START_TEST(a_disk_is_measured_from_when_its_job_begins)
{
    begin();
    disks_add(&disks, makedev(8, 0));
    disks_begin(&disks, 1000 * MS);
    fake_root_put(root, "/sys/block/sdb/stat", "0 0 0 0 5000 0 0 0 0 100 0\n");
    disks_add(&disks, makedev(8, 16));
    disks_begin(&disks, 2900 * MS);
    fake_root_put(root, "/sys/block/sda/stat", "0 0 0 0 107 0 856 0 0 510 510\n");
    fake_root_put(root, "/sys/block/sdb/stat", "0 0 0 0 5003 0 24 0 0 150 50\n");
    disks_end(&disks, 3000 * MS);
    disk_list_measure(&disks, 9999 * MS, &list);
    ck_assert_uint_eq(list.n, 2);
    ck_assert(list.list[0].sum.ios[1] == 7 && list.list[0].sum.sectors[1] == 56 && list.list[1].sum.ios[1] == 3);
    ck_assert_double_eq_tol(list.list[0].util, 25, 1e-9);
    ck_assert_double_eq_tol(list.list[1].util, 50, 1e-9);
    fake_root_free(root);
}
END_TEST

START_TEST(what_a_disk_is_made_of_is_summed_up)
{
    begin();
    put_disk("dm-0", 48, 0, 0);
    fake_root_put(root, "/sys/block/dm-0/slaves/sda", "");
    fake_root_put(root, "/sys/block/dm-0/slaves/sdb", "");
    disks_add(&disks, makedev(8, 48));
    disks_begin(&disks, 0);
    fake_root_put(root, "/sys/block/sda/stat", "0 0 0 0 110 0 0 0 0 20 0\n");
    ck_assert_str_eq(names(), "dm-0");
    ck_assert(list.list[0].n_slaves == 2 && list.list[0].slaves.ios[1] == 5);
    fake_root_free(root);
}
END_TEST

START_TEST(a_mount_tells_the_devices_of_a_btrfs)
{
    begin();
    fake_root_link(root, "/sys/fs/btrfs/0000-11/devices/sda1", "../../../../class/block/sda1");
    fake_root_link(root, "/sys/fs/btrfs/0000-11/devices/sdc1", "../../../../class/block/sdc1");
    fake_root_link(root, "/sys/fs/btrfs/2222-33/devices/sdb1", "../../../../class/block/sdb1");
    fake_root_put(root, "/sys/fs/btrfs/features/raid1c34", "0\n");
    add_mount("30 27 0:41 /sub /mnt rw,relatime shared:1 master:2 - btrfs /dev/sda1 rw,space_cache=v2,subvol=/sub");
    ck_assert(strcmp(names(), "sda sdc") == 0 || strcmp(names(), "sdc sda") == 0);
    fake_root_free(root);
}
END_TEST

START_TEST(a_source_may_be_a_link_with_blanks_and_need_not_be_a_device)
{
    begin();
    fake_root_link(root, "/dev/mapper/my disk", "../sdb1");
    add_mount("30 27 0:41 / /mnt rw - bcachefs /dev/mapper/my\\040disk rw");
    add_mount("31 27 0:42 / /mnt rw - nfs4 server:/sda1 rw");
    add_mount("31 27 0:42 / /mnt rw - tmpfs sdc rw");
    add_mount("31 27 0:42 / /mnt rw - ext4 /dev/none rw");
    ck_assert_str_eq(names(), "sdb");
    fake_root_free(root);
}
END_TEST

START_TEST(lines_of_mountinfo_are_taken_apart)
{
    char line[] = "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue\n", bad[] = "36 35 98:0";
    char text[] = "a\\040b\\134040\\", none[] = "x 35 98:0 / / rw - ext3 /dev/root rw";
    struct mount_line mount;

    ck_assert(mount_parse(line, &mount));
    ck_assert_int_eq(mount.id, 36);
    ck_assert_str_eq(mount.type, "ext3");
    ck_assert_str_eq(mount.source, "/dev/root");
    ck_assert_str_eq(mount.options, "rw,errors=continue");
    ck_assert(!mount_parse(bad, &mount) && !mount_parse(none, &mount));
    ck_assert_str_eq(mount_unescape(text), "a b\\040\\");
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tcase = case_of(suite, "disks");

    tcase_add_test(tcase, a_partition_is_its_disk_and_each_is_there_once);
    tcase_add_test(tcase, a_disk_is_measured_from_when_its_job_begins);
    tcase_add_test(tcase, what_a_disk_is_made_of_is_summed_up);
    tcase_add_test(tcase, a_mount_tells_the_devices_of_a_btrfs);
    tcase_add_test(tcase, a_source_may_be_a_link_with_blanks_and_need_not_be_a_device);
    tcase_add_test(tcase, lines_of_mountinfo_are_taken_apart);
}

int main(void)
{
    return suite_main_without_ring("bench_disks", add_cases);
}

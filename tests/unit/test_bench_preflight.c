/* SPDX-License-Identifier: MIT */
/* What lariat-bench finds before a run, on machines that are made of a few files. */
#include "fake_root.h"

#include "preflight.h"

struct machine {
    char root[FAKE_ROOT_MAX];
    struct preflight found;
};

static void machine_new(struct machine *machine)
{
    memset(machine, 0, sizeof(*machine));
    fake_root_new(machine->root);
}

static void put(struct machine *machine, const char *path, const char *text)
{
    fake_root_put(machine->root, path, text);
}

static void machine_free(struct machine *machine)
{
    fake_root_free(machine->root);
}

/* The text of the only finding of that check, or NULL. */
static const char *found(const struct machine *machine, const char *check)
{
    for (unsigned i = 0; i < machine->found.n; i++)
        if (strcmp(machine->found.list[i].check, check) == 0)
            return machine->found.list[i].text;
    return NULL;
}

START_TEST(a_machine_without_files_gives_no_finding)
{
    struct machine m;

    machine_new(&m);
    preflight_machine(&m.found, m.root);
    preflight_governor(&m.found, m.root);
    preflight_mitigations(&m.found, m.root);
    preflight_virtual(&m.found, m.root);
    preflight_load(&m.found, m.root);
    preflight_disk(&m.found, m.root, "sda");
    preflight_numa(&m.found, m.root, "sda", NULL, 0);
    ck_assert_uint_eq(m.found.n, 0);
    ck_assert_str_eq(m.found.cpu, "");
    machine_free(&m);
}
END_TEST

START_TEST(a_governor_that_saves_power_is_found)
{
    struct machine m;

    machine_new(&m);
    put(&m, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n");
    preflight_governor(&m.found, m.root);
    ck_assert_uint_eq(m.found.n, 0);
    put(&m, "/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "powersave\n");
    preflight_governor(&m.found, m.root);
    ck_assert_ptr_nonnull(strstr(found(&m, "governor"), "CPU 1 is powersave"));
    machine_free(&m);
}
END_TEST

START_TEST(mitigations_are_counted_and_named)
{
    struct machine m;

    machine_new(&m);
    put(&m, "/sys/devices/system/cpu/vulnerabilities/meltdown", "Not affected\n");
    put(&m, "/sys/devices/system/cpu/vulnerabilities/spectre_v2", "Mitigation: Retpolines\n");
    preflight_mitigations(&m.found, m.root);
    ck_assert_ptr_nonnull(strstr(found(&m, "mitigations"), "1 mitigations"));
    ck_assert_ptr_nonnull(strstr(found(&m, "mitigations"), "spectre_v2"));
    machine_free(&m);
}
END_TEST

START_TEST(a_virtual_machine_is_found_and_named)
{
    struct machine m;

    machine_new(&m);
    put(&m, "/proc/cpuinfo", "model name\t: Some CPU\nflags\t\t: fpu vme\n");
    preflight_machine(&m.found, m.root);
    preflight_virtual(&m.found, m.root);
    ck_assert_uint_eq(m.found.n, 0);
    ck_assert_str_eq(m.found.cpu, "Some CPU");
    put(&m, "/proc/cpuinfo", "flags\t\t: fpu hypervisor vme\n");
    put(&m, "/sys/class/dmi/id/product_name", "KVM\n");
    preflight_virtual(&m.found, m.root);
    ck_assert_ptr_nonnull(strstr(found(&m, "virtual"), "(KVM)"));
    machine_free(&m);
}
END_TEST

START_TEST(a_load_is_found)
{
    struct machine m;

    machine_new(&m);
    put(&m, "/proc/loadavg", "0.20 1.00 2.00 1/200 4711\n");
    preflight_load(&m.found, m.root);
    ck_assert_uint_eq(m.found.n, 0);
    put(&m, "/proc/loadavg", "3.50 1.00 2.00 1/200 4711\n");
    preflight_load(&m.found, m.root);
    ck_assert_ptr_nonnull(strstr(found(&m, "load"), "3.50"));
    machine_free(&m);
}
END_TEST

START_TEST(cpu_time_of_others_and_of_the_host_is_found)
{
    struct machine m = { .found = { .n = 0 } };
    struct cpu_times before, after;

    ck_assert(!preflight_cpu_times("", &before));
    ck_assert(preflight_cpu_times("cpu  100 0 50 1000 20 3 4 10 0 0\n", &before));
    ck_assert(before.busy == 157 && before.idle == 1020 && before.steal == 10);
    after = before;
    preflight_busy(&m.found, &before, &after);
    after.idle += 100;
    preflight_busy(&m.found, &before, &after);
    ck_assert_uint_eq(m.found.n, 0);
    after.busy += 50;
    after.steal += 50;
    preflight_busy(&m.found, &before, &after);
    ck_assert_ptr_nonnull(strstr(found(&m, "busy"), "25%"));
    ck_assert_ptr_nonnull(strstr(found(&m, "steal"), "25%"));
}
END_TEST

START_TEST(a_queue_that_orders_merges_and_counts_is_found)
{
    struct machine m;

    machine_new(&m);
    put(&m, "/sys/block/sda/queue/scheduler", "mq-deadline kyber [none]\n");
    put(&m, "/sys/block/sda/queue/nomerges", "2\n");
    put(&m, "/sys/block/sda/queue/iostats", "0\n");
    preflight_disk(&m.found, m.root, "sda");
    ck_assert_uint_eq(m.found.n, 0);
    put(&m, "/sys/block/sda/queue/scheduler", "[mq-deadline] kyber none\n");
    put(&m, "/sys/block/sda/queue/nomerges", "0\n");
    put(&m, "/sys/block/sda/queue/iostats", "1\n");
    put(&m, "/sys/block/sda/queue/rotational", "1\n");
    preflight_disk(&m.found, m.root, "sda");
    ck_assert_ptr_nonnull(strstr(found(&m, "scheduler"), "is mq-deadline"));
    ck_assert(found(&m, "nomerges") && found(&m, "iostats") && found(&m, "rotational"));
    machine_free(&m);
}
END_TEST

START_TEST(a_device_far_from_the_cpus_is_found)
{
    struct machine m;

    machine_new(&m);
    put(&m, "/sys/block/sda/device/numa_node", "1\n");
    put(&m, "/sys/devices/system/node/online", "0\n");
    preflight_numa(&m.found, m.root, "sda", "0-1", 0);
    put(&m, "/sys/devices/system/node/online", "0-1\n");
    put(&m, "/sys/devices/system/node/node1/cpulist", "2-3\n");
    preflight_numa(&m.found, m.root, "sda", "3", 0);
    ck_assert_uint_eq(m.found.n, 0);
    preflight_numa(&m.found, m.root, "sda", "0-1", 0);
    ck_assert_ptr_nonnull(strstr(found(&m, "numa"), "CPUs 0-1"));
    machine_free(&m);
}
END_TEST

static const struct preflight_target good = {
    .path = "/x",
    .direct = true,
    .reads = true,
    .writes = true,
    .ring = true,
    .supports_nowait = true,
    .supports_nowait_write = true,
    .bs = 4096,
    .offset_align = 512,
    .physical_block = 4096,
};

START_TEST(a_good_target_gives_no_finding_and_each_fault_gives_one)
{
    struct machine m = { .found = { .n = 0 } };
    struct preflight_target t = good;

    preflight_target(&m.found, &t);
    ck_assert_uint_eq(m.found.n, 0);
    t.bs = 512;
    preflight_target(&m.found, &t);
    ck_assert_ptr_nonnull(strstr(found(&m, "alignment"), "read before"));
    m.found.n = 0;
    t.bs = 1000;
    preflight_target(&m.found, &t);
    ck_assert_ptr_nonnull(strstr(found(&m, "alignment"), "multiples of 512"));
    t = good;
    t.direct = false;
    preflight_target(&m.found, &t);
    ck_assert_ptr_nonnull(strstr(found(&m, "cache"), "page cache"));
}
END_TEST

START_TEST(files_that_workers_must_read_are_found_with_a_ring_only)
{
    struct machine m = { .found = { .n = 0 } };
    struct preflight_target t = good;

    t.supports_nowait = t.supports_nowait_write = t.ring = false;
    preflight_target(&m.found, &t);
    ck_assert_uint_eq(m.found.n, 0);
    t.ring = true;
    preflight_target(&m.found, &t);
    ck_assert_uint_eq(m.found.n, 2);
    preflight_target(&m.found, &t);
    ck_assert_uint_eq(m.found.n, 2); /* nothing is said twice */
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *machine = case_of(suite, "machine"), *target = case_of(suite, "target");

    tcase_add_test(machine, a_machine_without_files_gives_no_finding);
    tcase_add_test(machine, a_governor_that_saves_power_is_found);
    tcase_add_test(machine, mitigations_are_counted_and_named);
    tcase_add_test(machine, a_virtual_machine_is_found_and_named);
    tcase_add_test(machine, a_load_is_found);
    tcase_add_test(machine, cpu_time_of_others_and_of_the_host_is_found);
    tcase_add_test(machine, a_queue_that_orders_merges_and_counts_is_found);
    tcase_add_test(machine, a_device_far_from_the_cpus_is_found);
    tcase_add_test(target, a_good_target_gives_no_finding_and_each_fault_gives_one);
    tcase_add_test(target, files_that_workers_must_read_are_found_with_a_ring_only);
}

int main(void)
{
    return suite_main_without_ring("bench_preflight", add_cases);
}

/* SPDX-License-Identifier: MIT */
/* Groups: how many iothreads, where they are placed, and which serves which queue. */
#include "numa.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <lariat/group.h>

#include "support.h"

static struct lariat_group *group_or_fail(const char *spec)
{
    struct lariat_group *group = NULL;
    char *errmsg = NULL;
    const int rc = lariat_group_new_from_string(spec, &group, &errmsg);
    ck_assert_msg(rc == 0, "%s: %d, %s", spec, rc, errmsg);
    ck_assert_ptr_null(errmsg);
    return group;
}

static struct lariat_loop *loop_of(const struct lariat_group *group, unsigned i)
{
    return lariat_iothread_loop(lariat_group_iothread(group, i));
}

START_TEST(as_many_iothreads_as_asked_for_have_numbered_ids)
{
    struct lariat_group *group = group_or_fail("id=data,size=3,poll-max-ns=5us");
    ck_assert_uint_eq(lariat_group_size(group), 3);
    ck_assert_ptr_null(lariat_group_iothread(group, 3));
    for (int i = 0; i < 3; i++) {
        struct lariat_iothread *found = lariat_iothread_by_id(numbered_id("data", i));
        char *value = NULL;
        ck_assert_ptr_eq(found, lariat_group_iothread(group, (unsigned)i));
        ck_assert_int_eq(lariat_iothread_get(found, "poll-max-ns", &value), 0);
        ck_assert_str_eq(value, "5000");
        free(value);
        lariat_iothread_unref(found);
    }
    lariat_group_destroy(group);
    ck_assert_ptr_null(lariat_iothread_by_id("data0"));
}
END_TEST

START_TEST(without_a_map_queues_go_round)
{
    struct lariat_group *group = group_or_fail("id=data,size=2");
    for (unsigned queue = 0; queue < 7; queue++)
        ck_assert_ptr_eq(lariat_group_loop_for(group, queue), loop_of(group, queue % 2));
    ck_assert_ptr_eq(lariat_group_loop_for(group, UINT32_MAX), loop_of(group, 1));
    lariat_group_destroy(group);
}
END_TEST

START_TEST(a_map_says_which_iothread_serves_which_queue)
{
    struct lariat_group *group = group_or_fail("id=data,size=2,queues=0,,2-3/1,,4");
    static const unsigned expected[] = { 0, 1, 0, 0, 1 };
    for (unsigned queue = 0; queue < 5; queue++)
        ck_assert_ptr_eq(lariat_group_loop_for(group, queue), loop_of(group, expected[queue]));
    ck_assert_ptr_null(lariat_group_loop_for(group, 5));
    lariat_group_destroy(group);
}
END_TEST

/* The first CPU that this process may use. */
static int first_cpu(void)
{
    cpu_set_t cpus;
    int cpu = 0;
    ck_assert_int_eq(sched_getaffinity(0, sizeof(cpus), &cpus), 0);
    while (!CPU_ISSET((size_t)cpu, &cpus))
        cpu++;
    return cpu;
}

static void must_be_pinned_to(struct lariat_iothread *iothread, int cpu)
{
    cpu_set_t cpus;
    ck_assert_int_eq(sched_getaffinity(lariat_iothread_tid(iothread), sizeof(cpus), &cpus), 0);
    ck_assert_int_eq(CPU_COUNT(&cpus), 1);
    ck_assert(CPU_ISSET((size_t)cpu, &cpus));
}

START_TEST(one_iothread_is_pinned_to_each_listed_cpu)
{
    const int cpu = first_cpu();
    char spec[64];
    snprintf(spec, sizeof(spec), "id=cpu,cpus=%d", cpu);
    struct lariat_group *group = group_or_fail(spec);
    ck_assert_uint_eq(lariat_group_size(group), 1);
    must_be_pinned_to(lariat_group_iothread(group, 0), cpu);
    lariat_group_destroy(group);
}
END_TEST

/* A machine of our own: node 0 has our first CPU, node 1 memory only, node 2 the same CPU once more. */
static char fake_root[] = "/tmp/lariat-numa-XXXXXX";

static void write_list(const char *name, const char *text)
{
    char path[64], *slash;
    snprintf(path, sizeof(path), "%s/%s", fake_root, name);
    slash = strrchr(path, '/');
    *slash = '\0';
    ck_assert(mkdir(path, 0700) == 0 || errno == EEXIST);
    *slash = '/';
    const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    write_or_fail(fd, text, strlen(text));
    close(fd);
}

static void make_nodes(void)
{
    char cpu[16];
    ck_assert_ptr_nonnull(mkdtemp(fake_root));
    snprintf(cpu, sizeof(cpu), "%d\n", first_cpu());
    write_list("online", "0-2\n");
    write_list("node0/cpulist", cpu);
    write_list("node1/cpulist", "\n");
    write_list("node2/cpulist", cpu);
    numa_root = fake_root;
}

static void remove_nodes(void)
{
    static const char *const names[] = { "online", "node0/cpulist", "node1/cpulist", "node2/cpulist", "node0", "node1", "node2", "" };
    char path[64];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", fake_root, names[i]);
        ck_assert_int_eq(remove(path), 0);
    }
    strcpy(fake_root, "/tmp/lariat-numa-XXXXXX");
    numa_root = "/sys/devices/system/node";
}

START_TEST(one_iothread_is_placed_on_each_node_that_has_cpus)
{
    make_nodes();
    struct lariat_group *group = group_or_fail("id=node,nodes=all");
    ck_assert_uint_eq(lariat_group_size(group), 2);
    must_be_pinned_to(lariat_group_iothread(group, 1), first_cpu());
    lariat_group_destroy(group);
    group = group_or_fail("id=node,nodes=2");
    ck_assert_uint_eq(lariat_group_size(group), 1);
    lariat_group_destroy(group);
    remove_nodes();
}
END_TEST

START_TEST(a_node_without_cpus_or_none_at_all_is_refused)
{
    struct lariat_group *group = NULL;
    char *errmsg = NULL;
    make_nodes();
    ck_assert_int_eq(lariat_group_new_from_string("id=node,nodes=0-1", &group, &errmsg), -ENODEV);
    ck_assert_ptr_nonnull(strstr(errmsg, "node 1"));
    free(errmsg);
    ck_assert_int_eq(lariat_group_new_from_string("id=node,nodes=7", &group, NULL), -ENODEV);
    ck_assert_ptr_null(group);
    remove_nodes();
}
END_TEST

START_TEST(in_a_kernel_without_numa_all_cpus_are_one_node)
{
    numa_root = "/nonexistent";
    struct lariat_group *group = group_or_fail("id=node,nodes=all");
    ck_assert_uint_eq(lariat_group_size(group), 1);
    lariat_group_destroy(group);
    numa_root = "/sys/devices/system/node";
}
END_TEST

START_TEST(the_nodes_of_this_machine_can_be_used)
{
    lariat_group_destroy(group_or_fail("id=node,nodes=all"));
}
END_TEST

static const struct {
    const char *spec;
    int err;
    const char *word;
} bad_groups[] = {
    { "size=2", -EINVAL, "id" },
    { "id=g", -EINVAL, "size=, cpus= and nodes=" },
    { "id=g,size=2,cpus=0", -EINVAL, "size=, cpus= and nodes=" },
    { "id=g,size=0", -ERANGE, "'0'" },
    { "id=g,size=1025", -ERANGE, "1 to 1024" },
    { "id=g,size=two", -EINVAL, "two" },
    { "id=g,size=-1", -EINVAL, "-1" },
    { "id=g,size=2x", -EINVAL, "2x" },
    { "id=g,cpus=x", -EINVAL, "cpus" },
    { "id=g,cpus=1023", -ENODEV, "1023" },
    { "id=g,cpus=0,cpu-affinity=0", -EINVAL, "cpu-affinity" },
    { "id=g,nodes=x", -EINVAL, "nodes" },
    { "id=g,size", -EINVAL, "size" },
    { "id=9,size=1", -EINVAL, "'90'" },
    { "id=g,size=1,poll-max=1", -EINVAL, "poll-max" },
    { "id=g,size=2,poll-max-ns=-1", -ERANGE, "poll-max-ns" },
    { "id=g,size=2,queues=0", -EINVAL, "1 lists for 2" },
    { "id=g,size=2,queues=0/1/2", -EINVAL, "3 lists for 2" },
    { "id=g,size=2,queues=0-1/1", -EINVAL, "queue 1 is served twice" },
    { "id=g,size=2,queues=0/2", -EINVAL, "queue 1 is served by none" },
    { "id=g,size=2,queues=0/", -EINVAL, "queues" },
};
enum { N_BAD_GROUPS = sizeof(bad_groups) / sizeof(bad_groups[0]) };

START_TEST(a_bad_group_is_refused_with_the_reason_and_leaves_nothing)
{
    struct lariat_iothread_info *head;
    struct lariat_group *group = NULL;
    char *errmsg = NULL;
    const int fds = count_fds();
    const int rc = lariat_group_new_from_string(bad_groups[_i].spec, &group, &errmsg);
    ck_assert_msg(rc == bad_groups[_i].err && errmsg && strstr(errmsg, bad_groups[_i].word), "%s: %d, %s", bad_groups[_i].spec,
                  rc, errmsg);
    ck_assert_ptr_null(group);
    ck_assert_int_eq(lariat_iothread_query(&head), 0);
    ck_assert_ptr_null(head);
    ck_assert_int_eq(count_fds(), fds);
    free(errmsg);
}
END_TEST

START_TEST(an_id_that_is_taken_in_the_middle_undoes_the_group)
{
    struct lariat_iothread *iothread = iothread_or_fail("data2");
    struct lariat_group *group = NULL;
    char *errmsg = NULL;
    ck_assert_int_eq(lariat_group_new_from_string("id=data,size=3", &group, &errmsg), -EEXIST);
    ck_assert_ptr_nonnull(strstr(errmsg, "data2"));
    ck_assert_ptr_null(lariat_iothread_by_id("data0"));
    free(errmsg);
    lariat_iothread_destroy(iothread);
}
END_TEST

START_TEST(a_group_that_is_destroyed_finishes_what_it_accepted)
{
    struct lariat_group *group = group_or_fail("id=data,size=4");
    atomic_int ran = 0;
    for (unsigned i = 0; i < 100; i++)
        ck_assert_int_eq(lariat_bh_schedule_oneshot(lariat_group_loop_for(group, i), count_up_atomic, &ran), 0);
    lariat_group_destroy(group);
    ck_assert_int_eq(atomic_load(&ran), 100);
    lariat_group_destroy(NULL);
}
END_TEST

static void destroy_from_inside(void *group)
{
    lariat_group_destroy(group);
}

static void destroy_own_group(void *unused)
{
    struct lariat_group *group = group_or_fail("id=data,size=2");
    (void)unused;
    lariat_loop_call(loop_of(group, 0), destroy_from_inside, group);
}

START_TEST(a_group_destroyed_by_one_of_its_iothreads_aborts)
{
    must_abort(destroy_own_group, NULL, "lariat_iothread_destroy", "data0");
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "life");
    tcase_add_test(tc, as_many_iothreads_as_asked_for_have_numbered_ids);
    tcase_add_test(tc, an_id_that_is_taken_in_the_middle_undoes_the_group);
    tcase_add_test(tc, a_group_that_is_destroyed_finishes_what_it_accepted);
    tcase_add_test(tc, a_group_destroyed_by_one_of_its_iothreads_aborts);
    tcase_add_loop_test(tc, a_bad_group_is_refused_with_the_reason_and_leaves_nothing, 0, N_BAD_GROUPS);

    tc = case_of(suite, "queues");
    tcase_add_test(tc, without_a_map_queues_go_round);
    tcase_add_test(tc, a_map_says_which_iothread_serves_which_queue);

    tc = case_of(suite, "places");
    tcase_add_test(tc, one_iothread_is_pinned_to_each_listed_cpu);
    tcase_add_test(tc, one_iothread_is_placed_on_each_node_that_has_cpus);
    tcase_add_test(tc, a_node_without_cpus_or_none_at_all_is_refused);
    tcase_add_test(tc, in_a_kernel_without_numa_all_cpus_are_one_node);
    tcase_add_test(tc, the_nodes_of_this_machine_can_be_used);
}

int main(void)
{
    return suite_main("group", add_tests);
}

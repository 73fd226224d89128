/* SPDX-License-Identifier: MIT */
/* One object's calls, whatever way it was linked, and back. */
#include "patch/loaded.h"
#include <link.h>
#include <netdb.h>
#include <pthread.h>
#include "base/inject.h"
#include "base/sys.h"

#define IO GEV_PATCH_IO

static const char *const ways[] = { PATH("lazy"), PATH("now"),
	PATH("norelro"), PATH("noplt"), PATH("fortify"), PATH("stripped") };

#define WAYS (sizeof(ways) / sizeof(*ways))

/* The object's mappings and what they let one do, as the kernel has it. */
static void note_mappings(const char *path, char *text, size_t size)
{
	FILE *f = fopen("/proc/self/maps", "r");
	size_t used = 0;
	char line[512];

	*text = '\0';
	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, path) && used + strlen(line) < size)
			used += (size_t)sprintf(text + used, "%s", line);
	if (f)
		fclose(f);
}

struct sum {
	const char *path;
	uint64_t sum;
};

static int add_up(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct sum *s = arg;

	(void)size;
	if (strcmp(info->dlpi_name, s->path) != 0)
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		const uint8_t *at = (void *)(info->dlpi_addr + p->p_vaddr);

		if (p->p_type == PT_LOAD && p->p_flags & PF_W)
			for (size_t k = 0; k < p->p_filesz; k++)
				s->sum = s->sum * 31 + at[k];
	}
	return 1;
}

/* What the object's data is, slots included, as a number. */
static uint64_t data_sum(const char *path)
{
	struct sum s = { .path = path, .sum = 1 };

	t_eq(dl_iterate_phdr(add_up, &s), 1);
	return s.sum;
}

static void there_and_back(const char *path)
{
	void *handle = load(path);
	char before[2048], meanwhile[2048];
	uint64_t sum = data_sum(path), patched;

	note_mappings(path, before, sizeof(before));
	t_eq(gev_patch_object(path, IO), 0);
	patched = data_sum(path);
	note_mappings(path, meanwhile, sizeof(meanwhile));
	t_str(meanwhile, before);
	t_ok(patched != sum);
	t_eq(gev_patch_object(path, IO), 0);
	t_ok(data_sum(path) == patched);
	t_eq(gev_unpatch_object(path), 0);
	t_ok(data_sum(path) == sum);
	note_mappings(path, meanwhile, sizeof(meanwhile));
	t_str(meanwhile, before);
	dlclose(handle);
}

static void all_ways_there_and_back(void)
{
	for (size_t i = 0; i < WAYS; i++)
		there_and_back(ways[i]);
}

static void calls_wait(const char *path)
{
	static const char *const calls[] = { "object_read", "object_recv",
		"object_read_by_pointer" };
	void *handle = load(path);

	for (size_t i = 0; i < 3; i++)
		t_ok(!waits_in_call(handle, calls[i]));
	t_eq(gev_patch_object(path, IO), 0);
	for (size_t i = 0; i < 3; i++)
		t_ok(waits_in_call(handle, calls[i]));
	t_eq(gev_unpatch_object(path), 0);
	for (size_t i = 0; i < 3; i++)
		t_ok(!waits_in_call(handle, calls[i]));
	dlclose(handle);
}

static void calls_of_all_ways_wait(void)
{
	for (size_t i = 0; i < WAYS; i++)
		calls_wait(ways[i]);
}

static void the_report_names_objects_and_groups(void)
{
	static char text[1 << 18];
	void *handle = load(PATH("now"));
	unsigned flags = IO | GEV_PATCH_SLEEP | GEV_PATCH_LOCKS;

	t_eq(gev_patch_object(SONAME("now"), flags | GEV_PATCH_DEPS), 0);
	gev_patch_report(text, sizeof(text));
	t_ok(strstr(text, "patched in part\n") == text);
	t_ok(strstr(text, "by name: " SONAME("now")
			 ": io sleep, and what it needs\n"));
	t_ok(strstr(text, "wait, by name, in:") != NULL);
	t_eq(gev_unpatch_object(SONAME("now")), 0);
	gev_patch_report(text, sizeof(text));
	t_ok(strstr(text, "not patched\n") == text);
	t_ok(strstr(text, "by name") == NULL);
	dlclose(handle);
}

static void slots_not_bound_yet_are_replaced(void)
{
	void *handle = load(PATH("lazy"));

	t_eq(gev_patch_object(PATH("lazy"), IO), 0);
	t_ok(waits_in_call(handle, "object_read"));
	t_eq(gev_unpatch_object(PATH("lazy")), 0);
	t_ok(!waits_in_call(handle, "object_read"));
	dlclose(handle);
}

static void names_of_one_object_are_one(void)
{
	void *handle = load(PATH("now"));

	t_eq(gev_patch_object(SONAME("now"), IO), 0);
	t_eq(gev_patch_object(PATH("now"), IO), 0);
	t_eq(gev_patch_object(OBJECTS "/../patch/libgevtest_now.so", IO), 0);
	t_eq(gev_patch_handle(handle, IO), 0);
	t_ok(waits_in_call(handle, "object_read"));
	t_eq(gev_unpatch_object(SONAME("now")), 0);
	t_ok(!waits_in_call(handle, "object_read"));
	t_fails(gev_unpatch_object(PATH("now")), ENOENT);
	t_fails(gev_unpatch_handle(handle), ENOENT);
	dlclose(handle);
}

static void handles_will_do(void)
{
	void *handle = load(PATH("now"));

	t_eq(gev_patch_handle(handle, IO), 0);
	t_ok(waits_in_call(handle, "object_read"));
	t_eq(gev_unpatch_handle(handle), 0);
	t_ok(!waits_in_call(handle, "object_read"));
	t_fails(gev_patch_handle(NULL, IO), EINVAL);
	t_fails(gev_unpatch_handle(NULL), EINVAL);
	dlclose(handle);
}

static void others_stay_as_they_are(void)
{
	void *one = load(PATH("now")), *other = load(PATH("noplt"));

	t_eq(gev_patch_object(SONAME("now"), IO), 0);
	t_ok(waits_in_call(one, "object_read"));
	t_ok(!waits_in_call(other, "object_read"));
	t_ok(!waits_in((void *)(intptr_t)read));
	t_eq(gev_unpatch_object(SONAME("now")), 0);
	dlclose(one);
	dlclose(other);
}

static intptr_t nap(void *fn)
{
	int (*naps)(unsigned us) = (int (*)(unsigned))fn;

	enter();
	naps(1000);
	leave();
	return 0;
}

static int two_nap(void *handle)
{
	void *fn = function(handle, "object_nap");
	gev_greenlet *a = start(nap, (intptr_t)fn), *b = start(nap, (intptr_t)fn);

	inside = most_inside = 0;
	join(a);
	join(b);
	return most_inside;
}

static void groups_are_apart(void)
{
	void *handle = load(PATH("now"));

	t_eq(gev_patch_handle(handle, IO), 0);
	t_eq(two_nap(handle), 1);
	t_eq(gev_patch_handle(handle, GEV_PATCH_SLEEP), 0);
	t_eq(two_nap(handle), 2);
	t_ok(waits_in_call(handle, "object_read"));
	t_eq(gev_unpatch_handle(handle), 0);
	t_eq(two_nap(handle), 1);
	dlclose(handle);
}

static bool no_naps(const char *name, void *arg)
{
	++*(int *)arg;
	return strcmp(name, "usleep") == 0;
}

static void a_veto_is_heeded(void)
{
	void *handle = load(PATH("now"));
	int asked = 0;

	gev_patch_set_veto(no_naps, &asked);
	t_eq(gev_patch_handle(handle, GEV_PATCH_ALL), 0);
	t_ok(asked > 50);
	t_eq(two_nap(handle), 1);
	t_ok(waits_in_call(handle, "object_read"));
	gev_patch_set_veto(NULL, NULL);
	t_eq(gev_patch_handle(handle, GEV_PATCH_ALL), 0);
	t_eq(two_nap(handle), 2);
	t_eq(gev_unpatch_handle(handle), 0);
	dlclose(handle);
}

static void what_an_object_needs_comes_with_it(void)
{
	void *handle = load(PATH("needs"));

	t_eq(gev_patch_object(SONAME("needs"), IO), 0);
	t_ok(!waits_in_call(handle, "needing_read"));
	t_eq(gev_patch_object(SONAME("needs"), IO | GEV_PATCH_DEPS), 0);
	t_ok(waits_in_call(handle, "needing_read"));
	t_eq(gev_patch_object(SONAME("lazy"), IO), 0);
	t_eq(gev_unpatch_object(SONAME("lazy")), 0);
	t_ok(waits_in_call(handle, "needing_read"));
	t_eq(gev_unpatch_object(SONAME("needs")), 0);
	t_ok(!waits_in_call(handle, "needing_read"));
	dlclose(handle);
}

static ssize_t program_read(int fd, void *buf, size_t size)
{
	return read(fd, buf, size);
}

static void the_program_is_an_object(void)
{
	t_ok(!waits_in((void *)(intptr_t)program_read));
	t_eq(gev_patch_object(NULL, IO), 0);
	t_ok(waits_in((void *)(intptr_t)program_read));
	t_eq(gev_patch_object("/proc/self/exe", IO), 0);
	t_eq(gev_unpatch_object(""), 0);
	t_ok(!waits_in((void *)(intptr_t)program_read));
}

static int locks_asked_for;

/* The program's own, which comes before libc's. */
int lockf(int fd, int op, off_t size)
{
	(void)fd;
	(void)op;
	(void)size;
	return ++locks_asked_for;
}

static void *lock_in_thread(void *fn)
{
	int (*lock)(int fd);

	*(void **)&lock = fn;
	return (void *)(intptr_t)lock(-1);
}

static void interposed_functions_are_the_originals(void)
{
	void *handle = load(PATH("now"));
	pthread_t thread;
	void *r = NULL;

	t_eq(gev_patch_handle(handle, GEV_PATCH_ALL), 0);
	t_eq(pthread_create(&thread, NULL, lock_in_thread,
		     function(handle, "object_lock")), 0);
	t_eq(pthread_join(thread, &r), 0);
	t_eq((intptr_t)r, 1);
	t_eq(locks_asked_for, 1);
	t_eq(gev_unpatch_handle(handle), 0);
	dlclose(handle);
}

static intptr_t look_up(void *fn)
{
	int (*looks_up)(const char *name, struct addrinfo **list);
	struct addrinfo *list = NULL;

	*(void **)&looks_up = fn;
	t_eq(looks_up("localhost", &list), 0);
	t_ok(list != NULL);
	freeaddrinfo(list);
	return 0;
}

static void children_of_vfork_change_nothing(void)
{
	void *handle = load(PATH("now"));
	int (*vforks)(int fd);
	gev_greenlet *g;

	*(void **)&vforks = function(handle, "object_vfork");
	t_eq(gev_patch_handle(handle, GEV_PATCH_ALL), 0);
	t_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, object_fds), 0);
	g = start(read_with, (intptr_t)function(handle, "object_read"));
	gev_sleep(0);
	t_eq(vforks(object_fds[0]), 7 << 8);
	t_ok(!gev_ready(g));
	t_eq(write(object_fds[1], "x", 1), 1);
	join(g);
	gev_close(object_fds[0]);
	gev_close(object_fds[1]);
	t_eq(gev_unpatch_handle(handle), 0);
	dlclose(handle);
}

static void names_are_looked_up_by_gev(void)
{
	void *handle = load(PATH("now"));

	t_eq(gev_patch_handle(handle, GEV_PATCH_DNS), 0);
	t_eq(gev_patch_object(NULL, GEV_PATCH_DNS), 0);
	join(start(look_up, (intptr_t)function(handle, "object_look_up")));
	t_eq(gev_unpatch_object(NULL), 0);
	t_eq(gev_unpatch_handle(handle), 0);
	dlclose(handle);
}

static void what_is_not_there(void)
{
	t_fails(gev_patch_object("libnothing.so.9", IO), ENOENT);
	t_fails(gev_patch_object("/nowhere/at/all.so", IO), ENOENT);
	t_fails(gev_unpatch_object("libnothing.so.9"), ENOENT);
	t_fails(gev_unpatch_object(NULL), ENOENT);
}

static void wrong_flags(void)
{
	t_fails(gev_patch_object(NULL, 0), EINVAL);
	t_fails(gev_patch_object(NULL, GEV_PATCH_DEPS), EINVAL);
	t_fails(gev_patch_object(NULL, IO | 1u << 20), EINVAL);
	t_fails(gev_patch_object(NULL, IO | GEV_PATCH_BY_NAME), EINVAL);
}

static void libc_has_no_names_for_itself(void)
{
	t_fails(gev_patch_object("libc.so.6", IO), ENOTSUP);
	t_ok(strstr(state(), "libc's calls to itself") != NULL);
	t_fails(gev_unpatch_object("libc.so.6"), ENOENT);
}

static void refused_by_the_kernel(const char *path, int error)
{
	void *handle = load(path);
	uint64_t sum = data_sum(path);

	gev__inject = (struct gev__inject){ .nr = SYS_mprotect,
		.error = -error, .times = -1 };
	t_fails(gev_patch_handle(handle, IO), error);
	gev__inject.nr = -1;
	t_ok(data_sum(path) == sum);
	t_fails(gev_unpatch_handle(handle), ENOENT);
	t_eq(gev_patch_handle(handle, IO), 0);
	t_ok(waits_in_call(handle, "object_read"));
	gev__inject = (struct gev__inject){ .nr = SYS_mprotect,
		.error = -error, .times = -1 };
	t_fails(gev_unpatch_handle(handle), error);
	gev__inject.nr = -1;
	t_ok(waits_in_call(handle, "object_read"));
	t_eq(gev_unpatch_handle(handle), 0);
	dlclose(handle);
}

static void failures_change_nothing(void)
{
	refused_by_the_kernel(PATH("now"), EACCES);
	refused_by_the_kernel(PATH("noplt"), EPERM);
}

static void without_memory_nothing_changes(void)
{
	void *handle = load(PATH("now"));
	uint64_t sum = data_sum(PATH("now"));

	t_eq(gev_patch_handle(handle, IO), 0);
	t_eq(gev_unpatch_handle(handle), 0);
	for (int after = 0; after < 2; after++) {
		gev__inject = (struct gev__inject){ .nr = SYS_mmap,
			.error = -ENOMEM, .after = after, .times = 1 };
		t_fails(gev_patch_handle(handle, IO), ENOMEM);
		gev__inject.nr = -1;
		t_ok(data_sum(PATH("now")) == sum);
	}
	dlclose(handle);
}

int main(void)
{
	T_RUN(the_report_names_objects_and_groups);
	T_RUN(slots_not_bound_yet_are_replaced);
	T_RUN(all_ways_there_and_back);
	T_RUN(calls_of_all_ways_wait);
	T_RUN(names_of_one_object_are_one);
	T_RUN(handles_will_do);
	T_RUN(others_stay_as_they_are);
	T_RUN(groups_are_apart);
	T_RUN(a_veto_is_heeded);
	T_RUN(what_an_object_needs_comes_with_it);
	T_RUN(the_program_is_an_object);
	T_RUN(interposed_functions_are_the_originals);
	T_RUN(children_of_vfork_change_nothing);
	T_RUN(names_are_looked_up_by_gev);
	T_RUN(what_is_not_there);
	T_RUN(wrong_flags);
	T_RUN(libc_has_no_names_for_itself);
	T_RUN(failures_change_nothing);
	T_RUN(without_memory_nothing_changes);
	return t_done();
}

/* SPDX-License-Identifier: MIT */
/* Stacks: guards, the pool, trimming, and what they cost. */
#include "t.h"
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <gev/coro.h>
#include "base/inject.h"
#include "base/sys.h"
#include "switch/guard.h"
#include "switch/stack.h"
#include "switch/switch.h"

#define KIB 1024
#define MIB (1024 * KIB)

static struct gev__stack_pool pool;

static struct gev__stack_class *default_class(void)
{
	return gev__stack_class_of(&pool, 0, false);
}

static void fail_from_now(long nr, int error, int times)
{
	gev__inject = (struct gev__inject){ nr, error, 0, times, 0 };
}

static void fail_no_more(void)
{
	gev__inject.nr = -1;
}

static int mappings(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	int n = 0;

	for (int c; (c = getc(f)) != EOF;)
		n += c == '\n';
	fclose(f);
	return n;
}

static long address_space_mib(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long pages = -1;

	t_eq(fscanf(f, "%ld", &pages), 1);
	fclose(f);
	return pages / (MIB / sysconf(_SC_PAGESIZE));
}

/* Of a stack of the default size that begins at @low. */
static int resident_pages(char *low)
{
	unsigned char pages[GEV__STACK_DEFAULT / GEV__PAGE + 1];
	int n = 0;

	t_eq(mincore(low, sizeof(pages) * GEV__PAGE, pages), 0);
	for (size_t i = 0; i < sizeof(pages); i++)
		n += pages[i] & 1;
	return n;
}

/* The lowest @pages below the block. */
static void touch(struct gev__stack *s, int pages)
{
	volatile char *top = gev__stack_block(s);

	for (int i = 0; i < pages; i++)
		top[-i * (int)GEV__PAGE - 1] = 1;
}

static void leave_no_core(void)
{
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
}

/* Whether a write there is a SIGSEGV. */
static bool is_deadly(char *p)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		leave_no_core();
		signal(SIGSEGV, SIG_DFL);
		*(volatile char *)p = 1;
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}

static bool is_guarded(const struct gev__stack *s)
{
	return is_deadly(s->low - 1) && is_deadly(s->low - GEV__STACK_GUARD) &&
		!is_deadly(s->low);
}

static void take(struct gev__stack **stacks, int n)
{
	for (int i = 0; i < n; i++) {
		stacks[i] = gev__stack_take(default_class());
		if (!t_ok(stacks[i] != NULL))
			abort();
	}
}

static void give(struct gev__stack **stacks, int n)
{
	for (int i = 0; i < n; i++)
		gev__stack_give(stacks[i]);
}

/* Whether there are guards that cost no mapping.  If not, skips the case. */
static bool have_advice(void)
{
	char *p = mmap(NULL, MIB, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool have = madvise(p, GEV__PAGE, 102) == 0 && is_deadly(p);

	munmap(p, MIB);
	if (!have)
		t_skip("no MADV_GUARD_INSTALL here");
	return have;
}

/* Whether TSan or valgrind watches, which can't do with many stacks. */
static bool is_watched(void)
{
	bool watched;

	gev__stack_pool_init(&pool);
	watched = gev__stack_take(default_class())->fiber && !GEV__ASAN;
	gev__stack_pool_fini(&pool);
	if (watched)
		t_skip("too many stacks for TSan and valgrind");
	return watched;
}

static void guarded_by_advice(void)
{
	struct gev__stack *s;
	unsigned long missing = gev__guard_missing();

	if (!have_advice())
		return;
	gev__stack_pool_init(&pool);
	s = gev__stack_take(default_class());
	t_ok(is_guarded(s));
	t_eq(gev__guard_missing(), missing);
	gev__stack_pool_fini(&pool);
}

/* All by mprotect. */
static void take_protected(struct gev__stack **stacks, int n)
{
	gev__stack_pool_init(&pool);
	fail_from_now(SYS_madvise, -EINVAL, -1);
	take(stacks, n);
	fail_no_more();
}

static void guarded_by_protection(void)
{
	struct gev__stack *s;

	take_protected(&s, 1);
	t_ok(is_guarded(s));
	gev__stack_pool_fini(&pool);
}

static long max_map_count(void)
{
	FILE *f = fopen("/proc/sys/vm/max_map_count", "r");
	long n = 0;

	if (!f || fscanf(f, "%ld", &n) != 1)
		n = 65530;
	if (f)
		fclose(f);
	return n;
}

static void protection_leaves_mappings_to_others(void)
{
	int n = max_map_count() / 3;
	unsigned long missing = gev__guard_missing();
	struct gev__stack **stacks;
	int before;

	if (is_watched())
		return;
	stacks = calloc(n, sizeof(*stacks));
	before = mappings();
	take_protected(stacks, n);
	t_ok(mappings() - before <= n + 20);
	t_ok(mappings() - before >= n - 20);
	t_ok(gev__guard_missing() > missing);
	gev__stack_pool_fini(&pool);

	missing = gev__guard_missing();
	take_protected(stacks, 1); /* what those had is free again */
	t_eq(gev__guard_missing(), missing);
	gev__stack_pool_fini(&pool);
	free(stacks);
}

static void many_guarded_stacks_need_few_mappings(void)
{
	enum { MANY = 100000 };
	struct gev__stack **stacks;
	unsigned long missing = gev__guard_missing();
	int before;

	if (!have_advice() || is_watched())
		return;
	stacks = calloc(MANY, sizeof(*stacks));
	gev__stack_pool_init(&pool);
	before = mappings();
	take(stacks, MANY);
	t_ok(mappings() - before <= 20);
	t_eq(gev__guard_missing(), missing);
	t_ok(is_guarded(stacks[MANY - 1]));
	gev__stack_pool_fini(&pool);
	free(stacks);
}

static void last_given_is_first_taken(void)
{
	struct gev__stack *s[3];

	gev__stack_pool_init(&pool);
	take(s, 3);
	give(s, 3);
	t_ok(gev__stack_take(default_class()) == s[2]);
	t_ok(gev__stack_take(default_class()) == s[1]);
	gev__stack_give(s[1]);
	t_ok(gev__stack_take(default_class()) == s[1]);
	gev__stack_pool_fini(&pool);
}

static void tops_are_coloured(void)
{
	struct gev__stack *s[32];
	uint64_t seen = 0;

	gev__stack_pool_init(&pool);
	take(s, 32);
	for (int i = 0; i < 32; i++) {
		uintptr_t in_page = (uintptr_t)s[i] % GEV__PAGE;

		t_eq(in_page % 64, 0);
		seen |= 1ULL << in_page / 64;
	}
	t_eq(__builtin_popcountll(seen), 32);
	gev__stack_pool_fini(&pool);
}

static void trim_leaves_what_is_needed(void)
{
	struct gev__stack *s[4];
	char *low[4];

	gev__stack_pool_init(&pool);
	take(s, 4);
	for (int i = 0; i < 4; i++) {
		low[i] = s[i]->low;
		touch(s[i], 5);
		t_eq(resident_pages(low[i]), 5);
	}
	give(s, 4);
	t_ok(!gev__stack_trim(&pool)); /* all were needed before */
	for (int i = 0; i < 4; i++)
		t_eq(resident_pages(low[i]), 1);

	take(s, 2); /* the two that were given last */
	t_ok(s[0]->low == low[3]);
	touch(s[0], 3);
	give(s, 2);
	t_ok(!gev__stack_trim(&pool));
	t_eq(default_class()->hot_count, 2);
	t_eq(resident_pages(low[3]), 1);
	t_eq(resident_pages(low[2]), 1);
	t_eq(resident_pages(low[1]), 0);
	t_eq(resident_pages(low[0]), 0);
	gev__stack_pool_fini(&pool);
}

static void cold_stacks_come_back_guarded(void)
{
	struct gev__stack *s[2];
	char *low;

	gev__stack_pool_init(&pool);
	take(s, 2);
	low = s[0]->low;
	give(s, 2);
	gev__stack_trim(&pool);
	gev__stack_trim(&pool);
	t_eq(default_class()->hot_count, 0);
	take(s, 2);
	t_ok(s[0]->low == low);
	t_ok(is_guarded(s[0]));
	touch(s[0], 5);
	gev__stack_pool_fini(&pool);
}

static void trim_does_a_bounded_amount(void)
{
	enum { MANY = 2000 };
	static struct gev__stack *s[MANY];
	int calls = 0;

	gev__stack_pool_init(&pool);
	take(s, MANY);
	give(s, MANY);
	gev__stack_trim(&pool);
	while (gev__stack_trim(&pool))
		calls++;
	t_ok(calls >= 5);
	t_ok(gev__list_empty(&default_class()->hot));
	t_ok(default_class()->slabs.next->next == &default_class()->slabs);
	gev__stack_pool_fini(&pool);
}

static void *touches(void *bytes)
{
	volatile char area[30 * KIB];

	for (size_t i = 0; i < sizeof(area) && bytes; i += KIB)
		area[i] = 1;
	return gev_coro_switch(gev_coro_parent(gev_coro_current()), NULL);
}

static void high_water_mark(void)
{
	gev_coro *c = gev_coro_new_sized(touches, NULL, MIB);
	size_t used;

	t_ok(gev_coro_stack_used(c) <= GEV__PAGE);
	gev_coro_switch(c, c);
	used = gev_coro_stack_used(c);
	t_ok(used >= 30 * KIB && used <= 50 * KIB);
	t_eq(used % GEV__PAGE, 0);
	t_eq(gev_coro_free(c), 0);
}

/* All but a little of the stack, which the caller's frames need. */
static void *uses_all(void *value)
{
	size_t size = gev_coro_stack_size(gev_coro_current()) - 2 * KIB;
	char *top = __builtin_frame_address(0);

	for (size_t i = 0; i < size; i += GEV__PAGE)
		((volatile char *)top)[-(long)i - KIB] = 1;
	return value;
}

static void sizes_are_what_was_asked_for(void)
{
	static const size_t sizes[] = { 16 * KIB, 16 * KIB + 1, 64 * KIB,
		100000, 8 * MIB };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		gev_coro *c = gev_coro_new_sized(uses_all, NULL, sizes[i]);

		t_ok(gev_coro_stack_size(c) >= sizes[i]);
		gev_coro_switch(c, NULL);
		t_ok(gev_coro_dead(c));
		t_eq(gev_coro_free(c), 0);
	}
}

static void default_and_largest_size(void)
{
	gev_coro *c = gev_coro_new_sized(touches, NULL, 0);
	gev_coro *d = gev_coro_new_sized(touches, NULL, 1024 * MIB);

	t_ok(gev_coro_stack_size(c) >= 64 * KIB);
	t_ok(gev_coro_stack_size(c) < 80 * KIB);
	t_ok(gev_coro_stack_size(d) >= 1024 * MIB);
	t_eq(gev_coro_free(c), 0);
	t_eq(gev_coro_free(d), 0);
}

/* Leaves them to the end of the thread. */
static void *make(void *count)
{
	intptr_t made = 0;

	for (intptr_t i = 0; i < (intptr_t)count; i++) {
		gev_coro *c = gev_coro_new(touches, NULL);

		made += c ? 1 : 0;
		t_ok(c || errno == ENOMEM);
	}
	return (void *)made;
}

/* How many of @count could be made in a new thread. */
static intptr_t made_of(intptr_t count)
{
	pthread_t thread;
	void *made;

	pthread_create(&thread, NULL, make, (void *)count);
	pthread_join(thread, &made);
	return (intptr_t)made;
}

static void running_out_of_memory(void)
{
	long before;

	made_of(1);
	before = address_space_mib();
	for (int after = 0;; after++) {
		gev__inject = (struct gev__inject){ SYS_mmap, -ENOMEM, after,
			-1, 0 };
		if (made_of(1) || after > 50)
			break;
		fail_no_more();
		t_ok(address_space_mib() <= before + 1);
	}
	t_ok(gev__inject.after == 0 && gev__inject.calls > 1);
	fail_no_more();
}

static void small_slab_if_no_large_one(void)
{
	struct gev__stack *s[200];
	int first;

	gev__stack_pool_init(&pool);
	first = 4 * MIB / default_class()->stride;
	take(s, 2 * first); /* two slabs; the next would be as large as both */
	fail_from_now(SYS_mmap, -ENOMEM, 1);
	take(s, 1);
	t_eq(gev__inject.calls, 2);
	fail_no_more();
	gev__stack_pool_fini(&pool);
}

static void all_is_given_back(void)
{
	long before;

	made_of(1000);
	before = address_space_mib();
	made_of(1000);
	t_ok(address_space_mib() <= before + 1);
}

int main(void)
{
	T_RUN(guarded_by_advice);
	T_RUN(guarded_by_protection);
	T_RUN(protection_leaves_mappings_to_others);
	T_RUN(many_guarded_stacks_need_few_mappings);
	T_RUN(last_given_is_first_taken);
	T_RUN(tops_are_coloured);
	T_RUN(trim_leaves_what_is_needed);
	T_RUN(cold_stacks_come_back_guarded);
	T_RUN(trim_does_a_bounded_amount);
	T_RUN(high_water_mark);
	T_RUN(sizes_are_what_was_asked_for);
	T_RUN(default_and_largest_size);
	T_RUN(running_out_of_memory);
	T_RUN(small_slab_if_no_large_one);
	T_RUN(all_is_given_back);
	return t_done();
}

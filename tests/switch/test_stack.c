/* SPDX-License-Identifier: MIT */
/* Stacks: guards, the pool, trimming, and what they cost. */
#include "t.h"
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
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
	return gev__stack_class_of(&pool, 0);
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

/* Whether a write there is a SIGSEGV. */
static bool is_deadly(char *p)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
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

static void guarded_by_advice(void)
{
	struct gev__stack *s;
	int before;

	gev__stack_pool_init(&pool);
	s = gev__stack_take(default_class());
	before = mappings();
	gev__stack_take(default_class());
	if (mappings() != before)
		t_skip("no MADV_GUARD_INSTALL here");
	else
		t_ok(is_guarded(s));
	gev__stack_pool_fini(&pool);
}

static void guarded_by_protection(void)
{
	struct gev__stack *s;

	gev__stack_pool_init(&pool);
	fail_from_now(SYS_madvise, -EINVAL, -1);
	s = gev__stack_take(default_class());
	fail_no_more();
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
	struct gev__stack **stacks = calloc(n, sizeof(*stacks));
	int before = mappings();

	if (GEV__TSAN || n > 100000) {
		t_skip("too many stacks");
		free(stacks);
		return;
	}
	gev__stack_pool_init(&pool);
	fail_from_now(SYS_madvise, -EINVAL, -1);
	take(stacks, n);
	fail_no_more();
	t_ok(mappings() - before <= n + 20);
	t_ok(mappings() - before >= n - 20);
	t_ok(gev__guard_missing() > missing);
	gev__stack_pool_fini(&pool);

	missing = gev__guard_missing();
	gev__stack_pool_init(&pool);
	fail_from_now(SYS_madvise, -EINVAL, -1);
	take(stacks, 1);
	fail_no_more();
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

	if (GEV__TSAN) {
		t_skip("TSan has room for 8,000 fibers");
		return;
	}
	stacks = calloc(MANY, sizeof(*stacks));
	gev__stack_pool_init(&pool);
	before = mappings();
	take(stacks, 100);
	if (mappings() - before > 20) {
		t_skip("no MADV_GUARD_INSTALL here");
	} else {
		take(stacks, MANY);
		t_ok(mappings() - before <= 20);
		t_eq(gev__guard_missing(), missing);
		t_ok(is_guarded(stacks[MANY - 1]));
	}
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
	int before, calls = 0;

	gev__stack_pool_init(&pool);
	take(s, 1);
	before = mappings();
	take(s + 1, MANY - 1);
	give(s, MANY);
	gev__stack_trim(&pool);
	while (gev__stack_trim(&pool))
		calls++;
	t_ok(calls >= 5);
	t_ok(gev__list_empty(&default_class()->hot));
	t_ok(mappings() <= before + 1); /* slabs went, the first excepted */
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

static void *make_one(void *count)
{
	intptr_t made = 0;

	for (intptr_t i = 0; i < (intptr_t)count; i++) {
		gev_coro *c = gev_coro_new(touches, NULL);

		made += c ? 1 : 0;
		t_ok(c || errno == ENOMEM);
	}
	gev__thread_free();
	return (void *)made;
}

/* How many of @count could be made in a new thread. */
static intptr_t made_of(intptr_t count)
{
	pthread_t thread;
	void *made;

	pthread_create(&thread, NULL, make_one, (void *)count);
	pthread_join(thread, &made);
	return (intptr_t)made;
}

static void running_out_of_memory(void)
{
	int before;

	made_of(1);
	before = mappings();
	for (int after = 0;; after++) {
		gev__inject = (struct gev__inject){ SYS_mmap, -ENOMEM, after,
			-1, 0 };
		if (made_of(1) || after > 50)
			break;
		fail_no_more();
		t_ok(mappings() <= before);
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
	int before;

	made_of(1000);
	before = mappings();
	made_of(1000);
	t_eq(mappings(), before);
}

/* What a child wrote to stderr, and how it ended. */
struct last_words {
	char text[4096];
	int status;
};

static void run_child(void (*fn)(void), struct last_words *words)
{
	int ends[2];
	size_t size = 0;
	ssize_t n = pipe(ends);
	pid_t pid = fork();

	if (pid == 0) {
		dup2(ends[1], STDERR_FILENO);
		fn();
		_exit(0);
	}
	close(ends[1]);
	while ((n = read(ends[0], words->text + size,
		sizeof(words->text) - 1 - size)) > 0)
		size += n;
	words->text[size] = '\0';
	close(ends[0]);
	waitpid(pid, &words->status, 0);
}

static bool ended_by_fault(const struct last_words *words)
{
	return WIFSIGNALED(words->status) &&
		WTERMSIG(words->status) == SIGSEGV;
}

static volatile bool forever = true;

static int __attribute__((noinline)) deeper(int n)
{
	volatile char area[200];

	area[0] = n;
	return forever ? deeper(n + 1) + area[0] : 0;
}

static void *without_end(void *value)
{
	return (void *)(intptr_t)deeper((intptr_t)value);
}

static void overflow(void)
{
	gev_coro_switch(gev_coro_new(without_end, NULL), NULL);
}

static const char *lives_here(const gev_coro *c)
{
	return c ? "lives here" : NULL;
}

static void overflow_named(void)
{
	gev__stack_name = lives_here;
	overflow();
}

static void overflow_protected(void)
{
	fail_from_now(SYS_madvise, -EINVAL, -1);
	overflow();
}

static void *overflow_in_thread(void *arg)
{
	overflow();
	return arg;
}

static void overflow_threaded(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, overflow_in_thread, NULL);
	pthread_join(thread, NULL);
}

static void wild_pointer(void)
{
	gev_coro_current();
	*(volatile int *)16 = 1;
}

static void sent_signal(void)
{
	gev_coro_current();
	raise(SIGSEGV);
}

/* The sanitizers have handlers of their own. */
static bool not_ours(void)
{
	if (GEV__FIBERS)
		t_skip("sanitizers catch SIGSEGV themselves");
	return GEV__FIBERS;
}

static void overflow_is_reported(void)
{
	static void (*const ways[])(void) = { overflow, overflow_protected,
		overflow_threaded };
	struct last_words words;
	char *report;
	void *c, *low;
	int end;

	if (not_ours())
		return;
	for (int i = 0; i < 3; i++) {
		run_child(ways[i], &words);
		t_ok(ended_by_fault(&words));
		report = strstr(words.text, "gev: stack");
		end = 0;
		t_ok(report && sscanf(report, "gev: stack overflow in "
			"coroutine %p (65536 bytes at %p); give it a larger "
			"stack_size\n%n", &c, &low, &end) == 2);
		t_ok(end > 0);
	}
}

static void overflow_report_has_the_name(void)
{
	struct last_words words;

	if (not_ours())
		return;
	run_child(overflow_named, &words);
	t_ok(ended_by_fault(&words));
	t_ok(strstr(words.text, "gev: stack overflow in greenlet "
		"\"lives here\" (65536 bytes at 0x") != NULL);
}

static void other_faults_are_not_reported(void)
{
	struct last_words words;

	if (not_ours())
		return;
	run_child(wild_pointer, &words);
	t_ok(ended_by_fault(&words));
	t_ok(!strstr(words.text, "gev:"));
	run_child(sent_signal, &words);
	t_ok(ended_by_fault(&words));
	t_ok(!strstr(words.text, "gev:"));
}

static void own_handler(int sig)
{
	_exit(sig == SIGSEGV ? 7 : 1);
}

static void keep_own_handler(void)
{
	signal(SIGSEGV, own_handler);
	gev_coro_current();
	raise(SIGSEGV);
}

static void keep_own_signal_stack(void)
{
	static char area[64 * KIB];
	stack_t mine = { .ss_sp = area, .ss_size = sizeof(area) };
	stack_t now;

	sigaltstack(&mine, NULL);
	gev_coro_current();
	gev__thread_free();
	sigaltstack(NULL, &now);
	_exit(now.ss_sp == area ? 7 : 1);
}

static void programs_own_choices_are_kept(void)
{
	struct last_words words;

	run_child(keep_own_handler, &words);
	t_ok(WIFEXITED(words.status) && WEXITSTATUS(words.status) == 7);
	run_child(keep_own_signal_stack, &words);
	t_ok(WIFEXITED(words.status) && WEXITSTATUS(words.status) == 7);
}

int main(void)
{
	/* These fork before this process has a handler. */
	T_RUN(programs_own_choices_are_kept);
	T_RUN(overflow_is_reported);
	T_RUN(overflow_report_has_the_name);
	T_RUN(other_faults_are_not_reported);
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

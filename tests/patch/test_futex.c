/* SPDX-License-Identifier: MIT */
/* futex(2) by greenlets, threads and other processes. */
#include <linux/futex.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/inject.h"
#include "patch/patch.h"

#define PRIVATE FUTEX_PRIVATE_FLAG

static uint32_t word, other_word;
static volatile int waiting; /* syscall() is declared to know nothing of it */

static long futex(uint32_t *w, int op, uint32_t value, const void *timeout,
	uint32_t *w2, uint32_t value3)
{
	return syscall(SYS_futex, w, op, value, timeout, w2, value3);
}

static long wake_up(uint32_t *w, int n)
{
	return futex(w, FUTEX_WAKE | PRIVATE, (uint32_t)n, NULL, NULL, 0);
}

static struct timespec in(int clock, long ms)
{
	struct timespec t;

	clock_gettime(clock, &t);
	t.tv_nsec += ms * 1000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

/* What a greenlet was told. */
static intptr_t wait_here(void *arg)
{
	uint32_t bits = (uint32_t)(uintptr_t)arg;
	long r;

	waiting++;
	if (bits)
		r = futex(&word, FUTEX_WAIT_BITSET | PRIVATE, word, NULL, NULL,
			bits);
	else
		r = futex(&word, FUTEX_WAIT | PRIVATE, word, NULL, NULL, 0);
	waiting--;
	t_log("%lx:%d ", (unsigned long)bits, r == 0 ? 0 : errno);
	return 0;
}

static gev_greenlet *waiter(uint32_t bits)
{
	gev_greenlet *g = start(wait_here, (intptr_t)bits);

	gev_yield();
	return g;
}

static void bad_arguments_are_answered_as_by_the_kernel(void)
{
	struct timespec wrong = { 0, 1000000000 }, zero = { 0, 0 };
	uint32_t *nowhere = mmap(NULL, 4096, PROT_NONE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t *uneven = (uint32_t *)((char *)&word + 1);
	int wait = FUTEX_WAIT | PRIVATE, bits = FUTEX_WAIT_BITSET | PRIVATE;

	if (!patch(GEV_PATCH_ALL))
		return;
	word = 1;
	t_fails(futex(&word, wait, 2, NULL, NULL, 0), EAGAIN);
	t_fails(futex(&word, FUTEX_WAIT, 2, NULL, NULL, 0), EAGAIN);
	t_fails(futex(&word, wait, 1, &wrong, NULL, 0), EINVAL);
	t_fails(futex(&word, wait, 1, &zero, NULL, 0), ETIMEDOUT);
	t_fails(futex(nowhere, wait, 1, NULL, NULL, 0), EFAULT);
	t_fails(futex(NULL, wait, 1, NULL, NULL, 0), EFAULT);
	t_fails(futex(uneven, wait, 1, NULL, NULL, 0), EINVAL);
	t_fails(futex(&word, bits, 1, NULL, NULL, 0), EINVAL);
	t_fails(futex(&word, wait | FUTEX_CLOCK_REALTIME, 1, NULL, NULL, 0),
		ENOSYS);
	t_fails(futex(&word, 99, 1, NULL, NULL, 0), ENOSYS);
	t_fails(futex(uneven, FUTEX_WAKE | PRIVATE, 1, NULL, NULL, 0), EINVAL);
	t_fails(futex(&word, FUTEX_WAKE_BITSET | PRIVATE, 1, NULL, NULL, 0),
		EINVAL);
	t_fails(futex(&word, FUTEX_CMP_REQUEUE | PRIVATE, 1, (void *)1,
			&other_word, 2), EAGAIN);
	t_fails(futex(&word, FUTEX_CMP_REQUEUE | PRIVATE, 1, (void *)1,
			uneven, 1), EINVAL);
	t_fails(futex(&word, FUTEX_REQUEUE | PRIVATE, (uint32_t)-1, (void *)1,
			&other_word, 1), EINVAL);
	t_eq(wake_up(&word, 1), 0);
	munmap(nowhere, 4096);
	t_eq(gev_unpatch_all(), 0);
}

static void timeouts_are_by_their_clock(void)
{
	gev_loop *loop = gev_hub_loop(gev_hub_get());
	struct timespec t = { 1, 0 };
	gev_time before;

	if (!patch(GEV_PATCH_ALL))
		return;
	t_virtual();
	before = gev_loop_now(loop);
	t_fails(futex(&word, FUTEX_WAIT | PRIVATE, word, &t, NULL, 0),
		ETIMEDOUT);
	t_eq((gev_loop_now(loop) - before) / GEV_MS(100), 10);
	before = gev_loop_now(loop);
	t = in(CLOCK_MONOTONIC, 10000);
	t_fails(futex(&word, FUTEX_WAIT_BITSET | PRIVATE, word, &t, NULL, 1),
		ETIMEDOUT);
	t = in(CLOCK_REALTIME, 10000);
	t_fails(futex(&word, FUTEX_WAIT_BITSET | PRIVATE | FUTEX_CLOCK_REALTIME,
			word, &t, NULL, 1), ETIMEDOUT);
	t_eq((gev_loop_now(loop) - before + GEV_MS(500)) / GEV_SEC(1), 20);
	t = in(CLOCK_REALTIME, 0);
	t_fails(futex(&word, FUTEX_WAIT_BITSET | PRIVATE | FUTEX_CLOCK_REALTIME,
			word, &t, NULL, 1), ETIMEDOUT);
	gev_loop_set_virtual(loop, false);
	t_eq(gev_unpatch_all(), 0);
}

static void wakes_are_in_order(void)
{
	gev_greenlet *g[4];

	if (!patch(GEV_PATCH_ALL))
		return;
	for (int i = 0; i < 4; i++)
		g[i] = waiter((uint32_t)i);
	t_eq(waiting, 4);
	t_eq(wake_up(&word, 2), 2);
	gev_yield();
	t_eq(waiting, 2);
	t_eq(wake_up(&word, 0), 1); /* less than 1 is 1 */
	t_eq(wake_up(&word, 5), 1);
	t_eq(wake_up(&word, 5), 0);
	for (int i = 0; i < 4; i++)
		join(g[i]);
	t_log_is("0:0 1:0 2:0 3:0 ");
	t_eq(gev_unpatch_all(), 0);
}

static void bits_are_respected(void)
{
	int op = FUTEX_WAKE_BITSET | PRIVATE;
	gev_greenlet *g[3];

	if (!patch(GEV_PATCH_ALL))
		return;
	g[0] = waiter(1);
	g[1] = waiter(2);
	g[2] = waiter(6);
	t_eq(futex(&word, op, 9, NULL, NULL, 8), 0);
	t_eq(futex(&word, op, 9, NULL, NULL, 4), 1);
	join(g[2]);
	t_eq(futex(&word, op, 9, NULL, NULL, 3), 2);
	join(g[0]);
	join(g[1]);
	t_log_is("6:0 1:0 2:0 ");
	t_eq(gev_unpatch_all(), 0);
}

static void requeued_waiters_wait_elsewhere(void)
{
	gev_greenlet *g[4];

	if (!patch(GEV_PATCH_ALL))
		return;
	for (int i = 0; i < 4; i++)
		g[i] = waiter((uint32_t)i + 1);
	t_eq(futex(&word, FUTEX_CMP_REQUEUE | PRIVATE, 1, (void *)2,
		     &other_word, word), 3);
	join(g[0]);
	t_eq(wake_up(&word, 9), 1);
	join(g[3]);
	t_eq(gev_kill(g[1], GEV_FOREVER), 0);
	t_eq(wake_up(&other_word, 9), 1);
	gev_unref(g[1]);
	join(g[2]);
	t_log_is("1:0 4:0 2:4 3:0 ");
	g[0] = waiter(1);
	t_eq(futex(&word, FUTEX_REQUEUE | PRIVATE, 0, (void *)1, &word, 0), 0);
	t_eq(futex(&word, FUTEX_REQUEUE | PRIVATE, 0, (void *)1, &other_word,
		     0), 0);
	t_eq(wake_up(&other_word, 1), 1);
	join(g[0]);
	t_log_is("1:0 ");
	t_eq(gev_unpatch_all(), 0);
}

static void wake_op_changes_the_word(void)
{
	gev_greenlet *g;

	if (!patch(GEV_PATCH_ALL))
		return;
	g = waiter(0);
	other_word = 5;
	t_eq(futex(&word, FUTEX_WAKE_OP | PRIVATE, 1, (void *)1, &other_word,
		     FUTEX_OP(FUTEX_OP_ADD, 2, FUTEX_OP_CMP_EQ, 5)), 1);
	t_eq(other_word, 7);
	join(g);
	t_log_is("0:0 ");
	t_eq(gev_unpatch_all(), 0);
}

static intptr_t kill_it(void *g)
{
	gev_kill(g, 0);
	return 0;
}

/* Woken and killed in the same turn: the next one has it. */
static void a_wake_of_a_killed_greenlet_passes_on(void)
{
	gev_greenlet *killed, *next, *killer;

	if (!patch(GEV_PATCH_ALL))
		return;
	killed = waiter(1);
	next = waiter(2);
	killer = start(kill_it, (intptr_t)killed);
	join(killer);
	t_eq(wake_up(&word, 1), 1);
	t_eq(gev_join(killed, GEV_SEC(9)), 0);
	join(next);
	gev_unref(killed);
	t_log_is("1:4 2:0 ");
	t_eq(gev_unpatch_all(), 0);
}

/* A thread of its own, without a hub, that does one thing. */
static atomic_int tid;

static void *wait_in_thread(void *arg)
{
	(void)arg;
	tid = (int)syscall(SYS_gettid);
	return (void *)futex(&word, FUTEX_WAIT | PRIVATE, 0, NULL, NULL, 0);
}

/* Until it sleeps in the kernel. */
static void await_sleep(int thread)
{
	char path[64], text[256];
	char state = 0;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", thread);
	while (state != 'S') {
		FILE *f = fopen(path, "r");
		char *end;

		if (!f)
			return;
		text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
		fclose(f);
		end = strrchr(text, ')');
		state = end ? end[2] : 0;
		gev_sleep(GEV_MS(1));
	}
}

static void a_greenlet_wakes_a_thread(void)
{
	pthread_t thread;
	gev_greenlet *g;
	void *r;

	if (!patch(GEV_PATCH_ALL))
		return;
	word = 0;
	tid = 0;
	pthread_create(&thread, NULL, wait_in_thread, NULL);
	while (!tid)
		gev_sleep(GEV_MS(1));
	await_sleep(tid);
	g = waiter(0);
	t_eq(wake_up(&word, 9), 2);
	join(g);
	pthread_join(thread, &r);
	t_ok(!r);
	t_log_is("0:0 ");
	t_eq(gev_unpatch_all(), 0);
}

static void *wake_from_thread(void *arg)
{
	(void)arg;
	usleep(1000);
	return (void *)wake_up(&word, 9);
}

static void a_thread_wakes_greenlets(void)
{
	gev_greenlet *g[3];
	pthread_t thread;
	void *r;

	if (!patch(GEV_PATCH_ALL))
		return;
	for (int i = 0; i < 3; i++)
		g[i] = waiter((uint32_t)i);
	pthread_create(&thread, NULL, wake_from_thread, NULL);
	for (int i = 0; i < 3; i++)
		join(g[i]);
	pthread_join(thread, &r);
	t_eq((intptr_t)r, 3);
	t_log_is("0:0 1:0 2:0 ");
	t_eq(gev_unpatch_all(), 0);
}

/* Memory that a child shares. */
static uint32_t *shared;

static intptr_t wait_for_others(void *arg)
{
	long r;

	(void)arg;
	waiting++;
	r = futex(shared, FUTEX_WAIT, 0, NULL, NULL, 0);
	waiting--;
	if (r < 0 && errno != EAGAIN)
		return 1;
	return *shared == 1 ? 0 : 2;
}

static void another_process_wakes(void)
{
	gev_greenlet *g;
	pid_t child;
	int status;

	if (!patch(GEV_PATCH_ALL))
		return;
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	g = start(wait_for_others, 0);
	gev_yield();
	t_eq(waiting, 1);
	child = fork();
	if (child == 0) {
		usleep(2000);
		*shared = 1;
		gev_patch_original(SYS_futex, shared, FUTEX_WAKE, 1, NULL, NULL,
			0);
		_exit(0);
	}
	join(g);
	t_eq(waitpid(child, &status, 0), child);
	munmap(shared, 4096);
	t_eq(gev_unpatch_all(), 0);
}

static void another_process_is_looked_for(void)
{
	gev__inject = (struct gev__inject){ .nr = SYS_io_uring_setup,
		.error = -ENOSYS, .times = -1 };
	t_eq(gev_hub_destroy(0), 0); /* with its ring, if there was one */
	another_process_wakes();
	t_ok(t_skipped || gev__inject.calls > 0);
	gev__inject = (struct gev__inject){ .nr = -1 };
	gev_hub_destroy(0);
}

static intptr_t wait_or_be_told(void *arg)
{
	(void)arg;
	return futex(shared, FUTEX_WAIT_BITSET, 0, NULL, NULL, 1);
}

static intptr_t wait_privately(void *arg)
{
	(void)arg;
	return futex(shared, FUTEX_WAIT | PRIVATE, 0, NULL, NULL, 0);
}

/* The news of it comes when main has the kernel wait, too. */
static void a_wake_comes_after_a_throw(void)
{
	const struct timespec t = { 0, 1000000 };
	gev_greenlet *g;

	if (!patch(GEV_PATCH_ALL))
		return;
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	g = start(wait_or_be_told, 0);
	gev_yield();
	gev_patch_original(SYS_futex, shared, FUTEX_WAKE, 1, NULL, NULL, 0);
	gev_throw(g, EINTR);
	t_fails(futex(shared + 1, FUTEX_WAIT, 0, &t, NULL, 0), ETIMEDOUT);
	join(g);
	g = start(wait_privately, 0);
	gev_yield();
	if (!t_eq(wake_up(shared, 1), 1))
		gev_kill(g, GEV_FOREVER);
	join(g);
	munmap(shared, 4096);
	t_eq(gev_unpatch_all(), 0);
}

/* The table is not looked into any more: who waited there is let go. */
static void waiters_outlive_patching(void)
{
	gev_greenlet *g;

	if (!patch(GEV_PATCH_ALL))
		return;
	g = waiter(0);
	t_eq(gev_unpatch_all(), 0);
	join(g);
	t_log_is("0:0 ");
}

static void a_child_is_rid_of_waiters(void)
{
	gev_greenlet *g;
	pid_t child;
	int status;

	if (!patch(GEV_PATCH_ALL))
		return;
	g = waiter(0);
	child = fork();
	if (child == 0) {
		t_eq(wake_up(&word, 9), 0);
		g = waiter(0);
		t_eq(wake_up(&word, 9), 1);
		join(g);
		_exit(t_failures != 0);
	}
	t_eq(waitpid(child, &status, 0), child);
	t_eq(status, 0);
	t_eq(wake_up(&word, 9), 1);
	join(g);
	t_log_is("0:0 ");
	t_eq(gev_unpatch_all(), 0);
}

int main(void)
{
	T_RUN(bad_arguments_are_answered_as_by_the_kernel);
	T_RUN(timeouts_are_by_their_clock);
	T_RUN(wakes_are_in_order);
	T_RUN(bits_are_respected);
	T_RUN(requeued_waiters_wait_elsewhere);
	T_RUN(wake_op_changes_the_word);
	T_RUN(a_wake_of_a_killed_greenlet_passes_on);
	T_RUN(a_greenlet_wakes_a_thread);
	T_RUN(a_thread_wakes_greenlets);
	T_RUN(another_process_wakes);
	T_RUN(another_process_is_looked_for);
	T_RUN(a_wake_comes_after_a_throw);
	T_RUN(waiters_outlive_patching);
	T_RUN(a_child_is_rid_of_waiters);
	return t_done();
}

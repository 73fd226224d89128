/* SPDX-License-Identifier: MIT */
/* Hubs in several threads: each its own, and what reaches across. */
#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>
#include "core.h"

static void in_thread(void *(*fn)(void *), void *arg)
{
	pthread_t thread;

	t_eq(pthread_create(&thread, NULL, fn, arg), 0);
	t_eq(pthread_join(thread, NULL), 0);
}

/* What another thread gets to see. */
struct foreign {
	gev_hub *hub;
	gev_greenlet *unstarted;
	gev_greenlet *parked;
	gev_waiter waiter;
	gev_timeout timeout;
	bool with_hub;
};

static int note(gev_greenlet *g, void *arg)
{
	(void)g;
	(void)arg;
	return 0;
}

static void foreign_greenlet(gev_greenlet *g)
{
	t_fails(gev_join(g, 0), EPERM);
	t_fails(gev_join(g, GEV_FOREVER), EPERM);
	t_fails(gev_get(g, 0), EPERM);
	t_fails(gev_joinall(&g, 1, 0), EPERM);
	t_fails(gev_joinall_first(&g, 1, 0, 0, 0, NULL), EPERM);
	t_fails(gev_kill(g, 0), EPERM);
	t_fails(gev_kill_with(g, EIO, 0), EPERM);
	t_fails(gev_killall(&g, 1, 0), EPERM);
	t_fails(gev_throw(g, EIO), EPERM);
	t_fails(gev_leave(g, 0), EPERM);
	t_fails(gev_leave(g, EIO), EPERM);
	t_fails(gev_link(g, note, NULL), EPERM);
	t_fails(gev_link_value(g, note, NULL), EPERM);
	t_fails(gev_link_exception(g, note, NULL), EPERM);
	t_fails(gev_rawlink(g, note, NULL), EPERM);
	t_fails(gev_unlink(g, note, NULL), EPERM);
	t_fails(gev_start(g), EPERM);
	t_fails(gev_start_later(g, 0), EPERM);
	t_fails(gev_coro_switch(gev_greenlet_coro(g), NULL), EPERM);
	t_fails(gev_coro_throw(gev_greenlet_coro(g), EIO), EPERM);
}

static void foreign_hub(gev_hub *hub)
{
	struct gev_hub_stats stats;
	gev_loop *loop = gev_hub_loop(hub);
	char text[16];

	t_fails(gev_hub_set_error_hook(hub, NULL, NULL), EPERM);
	t_fails(gev_hub_set_deadlock_hook(hub, NULL, NULL), EPERM);
	t_fails(gev_hub_get_stats(hub, &stats), EPERM);
	t_eq(gev_hub_describe(hub, text, sizeof(text)), 0);
	t_fails(gev_loop_run(loop, 0), EPERM);
	t_fails(gev_loop_break(loop), EPERM);
	t_fails(gev_loop_free(loop), EPERM);
}

static void *as_a_foreigner(void *arg)
{
	struct foreign *f = arg;

	if (f->with_hub)
		t_eq(gev_yield() + (gev_hub_get() == NULL), 0);
	foreign_greenlet(f->unstarted);
	foreign_greenlet(f->parked);
	foreign_hub(f->hub);
	t_fails(gev_waiter_get(&f->waiter, NULL, 0), EPERM);
	t_fails(gev_waiter_wake(&f->waiter, NULL), EPERM);
	t_fails(gev_waiter_fail(&f->waiter, EIO), EPERM);
	t_ok(!gev_timeout_cancel(&f->timeout));
	return NULL;
}

static intptr_t wait_here(void *w)
{
	return gev_waiter_get(w, NULL, GEV_FOREVER);
}

static void eperm_in_another_thread(void)
{
	struct foreign f = { .hub = gev_hub_get(),
		.unstarted = gev_greenlet_new(give, num(3), NULL),
		.waiter = GEV_WAITER_INIT("test") };

	t_virtual();
	f.parked = gev_spawn(wait_here, &f.waiter);
	gev_timeout_start(&f.timeout, TICK);
	t_eq(gev_yield(), 0);
	in_thread(as_a_foreigner, &f);
	f.with_hub = true;
	in_thread(as_a_foreigner, &f);
	t_ok(gev_timeout_pending(&f.timeout));
	t_fails(gev_sleep(DELAY), ETIMEDOUT);
	t_eq(gev_start(f.unstarted), 0);
	t_eq(gev_get(f.unstarted, GEV_FOREVER), 3);
	t_eq(gev_waiter_wake(&f.waiter, NULL), 0);
	t_eq(gev_get(f.parked, GEV_FOREVER), 0);
	gev_unref(f.unstarted);
	gev_unref(f.parked);
}

#define ROUNDS 200

static intptr_t play(void *turn)
{
	for (int i = 0; i < ROUNDS; i++) {
		++*(int *)turn;
		t_eq(gev_yield(), 0);
		t_eq(gev_sleep(TICK), 0);
	}
	return 0;
}

static void *own_hub(void *arg)
{
	gev_hub **hub = arg;
	gev_greenlet *gs[3];
	int turns = 0;

	*hub = gev_hub_get();
	t_virtual();
	for (int i = 0; i < 3; i++)
		gs[i] = gev_spawn(play, &turns);
	t_eq(gev_joinall(gs, 3, GEV_FOREVER), 3);
	t_eq(turns, 3 * ROUNDS);
	for (int i = 0; i < 3; i++)
		gev_unref(gs[i]);
	t_fails(gev_sleep(GEV_FOREVER), EDEADLK);
	return NULL;
}

static void as_many_hubs_as_threads(void)
{
	pthread_t threads[8];
	gev_hub *hubs[8];

	for (int i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, own_hub, &hubs[i]);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 8; i++)
		t_ok(hubs[i] && hubs[i] != gev_hub_get());
}

/* Posts go to this hub; @done is woken by the last. */
struct inbox {
	gev_hub *hub;
	gev_waiter done;
	int next[2];   /* what is expected of each thread */
	int missing;
};

struct letter {
	struct inbox *to;
	int from;
	int number;
};

#define LETTERS 500

static int receive(void *arg)
{
	struct letter *l = arg;

	t_ok(gev_hub_get() == l->to->hub && !gev_current());
	t_eq(l->number, l->to->next[l->from]++);
	if (--l->to->missing == 0)
		gev_waiter_wake(&l->to->done, NULL);
	return 0;
}

static void *post_all(void *letters)
{
	struct letter *l = letters;

	for (int i = 0; i < LETTERS; i++)
		t_eq(gev_hub_post(l[i].to->hub, receive, &l[i]), 0);
	return NULL;
}

/* Keeps the hub from finding that nothing can happen any more. */
static int never(gev_watcher *w, int revents, void *arg)
{
	(void)w;
	(void)revents;
	(void)arg;
	return 0;
}

static void expect_news(gev_timer_watcher *guard)
{
	gev_loop *loop = gev_hub_loop(gev_hub_get());

	gev_loop_set_virtual(loop, false);
	gev_timer_init(guard, loop, GEV_SEC(3600), 0);
	gev_timer_start(guard, never, NULL);
}

static void posts_arrive_in_order(void)
{
	static struct letter letters[2][LETTERS];
	struct inbox inbox = { .hub = gev_hub_get(),
		.done = GEV_WAITER_INIT("posts"),
		.missing = 2 * LETTERS };
	gev_timer_watcher guard;
	pthread_t threads[2];

	expect_news(&guard);
	for (int i = 0; i < 2; i++) {
		for (int j = 0; j < LETTERS; j++)
			letters[i][j] = (struct letter){ &inbox, i, j };
		pthread_create(&threads[i], NULL, post_all, letters[i]);
	}
	t_eq(gev_waiter_get(&inbox.done, NULL, GEV_FOREVER), 0);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	gev_watcher_stop(&guard.w);
	t_fails(gev_hub_post(NULL, receive, NULL), EINVAL);
	t_fails(gev_hub_post(inbox.hub, NULL, NULL), EINVAL);
}

struct sleepy {
	gev_hub *hub;
	gev_waiter w;
	sem_t asleep;
};

static int wake_sleepy(void *arg)
{
	struct sleepy *s = arg;

	return gev_waiter_wake(&s->w, num(6));
}

static void *post_when_asleep(void *arg)
{
	struct sleepy *s = arg;

	sem_wait(&s->asleep);
	t_eq(gev_hub_post(s->hub, wake_sleepy, s), 0);
	return NULL;
}

static int about_to_sleep(gev_watcher *w, int revents, void *asleep)
{
	(void)revents;
	sem_post(asleep);
	return gev_watcher_stop(w);
}

static void a_post_wakes_a_hub_that_is_asleep(void)
{
	struct sleepy s = { .hub = gev_hub_get(),
		.w = GEV_WAITER_INIT("post") };
	gev_prepare_watcher prepare;
	gev_timer_watcher guard;
	pthread_t thread;
	void *value = NULL;

	sem_init(&s.asleep, 0, 0);
	expect_news(&guard);
	pthread_create(&thread, NULL, post_when_asleep, &s);
	gev_prepare_init(&prepare, gev_hub_loop(s.hub));
	gev_prepare_start(&prepare, about_to_sleep, &s.asleep);
	t_eq(gev_waiter_get(&s.w, &value, GEV_FOREVER), 0);
	t_ok(value == num(6));
	pthread_join(thread, NULL);
	gev_watcher_stop(&guard.w);
	sem_destroy(&s.asleep);
}

static int spawn_in_post(void *g)
{
	*(gev_greenlet **)g = gev_spawn(give, num(8));
	return -EIO;
}

static int count_error(gev_hub *hub, const struct gev_error *e, void *errors)
{
	(void)hub;
	t_eq(e->code, EIO);
	++*(int *)errors;
	return 0;
}

static void a_post_may_spawn_and_fail(void)
{
	gev_greenlet *g = NULL;
	int errors = 0;

	gev_hub_set_error_hook(gev_hub_get(), count_error, &errors);
	t_eq(gev_hub_post(gev_hub_get(), spawn_in_post, &g), 0);
	settle();
	t_eq(gev_get(g, GEV_FOREVER), 8);
	t_eq(errors, 1);
	gev_unref(g);
	gev_hub_set_error_hook(gev_hub_get(), NULL, NULL);
}

/* Ends with greenlets in every state, and no word of good-bye. */
static void *just_leave(void *arg)
{
	static _Thread_local gev_timeout t; /* outlives this function */

	gev_go(sleep_for_ever, NULL);
	gev_go(sleep_for, num(GEV_SEC(10)));
	gev_yield();
	gev_go(give, NULL);
	gev_spawn(give, NULL);
	gev_greenlet_new(give, NULL, NULL);
	gev_timeout_start(&t, DELAY);
	return arg;
}

static void *leave_tidily(void *arg)
{
	gev_greenlet *g = gev_spawn(give, num(1));

	t_eq(gev_get(g, GEV_FOREVER), 1);
	gev_unref(g);
	t_eq(gev_hub_join(GEV_FOREVER), 0);
	t_eq(gev_hub_destroy(GEV_DESTROY_LOOP), 0);
	return arg;
}

static long count_lines(const char *path)
{
	FILE *f = fopen(path, "r");
	long n = 0;
	int c;

	while (f && (c = getc(f)) != EOF)
		n += c == '\n';
	if (f)
		fclose(f);
	return n;
}

static long resident_kib(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long size, resident = 0;

	if (!t_eq(fscanf(f, "%ld %ld", &size, &resident), 2))
		resident = 0;
	fclose(f);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static int lowest_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

/* What AddressSanitizer remembers of each thread that was. */
#ifdef __SANITIZE_ADDRESS__
#define REMEMBERED_KIB 8
#else
#define REMEMBERED_KIB 0
#endif

static void leaks_nothing(void *(*fn)(void *), int threads)
{
	long maps, kib;
	int fd;

	for (int i = 0; i < 20; i++)
		in_thread(fn, NULL);
	maps = count_lines("/proc/self/maps");
	kib = resident_kib();
	fd = lowest_fd();
	for (int i = 0; i < threads; i++)
		in_thread(fn, NULL);
	t_ok(count_lines("/proc/self/maps") <= maps + 4);
	if (!t_under("qemu")) /* it translates ever more code */
		t_ok(resident_kib() <= kib + 1024 + REMEMBERED_KIB * threads);
	t_eq(lowest_fd(), fd);
}

static int no_call(void *arg)
{
	t_ok(!arg);
	return 0;
}

/* Each post is some memory, a thousand of them are 100 KB. */
static void *leave_posts(void *arg)
{
	for (int i = 0; i < 1000; i++)
		t_eq(gev_hub_post(gev_hub_get(), no_call, num(1)), 0);
	return arg;
}

static void posts_that_are_never_called(void)
{
	leaks_nothing(leave_posts, 100);
}

static void c33_threads_that_take_their_hub_down(void)
{
	leaks_nothing(leave_tidily, 100);
}

static void c33_threads_that_just_end(void)
{
	leaks_nothing(just_leave, 1000);
}

static void *exit_in_greenlets_place(void *arg)
{
	gev_go(sleep_for_ever, NULL);
	gev_yield();
	pthread_exit(arg);
}

static void threads_that_pthread_exit(void)
{
	leaks_nothing(exit_in_greenlets_place, 50);
}

int main(void)
{
	T_RUN(eperm_in_another_thread);
	T_RUN(as_many_hubs_as_threads);
	T_RUN(posts_arrive_in_order);
	T_RUN(a_post_wakes_a_hub_that_is_asleep);
	T_RUN(a_post_may_spawn_and_fail);
	T_RUN(c33_threads_that_take_their_hub_down);
	T_RUN(c33_threads_that_just_end);
	T_RUN(threads_that_pthread_exit);
	T_RUN(posts_that_are_never_called);
	return t_done();
}

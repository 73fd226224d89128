/* SPDX-License-Identifier: MIT */
/* gev_choose(): each kind, exactly one, fairness, and everything that ends. */
#include <pthread.h>
#include <sys/wait.h>
#include "../sync/battery.h"
#include "choose.h"

static void each_kind_is_taken_at_once(void)
{
	for (int kind = 0; kind < KINDS; kind++) {
		things_init();
		t_fails(gev_choose(choices, KINDS, 0), EAGAIN);
		make_ready(kind);
		settle();
		t_eq(gev_choose(choices, KINDS, 0), kind);
		was_taken(kind);
		settle();
		things_fini();
	}
}

static int which;

static intptr_t choose_among_all(void *timeout)
{
	which = gev_choose(choices, KINDS, (intptr_t)timeout);
	return which < 0 ? -1 : 0;
}

static void each_kind_is_waited_for(void)
{
	for (int kind = 0; kind < KINDS; kind++) {
		gev_greenlet *g;

		things_init();
		which = -2;
		g = gev_spawn(choose_among_all, num(GEV_FOREVER));
		settle();
		t_eq(which, -2);
		make_ready(kind);
		t_eq(gev_join(g, GEV_FOREVER), 0);
		t_eq(which, kind);
		was_taken(kind);
		gev_unref(g);
		settle();
		things_fini();
	}
}

/* Of two that come in the same breath the second is somebody else's. */
static void the_second_is_not_taken(void)
{
	for (int first = 0; first < KINDS; first++) {
		int second = first == GET ? ACQUIRE : GET;
		gev_greenlet *g;

		things_init();
		g = gev_spawn(choose_among_all, num(GEV_FOREVER));
		settle();
		make_ready(first);
		if (first == SEND || first == RECV || first == END)
			t_eq(gev_yield(), 0);
		else if (first == READ || first == WRITE)
			settle();
		make_ready(second);
		t_eq(gev_join(g, GEV_FOREVER), 0);
		t_eq(which, first);
		t_ok(!choices[second].taken);
		t_eq(gev_choose(&choices[second], 1, 0), 0);
		gev_unref(g);
		settle();
		things_fini();
	}
}

static void a_timeout_leaves_no_links(void)
{
	gev_time start;

	things_init();
	start = now();
	t_fails(gev_choose(choices, KINDS, TICK), ETIMEDOUT);
	t_eq(now() - start, TICK);
	for (int i = 0; i < KINDS; i++)
		t_ok(!choices[i].taken);
	things_fini();
}

static void one_that_was_killed_takes_nothing(void)
{
	gev_greenlet *g;

	things_init();
	g = gev_spawn(choose_among_all, num(GEV_FOREVER));
	settle();
	t_eq(gev_kill(g, 0), 0);
	no_links();
	make_ready(GET);
	make_ready(ACQUIRE);
	t_fails(gev_get(g, GEV_FOREVER), ECANCELED);
	t_eq(which, -1);
	t_eq(gev_queue_qsize(&things.empty), 1);
	t_eq(gev_sem_value(&things.sem), 1);
	gev_unref(g);
	things_fini();
}

static void nothing_to_choose_from(void)
{
	gev_choice never[2] = { { .kind = GEV_CHOICE_NEVER } };

	t_virtual();
	t_fails(gev_choose(NULL, 0, 0), EAGAIN);
	t_fails(gev_choose(NULL, 0, TICK), ETIMEDOUT);
	t_fails(gev_choose(never, 2, 0), EAGAIN);
	t_fails(gev_choose(never, 2, TICK), ETIMEDOUT);
	t_fails(gev_choose(never, 2, GEV_FOREVER), EDEADLK);
}

static void *choose_from_afar(void *arg)
{
	(void)arg;
	for (int i = 0; i < READ; i++)
		t_fails(gev_choose(&choices[i], 1, 0), EPERM);
	return NULL;
}

static void bad_arguments(void)
{
	gev_choice bad[2];

	things_init();
	make_ready(GET);
	t_fails(gev_choose(NULL, 1, 0), EINVAL);
	t_fails(gev_choose(choices, -1, 0), EINVAL);
	t_fails(gev_choose(choices, 1, -2), EINVAL);
	for (int i = 0; i < READ; i++) {
		bad[0] = choices[GET];
		bad[1] = choices[i];
		bad[1].object = NULL;
		t_fails(gev_choose(bad, 2, 0), EINVAL);
	}
	bad[1].kind = 99;
	t_fails(gev_choose(bad, 2, 0), EINVAL);
	bad[1].kind = -1;
	t_fails(gev_choose(bad, 2, 0), EINVAL);
	bad[1] = choices[SEND];
	bad[1].value = NULL;
	t_fails(gev_choose(bad, 2, 0), EINVAL);
	t_eq(gev_queue_qsize(&things.empty), 1);
	for (int i = 0; i < KINDS; i++)
		t_eq(gev_choose(&choices[i], 1, 0) < 0, i != GET);
	in_thread(choose_from_afar, NULL);
	things_fini();
}

#define MANY 40

static void many_choices_and_no_memory(void)
{
	gev_chan *ch[MANY];
	gev_choice all[MANY];
	long n;

	t_virtual();
	for (int i = 0; i < MANY; i++) {
		ch[i] = gev_chan_new(sizeof(long), 0);
		all[i] = (gev_choice)GEV_CHOOSE_RECV(ch[i], &n);
	}
	t_eq(gev_go(send_seven, ch[MANY - 3]), 0);
	gev__inject = (struct gev__inject){ .nr = SYS_mmap,
		.error = -ENOMEM,
		.times = -1 };
	t_eq(gev_choose(all, MANY, TICK), MANY - 3);
	t_fails(gev_choose(all, MANY, TICK), ETIMEDOUT);
	t_eq(gev__inject.calls, 0);
	gev__inject.nr = -1;
	for (int i = 0; i < MANY; i++) {
		t_ok(gev__list_empty(&ch[i]->receivers));
		gev_chan_free(ch[i]);
	}
}

#define ROUNDS 6000

/* Among @ready of 4 channels each is chosen about as often. */
static void choose_often(unsigned ready)
{
	gev_chan *ch[4];
	gev_choice all[4];
	int count[4] = { 0 };
	int several = __builtin_popcount(ready);

	for (int i = 0; i < 4; i++) {
		ch[i] = gev_chan_new(0, 1);
		if (ready & 1u << i)
			gev_chan_send(ch[i], NULL, 0);
		all[i] = (gev_choice)GEV_CHOOSE_RECV(ch[i], NULL);
	}
	for (int n = 0; n < ROUNDS; n++) {
		int i = gev_choose(all, 4, 0);

		if (!t_ok(i >= 0 && (ready & 1u << i)))
			break;
		count[i]++;
		gev_chan_send(ch[i], NULL, 0);
	}
	for (int i = 0; i < 4; i++) {
		int expected = ready & 1u << i ? ROUNDS / several : 0;

		t_ok(abs(count[i] - expected) <= expected / 10);
		gev_chan_free(ch[i]);
	}
}

static void each_that_is_ready_is_as_likely(void)
{
	for (unsigned ready = 1; ready < 16; ready++)
		choose_often(ready);
}

static intptr_t close_it(void *ch)
{
	return gev_chan_close(ch);
}

static void a_channel_is_closed_meanwhile(void)
{
	things_init();
	t_eq(gev_go(close_it, things.from), 0);
	t_eq(gev_choose(choices, KINDS, GEV_FOREVER), RECV);
	t_eq(choices[RECV].error, EPIPE);
	t_eq(gev_go(close_it, things.to), 0);
	t_eq(gev_choose(choices, 1, GEV_FOREVER), SEND);
	t_eq(choices[SEND].error, EPIPE);
	t_eq(gev_choose(&choices[RECV], 1, 0), 0);
	t_eq(choices[RECV].error, EPIPE);
	things_fini();
}

static intptr_t free_it(void *ch)
{
	return gev_chan_free(ch);
}

static void a_channel_is_freed_meanwhile(void)
{
	gev_chan *ch = gev_chan_new(1, 0);
	gev_choice two[2] = { GEV_CHOOSE_RECV(ch, NULL),
		GEV_CHOOSE_RECV(ch, NULL) };

	t_virtual();
	t_eq(gev_go(free_it, ch), 0);
	t_eq(gev_choose(two, 2, GEV_FOREVER), 0);
	t_eq(two[0].error, EPIPE);
	t_ok(!two[1].taken);
}

static intptr_t take_down(void *arg)
{
	(void)arg;
	gev_sem_fini(&things.sem);
	gev_event_fini(&things.event);
	return 0;
}

static void objects_are_taken_down_meanwhile(void)
{
	things_init();
	t_eq(gev_go(take_down, NULL), 0);
	t_eq(gev_choose(choices, KINDS, GEV_FOREVER), ACQUIRE);
	t_eq(choices[ACQUIRE].error, EINVAL);
	t_fails(gev_choose(&choices[EVENT], 1, 0), EINVAL);
	things_fini();
}

static intptr_t close_pipe(void *arg)
{
	(void)arg;
	return gev_close(things.pipe[0]);
}

/* Both sides are waited for; one choice is taken. */
static void a_descriptor_is_closed_meanwhile(void)
{
	things_init();
	t_eq(gev_go(close_pipe, NULL), 0);
	t_eq(gev_choose(choices, KINDS, GEV_FOREVER), READ);
	t_eq(choices[READ].error, EBADF);
	t_ok(!choices[WRITE].taken);
	t_eq(gev_choose(&choices[WRITE], 1, 0), 0);
	t_eq(choices[WRITE].error, EBADF);
	things_fini();
}

static intptr_t read_pipe(void *arg)
{
	char byte;

	(void)arg;
	return gev_read(things.pipe[0], &byte, 1);
}

static void descriptors_that_can_not_be_waited_for(void)
{
	gev_choice c = GEV_CHOOSE_READ(-1);
	gev_greenlet *g;
	int file = open("/proc/self/exe", O_RDONLY);

	t_eq(gev_choose(&c, 1, 0), 0);
	t_eq(c.error, EBADF);
	c.fd = file;
	t_eq(gev_choose(&c, 1, GEV_FOREVER), 0);
	t_eq(c.error, 0);
	close(file);
	things_init();
	g = gev_spawn(read_pipe, NULL);
	settle();
	t_eq(gev_choose(choices, KINDS, GEV_FOREVER), READ);
	t_eq(choices[READ].error, EBUSY);
	t_eq(write(things.pipe[1], "x", 1), 1);
	t_eq(gev_join(g, GEV_FOREVER), 0);
	gev_unref(g);
	things_fini();
}

static intptr_t read_too(void *arg)
{
	char byte;

	t_fails(gev_read(things.pipe[0], &byte, 1), EBUSY);
	return (intptr_t)arg;
}

static void who_reads_meanwhile_is_told(void)
{
	gev_greenlet *g;

	things_init();
	t_eq(gev_go(choose_among_all, num(TICK)), 0);
	t_eq(gev_yield(), 0);
	g = gev_spawn(read_too, num(0));
	t_eq(gev_join(g, GEV_FOREVER), 0);
	gev_unref(g);
	t_eq(gev_sleep(DELAY), 0);
	t_eq(which, -1);
	things_fini();
}

/* An edge need not mean that there is something. */
static void an_edge_for_nothing(void)
{
	struct gev__fd_rec *rec;

	things_init();
	which = -2;
	t_eq(gev_go(choose_among_all, num(DELAY)), 0);
	settle();
	rec = gev__fd_peek(gev_hub_get(), things.pipe[0]);
	gev__wake(rec->reader, 0);
	gev__wake(rec->writer, 0);
	settle();
	t_eq(which, -2);
	make_ready(READ);
	t_eq(gev_sleep(TICK), 0);
	t_eq(which, READ);
	things_fini();
}

/* One of the greenlets in it sends what the other receives, not itself. */
static intptr_t swap(void *arg)
{
	long in = 0, out = (long)(intptr_t)arg;
	gev_choice both[2] = { GEV_CHOOSE_SEND(things.to, &out),
		GEV_CHOOSE_RECV(things.to, &in) };
	int i = gev_choose(both, 2, DELAY);

	t_log("%ld %d %ld, ", out, i, in);
	return 0;
}

static void a_choice_never_meets_itself(void)
{
	things_init();
	t_eq(gev_go(swap, num(1)), 0);
	settle();
	t_eq(gev_sleep(2 * DELAY), 0);
	t_log_is("1 -1 0, ");
	t_eq(gev_go(swap, num(1)), 0);
	t_eq(gev_go(swap, num(2)), 0);
	t_eq(gev_sleep(2 * DELAY), 0);
	t_ok(!strcmp(t_log_text, "2 1 1, 1 0 0, ") ||
		!strcmp(t_log_text, "2 0 0, 1 1 2, "));
	things_fini();
}

static char report[4096];

static void keep_report(gev_hub *hub, const char *text, void *arg)
{
	(void)hub;
	(void)arg;
	snprintf(report, sizeof(report), "%s", text);
}

static void a_deadlock_names_them_all(void)
{
	char expected[128];

	things_init();
	t_eq(gev_set_name(things.greenlet, "worker"), 0);
	t_eq(gev_hub_set_deadlock_hook(gev_hub_get(), keep_report, NULL), 0);
	t_fails(gev_choose(&choices[ACQUIRE], 3, GEV_FOREVER), EDEADLK);
	snprintf(expected, sizeof(expected),
		"waits in choose among semaphore %p, async result %p, join "
		"greenlet \"worker\" since", (void *)&things.sem,
		(void *)&things.result);
	if (!t_ok(strstr(report, expected)))
		printf("# %s\n# %s\n", expected, report);
	gev_hub_set_deadlock_hook(gev_hub_get(), NULL, NULL);
	things_fini();
}

static void a_forked_child_has_no_links(void)
{
	int status = -1;
	pid_t pid;

	things_init();
	t_eq(gev_go(choose_among_all, num(DELAY)), 0);
	settle();
	pid = gev_fork();
	if (pid == 0) {
		t_ok(gev__list_empty(&things.to->senders));
		t_ok(gev__list_empty(&things.from->receivers));
		t_ok(!gev__sync_first(&things.sem.waiters));
		t_eq(gev_sem_release(&things.sem), 0);
		_exit(t_failures != 0);
	}
	t_eq(waitpid(pid, &status, 0), pid);
	t_eq(status, 0);
	t_eq(gev_sleep(2 * DELAY), 0);
	things_fini();
}

/* The battery: one choice that counts among others that never come. */
static void *make(void)
{
	things_init();
	return &things;
}

static void drop(void *object)
{
	(void)object;
	if (things.empty.hub == gev_hub_get())
		things_fini();
}

static int block(void *object, gev_time timeout)
{
	gev_choice own[3] = { GEV_CHOOSE_RECV(things.from, NULL),
		{ .kind = GEV_CHOICE_NEVER }, choices[ACQUIRE] };
	int r = gev_choose(own, 3, timeout);

	(void)object;
	if (r < 0)
		return r;
	t_eq(r, 2);
	errno = own[2].error;
	return own[2].error ? -1 : 0;
}

static int unblock(void *object)
{
	(void)object;
	return gev_sem_release(&things.sem);
}

static bool is_blocked(void *object)
{
	bool waits = gev__sync_first(&things.sem.waiters) != NULL;

	(void)object;
	t_eq(gev__sync_first(&things.from->receivers) != NULL, waits);
	return waits;
}

static void fini(void *object)
{
	(void)object;
	gev_sem_fini(&things.sem);
}

static const struct battery battery = { .name = "choose",
	.make = make,
	.drop = drop,
	.block = block,
	.unblock = unblock,
	.is_blocked = is_blocked,
	.fini = fini,
	.at_once = EAGAIN,
	.ended = EINVAL,
	.kept = true };

static void *write_later(void *fd)
{
	usleep(20000);
	t_eq(write((int)(intptr_t)fd, "x", 1), 1);
	return NULL;
}

/* A descriptor may yet become ready when nothing else can: no deadlock. */
static void main_alone_waits_for_a_descriptor(void)
{
	int fds[2];
	pthread_t thread;

	t_eq(gev_loop_set_virtual(gev_hub_loop(gev_hub_get()), false), 0);
	t_eq(gev_socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	gev_choice c = GEV_CHOOSE_READ(fds[0]);
	t_eq(pthread_create(&thread, NULL, write_later, num(fds[1])), 0);
	t_eq(gev_choose(&c, 1, GEV_FOREVER), 0);
	t_eq(pthread_join(thread, NULL), 0);
	gev_close(fds[0]);
	gev_close(fds[1]);
}

int main(void)
{
	T_RUN(each_kind_is_taken_at_once);
	T_RUN(each_kind_is_waited_for);
	T_RUN(the_second_is_not_taken);
	T_RUN(a_timeout_leaves_no_links);
	T_RUN(one_that_was_killed_takes_nothing);
	T_RUN(nothing_to_choose_from);
	T_RUN(bad_arguments);
	T_RUN(many_choices_and_no_memory);
	T_RUN(each_that_is_ready_is_as_likely);
	T_RUN(a_channel_is_closed_meanwhile);
	T_RUN(a_channel_is_freed_meanwhile);
	T_RUN(objects_are_taken_down_meanwhile);
	T_RUN(a_descriptor_is_closed_meanwhile);
	T_RUN(descriptors_that_can_not_be_waited_for);
	T_RUN(who_reads_meanwhile_is_told);
	T_RUN(an_edge_for_nothing);
	T_RUN(a_choice_never_meets_itself);
	T_RUN(a_deadlock_names_them_all);
	T_RUN(a_forked_child_has_no_links);
	battery_run(&battery);
	T_RUN(main_alone_waits_for_a_descriptor);
	return t_done();
}

/* SPDX-License-Identifier: MIT */
/* Channels: gevent's interleavings, Go's closing, the battery. */
#include "battery.h"
#include "sync/channel.h"
#include <unistd.h>

static gev_chan *ch;

static void begin(size_t capacity)
{
	t_virtual();
	ch = gev_chan_new(sizeof(long), capacity);
	t_ok(ch != NULL);
}

static void finish(void)
{
	settle();
	t_ok(gev__list_empty(&ch->senders));
	t_ok(gev__list_empty(&ch->receivers));
	t_eq(gev_chan_free(ch), 0);
	ch = NULL;
}

static int put(long value, gev_time timeout)
{
	return gev_chan_send(ch, &value, timeout);
}

/* The value, or -1. */
static long get(gev_time timeout)
{
	long value = -1;

	return gev_chan_recv(ch, &value, timeout) < 0 ? -1 : value;
}

static intptr_t receive_two(void *arg)
{
	(void)arg;
	t_log("got %ld, ", get(GEV_FOREVER));
	t_log("got %ld, ", get(GEV_FOREVER));
	return 0;
}

/* TestChannel.test_send. */
static void c59_the_receiver_comes_after_the_sender(void)
{
	begin(0);
	t_eq(gev_go(receive_two, NULL), 0);
	t_log("sending, ");
	t_eq(put(1, GEV_FOREVER), 0);
	t_log("sent 1, ");
	t_eq(put(2, GEV_FOREVER), 0);
	t_log("sent 2");
	t_log_is("sending, got 1, sent 1, got 2, sent 2");
	finish();
}

static intptr_t send_two(void *arg)
{
	(void)arg;
	t_log("sending 1, ");
	t_eq(put(1, GEV_FOREVER), 0);
	t_log("sending 2, ");
	t_eq(put(2, GEV_FOREVER), 0);
	t_log("sent 2");
	return 0;
}

/* TestChannel.test_wait. */
static void c59_the_receiver_comes_before_the_sender(void)
{
	begin(0);
	t_eq(gev_go(send_two, NULL), 0);
	t_log("waiting, ");
	t_log("got %ld, ", get(GEV_FOREVER));
	t_log("got %ld, ", get(GEV_FOREVER));
	t_log_is("waiting, sending 1, got 1, sending 2, got 2, ");
	t_eq(gev_sleep(0), 0);
	t_log_is("sent 2");
	finish();
}

struct party {
	const char *name;
	long value;
	gev_time timeout;
	int code;
};

static intptr_t receiver(void *arg)
{
	struct party *p = arg;

	p->value = get(p->timeout);
	p->code = p->value < 0 ? errno : 0;
	t_log("%s %ld, ", p->name, p->value);
	return 0;
}

static intptr_t sender(void *arg)
{
	struct party *p = arg;

	p->code = put(p->value, p->timeout) < 0 ? errno : 0;
	t_log("%s %d, ", p->name, p->code);
	return 0;
}

/* test_zero_max_size. */
static void c59_a_sender_waits_for_its_receiver(void)
{
	struct party s = { "s", 7, GEV_FOREVER, -1 };
	struct party r = { "r", 0, GEV_FOREVER, -1 };

	begin(0);
	t_eq(gev_go(sender, &s), 0);
	t_eq(gev_sleep(TICK), 0);
	t_eq(s.code, -1);
	t_eq(gev_go(receiver, &r), 0);
	settle();
	t_log_is("r 7, s 0, ");
	finish();
}

/* test_multiple_waiters. */
static void c59_each_of_many_receivers_gets_one(void)
{
	struct party r[4];

	begin(0);
	for (int i = 0; i < 4; i++) {
		r[i] = (struct party){ "r", 0, GEV_FOREVER, -1 };
		t_eq(gev_go(receiver, &r[i]), 0);
	}
	settle();
	for (int i = 0; i < 4; i++)
		t_eq(put(i, GEV_FOREVER), 0);
	t_log_is("r 0, r 1, r 2, r 3, ");
	finish();
}

/* test_waiters_that_cancel, test_two_bogus_waiters. */
static void c59_who_gave_up_gets_nothing(void)
{
	struct party a = { "a", 0, TICK, -1 };
	struct party b = { "b", 0, TICK, -1 };
	struct party s = { "s", 5, GEV_FOREVER, -1 };

	begin(0);
	t_eq(gev_go(receiver, &a), 0);
	t_eq(gev_go(receiver, &b), 0);
	t_eq(gev_sleep(DELAY), 0);
	t_log_is("a -1, b -1, ");
	t_eq(a.code, ETIMEDOUT);
	t_eq(gev_go(sender, &s), 0);
	t_eq(get(GEV_FOREVER), 5);
	settle();
	t_log_is("s 0, ");
	finish();
}

/* test_two_waiters_one_dies. */
static void c59_one_of_two_receivers_dies(void)
{
	struct party a = { "a", 0, GEV_FOREVER, -1 };
	struct party b = { "b", 0, GEV_FOREVER, -1 };
	gev_greenlet *g;

	begin(0);
	g = gev_spawn(receiver, &a);
	t_eq(gev_go(receiver, &b), 0);
	settle();
	t_eq(gev_kill(g, 0), 0);
	t_eq(put(3, GEV_FOREVER), 0);
	t_log_is("a -1, b 3, ");
	t_eq(a.code, ECANCELED);
	gev_unref(g);
	finish();
}

/* test_senders_that_die; and one that is killed has sent nothing. */
static void c59_a_sender_that_dies(void)
{
	struct party a = { "a", 1, GEV_FOREVER, -1 };
	struct party b = { "b", 2, GEV_FOREVER, -1 };
	gev_greenlet *g;

	begin(0);
	g = gev_spawn(sender, &a);
	t_eq(gev_go(sender, &b), 0);
	settle();
	end(g);
	t_eq(get(GEV_FOREVER), 2);
	settle();
	t_log_is("a 125, b 0, ");
	finish();
}

static int nowait(void *arg)
{
	(void)arg;
	t_log("recv %ld, ", get(0));
	t_log("send %d, ", put(9, 0) < 0 ? errno : 0);
	return 0;
}

static void call_nowait(void)
{
	gev_callback cb = GEV_CALLBACK_INIT;

	t_eq(gev_loop_run_callback(gev_hub_loop(gev_hub_get()), &cb, nowait,
		     NULL), 0);
	settle();
}

/* TestNoWait. */
static void c60_a_callback_meets_nobody(void)
{
	begin(0);
	call_nowait();
	t_log_is("recv -1, send 11, ");
	finish();
}

static void c60_a_callback_meets_a_sender(void)
{
	struct party s = { "s", 5, GEV_FOREVER, -1 };

	begin(0);
	t_eq(gev_go(sender, &s), 0);
	settle();
	call_nowait();
	t_log_is("recv 5, send 11, s 0, ");
	finish();
}

static void c60_a_callback_meets_a_receiver(void)
{
	struct party r = { "r", 0, GEV_FOREVER, -1 };

	begin(0);
	t_eq(gev_go(receiver, &r), 0);
	settle();
	call_nowait();
	t_log_is("recv -1, send 0, r 9, ");
	finish();
}

static void a_buffer_keeps_the_order(void)
{
	struct party s = { "s", 3, GEV_FOREVER, -1 };

	begin(2);
	t_eq(gev_chan_cap(ch), 2);
	t_eq(put(1, GEV_FOREVER), 0);
	t_eq(put(2, 0), 0);
	t_eq(gev_chan_len(ch), 2);
	t_fails(put(4, 0), EAGAIN);
	t_eq(gev_go(sender, &s), 0);
	settle();
	t_eq(s.code, -1);
	for (long i = 1; i <= 3; i++)
		t_eq(get(0), i);
	t_eq(gev_chan_len(ch), 0);
	t_fails(get(0), EAGAIN);
	settle();
	t_eq(s.code, 0);
	finish();
}

static void closing_fails_who_waits(void)
{
	struct party r = { "r", 0, GEV_FOREVER, -1 };
	struct party s = { "s", 1, GEV_FOREVER, -1 };

	begin(0);
	t_eq(gev_go(receiver, &r), 0);
	settle();
	t_eq(gev_chan_close(ch), 0);
	settle();
	t_eq(r.code, EPIPE);
	gev_chan_free(ch);
	begin(0);
	t_eq(gev_go(sender, &s), 0);
	settle();
	t_eq(gev_chan_close(ch), 0);
	t_fails(gev_chan_close(ch), EALREADY);
	t_fails(get(GEV_FOREVER), EPIPE);
	t_fails(put(1, GEV_FOREVER), EPIPE);
	finish();
	t_eq(s.code, EPIPE);
}

static void what_was_sent_survives_the_close(void)
{
	begin(3);
	t_eq(put(1, 0), 0);
	t_eq(put(2, 0), 0);
	t_ok(!gev_chan_closed(ch));
	t_eq(gev_chan_close(ch), 0);
	t_ok(gev_chan_closed(ch));
	t_fails(put(3, 0), EPIPE);
	t_eq(get(GEV_FOREVER), 1);
	t_eq(get(GEV_FOREVER), 2);
	t_fails(get(GEV_FOREVER), EPIPE);
	finish();
}

static void freeing_fails_who_waits(void)
{
	struct party r[2] = { { "a", 0, GEV_FOREVER, -1 },
		{ "b", 0, DELAY, -1 } };

	begin(0);
	t_eq(gev_go(receiver, &r[0]), 0);
	t_eq(gev_go(receiver, &r[1]), 0);
	settle();
	t_eq(gev_chan_free(ch), 0);
	settle();
	t_eq(r[0].code, EPIPE);
	t_eq(r[1].code, EPIPE);
}

#define SIZES 40

/* An element is what it says and not a byte more. */
static void elements_of_any_size(void)
{
	unsigned char in[SIZES + 1], out[SIZES + 1];

	for (int i = 0; i <= SIZES; i++)
		in[i] = (unsigned char)(i + 1);
	for (size_t size = 0; size <= SIZES; size++) {
		ch = gev_chan_new(size, 2);
		t_eq(gev_chan_send(ch, in, 0), 0);
		t_eq(gev_chan_send(ch, in + 1, 0), 0);
		for (size_t i = 0; i < 2; i++) {
			memset(out, 0xee, sizeof(out));
			t_eq(gev_chan_recv(ch, out, 0), 0);
			t_ok(!memcmp(out, in + i, size < SIZES ? size : 39));
			t_eq(out[size], 0xee);
		}
		gev_chan_free(ch);
	}
}

static void an_element_may_be_dropped(void)
{
	struct party s = { "s", 1, GEV_FOREVER, -1 };

	begin(1);
	t_eq(put(1, 0), 0);
	t_eq(gev_chan_recv(ch, NULL, 0), 0);
	t_eq(gev_chan_len(ch), 0);
	t_eq(put(0, 0), 0);
	t_eq(gev_go(sender, &s), 0);
	settle();
	t_eq(gev_chan_recv(ch, NULL, GEV_FOREVER), 0);
	t_eq(gev_chan_recv(ch, NULL, GEV_FOREVER), 0);
	finish();
	ch = gev_chan_new(0, 1);
	t_eq(gev_chan_send(ch, NULL, 0), 0);
	t_fails(gev_chan_send(ch, NULL, 0), EAGAIN);
	t_eq(gev_chan_recv(ch, NULL, 0), 0);
	gev_chan_free(ch);
}

static void bad_arguments(void)
{
	long n = 0;

	t_fails(gev_chan_new(2, SIZE_MAX), EOVERFLOW);
	t_fails(gev_chan_new(1, SIZE_MAX - 4), EOVERFLOW);
	t_fails(gev_chan_new(1, SIZE_MAX / 4), ENOMEM);
	t_fails(gev_chan_send(NULL, &n, 0), EINVAL);
	t_fails(gev_chan_recv(NULL, &n, 0), EINVAL);
	t_fails(gev_chan_close(NULL), EINVAL);
	t_eq(gev_chan_free(NULL), 0);
	t_ok(gev_chan_closed(NULL));
	t_eq(gev_chan_len(NULL) + gev_chan_cap(NULL), 0);
	begin(1);
	t_fails(gev_chan_send(ch, NULL, 0), EINVAL);
	t_fails(put(0, -2), EINVAL);
	t_fails(get(-2), EINVAL);
	finish();
}

static void without_memory_there_is_no_channel(void)
{
	gev__inject = (struct gev__inject){ .nr = SYS_mmap,
		.error = -ENOMEM,
		.times = -1 };
	t_fails(gev_chan_new(1, 1 << 20), ENOMEM);
	gev__inject.nr = -1;
}

static void *free_from_afar(void *arg)
{
	(void)arg;
	t_fails(gev_chan_free(ch), EPERM);
	return NULL;
}

static void another_thread_frees_none_that_is_waited_for(void)
{
	struct party r = { "r", 0, GEV_FOREVER, -1 };

	begin(0);
	t_eq(gev_go(receiver, &r), 0);
	settle();
	in_thread(free_from_afar, NULL);
	t_eq(gev_chan_close(ch), 0);
	finish();
}

static void *raw_receiver(void *arg)
{
	(void)arg;
	t_log("got %ld, ", get(GEV_FOREVER));
	return NULL;
}

static void a_raw_coroutine_takes_part(void)
{
	struct party s = { "s", 4, GEV_FOREVER, -1 };
	gev_coro *c = gev_coro_new(raw_receiver, NULL);

	begin(0);
	t_eq(gev_go(sender, &s), 0);
	gev_coro_switch(c, NULL);
	settle();
	t_log_is("got 4, s 0, ");
	t_eq(gev_coro_free(c), 0);
	finish();
}

/* The wait's own errno, and that of who goes on meanwhile. */
static void errno_belongs_to_the_greenlet(void)
{
	struct party s = { "s", 4, GEV_FOREVER, -1 };

	begin(0);
	t_eq(gev_go(sender, &s), 0);
	errno = EXDEV;
	t_eq(get(GEV_FOREVER), 4);
	t_eq(errno, EXDEV);
	finish();
}

#define MESSAGES 2000

static unsigned dice;

static unsigned roll(unsigned n)
{
	dice = dice * 1103515245u + 12345u;
	return (dice >> 16) % n;
}

static long sent, received, sum;

static intptr_t random_sender(void *arg)
{
	(void)arg;
	while (sent < MESSAGES) {
		long value = sent++;

		sum += value;
		while (put(value, roll(2) ? GEV_US(roll(9)) : GEV_FOREVER) < 0)
			gev_sleep(GEV_US(roll(9)));
	}
	return 0;
}

static intptr_t random_receiver(void *arg)
{
	(void)arg;
	while (received < MESSAGES) {
		long value = get(GEV_US(roll(9)));

		if (value >= 0) {
			received++;
			sum -= value;
		} else {
			gev_sleep(GEV_US(roll(9)));
		}
	}
	return 0;
}

static void nothing_is_lost_or_doubled(void)
{
	gev_greenlet *g[8];

	dice = (unsigned)getpid();
	printf("# seed %u\n", dice);
	for (size_t capacity = 0; capacity < 4; capacity++) {
		begin(capacity);
		sent = received = sum = 0;
		for (int i = 0; i < 8; i++)
			g[i] = gev_spawn(i % 2 ? random_sender :
						 random_receiver, NULL);
		t_eq(gev_joinall(g, 8, GEV_FOREVER), 8);
		for (int i = 0; i < 8; i++)
			gev_unref(g[i]);
		t_eq(received, MESSAGES);
		t_eq(sum, 0);
		finish();
	}
}

static void *make(size_t capacity)
{
	gev_chan *made = gev_chan_new(sizeof(long), capacity);

	t_ok(made != NULL);
	return made;
}

static void *make_rendezvous(void)
{
	return make(0);
}

static void *make_empty(void)
{
	return make(1);
}

static int put_one(void *object, gev_time timeout)
{
	long n = 42;

	return gev_chan_send(object, &n, timeout);
}

static void *make_full(void)
{
	void *made = make(1);

	t_eq(put_one(made, 0), 0);
	return made;
}

static void drop(void *object)
{
	t_eq(gev_chan_free(object), 0);
}

static int get_one(void *object, gev_time timeout)
{
	long n = 0;
	int r = gev_chan_recv(object, &n, timeout);

	t_eq(n, r == 0 ? 42 : 0);
	return r;
}

static int put_now(void *object)
{
	return put_one(object, 0);
}

static int get_now(void *object)
{
	return get_one(object, 0);
}

static bool is_blocked(void *object)
{
	gev_chan *c = object;

	return !gev__list_empty(&c->senders) || !gev__list_empty(&c->receivers);
}

static void fini(void *object)
{
	gev_chan_close(object);
}

/* Closed: what is left in it can be received, but nobody may send. */
static const struct battery batteries[] = {
	{ "rendezvous_recv", make_rendezvous, drop, get_one, put_now,
		is_blocked, fini, EAGAIN, EPIPE, false, false },
	{ "rendezvous_send", make_rendezvous, drop, put_one, get_now,
		is_blocked, fini, EAGAIN, EPIPE, false, false },
	{ "buffered_recv", make_empty, drop, get_one, put_now, is_blocked,
		fini, EAGAIN, EPIPE, false, true },
	{ "buffered_send", make_full, drop, put_one, get_now, is_blocked, fini,
		EAGAIN, EPIPE, false, true },
};

int main(void)
{
	T_RUN(c59_the_receiver_comes_after_the_sender);
	T_RUN(c59_the_receiver_comes_before_the_sender);
	T_RUN(c59_a_sender_waits_for_its_receiver);
	T_RUN(c59_each_of_many_receivers_gets_one);
	T_RUN(c59_who_gave_up_gets_nothing);
	T_RUN(c59_one_of_two_receivers_dies);
	T_RUN(c59_a_sender_that_dies);
	T_RUN(c60_a_callback_meets_nobody);
	T_RUN(c60_a_callback_meets_a_sender);
	T_RUN(c60_a_callback_meets_a_receiver);
	T_RUN(a_buffer_keeps_the_order);
	T_RUN(closing_fails_who_waits);
	T_RUN(what_was_sent_survives_the_close);
	T_RUN(freeing_fails_who_waits);
	T_RUN(elements_of_any_size);
	T_RUN(an_element_may_be_dropped);
	T_RUN(bad_arguments);
	T_RUN(without_memory_there_is_no_channel);
	T_RUN(another_thread_frees_none_that_is_waited_for);
	T_RUN(a_raw_coroutine_takes_part);
	T_RUN(errno_belongs_to_the_greenlet);
	T_RUN(nothing_is_lost_or_doubled);
	for (size_t i = 0; i < sizeof(batteries) / sizeof(*batteries); i++)
		battery_run(&batteries[i]);
	return t_done();
}

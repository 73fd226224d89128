/* SPDX-License-Identifier: MIT */
/* A channel without a buffer: the interleavings of gevent's test__channel. */
#include "chan.h"

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
	return t_done();
}

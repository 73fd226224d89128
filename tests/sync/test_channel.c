/* SPDX-License-Identifier: MIT */
/* Channels: buffers, the end, elements, who may use them, many at a time. */
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/inject.h"
#include "chan.h"

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
	pthread_t thread;

	begin(0);
	t_eq(gev_go(receiver, &r), 0);
	settle();
	t_eq(pthread_create(&thread, NULL, free_from_afar, NULL), 0);
	t_eq(pthread_join(thread, NULL), 0);
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

int main(void)
{
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
	return t_done();
}

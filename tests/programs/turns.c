/* SPDX-License-Identifier: MIT */
/*
 * Who mostly waits does not wait for those who mostly compute.  All are on one
 * processor, natively too.  Those who compute count whenever another of them
 * has it, which is what little time there is to go by.
 */
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include "program.h"

#define HOGS 8
#define ROUNDS 16
#define TURNS (6 * ROUNDS) /* less than if all came first each time */

static volatile int stop;
static volatile long had_by, turns;

static int in_order(const void *a, const void *b)
{
	const unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return (x > y) - (x < y);
}

/* Nobody is to take it for waiting in a loop. */
static void compute(void)
{
	unsigned numbers[64];

	for (unsigned i = 0; i < 64; i++)
		numbers[i] = i * 2654435761u;
	qsort(numbers, 64, sizeof(*numbers), in_order);
}

static void make_calls(void)
{
	compute();
	getppid();
}

static void read_clock(void)
{
	struct timespec t;

	compute();
	clock_gettime(CLOCK_MONOTONIC, &t);
}

static const struct kind {
	const char *sleeper, *server;
	void (*work)(void);
} kinds[] = {
	{ "a sleeper comes before those who compute",
		"so does who is sent something", compute },
	{ "and before those who make calls", "sent something as well",
		make_calls },
	{ "and before those who read the clock", "sent something likewise",
		read_clock },
};

struct hog {
	long id;
	void (*work)(void);
};

static void *be_hog(void *arg)
{
	const struct hog *h = arg;

	while (!stop) {
		if (had_by != h->id) {
			had_by = h->id;
			turns++;
		}
		h->work();
	}
	return NULL;
}

static long turns_during(void (*work)(void), void (*meanwhile)(void))
{
	struct hog hog[HOGS];
	pthread_t t[HOGS];
	long before;

	stop = 0;
	for (int i = 0; i < HOGS; i++) {
		hog[i] = (struct hog){ i, work };
		t[i] = begin(be_hog, &hog[i]);
	}
	pause_ms(20);
	before = turns;
	meanwhile();
	before = turns - before;
	stop = 1;
	for (int i = 0; i < HOGS; i++)
		finish(t[i]);
	return before;
}

static void sleep_often(void)
{
	for (int i = 0; i < ROUNDS; i++)
		pause_ms(1);
}

static int sockets[2];

static void serve(void)
{
	char c;

	for (int i = 0; i < ROUNDS; i++)
		if (read(sockets[0], &c, 1) != 1 ||
			write(sockets[0], &c, 1) != 1)
			exit(97);
}

/* In a process of its own. */
static _Noreturn void ask(void)
{
	char c = '?';

	for (;;) {
		if (write(sockets[1], &c, 1) != 1 ||
			read(sockets[1], &c, 1) != 1)
			_exit(0);
		pause_ms(1);
	}
}

static void come_first(const struct kind *k)
{
	pid_t pid;

	say(turns_during(k->work, sleep_often) < TURNS, k->sleeper);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) < 0)
		exit(96);
	pid = fork();
	if (pid == 0) {
		close(sockets[0]);
		ask();
	}
	close(sockets[1]);
	say(turns_during(k->work, serve) < TURNS, k->server);
	close(sockets[0]);
	waitpid(pid, NULL, 0);
}

#define PAIRS 4

static struct pair {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	int members;
	int last;
} pairs[PAIRS];

/* There is always one of each that can run. */
static void *hand_over(void *arg)
{
	struct pair *p = arg;
	int me;

	pthread_mutex_lock(&p->mutex);
	me = ++p->members;
	while (!stop) {
		while (p->last == me && !stop)
			pthread_cond_wait(&p->cond, &p->mutex);
		p->last = me;
		pthread_cond_signal(&p->cond);
	}
	pthread_cond_signal(&p->cond);
	pthread_mutex_unlock(&p->mutex);
	return NULL;
}

static void *count(void *arg)
{
	for (volatile long n = 0; n < 1000000; n++)
		;
	return arg;
}

static void come_last(void)
{
	pthread_t t[2 * PAIRS];

	stop = 0;
	for (int i = 0; i < 2 * PAIRS; i++) {
		struct pair *p = &pairs[i / 2];

		if (i % 2 == 0) {
			pthread_mutex_init(&p->mutex, NULL);
			pthread_cond_init(&p->cond, NULL);
		}
		t[i] = begin(hand_over, p);
	}
	finish(begin(count, NULL));
	stop = 1;
	for (int i = 0; i < 2 * PAIRS; i++)
		finish(t[i]);
	say(true, "who computes gets on, though others can always run");
}

int main(void)
{
	cpu_set_t one;
	int here = sched_getcpu();

	CPU_ZERO(&one);
	CPU_SET(here, &one);
	say(here >= 0 && sched_setaffinity(0, sizeof(one), &one) == 0,
		"on one processor");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		come_first(&kinds[i]);
	come_last();
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* Threads that make no calls leave time to the others, and keep all they have. */
#include <signal.h>
#include <sys/time.h>
#include "program.h"

#define N 4

static volatile int stop;

static void *spin(void *arg)
{
	volatile unsigned long *turns = arg;

	while (!stop)
		++*turns;
	return NULL;
}

static void shares(void)
{
	unsigned long turns[N] = { 0 };
	pthread_t t[N];
	bool all = true;

	for (int i = 0; i < N; i++)
		t[i] = begin(spin, &turns[i]);
	pause_ms(300);
	stop = 1;
	for (int i = 0; i < N; i++) {
		finish(t[i]);
		all &= turns[i] > 0;
	}
	say(all, "all that compute had their turn, and so had main");
	stop = 0;
}

static void *wait_flag(void *arg)
{
	volatile int *flag = arg;

	while (!*flag)
		;
	return NULL;
}

static void hand_over(void)
{
	static volatile int flag;
	pthread_t t = begin(wait_flag, (void *)&flag);

	pause_ms(20);
	flag = 1;
	finish(t);
	say(true, "a flag that is spun on is seen");
}

typedef double vector __attribute__((vector_size(32)));

/* Sums in registers, the same in every thread but for the seed. */
static void *sum(void *arg)
{
	double seed = (double)(intptr_t)arg;
	vector a = { seed, seed + 1, seed + 2, seed + 3 }, b = a, c = a, d = a;

	for (long i = 0; i < 8000000; i++) {
		a = a * 0.999 + b;
		b = b * 0.998 - c;
		c = c * 0.997 + d;
		d = d * 0.996 - a * 0.001;
	}
	a += b + c + d;
	*(double *)(arg = malloc(sizeof(double))) = a[0] + a[1] + a[2] + a[3];
	return arg;
}

static double take(void *p)
{
	double x = *(double *)p;

	free(p);
	return x;
}

static void vectors(void)
{
	double alone[N], together[N];
	pthread_t t[N];
	bool same = true;

	for (intptr_t i = 0; i < N; i++)
		alone[i] = take(finish(begin(sum, (void *)i)));
	for (intptr_t i = 0; i < N; i++)
		t[i] = begin(sum, (void *)i);
	for (int i = 0; i < N; i++) {
		together[i] = take(finish(t[i]));
		same &= memcmp(&alone[i], &together[i], sizeof(double)) == 0;
	}
	say(same, "vector registers survive");
}

#if defined(__x86_64__)

/* What only some processors have; spins with all of it in use. */
__attribute__((target("avx512f"))) static bool holds(unsigned long seed)
{
	unsigned long in[8], low[8] = { 0 }, high[8] = { 0 }, k = 0;
	unsigned long turns = 30000000;

	for (int i = 0; i < 8; i++)
		in[i] = seed * 8 + (unsigned)i;
	__asm__ volatile("vmovdqu64 %[in], %%zmm7\n\t"
			 "vmovdqu64 %[in], %%zmm31\n\t"
			 "kmovw %k[seed], %%k3\n"
			 "1:\n\t"
			 "dec %[turns]\n\t"
			 "jnz 1b\n\t"
			 "vmovdqu64 %%zmm7, %[low]\n\t"
			 "vmovdqu64 %%zmm31, %[high]\n\t"
			 "kmovw %%k3, %k[k]"
			 : [low] "=m"(low), [high] "=m"(high), [k] "=r"(k),
			   [turns] "+r"(turns)
			 : [in] "m"(in), [seed] "r"(seed)
			 : "xmm7", "xmm31", "k3", "cc");
	return k == seed && !memcmp(in, low, sizeof(in)) &&
	       !memcmp(in, high, sizeof(in));
}

static void *hold(void *arg)
{
	return (void *)(intptr_t)(!__builtin_cpu_supports("avx512f") ||
				  holds((unsigned long)arg));
}

#else

static void *hold(void *arg)
{
	(void)arg;
	return (void *)1;
}

#endif

static void wide_vectors(void)
{
	pthread_t t[N];
	bool all = true;

	for (intptr_t i = 0; i < N; i++)
		t[i] = begin(hold, (void *)(i + 1));
	for (int i = 0; i < N; i++)
		all &= finish(t[i]) != NULL;
	say(all, "so do wide ones, and masks");
}

static void *call(void *arg)
{
	while (!stop)
		getppid();
	return arg;
}

static int pipe_fds[2];

static void *write_to_itself(void *arg)
{
	char c = 0;

	while (!stop)
		if (write(pipe_fds[1], &c, 1) != 1 ||
			read(pipe_fds[0], &c, 1) != 1)
			return NULL;
	return arg;
}

/* None of which has to wait. */
static void calls(void)
{
	pthread_t a, b;

	say(pipe(pipe_fds) == 0, "a pipe");
	a = begin(call, NULL);
	b = begin(write_to_itself, pipe_fds);
	pause_ms(100);
	stop = 1;
	finish(a);
	say(finish(b) == pipe_fds, "who makes calls all the time is no hog");
	stop = 0;
}

/* A lock that is always wanted again at once is still handed over. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static bool locked;
static int wanted;

static void acquire(void)
{
	pthread_mutex_lock(&mutex);
	while (locked) {
		wanted++;
		pthread_cond_wait(&cond, &mutex);
		wanted--;
	}
	locked = true;
	pthread_mutex_unlock(&mutex);
}

static void release(void)
{
	pthread_mutex_lock(&mutex);
	locked = false;
	pthread_cond_signal(&cond);
	pthread_mutex_unlock(&mutex);
}

static void *hog(void *arg)
{
	volatile unsigned long n = 0;

	(void)arg;
	while (!stop) {
		acquire();
		for (int i = 0; i < 20000; i++)
			n++;
		release();
	}
	return NULL;
}

static void starvation(void)
{
	pthread_t t[N];

	for (int i = 0; i < N; i++)
		t[i] = begin(hog, NULL);
	for (int i = 0; i < 20; i++) {
		acquire();
		release();
		pause_ms(1);
	}
	stop = 1;
	for (int i = 0; i < N; i++)
		finish(t[i]);
	say(true, "a lock four others fight for is had twenty times");
}

static __thread volatile int samples;

static void sample(int signum)
{
	(void)signum;
	samples++;
}

static void *be_sampled(void *arg)
{
	while (!samples)
		;
	return arg;
}

/* Each of them ends by a signal that interrupts it, not who waits for it. */
static void profile(void)
{
	const struct sigaction a = { .sa_handler = sample,
		.sa_flags = SA_RESTART };
	const struct itimerval every = { { 0, 1000 }, { 0, 1000 } };
	const struct itimerval never = { { 0, 0 }, { 0, 0 } };
	pthread_t t[N];

	sigaction(SIGPROF, &a, NULL);
	setitimer(ITIMER_PROF, &every, NULL);
	for (int i = 0; i < N; i++)
		t[i] = begin(be_sampled, NULL);
	for (int i = 0; i < N; i++)
		finish(t[i]);
	setitimer(ITIMER_PROF, &never, NULL);
	say(true, "a profiler's signals come to who computes");
}

int main(void)
{
	shares();
	hand_over();
	vectors();
	wide_vectors();
	calls();
	starvation();
	profile();
	return 0;
}

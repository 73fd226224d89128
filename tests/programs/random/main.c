/* SPDX-License-Identifier: MIT */
#include "random.h"
#include <semaphore.h>
#include <signal.h>
#include <sched.h>
#include <sys/wait.h>

#define PLAYS_MAX 6

static const struct {
	const char *name;
	scene_part *fn;
} plays[] = {
	{ "counting", play_counting },
	{ "pairs", play_pairs },
	{ "queue", play_queue },
	{ "rounds", play_rounds },
	{ "permits", play_permits },
	{ "inherited", play_inherited },
	{ "families", play_families },
	{ "detached", play_detached },
	{ "locals", play_locals },
	{ "cancelled", play_cancelled },
	{ "interrupted", play_interrupted },
	{ "computing", play_computing },
	{ "queued", play_queued },
	{ "directed", play_directed },
	{ "any", play_any },
	{ "suspended", play_suspended },
	{ "escapes", play_escapes },
	{ "timers", play_timers },
	{ "messages", play_messages },
	{ "datagrams", play_datagrams },
	{ "events", play_events },
	{ "closing", play_closing },
	{ "children", play_children },
	{ "spawned", play_spawned },
	{ "shared", play_shared },
	{ "files", play_files },
};

#define PLAYS (sizeof(plays) / sizeof(*plays))

unsigned below(uint64_t *chance, unsigned n)
{
	*chance ^= *chance << 13;
	*chance ^= *chance >> 7;
	*chance ^= *chance << 17;
	return (unsigned)((*chance >> 20) % n);
}

bool must(struct play *p, bool ok, const char *what)
{
	const char *none = NULL;

	if (!ok && __atomic_compare_exchange_n(&p->wrong, &none, what, false,
			   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		p->error = errno;
	return ok;
}

bool again(struct play *p, bool restarts)
{
	if (errno != EINTR)
		return false;
	return must(p, heckled && !(restarts && restarting),
		"EINTR where there is none");
}

static void *work(void *arg)
{
	struct worker *w = arg;

	enter(w);
	w->result = w->fn(w);
	leave(w);
	return NULL;
}

void hire(struct play *p, struct worker *w, int n,
	intptr_t (*fn)(struct worker *w), void *shared)
{
	for (int i = 0; i < n; i++) {
		w[i].play = p;
		w[i].chance = p->chance + (uint64_t)i + 1;
		w[i].number = i;
		w[i].shared = shared;
		w[i].fn = fn;
		below(&p->chance, 2);
		w[i].thread = begin(work, &w[i]);
	}
}

intptr_t dismiss(struct worker *w, int n)
{
	intptr_t sum = 0;

	for (int i = 0; i < n; i++) {
		finish(w[i].thread);
		sum += w[i].result;
	}
	return sum;
}

void dawdle(uint64_t *chance)
{
	struct timespec t = { 0, below(chance, 200000) };

	switch (below(chance, 8)) {
	case 0:
		nanosleep(&t, NULL);
		break;
	case 1:
	case 2:
		sched_yield();
		break;
	case 3:
		for (volatile unsigned i = below(chance, 20000); i; i--)
			;
		break;
	default:
		break;
	}
}

void take(struct play *p, void *sem)
{
	while (sem_wait(sem) < 0)
		if (!again(p, true))
			break;
}

static void *conduct(void *arg)
{
	struct play *p = arg;

	for (size_t i = 0; i < PLAYS; i++)
		if (p->name == plays[i].name)
			plays[i].fn(p);
	return NULL;
}

static bool tell(const struct play *p, unsigned long seed)
{
	printf("%lu %s: %s\n", seed, p->name, p->wrong ? "WRONG" : "right");
	if (p->wrong)
		fprintf(stderr, "%lu %s: %s (errno %d)\n", seed, p->name,
			p->wrong, p->error);
	fflush(stdout);
	return !p->wrong;
}

static bool perform(unsigned long seed)
{
	uint64_t chance = (seed + 1) * 0x9e3779b97f4a7c15u;
	struct play p[PLAYS_MAX];
	pthread_t thread[PLAYS_MAX];
	bool right = true;
	int n;

	for (int i = 0; i < 16; i++)
		below(&chance, 2);
	n = 1 + (int)below(&chance, PLAYS_MAX);
	heckle(chance);
	for (int i = 0; i < n; i++) {
		p[i] = (struct play){ .name = plays[below(&chance, PLAYS)].name,
			.signum = SIGRTMIN + 1 + 2 * i };
		p[i].chance = chance + (uint64_t)i;
		thread[i] = begin(conduct, &p[i]);
	}
	for (int i = 0; i < n; i++)
		finish(thread[i]);
	hush();
	for (int i = 0; i < n; i++)
		right &= tell(&p[i], seed);
	return right;
}

static bool perform_in_child(unsigned long seed)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0)
		exit(perform(seed) ? 0 : 1);
	return waitpid(child, &status, 0) == child && status == 0;
}

static void block_all(void)
{
	sigset_t all;

	sigfillset(&all);
	sigdelset(&all, SIGUSR1);
	sigdelset(&all, SIGSEGV);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
}

static int last_status;

static void *end(void *arg)
{
	finish(*(pthread_t *)arg);
	exit(last_status);
}

/* By pthread_exit(), with another thread to go on. */
static _Noreturn void leave_stage(void)
{
	static pthread_t self;

	self = pthread_self();
	begin(end, &self);
	pthread_exit(NULL);
}

int main(int argc, char **argv)
{
	unsigned long seed = argc > 1 ? strtoul(argv[1], NULL, 0) : 0;
	unsigned long n = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;
	bool right = true;

	if (argc > 2 && strcmp(argv[1], "child") == 0)
		return (int)n;
	block_all();
	for (; n--; seed++)
		right &= seed % 4 ? perform(seed) : perform_in_child(seed);
	last_status = right ? 3 : 1;
	if (seed % 2)
		leave_stage();
	return last_status;
}

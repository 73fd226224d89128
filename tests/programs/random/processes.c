/* SPDX-License-Identifier: MIT */
/* Other processes, made by any thread; and files, which they share. */
#include "random.h"
#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/wait.h>

extern char **environ;

static int status_of(struct worker *w, pid_t child)
{
	int status = -1;

	while (waitpid(child, &status, 0) < 0)
		if (!again(w->play, true))
			break;
	return status;
}

static _Noreturn void be_child(int n)
{
	if (n % 3 == 0)
		_exit(n);
	signal(SIGTERM, SIG_DFL);
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

static intptr_t have_child(struct worker *w)
{
	for (int i = 0; i < 4; i++) {
		int n = (int)below(&w->chance, 100), status;
		pid_t child = fork();

		if (child == 0)
			be_child(n);
		dawdle(&w->chance);
		status = status_of(w, child);
		must(w->play, n % 3 == 0 ?
				WIFEXITED(status) && WEXITSTATUS(status) == n :
				WIFSIGNALED(status) &&
					WTERMSIG(status) == SIGKILL,
			"a child ends as it should");
	}
	return 0;
}

void play_children(struct play *p)
{
	int n = 1 + (int)below(&p->chance, WORKERS / 2);
	struct worker w[WORKERS / 2];

	hire(p, w, n, have_child, NULL);
	dismiss(w, n);
}

static intptr_t spawn(struct worker *w)
{
	char number[16];
	char *argv[] = { "random", "child", number, NULL };
	int n = (int)below(&w->chance, 100), status, r;
	pid_t child;

	snprintf(number, sizeof(number), "%d", n);
	if (below(&w->chance, 2)) {
		r = posix_spawn(&child, "/proc/self/exe", NULL, NULL, argv,
			environ);
		must(w->play, r == 0, "posix_spawn");
	} else {
		child = fork();
		if (child == 0) {
			execv("/proc/self/exe", argv);
			_exit(127);
		}
	}
	status = status_of(w, child);
	must(w->play, WIFEXITED(status) && WEXITSTATUS(status) == n,
		"a program ends as it should");
	return 0;
}

void play_spawned(struct play *p)
{
	int n = 1 + (int)below(&p->chance, 3);
	struct worker w[WORKERS];

	hire(p, w, n, spawn, NULL);
	dismiss(w, n);
}

/* Between processes. */
struct shared {
	pthread_mutex_t lock;
	pthread_cond_t turn;
	pthread_barrier_t barrier;
	sem_t sem;
	long count, at, processes;
};

#define ROUNDS 20

static void take_turns(struct shared *s, long self)
{
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&s->lock);
		while (s->at != self)
			pthread_cond_wait(&s->turn, &s->lock);
		s->at = (s->at + 1) % s->processes;
		pthread_cond_broadcast(&s->turn);
		pthread_mutex_unlock(&s->lock);
		while (sem_wait(&s->sem) < 0)
			;
		s->count++;
		sem_post(&s->sem);
	}
	pthread_barrier_wait(&s->barrier);
}

static void *take_turns_in_thread(void *shared)
{
	take_turns(shared, 1);
	return NULL;
}

static _Noreturn void be_peer(struct shared *s, long self, bool threaded)
{
	pthread_t t;

	if (threaded && self == 1 &&
		pthread_create(&t, NULL, take_turns_in_thread, s) == 0) {
		pthread_join(t, NULL);
		_exit(7);
	}
	take_turns(s, self);
	_exit(7);
}

static void share(struct shared *s)
{
	pthread_mutexattr_t m;
	pthread_condattr_t c;
	pthread_barrierattr_t b;

	pthread_mutexattr_init(&m);
	pthread_condattr_init(&c);
	pthread_barrierattr_init(&b);
	pthread_mutexattr_setpshared(&m, PTHREAD_PROCESS_SHARED);
	pthread_condattr_setpshared(&c, PTHREAD_PROCESS_SHARED);
	pthread_barrierattr_setpshared(&b, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&s->lock, &m);
	pthread_cond_init(&s->turn, &c);
	pthread_barrier_init(&s->barrier, &b, (unsigned)s->processes);
	sem_init(&s->sem, 1, 1);
}

static intptr_t play_with_others(struct worker *w)
{
	struct shared *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bool threaded = below(&w->chance, 2);
	pid_t peer[4];

	s->processes = 2 + below(&w->chance, 3);
	share(s);
	for (long i = 1; i < s->processes; i++) {
		peer[i] = fork();
		if (peer[i] == 0)
			be_peer(s, i, threaded);
	}
	take_turns(s, 0);
	for (long i = 1; i < s->processes; i++)
		must(w->play, status_of(w, peer[i]) == 7 << 8, "a peer ends");
	must(w->play, s->count == s->processes * ROUNDS, "all were there");
	munmap(s, sizeof(*s));
	return 0;
}

void play_shared(struct play *p)
{
	struct worker w;

	hire(p, &w, 1, play_with_others, NULL);
	dismiss(&w, 1);
}

#define LINE 32
#define LINES 40

static intptr_t append(struct worker *w)
{
	const char *path = w->shared;
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	char line[LINE + 1];

	for (int i = 0; i < LINES; i++) {
		snprintf(line, sizeof(line), "%31d\n", w->number * 100 + i);
		must(w->play, write(fd, line, LINE) == LINE, "a line");
		if (below(&w->chance, 8))
			continue;
		while (flock(fd, LOCK_EX) < 0 && again(w->play, true))
			;
		dawdle(&w->chance);
		flock(fd, LOCK_UN);
	}
	close(fd);
	return w->number * 100L * LINES + LINES * (LINES - 1) / 2;
}

static intptr_t sum_of(struct play *p, int fd)
{
	char line[LINE + 1] = "";
	intptr_t sum = 0;
	off_t at = 0;

	while (pread(fd, line, LINE, at) == LINE) {
		must(p, line[LINE - 1] == '\n', "lines are whole");
		sum += atol(line);
		at += LINE;
	}
	return sum;
}

void play_files(struct play *p)
{
	int n = 1 + (int)below(&p->chance, WORKERS);
	char path[] = "/tmp/gev-random-XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC);
	struct worker w[WORKERS];

	hire(p, w, n, append, path);
	must(p, dismiss(w, n) == sum_of(p, fd), "all lines are there, once");
	unlink(path);
	close(fd);
}

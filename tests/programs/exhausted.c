/* SPDX-License-Identifier: MIT */
/* Threads of a program that has no descriptor left. */
#include <fcntl.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include "program.h"

static int fds[2], file;
static sem_t *shared;

static void *nothing(void *arg)
{
	return arg;
}

static void *read_one(void *arg)
{
	char c;

	(void)arg;
	return (void *)(intptr_t)read(fds[0], &c, 1);
}

static void *poll_one(void *arg)
{
	struct pollfd p = { .fd = fds[0], .events = POLLIN };

	(void)arg;
	return (void *)(intptr_t)poll(&p, 1, 5000);
}

static void *wait_for_signal(void *arg)
{
	int signum = 0;

	sigwait(arg, &signum);
	return (void *)(intptr_t)(signum == SIGUSR2);
}

static void *wait_for_others(void *arg)
{
	(void)arg;
	return (void *)(intptr_t)(sem_wait(shared) == 0);
}

static void *use_file(void *arg)
{
	char buf[100] = "";

	(void)arg;
	return (void *)(intptr_t)(write(file, buf, sizeof(buf)) == 100 &&
				  fsync(file) == 0 &&
				  pread(file, buf, sizeof(buf), 0) == 100);
}

static pthread_t begun(void *(*fn)(void *), void *arg)
{
	pthread_t t = begin(fn, arg);

	pause_ms(2);
	return t;
}

static void exhaust(void)
{
	const struct rlimit few = { 64, 64 };

	setrlimit(RLIMIT_NOFILE, &few);
	while (dup(0) >= 0)
		;
	say(errno == EMFILE, "there are no descriptors left");
}

static void waits(void)
{
	sigset_t set;
	pthread_t t;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	t = begun(read_one, NULL);
	say(write(fds[1], "x", 1) == 1 && finish(t) == (void *)1, "read");
	t = begun(poll_one, NULL);
	say(write(fds[1], "x", 1) == 1 && finish(t) == (void *)1, "poll");
	t = begun(wait_for_signal, &set);
	kill(getpid(), SIGUSR2);
	say(finish(t) == (void *)1, "sigwait");
	say(finish(begin(use_file, NULL)) == (void *)1, "a file");
}

static void children(void)
{
	pthread_t t = begun(wait_for_others, NULL);
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		sem_post(shared);
		_exit((int)(intptr_t)finish(begin(poll_one, NULL)));
	}
	say(finish(t) == (void *)1, "what another process does");
	say(waitpid(pid, &status, 0) == pid && status == 1 << 8,
		"which has threads of its own");
}

int main(void)
{
	char path[] = "/tmp/gev-exhausted-XXXXXX";

	file = mkstemp(path);
	unlink(path);
	shared = mmap(NULL, sizeof(sem_t), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	sem_init(shared, 1, 0);
	say(pipe(fds) == 0 && file >= 0, "a pipe and a file");
	finish(begin(nothing, NULL));
	exhaust();
	waits();
	children();
	return 0;
}

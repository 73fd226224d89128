/* SPDX-License-Identifier: MIT */
/*
 * What no descriptor tells of: messages and semaphores of System V, and FIFOs
 * to be opened, as other threads and other processes let them go on.
 */
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "waiting.h"

struct message {
	long type;
	char text[8];
};

static void *receive(void *arg)
{
	struct message m;
	ssize_t n;

	ready = 1;
	n = msgrcv(*(int *)arg, &m, sizeof(m.text), 0, 0);
	return (void *)(intptr_t)(n < 0 ? -errno : n);
}

static void *take(void *arg)
{
	struct sembuf op = { 0, -1, 0 };

	ready = 1;
	return (void *)(intptr_t)(semop(*(int *)arg, &op, 1) < 0 ? -errno : 0);
}

static void *await_zero(void *arg)
{
	struct sembuf op = { 1, 0, 0 };

	ready = 1;
	return (void *)(intptr_t)(semop(*(int *)arg, &op, 1) < 0 ? -errno : 0);
}

static void messages(void)
{
	int q = msgget(IPC_PRIVATE, 0600);
	struct message m = { 1, "message" };
	pthread_t t = start(receive, &q);

	say(msgsnd(q, &m, 8, IPC_NOWAIT) == 0 && finish(t) == (void *)8,
		"one that does not wait sends to one that does");
	t = start(receive, &q);
	if (fork() == 0)
		_exit(msgsnd(q, &m, 8, 0) < 0);
	say(finish(t) == (void *)8 && wait(NULL) > 0, "so does a process");
	t = start(receive, &q);
	msgctl(q, IPC_RMID, NULL);
	say(finish(t) == (void *)-EIDRM, "a queue that is removed");
	say(msgrcv(q, &m, 8, 0, 0) < 0 && errno == EINVAL, "it is no more");
}

static void semaphores(void)
{
	int s = semget(IPC_PRIVATE, 2, 0600);
	pthread_t t = start(take, &s);

	say(semctl(s, 0, SETVAL, 1) == 0 && finish(t) == NULL,
		"a semaphore that is set");
	semctl(s, 1, SETVAL, 3);
	t = start(await_zero, &s);
	say(semctl(s, 1, SETVAL, 0) == 0 && finish(t) == NULL, "to zero");
	t = start(take, &s);
	semctl(s, 0, IPC_RMID);
	say(finish(t) == (void *)-EIDRM, "and removed");
}

/* The first that can't be done decides whether it waits. */
static int both(int s, int first, int second)
{
	struct sembuf op[] = { { 0, -1, (short)first },
		{ 1, -1, (short)second } };
	struct timespec soon = { 0, 60000000 };
	struct timespec before, after;
	int r;

	clock_gettime(CLOCK_MONOTONIC, &before);
	r = semtimedop(s, op, 2, &soon);
	clock_gettime(CLOCK_MONOTONIC, &after);
	if (r < 0 && errno == EAGAIN)
		r = (after.tv_sec - before.tv_sec) * 1000000000 +
			after.tv_nsec - before.tv_nsec >= 60000000 ? 2 : 1;
	return r;
}

static void mixed(void)
{
	int s = semget(IPC_PRIVATE, 2, 0600);

	say(both(s, 0, IPC_NOWAIT) == 2, "it waits for the first");
	say(both(s, IPC_NOWAIT, 0) == 1, "or not");
	semctl(s, 0, SETVAL, 1);
	say(both(s, IPC_NOWAIT, 0) == 2, "for the second");
	say(both(s, 0, IPC_NOWAIT) == 1, "or not");
	semctl(s, 1, SETVAL, 1);
	say(both(s, IPC_NOWAIT, 0) == 0, "and takes both");
	say(semctl(s, 0, GETVAL) == 0 && semctl(s, 1, GETVAL) == 0, "they are");
	semctl(s, 0, IPC_RMID);
}

static char directory[] = "/tmp/gev-ipc-XXXXXX";
static char path[64];

static void *open_to_read(void *arg)
{
	int fd;

	ready = 1;
	fd = open(arg, O_RDONLY);
	close(fd);
	return (void *)(intptr_t)(fd >= 0);
}

static void *create(void *arg)
{
	int fd;

	ready = 1;
	fd = creat(arg, 0600);
	close(fd);
	return (void *)(intptr_t)(fd >= 0);
}

static void *open_by_how(void *arg)
{
	struct open_how how = { .flags = O_WRONLY };
	long fd;

	ready = 1;
	fd = syscall(SYS_openat2, AT_FDCWD, arg, &how, sizeof(how));
	close((int)fd);
	return (void *)(intptr_t)(fd >= 0);
}

static void meet(void *(*other)(void *), int flags, const char *what)
{
	pthread_t t = start(other, path);
	int fd = open(path, flags);

	say(fd >= 0 && finish(t) == (void *)1, what);
	close(fd);
}

static void fifos(void)
{
	mkfifo(path, 0600);
	meet(create, O_RDONLY, "creat of a FIFO");
	meet(open_by_how, O_RDONLY, "openat2 of one");
	meet(open_to_read, O_WRONLY, "open to read");
	meet(open_to_read, O_WRONLY | O_NONBLOCK, "with one who can't wait");
	meet(create, O_RDONLY | O_NONBLOCK, "and one who need not");
	meet(create, O_RDWR, "one who is both");
	if (fork() == 0)
		_exit(open(path, O_WRONLY) < 0);
	say(open_to_read(path) && wait(NULL) > 0, "another process");
	unlink(path);
}

static void *idle(void *arg)
{
	pause();
	return arg;
}

int main(void)
{
	if (!mkdtemp(directory))
		return 1;
	snprintf(path, sizeof(path), "%s/it", directory);
	begin(idle, NULL);
	messages();
	semaphores();
	mixed();
	fifos();
	rmdir(directory);
	return 0;
}

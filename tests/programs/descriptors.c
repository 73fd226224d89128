/* SPDX-License-Identifier: MIT */
/*
 * Whose descriptors there are: numbers come as if nobody else had any, and a
 * program that closes all it does not know goes on.
 */
#include <fcntl.h>
#include <sys/wait.h>
#include "program.h"

#define HIGHEST 2000

static int pair[2];

static void *sends(void *arg)
{
	pause_ms(5);
	return (void *)(intptr_t)(write(pair[1], "s", 1) == 1 ? arg : NULL);
}

/* One waits until another has written. */
static void threads_work(const char *when)
{
	bool right = pipe(pair) == 0;
	pthread_t t = begin(sends, pair);
	char c = 0;

	right = right && read(pair[0], &c, 1) == 1 && c == 's';
	say(finish(t) == pair && right, when);
	close(pair[0]);
	close(pair[1]);
}

static void sync_something(void)
{
	char path[] = "/tmp/gev-descriptors-XXXXXX";
	int fd = mkstemp(path);

	say(write(fd, "x", 1) == 1 && fsync(fd) == 0, "a file is synced");
	unlink(path);
	close(fd);
}

static int lowest(void)
{
	int fd = open("/dev/null", O_RDONLY);

	close(fd);
	return fd;
}

static int count_open(void)
{
	int n = 0;

	for (int fd = 0; fd < HIGHEST; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void children_have_three(const char *self)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		execl(self, self, "count", NULL);
		_exit(127);
	}
	waitpid(child, &status, 0);
	say(WIFEXITED(status) && WEXITSTATUS(status) == 3,
		"a program that is executed has the three");
}

static void close_one_by_one(void)
{
	for (int fd = 3; fd < HIGHEST; fd++)
		close(fd);
}

static void in_a_child(void)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		closefrom(3);
		threads_work("in a child that has closed all");
		_exit(0);
	}
	waitpid(child, &status, 0);
	say(status == 0, "it ends well");
}

int main(int argc, char **argv)
{
	int fd;

	if (argc > 1)
		return count_open();
	closefrom(3);
	fd = lowest();
	threads_work("threads wait for each other");
	sync_something();
	say(lowest() == fd, "numbers are the lowest there are");
	say(close_range(3, ~0u, 0) == 0, "close_range");
	threads_work("then too");
	sync_something();
	close_one_by_one();
	threads_work("and when all were closed one by one");
	sync_something();
	in_a_child();
	children_have_three(argv[0]);
	threads_work("still");
	return 0;
}

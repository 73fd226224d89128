/* SPDX-License-Identifier: MIT */
/*
 * Reading what is no file, socket or pipe, and with flags that another process
 * has set, while other threads are about.
 */
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <termios.h>
#include "waiting.h"

/* What is too little for an event is wrong, whether there is one or not. */
static void too_little(void)
{
	int event = eventfd(0, 0), timer = timerfd_create(CLOCK_MONOTONIC, 0);
	char c[4];

	say(read(event, c, 4) < 0 && errno == EINVAL, "of an eventfd");
	say(read(timer, c, 4) < 0 && errno == EINVAL, "of a timerfd");
	say(fcntl(event, F_GETFL) == O_RDWR, "and it is as it was");
	close(event);
	close(timer);
}

static void *add(void *arg)
{
	const uint64_t three = 3;

	pause_ms(10);
	return (void *)(intptr_t)write(*(int *)arg, &three, sizeof(three));
}

static void semaphore(void)
{
	int event = eventfd(0, EFD_SEMAPHORE);
	pthread_t t = begin(add, &event);
	uint64_t n = 0, sum = 0;

	for (int i = 0; i < 3; i++)
		sum += read(event, &n, sizeof(n)) == sizeof(n) ? n : 100;
	say(sum == 3 && finish(t) == (void *)8, "one by one");
	close(event);
}

static int open_terminal(int *master)
{
	char name[64];

	*master = posix_openpt(O_RDWR | O_NOCTTY);
	grantpt(*master);
	unlockpt(*master);
	ptsname_r(*master, name, sizeof(name));
	return open(name, O_RDWR | O_NOCTTY);
}

static void set_limits(int fd, int least, int tenths)
{
	struct termios t;

	tcgetattr(fd, &t);
	t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	t.c_cc[VMIN] = (cc_t)least;
	t.c_cc[VTIME] = (cc_t)tenths;
	tcsetattr(fd, TCSANOW, &t);
}

static void *type(void *arg)
{
	const int fd = *(int *)arg;

	pause_ms(10);
	if (write(fd, "ab", 2) != 2)
		return NULL;
	pause_ms(10);
	return write(fd, "c\n", 2) == 2 ? arg : NULL;
}

static ssize_t read_typed(int fd, int master)
{
	pthread_t t = begin(type, &master);
	char text[16];
	ssize_t n = read(fd, text, sizeof(text));

	finish(t);
	tcflush(fd, TCIOFLUSH);
	return n;
}

static void terminals(void)
{
	int master, fd = open_terminal(&master);
	char c;

	say(read_typed(fd, master) == 4, "a line of a terminal");
	set_limits(fd, 3, 0);
	say(read_typed(fd, master) >= 3, "three at least");
	set_limits(fd, 0, 1);
	say(read(fd, &c, 1) == 0, "none for a while");
	set_limits(fd, 0, 50);
	say(read_typed(fd, master) >= 2, "something within it");
	set_limits(fd, 0, 0);
	say(read(fd, &c, 1) == 0, "none at all");
	close(master);
	close(fd);
}

static void set_flags(int fd, int flags)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(fcntl(fd, F_SETFL, flags) < 0);
	waitpid(pid, NULL, 0);
}

static void *wait_and_write(void *arg)
{
	pause_ms(10);
	return (void *)(intptr_t)write(*(int *)arg, "x", 1);
}

static void flags_of_others(void)
{
	int to[2];
	char c;
	pthread_t t;

	say(pipe(to) == 0 && write(to[1], "x", 1) == 1 &&
			read(to[0], &c, 1) == 1, "a pipe");
	set_flags(to[0], O_NONBLOCK);
	say(read(to[0], &c, 1) < 0 && errno == EAGAIN,
		"another process has it not wait");
	set_flags(to[0], 0);
	t = begin(wait_and_write, &to[1]);
	say(read(to[0], &c, 1) == 1 && finish(t) == (void *)1,
		"and wait again");
	close(to[0]);
	close(to[1]);
}

static void *idle(void *arg)
{
	pause();
	return arg;
}

int main(void)
{
	begin(idle, NULL);
	too_little();
	semaphore();
	terminals();
	flags_of_others();
	return 0;
}

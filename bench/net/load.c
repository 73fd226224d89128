/* SPDX-License-Identifier: MIT */
/*
 * load PORT PID CONNECTIONS MILLISECONDS - how much CPU an echo server takes.
 *
 * A closed loop: every connection has one message of 64 bytes in flight.  It is
 * measured when all have had an answer: the server knows of each by then.
 * Prints what the server (process PID) used in user and system mode for each
 * message, in nanoseconds, and the messages of a second.
 */
#include <stdbool.h>
#include <sys/epoll.h>
#include "net.h"

#define EVENTS 256
#define MESSAGE 64
#define WARM_UP 1e8 /* nanoseconds */
#define PATIENCE 60e9
#define DESCRIPTORS 65536
#define BACKLOG 1000

static int epfd;
static const char message[MESSAGE];
static bool answered[DESCRIPTORS];
static long served;

static void open_connection(int port)
{
	struct epoll_event e = { .events = EPOLLIN };

	e.data.fd = net_connect(port);
	bench_need(epoll_ctl(epfd, EPOLL_CTL_ADD, e.data.fd, &e) == 0,
		"epoll_ctl");
	bench_need(e.data.fd < DESCRIPTORS, "too many connections");
	bench_need(send(e.data.fd, message, MESSAGE, 0) == MESSAGE, "send");
}

static void answer(int fd)
{
	char reply[MESSAGE];
	ssize_t n = recv(fd, reply, MESSAGE, MSG_WAITALL);

	bench_need(n == MESSAGE, "recv");
	bench_need(send(fd, message, MESSAGE, 0) == MESSAGE, "send");
}

/* Keep the messages going until @end; how many there were. */
static long exchange(double end)
{
	struct epoll_event events[EVENTS];
	long messages = 0;

	while (bench_now() < end) {
		int n = epoll_wait(epfd, events, EVENTS, 1000);

		for (int i = 0; i < n; i++)
			answer(events[i].data.fd);
		messages += n;
	}
	return messages;
}

/* The first answer of each, nothing being sent meanwhile. */
static void collect(long connections)
{
	double end = bench_now() + PATIENCE;
	struct epoll_event e;
	char reply[MESSAGE];

	while (served < connections && bench_now() < end) {
		if (epoll_wait(epfd, &e, 1, 1000) != 1)
			continue;
		bench_need(recv(e.data.fd, reply, MESSAGE, MSG_WAITALL) ==
				MESSAGE, "recv");
		answered[e.data.fd] = true;
		served++;
	}
	errno = 0;
	bench_need(served == connections, "not all were served");
}

static void warm_up(void)
{
	for (int fd = 0; fd < DESCRIPTORS; fd++)
		if (answered[fd])
			bench_need(send(fd, message, MESSAGE, 0) == MESSAGE,
				"send");
	exchange(bench_now() + WARM_UP);
}

int main(int argc, char **argv)
{
	int port = (int)bench_arg(argc, argv, 1, 0);
	long connections = bench_arg(argc, argv, 3, 1);
	double length = (double)bench_arg(argc, argv, 4, 300) * 1e6;
	double used, start;
	clockid_t server;
	long messages;

	net_raise_limit();
	bench_need(clock_getcpuclockid((pid_t)bench_arg(argc, argv, 2, 0),
		&server) == 0, "the server's CPU clock");
	epfd = epoll_create1(0);
	for (long i = 0; i < connections; i++) {
		open_connection(port);
		if (i % BACKLOG == BACKLOG - 1) /* else some get lost */
			collect(i + 1);
	}
	collect(connections);
	warm_up();

	used = bench_ns(server);
	start = bench_now();
	messages = exchange(start + length);
	used = bench_ns(server) - used;
	bench_need(messages > 0, "no answer");
	printf("%.1f %.0f\n", used / (double)messages,
		(double)messages / (bench_now() - start) * 1e9);
	return 0;
}

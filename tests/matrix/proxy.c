/* SPDX-License-Identifier: MIT */
/* A process for each connection: there are few, and it is simple. */
#include "proxy.h"
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sockaddr_in loopback(int port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static bool write_all(int fd, const char *p, ssize_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, p, (size_t)size);

		if (n <= 0)
			return false;
		p += n;
		size -= n;
	}
	return true;
}

static void relay(int client, int server, int ms, const char *never)
{
	struct pollfd p[] = { { client, POLLIN, 0 }, { server, POLLIN, 0 } };
	char buf[16384];
	ssize_t n;

	while (poll(p, 2, -1) > 0) {
		if (p[0].revents) {
			n = read(client, buf, sizeof(buf));
			if (n <= 0 || !write_all(server, buf, n))
				return;
			if (memmem(buf, (size_t)n, never, strlen(never)))
				p[1].fd = -1;
		} else {
			usleep((useconds_t)ms * 1000);
			n = read(server, buf, sizeof(buf));
			if (n <= 0 || !write_all(client, buf, n))
				return;
		}
	}
}

static void serve(int listener, int port, int ms, const char *never)
{
	struct sockaddr_in a = loopback(port);
	pid_t parent = getpid();
	int client, server;

	signal(SIGCHLD, SIG_IGN);
	while ((client = accept(listener, NULL, NULL)) >= 0) {
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			server = socket(AF_INET, SOCK_STREAM, 0);
			if (getppid() == parent &&
				connect(server, (struct sockaddr *)&a,
					sizeof(a)) == 0)
				relay(client, server, ms, never);
			_exit(0);
		}
		close(client);
	}
}

const char *proxy_start(struct proxy *p, const struct server *s, int ms,
	const char *never)
{
	struct sockaddr_in a = loopback(0);
	socklen_t size = sizeof(a);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t parent = getpid();

	if (bind(listener, (struct sockaddr *)&a, size) < 0 ||
		listen(listener, 128) < 0 ||
		getsockname(listener, (struct sockaddr *)&a, &size) < 0)
		return "no listener for the proxy";
	p->port = ntohs(a.sin_port);
	fflush(stdout);
	p->pid = fork();
	if (p->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == parent)
			serve(listener, s->port, ms, never);
		_exit(1);
	}
	close(listener);
	return p->pid < 0 ? "no process for the proxy" : NULL;
}

void proxy_stop(struct proxy *p)
{
	if (p->pid > 0) {
		kill(p->pid, SIGKILL);
		waitpid(p->pid, NULL, 0);
	}
	p->pid = 0;
}

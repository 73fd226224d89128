/* SPDX-License-Identifier: MIT */
/*
 * An HTTP server that takes its time: a process of its own, a thread for each
 * connection, one request on each.
 *
 *	/gate/20/NAME  answered when 20 such requests have come, and not at once
 *	/late/NAME     answered after a tenth of a second
 *	/never         not answered
 *	PUT            answered with the body's length and the sum of its bytes
 *
 * Answers are "NAME, please".
 */
#ifndef TESTS_MATRIX_SLOW_HTTP_H
#define TESTS_MATRIX_SLOW_HTTP_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLOW_SIZE 2048

static struct {
	pid_t pid;
	int port;
	pthread_mutex_t lock;
	pthread_cond_t opened;
	int waiting, openings; /* of the gate */
} slow = { .lock = PTHREAD_MUTEX_INITIALIZER,
	.opened = PTHREAD_COND_INITIALIZER };

static inline void slow_pass_gate(int many)
{
	int openings;

	pthread_mutex_lock(&slow.lock);
	openings = slow.openings;
	if (++slow.waiting == many) {
		slow.waiting = 0;
		slow.openings++;
		pthread_cond_broadcast(&slow.opened);
	}
	while (openings == slow.openings)
		pthread_cond_wait(&slow.opened, &slow.lock);
	pthread_mutex_unlock(&slow.lock);
}

/* Up to the empty line: how much of @head was read, 0 at an early end. */
static inline size_t slow_read_head(int fd, char *head)
{
	size_t n = 0;

	while (n < SLOW_SIZE - 1) {
		ssize_t r = read(fd, head + n, SLOW_SIZE - 1 - n);

		if (r <= 0)
			return 0;
		n += (size_t)r;
		head[n] = '\0';
		if (strstr(head, "\r\n\r\n"))
			return n;
	}
	return 0;
}

static inline void slow_answer(int fd, const char *text)
{
	char answer[SLOW_SIZE];
	int n = snprintf(answer, sizeof(answer), "HTTP/1.1 200 OK\r\n"
		"Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
		strlen(text), text);

	if (write(fd, answer, (size_t)n) == n)
		shutdown(fd, SHUT_WR);
}

static inline void slow_take(int fd, const char *head, size_t n)
{
	const char *field = strcasestr(head, "\r\nContent-Length:");
	const char *body = strstr(head, "\r\n\r\n") + 4;
	size_t length = field ? strtoul(field + 17, NULL, 10) : 0, got = 0;
	unsigned long sum = 0;
	char data[SLOW_SIZE];
	ssize_t r = head + n - body;

	memcpy(data, body, (size_t)r);
	if (strcasestr(head, "\r\nExpect: 100-continue"))
		send(fd, "HTTP/1.1 100 Continue\r\n\r\n", 25, 0);
	while (r > 0 || (got < length &&
			(r = read(fd, data, sizeof(data))) > 0)) {
		for (ssize_t i = 0; i < r; i++)
			sum += (unsigned char)data[i];
		got += (size_t)r;
		r = 0;
	}
	snprintf(data, sizeof(data), "%zu bytes, sum %lu", got, sum);
	slow_answer(fd, data);
}

static inline void slow_converse(int fd, char *head, size_t n)
{
	char name[128] = "who", text[160];
	int many;

	if (strncmp(head, "PUT ", 4) == 0) {
		slow_take(fd, head, n);
		return;
	}
	if (sscanf(head, "GET /gate/%d/%127s", &many, name) == 2)
		slow_pass_gate(many);
	else if (sscanf(head, "GET /late/%127s", name) == 1)
		many = 2;
	else
		return;
	if (many > 1)
		usleep(100000);
	snprintf(text, sizeof(text), "%s, please", name);
	slow_answer(fd, text);
}

static inline void *slow_thread(void *arg)
{
	int fd = (int)(intptr_t)arg;
	char head[SLOW_SIZE];
	size_t n = slow_read_head(fd, head);

	if (n > 0)
		slow_converse(fd, head, n);
	/* The other side is to close first. */
	while (read(fd, head, sizeof(head)) > 0)
		;
	close(fd);
	return NULL;
}

static inline _Noreturn void slow_serve(int listener)
{
	pthread_attr_t detached;
	pthread_t thread;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd >= 0 && pthread_create(&thread, &detached, slow_thread,
				       (void *)(intptr_t)fd))
			close(fd);
	}
}

/* NULL, or why there is none.  Before patching. */
static inline const char *slow_start(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(a);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(listener, (struct sockaddr *)&a, size) < 0 ||
		listen(listener, 128) < 0 ||
		getsockname(listener, (struct sockaddr *)&a, &size) < 0) {
		close(listener);
		return "no port for the slow server";
	}
	slow.port = ntohs(a.sin_port);
	fflush(stdout);
	slow.pid = fork();
	if (slow.pid == 0)
		slow_serve(listener);
	close(listener);
	return slow.pid < 0 ? "no process for the slow server" : NULL;
}

static inline void slow_stop(void)
{
	if (slow.pid <= 0)
		return;
	kill(slow.pid, SIGKILL);
	waitpid(slow.pid, NULL, 0);
	slow.pid = 0;
}

#endif

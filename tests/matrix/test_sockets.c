/* SPDX-License-Identifier: MIT */
/*
 * The frame itself: libc's sockets are the library, and the server is this
 * program. It answers after a tenth of a second, or never.
 */
#include <arpa/inet.h>
#include <gnu/libc-version.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include "matrix/matrix.h"
#include "matrix/server.h"

static struct server server;

static void answer(int fd)
{
	char c;

	while (read(fd, &c, 1) == 1) {
		usleep(100000);
		if (c != '?' && write(fd, &c, 1) != 1)
			break;
	}
}

/* In a process of its own. */
static int be_the_server(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd;

	if (bind(listener, (struct sockaddr *)&a, sizeof(a)) < 0 ||
		listen(listener, 128) < 0)
		return 1;
	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		if (fork() == 0) {
			answer(fd);
			_exit(0);
		}
		close(fd);
	}
	return 1;
}

static const char *serve(void)
{
	const char *why = server_open(&server);
	char port[16];

	snprintf(port, sizeof(port), "%d", server.port);
	if (!why)
		why = server_start(&server,
			(const char *[]){ "/proc/self/exe", port, NULL }, NULL);
	return why;
}

static void stop(void)
{
	server_stop(&server);
}

static int connected(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)server.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	t_eq(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static void ask(int i, char *said)
{
	char c = (char)('a' + i), back = 0;
	int fd = connected();

	t_eq(send(fd, &c, 1, 0), 1);
	enter();
	t_eq(recv(fd, &back, 1, 0), 1);
	leave();
	snprintf(said, MATRIX_SAID, "%c", back);
	close(fd);
}

static void ask_in_vain(int i, char *said)
{
	int fd = connected();
	char c = '?';

	(void)i;
	t_eq(send(fd, &c, 1, 0), 1);
	enter();
	t_eq(recv(fd, &c, 1, 0), -1);
	leave();
	snprintf(said, MATRIX_SAID, "%s", strerrorname_np(errno));
	close(fd);
}

int main(int argc, char **argv)
{
	struct matrix row = { .library = "glibc's sockets",
		.version = gnu_get_libc_version(),
		.calls = 20,
		.call = ask,
		.stuck = ask_in_vain,
		.at_timeout = "ETIMEDOUT",
		.at_kill = "ECANCELED" };

	if (argc > 1)
		return be_the_server(atoi(argv[1]));
	if (matrix_begin(serve))
		matrix_row(&row);
	return matrix_end(stop);
}

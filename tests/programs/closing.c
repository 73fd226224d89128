/* SPDX-License-Identifier: MIT */
/* Sockets that are closed, replaced or shut down while threads wait on them. */
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "waiting.h"

static char directory[] = "/tmp/gev-closing-XXXXXX";
static char path[64];

static int listener(struct sockaddr_un *name)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	*name = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(name->sun_path, sizeof(name->sun_path), "%s", path);
	bind(fd, (struct sockaddr *)name, sizeof(*name));
	listen(fd, 5);
	return fd;
}

static void *accept_one(void *arg)
{
	int fd;

	ready = 1;
	fd = accept(*(int *)arg, NULL, NULL);
	close(fd);
	return (void *)(intptr_t)(fd >= 0);
}

static bool connects(const struct sockaddr_un *name)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	int r = connect(fd, (const struct sockaddr *)name, sizeof(*name));

	close(fd);
	return r == 0;
}

/* Any number may accept from the same. */
static void accepting(void)
{
	struct sockaddr_un name;
	int fd = listener(&name);
	pthread_t t = start(accept_one, &fd), u = start(accept_one, &fd);

	say(connects(&name) && connects(&name) && finish(t) == (void *)1 &&
			finish(u) == (void *)1,
		"two threads accept");
	close(fd);
	unlink(path);
}

/* What is listened at is not left before the last accept is over. */
static void close_listener(void)
{
	struct sockaddr_un name;
	int fd = listener(&name);
	pthread_t t = start(accept_one, &fd), u = start(accept_one, &fd);

	close(fd);
	pause_ms(20);
	say(connects(&name) && connects(&name), "what was closed listens on");
	say(finish(t) == (void *)1 && finish(u) == (void *)1,
		"for both who accept");
	say(!connects(&name), "and no longer");
	unlink(path);
}

/* Linux lets calls go on, with what the number stood for. */
static void close_it(int fd, int other)
{
	(void)other;
	close(fd);
}

static void replace_it(int fd, int other)
{
	dup2(other, fd);
	close(fd);
}

static void close_all(int fd, int other)
{
	(void)other;
	close_range((unsigned)fd, (unsigned)fd + 10000, 0);
}

static void close_under(void *(*wait)(void *),
	void (*go)(int fd, int other), intptr_t result, const char *what)
{
	int pair[2], other[2], fd;
	pthread_t t;

	say(pipe(other) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0,
		"a pipe and a pair");
	fd = fcntl(pair[0], F_DUPFD, 50);
	close(pair[0]);
	t = start(wait, &fd);
	go(fd, other[0]);
	pause_ms(20);
	say(write(pair[1], "late", 4) == 4 && finish(t) == (void *)result,
		what);
	say(write(pair[1], "late", 4) < 0 && errno == EPIPE,
		"and is all that kept it");
	close(pair[1]);
	close(other[0]);
	close(other[1]);
}

static void closing(void)
{
	signal(SIGPIPE, SIG_IGN);
	close_under(read_any, close_it, 4, "a read goes on after close");
	close_under(read_any, replace_it, 4, "a read goes on after dup2");
	close_under(read_any, close_all, 4, "a read goes on after close_range");
	close_under(wait_poll, close_it, 1, "a poll goes on after close");
	close_listener();
}

static void shutting(void)
{
	int pair[2];
	pthread_t t;

	say(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "a pair");
	t = start(read_any, &pair[0]);
	shutdown(pair[0], SHUT_RDWR);
	say(finish(t) == NULL, "shutdown ends a read");
	close(pair[0]);
	close(pair[1]);
}

int main(void)
{
	if (!mkdtemp(directory))
		return 1;
	snprintf(path, sizeof(path), "%s/it", directory);
	accepting();
	closing();
	shutting();
	rmdir(directory);
	return 0;
}

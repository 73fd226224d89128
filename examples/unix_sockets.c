/* SPDX-License-Identifier: MIT */
/*
 * unix_sockets - an opener hands out descriptors to those who may have them.
 *
 *	$ unix_sockets --allow /etc/hostname /etc/hostname /etc/shadow
 *	/etc/hostname: 6 bytes
 *	/etc/shadow: Permission denied
 *
 * A process that may open anything, and one that may not, is a usual way to
 * give away privileges.  Here both are greenlets: the opener listens on an
 * AF_UNIX socket without a name in the file system, checks by the credentials
 * that the kernel passes on who is asking, opens the file if it is allowed, and
 * sends the descriptor.  Clients, one for each file, count its bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>
#include <gev.h>
#include "tools.h"

static const char *allowed = "/";  /* what paths have to begin with */
static struct sockaddr_un address; /* of the opener */
static socklen_t address_size;

/* One byte of data, the error or 0, with which @fd goes unless it is -1. */
static ssize_t send_descriptor(int socket, int fd, unsigned char error)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { &error, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c = &control.align;

	if (fd >= 0) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
	}
	return gev_sendmsg(socket, &msg, MSG_NOSIGNAL);
}

/* The descriptor, or -1. */
static int receive_descriptor(int socket)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	unsigned char error = EPIPE; /* unless it says something */
	struct iovec iov = { &error, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control) };
	struct cmsghdr *c;
	int fd;

	if (gev_recvmsg(socket, &msg, MSG_CMSG_CLOEXEC) < 0)
		return -1;
	c = CMSG_FIRSTHDR(&msg);
	if (!c || c->cmsg_type != SCM_RIGHTS) {
		errno = error;
		return -1;
	}
	memcpy(&fd, CMSG_DATA(c), sizeof(int));
	return fd;
}

static bool is_one_of_us(int fd)
{
	struct ucred who;
	socklen_t size = sizeof(who);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 &&
	       who.uid == getuid();
}

/* The descriptor, or -1. */
static int open_for(int client, const char *path)
{
	if (is_one_of_us(client) && !strstr(path, "/../") &&
		strncmp(path, allowed, strlen(allowed)) == 0)
		return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	errno = EACCES;
	return -1;
}

/* Each message is a path: SOCK_SEQPACKET keeps them apart. */
static intptr_t serve_client(void *arg)
{
	int client = (int)(intptr_t)arg;
	char path[4096];
	ssize_t n;

	while ((n = gev_recv(client, path, sizeof(path) - 1, 0)) > 0) {
		int fd;

		path[n] = '\0';
		fd = open_for(client, path);
		n = send_descriptor(client, fd, fd < 0 ? (uint8_t)errno : 0);
		if (fd >= 0)
			gev_close(fd);
		if (n < 0)
			break;
	}
	gev_close(client);
	return 0;
}

static intptr_t opener(void *arg)
{
	int listener = (int)(intptr_t)arg;
	int client;

	while ((client = gev_accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		if (gev_go(serve_client, (void *)(intptr_t)client) < 0)
			gev_close(client);
	gev_close(listener);
	return 0;
}

/* Linux picks a name if there is but the family. */
static int open_listener(void)
{
	int fd = gev_socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	address.sun_family = AF_UNIX;
	address_size = sizeof(address);
	if (fd < 0 ||
		bind(fd, (struct sockaddr *)&address, sizeof(sa_family_t)) < 0 ||
		getsockname(fd, (struct sockaddr *)&address, &address_size) < 0 ||
		listen(fd, SOMAXCONN) < 0)
		die("cannot listen: %s", strerror(errno));
	return fd;
}

/* How much can be read from @fd, or -1. */
static long count(int fd)
{
	char buf[16384];
	long sum = 0;
	ssize_t n;

	while ((n = gev_read(fd, buf, sizeof(buf))) > 0)
		sum += n;
	return n < 0 ? -1 : sum;
}

static int fetch(int socket, const char *path)
{
	if (gev_connect(socket, (struct sockaddr *)&address, address_size) < 0 ||
		gev_send(socket, path, strlen(path), MSG_NOSIGNAL) < 0)
		return -1;
	return receive_descriptor(socket);
}

static intptr_t client(void *arg)
{
	const char *path = arg;
	int socket = gev_socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int fd = socket < 0 ? -1 : fetch(socket, path);
	long n = fd < 0 ? -1 : count(fd);

	if (n < 0)
		printf("%s: %s\n", path, strerror(errno));
	else
		printf("%s: %ld bytes\n", path, n);
	if (fd >= 0)
		gev_close(fd);
	if (socket >= 0)
		gev_close(socket);
	return 0;
}

static const char usage[] =
	"usage: unix_sockets [--allow PREFIX] FILE...\n"
	"Count the bytes of files that somebody else opens.\n\n"
	"  --allow PREFIX   what their paths have to begin with (/)\n"
	"  --help           this";

static void arguments(int argc, char **argv)
{
	static const struct option known[] = {
		{ "allow", required_argument, NULL, 'a' },
		{ "help", no_argument, NULL, 'h' }, { 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1)
		if (c == 'a')
			allowed = optarg;
		else if (c == 'h')
			show(usage);
		else
			exit(2);
}

int main(int argc, char **argv)
{
	gev_group clients = GEV_GROUP_INIT;
	gev_greenlet *server;

	arguments(argc, argv);
	server = gev_spawn(opener, (void *)(intptr_t)open_listener());
	for (int i = optind; i < argc; i++)
		if (gev_pool_go(&clients, client, argv[i], GEV_FOREVER) < 0)
			die("cannot start: %s", strerror(errno));
	gev_pool_join(&clients, GEV_FOREVER);
	gev_pool_fini(&clients);
	gev_kill(server, GEV_FOREVER);
	gev_unref(server);
	return 0;
}

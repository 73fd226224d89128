/* SPDX-License-Identifier: MIT */
/*
 * multicore_server - a server on several processors, and how to replace it
 * while it serves.
 *
 *	multicore_server [ADDRESS [THREADS]]	(127.0.0.1:7000, 2)
 *
 * Answers each line with its pid.  On SIGTERM it stops when the connections
 * have ended, or five seconds later.  On SIGUSR2 it starts its program anew, a
 * new version perhaps, with the same listener; the new one tells the old one to
 * stop as soon as it serves.  The port is open all the time.  systemd may give
 * it a listener too.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <gev.h>
#include "tools.h"

static char **arguments;

static void answer(int fd, const struct sockaddr *peer, socklen_t size,
	void *arg)
{
	gev_stream *s = gev_stream_open(fd, 0);
	char line[256];

	(void)peer, (void)size, (void)arg;
	gev_stream_set_timeout(s, GEV_SEC(60));
	while (gev_stream_read_line(s, line, sizeof(line)) > 0)
		if (gev_stream_printf(s, "%d\n", getpid()) < 0 ||
			gev_stream_flush(s) < 0)
			break;
	gev_stream_close(s);
}

/* The listener we were given, or a new one. */
static int open_listener(const char *text)
{
	gev_address address;
	int fd;

	if (gev_listen_fds(NULL, &fd, 1) > 0)
		return fd;
	if (gev_address_parse(&address, text, -1) < 0)
		die("%s: %s", text, strerror(errno));
	fd = gev_tcp_listen(address.host, address.port, -1);
	if (fd < 0)
		die("cannot listen on %s: %s", text, strerror(errno));
	return fd;
}

/* Whether an older one of us runs, whose child we are then. */
static bool replaces_another(void)
{
	return gev_listen_fds("restart", NULL, 0) > 0;
}

static int restart(gev_watcher *w, int revents, void *service)
{
	int fd, pid;

	(void)w, (void)revents;
	gev_service_listeners(service, &fd, 1);
	pid = gev_listen_spawn(&fd, 1, "restart", arguments[0], arguments);
	if (pid < 0)
		fprintf(stderr, "multicore_server: cannot start anew: %s\n",
			strerror(errno));
	return 0;
}

/* One that comes before there is somebody to hear it would end us. */
static void hold_back(int how, int signum)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signum);
	sigprocmask(how, &set, NULL);
}

static const char usage[] =
	"usage: multicore_server [ADDRESS [THREADS]]\n"
	"Answer each line with the pid, on several threads, until SIGTERM;\n"
	"on SIGUSR2 hand over to a new process.\n\n"
	"  ADDRESS   where to listen (127.0.0.1:7000); port 0: any, see the"
	" first line\n"
	"  THREADS   how many serve (2)\n"
	"  --help    this";

int main(int argc, char **argv)
{
	bool successor = replaces_another(); /* before the listener is used */
	struct gev_server_options options = { .handle = answer };
	gev_signal_watcher again;
	gev_service *service;
	int threads = 2;

	check_arguments(argc, argv, 0, 2, usage);
	if (argc > 2)
		threads = (int)number_option("THREADS", argv[2], 1, 256);
	options.listener = open_listener(argc > 1 ? argv[1] : "127.0.0.1:7000");
	hold_back(SIG_BLOCK, SIGUSR2);
	service = gev_service_start(&options, threads, 0);
	if (!service)
		die("cannot serve: %s", strerror(errno));
	arguments = argv;
	signal(SIGCHLD, SIG_IGN); /* successors are nobody's concern */
	gev_service_stop_on(service, SIGTERM, GEV_SEC(5));
	gev_signal_init(&again, gev_hub_loop(gev_hub_get()), SIGUSR2);
	gev_signal_start(&again, restart, service);
	hold_back(SIG_UNBLOCK, SIGUSR2);
	printf("%d serves port %d\n", getpid(), gev_service_port(service));
	fflush(stdout);
	if (successor)
		kill(getppid(), SIGTERM);

	if (gev_service_wait(service, GEV_FOREVER) < 0)
		die("cannot go on: %s", strerror(errno));
	gev_watcher_stop(&again.w);
	gev_service_free(service);
	return 0;
}

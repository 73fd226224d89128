/* SPDX-License-Identifier: MIT */
/*
 * worker_pool - tells which ports of a host accept connections.
 *
 *	$ worker_pool --workers 20 127.0.0.1 22 80 443
 *	22 open
 *	80 Connection refused
 *	443 Connection refused
 *
 * However many ports there are, only so many connections are tried at a time:
 * each worker takes a job from the queue, sees to it, says that it is done,
 * and takes the next.  gev_queue_join() returns when all jobs are done; the
 * workers end when the queue is shut down.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <gev.h>
#include "tools.h"

struct job {
	struct sockaddr_in address;
	int error;
};

static gev_queue jobs = GEV_QUEUE_INIT(16);

/* 0, or why there is no connection; not to be told for 5 seconds is one. */
static int try(const struct sockaddr_in *address)
{
	int fd = gev_socket(AF_INET, SOCK_STREAM, 0), error = 0;
	gev_timeout limit;

	if (fd < 0)
		return errno;
	gev_timeout_start(&limit, GEV_SEC(5));
	if (gev_connect(fd, (const void *)address, sizeof(*address)) < 0)
		error = errno;
	gev_timeout_cancel(&limit);
	gev_close(fd);
	return error;
}

static intptr_t work(void *unused)
{
	void *item;

	(void)unused;
	while (gev_queue_get(&jobs, &item, GEV_FOREVER) == 0) {
		struct job *job = item;

		job->error = try(&job->address);
		gev_queue_task_done(&jobs);
	}
	return 0;
}

static void do_all(struct job *all, int count, long workers)
{
	gev_group group = GEV_GROUP_INIT;

	while (workers-- > 0)
		if (gev_pool_go(&group, work, NULL, GEV_FOREVER) < 0)
			die("no worker: %s", strerror(errno));
	for (int i = 0; i < count; i++)
		if (gev_queue_put(&jobs, &all[i], GEV_FOREVER) < 0)
			die("no job: %s", strerror(errno));
	gev_queue_join(&jobs, GEV_FOREVER);
	gev_queue_shutdown(&jobs, false);
	gev_pool_join(&group, GEV_FOREVER);
}

static void print(const struct job *job)
{
	printf("%d %s\n", ntohs(job->address.sin_port),
		job->error ? strerror(job->error) : "open");
}

static void help(void)
{
	puts("usage: worker_pool [options] ADDRESS PORT...\n"
	     "\n"
	     "Tells of each port whether it accepts connections.\n"
	     "\n"
	     "  --workers N   try N at a time (default 10)\n"
	     "  --help        this");
	exit(0);
}

static long options(int argc, char **argv)
{
	static const struct option known[] = {
		{ "workers", required_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' }, { 0 }
	};
	long workers = 10;
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1)
		if (c == 'w')
			workers = number_option("workers", optarg, 1, 10000);
		else if (c == 'h')
			help();
		else
			exit(2);
	if (argc - optind < 2)
		die("no ports?  See --help");
	return workers;
}

static struct job *jobs_of(const char *address, char **ports, int count)
{
	struct job *all = calloc((size_t)count, sizeof(*all));

	if (!all)
		die("no memory");
	for (int i = 0; i < count; i++) {
		long port = number_option("PORT", ports[i], 1, 65535);

		all[i].address.sin_family = AF_INET;
		all[i].address.sin_port = htons((uint16_t)port);
		if (!inet_aton(address, &all[i].address.sin_addr))
			die("%s is no address", address);
	}
	return all;
}

int main(int argc, char **argv)
{
	long workers = options(argc, argv);
	int count = argc - optind - 1;
	struct job *all = jobs_of(argv[optind], argv + optind + 1, count);

	do_all(all, count, workers);
	for (int i = 0; i < count; i++)
		print(&all[i]);
	free(all);
	return 0;
}

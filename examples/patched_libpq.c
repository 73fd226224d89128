/* SPDX-License-Identifier: MIT */
/*
 * patched_libpq - libpq's blocking calls, hundreds at a time, in one thread.
 *
 *	patched_libpq CONNINFO [QUERIES [SECONDS]]
 *
 * libpq knows nothing of greenlets, and this uses nothing but the simplest of
 * it.  The only line that is not as in any other program is gev_patch_all():
 * from there on a call that waits holds up its own greenlet only.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <gev.h>
#include <libpq-fe.h>
#include "tools.h"

static const char *conninfo;
static int count = 200, seconds = 1;
static PGconn **connection;
static int asking, most_asking, answered;

/* Foreign code wants more stack than a greenlet has if it isn't asked. */
static void in_each(gev_fn *fn)
{
	static const struct gev_spawn_options options = { .stack_size =
								  256 * 1024 };
	gev_group group = GEV_GROUP_INIT;

	for (intptr_t i = 0; i < count; i++) {
		gev_greenlet *g = gev_greenlet_new(fn, (void *)i, &options);

		if (gev_pool_start(&group, g, GEV_FOREVER) < 0)
			die("greenlet: %s", strerror(errno));
		gev_unref(g);
	}
	gev_pool_join(&group, GEV_FOREVER);
}

static intptr_t open_connection(void *number)
{
	PGconn *c = PQconnectdb(conninfo);

	if (PQstatus(c) != CONNECTION_OK)
		die("%s", PQerrorMessage(c));
	connection[(intptr_t)number] = c;
	return 0;
}

static intptr_t query(void *number)
{
	PGconn *c = connection[(intptr_t)number];
	PGresult *r;
	char sql[64];

	snprintf(sql, sizeof(sql), "select %d from pg_sleep(%d)",
		(int)(intptr_t)number, seconds);
	if (++asking > most_asking)
		most_asking = asking;
	r = PQexec(c, sql);
	asking--;
	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		fputs(PQerrorMessage(c), stderr);
	else if (atoi(PQgetvalue(r, 0, 0)) == (int)(intptr_t)number)
		answered++;
	PQclear(r);
	PQfinish(c);
	return 0;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static const char usage[] =
	"usage: patched_libpq CONNINFO [QUERIES [SECONDS]]\n"
	"Ask PostgreSQL many slow questions at the same time, in one "
	"thread.\n\n"
	"  CONNINFO   as for PQconnectdb, \"host=127.0.0.1 user=me\"\n"
	"  QUERIES    how many, each with a connection (200)\n"
	"  SECONDS    that the server takes for one (1)\n"
	"  --help     this";

int main(int argc, char **argv)
{
	double start;

	check_arguments(argc, argv, 1, 3, usage);
	conninfo = argv[1];
	if (argc > 2)
		count = (int)number_option("QUERIES", argv[2], 1, 10000);
	if (argc > 3)
		seconds = (int)number_option("SECONDS", argv[3], 0, 3600);
	connection = calloc((size_t)count, sizeof(*connection));
	if (!connection)
		die("%s", strerror(errno));
	patch_libc();

	in_each(open_connection);
	start = now();
	in_each(query);
	printf("%d of %d queries answered, up to %d at a time, in %.1f s\n",
		answered, count, most_asking, now() - start);
	free(connection);
	return answered < count;
}

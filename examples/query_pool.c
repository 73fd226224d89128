/* SPDX-License-Identifier: MIT */
/*
 * query_pool - many greenlets share a few connections to PostgreSQL.
 *
 *	query_pool CONNINFO [REQUESTS [CONNECTIONS]]
 *
 * The pool is that of connection_pool.c: a queue of places, each an open
 * connection, or NULL where one is still to be made.  Who takes one out has it
 * to himself until he puts it back, whatever became of his query.
 *
 * What is new is the query that ends in the middle, because its greenlet is
 * killed or a gev_timeout fires.  To libpq the connection failed to wait, and
 * it says so; but the server goes on, and its answer would be taken for that to
 * the next query.  So the server is told to give up, the connection is closed,
 * and its place goes back empty.
 *
 * Most requests here are quick.  One in ten takes longer than it may, and one
 * in ten is killed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <gev.h>
#include <libpq-fe.h>
#include "tools.h"

#define PATIENCE GEV_MS(500)

static const char *conninfo;
static gev_queue places;
static int opened, replaced, answered, late, killed, failed;

static PGconn *connect_to_server(void)
{
	PGconn *c = PQconnectdb(conninfo);

	if (PQstatus(c) == CONNECTION_OK) {
		opened++;
		return c;
	}
	PQfinish(c);
	return NULL;
}

static PGconn *check_out(void)
{
	void *place;

	if (gev_queue_get(&places, &place, GEV_FOREVER) < 0)
		return NULL;
	if (!place)
		place = connect_to_server();
	if (!place)
		gev_queue_put(&places, NULL, 0);
	return place;
}

/* An error that the server did not send: nobody knows how far it got. */
static bool ended_early(const PGresult *r)
{
	return PQresultStatus(r) == PGRES_FATAL_ERROR &&
	       !PQresultErrorField(r, PG_DIAG_SQLSTATE);
}

/* In a shield, since a killed greenlet may wait nowhere else. */
static void tell_server_to_give_up(PGconn *c)
{
	PGcancel *cancel = PQgetCancel(c);
	char why[256];
	gev_timeout t;

	gev_shield_begin();
	gev_timeout_start(&t, GEV_SEC(5));
	PQcancel(cancel, why, sizeof(why));
	gev_timeout_cancel(&t);
	gev_shield_end();
	PQfreeCancel(cancel);
}

static void check_in(PGconn *c, const PGresult *r)
{
	if (ended_early(r))
		tell_server_to_give_up(c);
	if (ended_early(r) || PQtransactionStatus(c) != PQTRANS_IDLE) {
		PQfinish(c);
		c = NULL;
		replaced++;
	}
	gev_queue_put(&places, c, 0);
}

/* Whether it was answered, and in time. */
static bool query(const char *sql, bool *fired)
{
	PGconn *c = check_out();
	PGresult *r;
	gev_timeout t;
	bool ok;

	if (!c)
		return false;
	gev_timeout_start(&t, PATIENCE);
	r = PQexec(c, sql);
	*fired = gev_timeout_cancel(&t);
	ok = PQresultStatus(r) == PGRES_TUPLES_OK;
	check_in(c, r);
	PQclear(r);
	return ok;
}

static intptr_t request(void *sql)
{
	bool fired = false;

	if (query(sql, &fired))
		answered++;
	else if (fired)
		late++;
	else
		failed++;
	return 0;
}

/* Whoever wanted to know is gone before there is an answer. */
static intptr_t abandoned_request(void *sql)
{
	bool fired = false;

	if (!query(sql, &fired) && !fired)
		killed++;
	else
		failed++;
	return 0;
}

static void start(gev_pool *pool, gev_fn *fn, const char *sql)
{
	static const struct gev_spawn_options options = { .stack_size =
								  256 * 1024 };
	gev_greenlet *g = gev_greenlet_new(fn, (void *)sql, &options);

	if (gev_pool_start(pool, g, GEV_FOREVER) < 0)
		die("greenlet: %s", strerror(errno));
	gev_unref(g);
}

static void make_requests(int n)
{
	gev_group requests = GEV_GROUP_INIT, abandoned = GEV_GROUP_INIT;

	for (int i = 0; i < n; i++)
		if (i % 10 == 3)
			start(&requests, request, "select pg_sleep(3600)");
		else if (i % 10 == 7)
			start(&abandoned, abandoned_request,
				"select pg_sleep(3600)");
		else
			start(&requests, request, "select 42");
	gev_sleep(PATIENCE / 5);
	gev_pool_kill(&abandoned, GEV_FOREVER);
	gev_pool_join(&requests, GEV_FOREVER);
}

static void open_pool(size_t size)
{
	gev_queue_init(&places, size);
	while (!gev_queue_full(&places))
		gev_queue_put(&places, NULL, 0);
}

static void close_pool(void)
{
	void *c;

	while (gev_queue_get(&places, &c, 0) == 0)
		PQfinish(c);
}

static const char usage[] =
	"usage: query_pool CONNINFO [REQUESTS [CONNECTIONS]]\n"
	"Ask PostgreSQL over few connections, some of it in vain.\n\n"
	"  CONNINFO      as for PQconnectdb, \"host=127.0.0.1 user=me\"\n"
	"  REQUESTS      how many, all at the same time (100)\n"
	"  CONNECTIONS   that they share (4)\n"
	"  --help        this";

int main(int argc, char **argv)
{
	int n = 100, size = 4;

	check_arguments(argc, argv, 1, 3, usage);
	conninfo = argv[1];
	if (argc > 2)
		n = (int)number_option("REQUESTS", argv[2], 1, 1000000);
	if (argc > 3)
		size = (int)number_option("CONNECTIONS", argv[3], 1, 1000);
	patch_libc();

	open_pool((size_t)size);
	make_requests(n);
	close_pool();
	printf("%d answered, %d too late, %d killed, %d failed\n"
	       "%d connections opened, %d of them replaced\n",
		answered, late, killed, failed, opened, replaced);
	return failed > 0;
}

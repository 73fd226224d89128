/* SPDX-License-Identifier: MIT */
/* libpq against PostgreSQL: queries, TLS, COPY, and servers that fail it. */
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>
#include <libpq-fe.h>
#include "matrix.h"
#include "server.h"

#define LINES 20000

static struct server server = { .path = "/usr/lib/postgresql/*/bin" };
static char tcp[256], tls[256], local[256];
static char version[16];

static bool answers(struct server *s)
{
	(void)s;
	return PQping(tcp) == PQPING_OK;
}

static const char *make_cluster(void)
{
	return server_run(&server,
		(const char *[]){ "initdb", "--pgdata=data", "--username=gev",
			"--auth=trust", "--encoding=UTF8", "--locale=C",
			"--no-sync", "--no-instructions", NULL });
}

static const char *make_certificate(void)
{
	return server_run(&server,
		(const char *[]){ "openssl", "req", "-x509", "-nodes",
			"-newkey", "ec", "-pkeyopt",
			"ec_paramgen_curve:prime256v1",
			"-keyout", "data/server.key", "-out", "data/server.crt",
			"-subj", "/CN=localhost", "-addext",
			"subjectAltName=IP:127.0.0.1", NULL });
}

/* What keeps data safe is off, and nothing is left behind in memory. */
static const char *start_server(void)
{
	char port[32];

	snprintf(port, sizeof(port), "--port=%d", server.port);
	return server_start(&server,
		(const char *[]){ "postgres", "-D", "data", port,
			"--listen_addresses=127.0.0.1",
			"--unix_socket_directories=..", "--ssl=on",
			"--fsync=off", "--shared_buffers=2MB",
			"--max_connections=150", "--max_wal_senders=0",
			"--autovacuum=off", "--dynamic_shared_memory_type=mmap",
			NULL },
		answers);
}

static void name_the_ways(void)
{
	static const char form[] = "port=%d user=gev dbname=postgres %s%s%s";
	const char *at = server.directory;

	snprintf(tcp, sizeof(tcp), form, server.port,
		"hostaddr=127.0.0.1 sslmode=disable", "", "");
	snprintf(tls, sizeof(tls), form, server.port,
		"host=127.0.0.1 sslmode=verify-full sslrootcert=", at,
		"/data/server.crt");
	snprintf(local, sizeof(local), form, server.port, "host=", at, "");
}

static const char *serve(void)
{
	const char *why = server_open(&server);

	if (why)
		return why;
	name_the_ways();
	why = make_cluster();
	why = why ? why : make_certificate();
	return why ? why : start_server();
}

/* Without SIGINT it would wait for those who are asleep. */
static void stop(void)
{
	if (server.pid)
		kill(server.pid, SIGINT);
	server_stop(&server);
}

static PGconn *connected(const char *conninfo)
{
	PGconn *c = PQconnectdb(conninfo);

	if (!t_eq(PQstatus(c), CONNECTION_OK))
		printf("#   %s", PQerrorMessage(c));
	return c;
}

/* The first column of the first row, or what went wrong. */
static void say(char *said, PGconn *c, const PGresult *r)
{
	snprintf(said, MATRIX_SAID, "%s",
		PQntuples(r) > 0 ? PQgetvalue(r, 0, 0) : PQerrorMessage(c));
}

static void ask(PGconn *c, const char *sql, char *said)
{
	PGresult *r;

	enter();
	r = PQexec(c, sql);
	leave();
	say(said, c, r);
	PQclear(r);
}

/* Together they take as long as all need to get there. */
static void query(const char *conninfo, int i, char *said)
{
	PGconn *c = connected(conninfo);
	char sql[128];

	snprintf(sql, sizeof(sql),
		"select string_agg((n * %d)::text, ',') from pg_sleep(%g),"
		" generate_series(1, 20) n",
		i, matrix_now.expected ? 0.5 : 0.01);
	ask(c, sql, said);
	PQfinish(c);
}

static void query_forever(const char *conninfo, char *said)
{
	PGconn *c = connected(conninfo);

	ask(c, "select pg_sleep(60)", said);
	t_eq(PQstatus(c), CONNECTION_OK);
	PQfinish(c);
}

static void query_tcp(int i, char *said)
{
	query(tcp, i, said);
}

static void stuck_tcp(int i, char *said)
{
	(void)i;
	query_forever(tcp, said);
}

static void query_local(int i, char *said)
{
	query(local, i, said);
}

static void stuck_local(int i, char *said)
{
	(void)i;
	query_forever(local, said);
}

static void query_tls(int i, char *said)
{
	query(tls, i, said);
}

static void stuck_tls(int i, char *said)
{
	(void)i;
	query_forever(tls, said);
}

static bool did(PGconn *c, const char *sql, ExecStatusType expected)
{
	PGresult *r = PQexec(c, sql);
	bool ok = t_eq(PQresultStatus(r), expected);

	if (!ok)
		printf("#   %s: %s", sql, PQerrorMessage(c));
	PQclear(r);
	return ok;
}

/* Far more than what the sockets between them hold. */
static void copy_in(PGconn *c, int i)
{
	char line[64];

	if (!did(c, "create temp table t (n int, word text)",
		    PGRES_COMMAND_OK) ||
		!did(c, "copy t from stdin", PGRES_COPY_IN))
		return;
	for (int n = 0; n < LINES; n++) {
		int size = snprintf(line, sizeof(line),
			"%d\tthe %d-th of greenlet %d\n", n, n * n, i);

		if (!t_eq(PQputCopyData(c, line, size), 1))
			return;
	}
	t_eq(PQputCopyEnd(c, NULL), 1);
}

/* How many lines, and a hash of them all. */
static void copy_out(PGconn *c, char *said)
{
	uint64_t hash = 14695981039346656037u;
	int lines = 0, size;
	char *line;

	while ((size = PQgetCopyData(c, &line, 0)) > 0) {
		for (int i = 0; i < size; i++)
			hash = (hash ^ (unsigned char)line[i]) * 1099511628211u;
		lines++;
		PQfreemem(line);
	}
	if (size == -1)
		snprintf(said, MATRIX_SAID, "%d lines, hash %016llx", lines,
			(unsigned long long)hash);
	else
		snprintf(said, MATRIX_SAID, "%s", PQerrorMessage(c));
}

static void finish_copy(PGconn *c)
{
	PGresult *r;

	while ((r = PQgetResult(c)) != NULL) {
		t_eq(PQresultStatus(r), PGRES_COMMAND_OK);
		PQclear(r);
	}
}

/* Holds a lock that all need, until all of them wait. */
static intptr_t hold_them_up(void *c)
{
	while (matrix_parked() < matrix_now.expected)
		gev_sleep(GEV_MS(1));
	PQfinish(c);
	return 0;
}

static void copy(int i, char *said)
{
	PGconn *c = connected(tcp), *holder;

	if (matrix_now.expected && i == 0) {
		holder = connected(tcp);
		did(holder, "select pg_advisory_lock(1)", PGRES_TUPLES_OK);
		gev_unref(start(hold_them_up, (intptr_t)holder));
	}
	enter();
	copy_in(c, i);
	finish_copy(c);
	if (did(c,
		    "copy (select t.* from"
		    " (select pg_advisory_xact_lock_shared(1)) l, t) to stdout",
		    PGRES_COPY_OUT)) {
		copy_out(c, said);
		finish_copy(c);
	}
	leave();
	PQfinish(c);
}

/* The lines come, until the server falls asleep. */
static void stuck_copy(int i, char *said)
{
	PGconn *c = connected(tcp);

	(void)i;
	did(c,
		"copy (select repeat('x', 1000), case n when 5000 then"
		" pg_sleep(60)::text end from generate_series(1, 9999) n)"
		" to stdout",
		PGRES_COPY_OUT);
	enter();
	copy_out(c, said);
	leave();
	PQfinish(c);
}

static const struct matrix rows[] = {
	{ "libpq", version, 100, query_tcp, stuck_tcp, "Connection timed out",
		"Operation canceled" },
	{ "libpq, unix socket", version, 50, query_local, stuck_local,
		"Connection timed out", "Operation canceled" },
	{ "libpq, TLS", version, 50, query_tls, stuck_tls,
		"Connection timed out", "Operation canceled" },
	{ "libpq, COPY", version, 20, copy, stuck_copy, "Connection timed out",
		"Operation canceled" },
};

static void is_told(const char *conninfo, const char *expected)
{
	PGconn *c = PQconnectdb(conninfo);

	t_eq(PQstatus(c), CONNECTION_BAD);
	matrix_says(PQerrorMessage(c), expected);
	PQfinish(c);
}

static intptr_t connect_refused(void *arg)
{
	char conninfo[128];
	int port, fd = server_none(&port);

	(void)arg;
	snprintf(
		conninfo, sizeof(conninfo), "hostaddr=127.0.0.1 port=%d", port);
	is_told(conninfo, "Connection refused");
	close(fd);
	return 0;
}

static void nobody_listens(void)
{
	matrix_in_greenlet(connect_refused);
}

/* Two seconds of a clock that jumps: libpq's own limit. */
static intptr_t connect_to_the_silent(void *arg)
{
	char conninfo[128];
	int port, fd = server_none(&port);

	(void)arg;
	t_eq(listen(fd, 5), 0);
	snprintf(conninfo, sizeof(conninfo),
		"hostaddr=127.0.0.1 port=%d connect_timeout=2", port);
	is_told(conninfo, "timeout expired");
	close(fd);
	return 0;
}

static void libpq_has_timeouts_too(void)
{
	t_virtual();
	matrix_in_greenlet(connect_to_the_silent);
	gev_loop_set_virtual(gev_hub_loop(gev_hub_get()), false);
}

static pid_t backend;

/* In the server, as process @backend. */
static intptr_t sleep_there(void *said)
{
	PGconn *c = connected(tcp);

	backend = PQbackendPID(c);
	ask(c, "select pg_sleep(60)", said);
	PQfinish(c);
	return 0;
}

static gev_greenlet *asleep(char *said)
{
	gev_greenlet *g;

	backend = 0;
	g = start(sleep_there, (intptr_t)said);
	while (!backend)
		usleep(1000);
	usleep(20000);
	return g;
}

static intptr_t kill_one_of_two(void *arg)
{
	PGconn *other = connected(tcp);
	char said[MATRIX_SAID];
	gev_greenlet *g = asleep(said);

	(void)arg;
	t_eq(gev_kill(g, GEV_SEC(10)), 0);
	gev_unref(g);
	ask(other, "select 'still here'", said);
	t_str(said, "still here");
	PQfinish(other);
	return 0;
}

static void others_do_not_notice_a_kill(void)
{
	matrix_in_greenlet(kill_one_of_two);
}

static intptr_t kill_the_backend(void *arg)
{
	char said[MATRIX_SAID];
	gev_greenlet *g = asleep(said);

	(void)arg;
	t_eq(kill(backend, SIGKILL), 0);
	join(g);
	matrix_says(said, "server closed the connection unexpectedly");
	return 0;
}

static void server_dies_in_mid_query(void)
{
	matrix_in_greenlet(kill_the_backend);
}

int main(void)
{
	snprintf(version, sizeof(version), "%d.%d", PQlibVersion() / 10000,
		PQlibVersion() % 10000);
	if (matrix_begin(serve)) {
		for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
			matrix_row(&rows[i]);
		T_RUN(nobody_listens);
		T_RUN(libpq_has_timeouts_too);
		T_RUN(others_do_not_notice_a_kill);
		T_RUN(server_dies_in_mid_query);
	}
	return matrix_end(stop);
}

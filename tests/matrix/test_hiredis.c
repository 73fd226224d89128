/* SPDX-License-Identifier: MIT */
/* hiredis against Redis: waiting for lists, for messages, for many answers. */
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>
#include <hiredis/hiredis.h>
#include "matrix.h"
#include "server.h"

#define COMMANDS 2000

static struct server server;
static char version[16];

static const char *serve(void)
{
	const char *why = server_open(&server);
	char port[8];

	if (why)
		return why;
	snprintf(port, sizeof(port), "%d", server.port);
	return server_start(&server,
		(const char *[]){ "redis-server", "--port", port, "--bind",
			"127.0.0.1", "--unixsocket", "socket", "--save", "",
			NULL },
		NULL);
}

static void stop(void)
{
	server_stop(&server);
}

static redisContext *connected(void)
{
	redisContext *c = redisConnect("127.0.0.1", server.port);

	if (!t_ok(c && !c->err))
		printf("#   %s\n", c ? c->errstr : "no memory");
	return c;
}

static redisContext *connected_here(void)
{
	char path[80];
	redisContext *c;

	snprintf(path, sizeof(path), "%s/socket", server.directory);
	c = redisConnectUnix(path);
	t_ok(c && !c->err);
	return c;
}

/* The last string of an answer, or what went wrong. */
static void say(char *said, const redisContext *c, const redisReply *r)
{
	const char *text;

	while (r && r->type == REDIS_REPLY_ARRAY && r->elements > 0)
		r = r->element[r->elements - 1];
	text = r ? r->str : c->errstr;
	snprintf(said, MATRIX_SAID, "%s", text ? text : "no string");
}

static bool did(redisContext *c, const char *format, int i)
{
	redisReply *r = redisCommand(c, format, i, i);
	bool ok = t_ok(r && r->type != REDIS_REPLY_ERROR);

	freeReplyObject(r);
	return ok;
}

/* What they wait for comes when all of them do. */
static intptr_t deliver_to_all(void *format)
{
	redisContext *c = connected();

	while (matrix_parked() < matrix_now.expected)
		gev_sleep(GEV_MS(1));
	for (int i = matrix_now.expected - 1; i >= 0; i--)
		did(c, format, i);
	redisFree(c);
	return 0;
}

/* One by one, each has it before he asks. */
static void deliver(const char *format, int i)
{
	redisContext *c;

	if (matrix_now.expected) {
		if (i == 0)
			gev_unref(start(deliver_to_all, (intptr_t)format));
		return;
	}
	c = connected();
	did(c, format, i);
	redisFree(c);
}

static void pop(int i, char *said)
{
	redisContext *c = connected();
	redisReply *r;

	deliver("RPUSH list%d value%d", i);
	enter();
	r = redisCommand(c, "BLPOP list%d 0", i);
	leave();
	say(said, c, r);
	freeReplyObject(r);
	redisFree(c);
}

static void listen_to(redisContext *c, int i, char *said)
{
	void *r = NULL;

	did(c, "SUBSCRIBE channel%d", i);
	deliver("PUBLISH channel%d message%d", i);
	enter();
	redisGetReply(c, &r);
	leave();
	say(said, c, r);
	freeReplyObject(r);
}

static void subscribe(int i, char *said)
{
	redisContext *c = connected_here();

	listen_to(c, i, said);
	redisFree(c);
}

static void append(redisContext *c, int i)
{
	/* The others wait for this one. */
	redisAppendCommand(c, "BLPOP nothing %s",
		matrix_now.expected ? "0.3" : "0.01");
	redisAppendCommand(c, "SET n%d %d", i, i);
	for (int n = 0; n < COMMANDS; n++)
		redisAppendCommand(c, "INCRBY n%d %d", i, n);
	redisAppendCommand(c, "GET n%d", i);
}

static void pipeline(int i, char *said)
{
	redisContext *c = connected_here();
	void *r;

	append(c, i);
	enter();
	for (int n = 0; n < COMMANDS + 3; n++) {
		r = NULL;
		redisGetReply(c, &r);
		say(said, c, r);
		freeReplyObject(r);
	}
	leave();
	redisFree(c);
}

static void pop_in_vain(int i, char *said)
{
	redisContext *c = connected();
	redisReply *r;

	(void)i;
	enter();
	r = redisCommand(c, "BLPOP nothing 0");
	leave();
	t_eq(c->err, REDIS_ERR_IO);
	say(said, c, r);
	freeReplyObject(r);
	redisFree(c);
}

static void subscribe_in_vain(int i, char *said)
{
	redisContext *c = connected_here();
	void *r = NULL;

	(void)i;
	did(c, "SUBSCRIBE silence", 0);
	enter();
	t_eq(redisGetReply(c, &r), REDIS_ERR);
	leave();
	say(said, c, r);
	redisFree(c);
}

/* The answers before it have been read. */
static void pipeline_in_vain(int i, char *said)
{
	redisContext *c = connected_here();
	void *r;

	(void)i;
	redisAppendCommand(c, "PING");
	redisAppendCommand(c, "BLPOP nothing 0");
	redisAppendCommand(c, "PING");
	enter();
	t_eq(redisGetReply(c, &r), REDIS_OK);
	freeReplyObject(r);
	r = NULL;
	t_eq(redisGetReply(c, &r), REDIS_ERR);
	leave();
	say(said, c, r);
	redisFree(c);
}

static const struct matrix rows[] = {
	{ "hiredis, blocking pop", version, 100, pop, pop_in_vain,
		"Connection timed out", "Operation canceled" },
	{ "hiredis, subscription", version, 50, subscribe, subscribe_in_vain,
		"Connection timed out", "Operation canceled" },
	{ "hiredis, pipeline", version, 20, pipeline, pipeline_in_vain,
		"Connection timed out", "Operation canceled" },
};

static intptr_t wait_too_long(void *arg)
{
	redisContext *c = connected();

	(void)arg;
	redisSetTimeout(c, (struct timeval){ .tv_usec = 50000 });
	t_ok(!redisCommand(c, "BLPOP nothing 0"));
	t_eq(c->err, REDIS_ERR_IO);
	matrix_says(c->errstr, "Resource temporarily unavailable");
	redisFree(c);
	return 0;
}

static void hiredis_has_timeouts_too(void)
{
	matrix_in_greenlet(wait_too_long);
}

/* Who accepts nobody has room for one or two. */
static intptr_t connect_too_long(void *arg)
{
	struct timeval limit = { .tv_usec = 50000 };
	redisContext *c[4];
	int port, fd = server_none(&port);

	(void)arg;
	t_eq(listen(fd, 0), 0);
	for (int i = 0; i < 4; i++)
		c[i] = redisConnectWithTimeout("127.0.0.1", port, limit);
	t_eq(c[3]->err, REDIS_ERR_IO);
	matrix_says(c[3]->errstr, "Connection timed out");
	for (int i = 0; i < 4; i++)
		redisFree(c[i]);
	close(fd);
	return 0;
}

static void to_connect_has_one(void)
{
	matrix_in_greenlet(connect_too_long);
}

static intptr_t connect_refused(void *arg)
{
	int port, fd = server_none(&port);
	redisContext *c = redisConnect("127.0.0.1", port);

	(void)arg;
	t_eq(c->err, REDIS_ERR_IO);
	matrix_says(c->errstr, "Connection refused");
	redisFree(c);
	close(fd);
	return 0;
}

static void nobody_listens(void)
{
	matrix_in_greenlet(connect_refused);
}

static bool waits;

static intptr_t be_left(void *arg)
{
	redisContext *c = connected();

	(void)arg;
	waits = true;
	t_ok(!redisCommand(c, "BLPOP nothing 0"));
	t_eq(c->err, REDIS_ERR_EOF);
	matrix_says(c->errstr, "Server closed the connection");
	redisFree(c);
	return 0;
}

static intptr_t kill_the_server(void *arg)
{
	gev_greenlet *g = start(be_left, 0);

	(void)arg;
	while (!waits)
		gev_sleep(GEV_MS(1));
	usleep(20000);
	t_eq(kill(server.pid, SIGKILL), 0);
	join(g);
	return 0;
}

static void server_dies_in_mid_call(void)
{
	matrix_in_greenlet(kill_the_server);
}

int main(void)
{
	snprintf(version, sizeof(version), "%d.%d.%d", HIREDIS_MAJOR,
		HIREDIS_MINOR, HIREDIS_PATCH);
	if (matrix_begin(serve)) {
		for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
			matrix_row(&rows[i]);
		T_RUN(hiredis_has_timeouts_too);
		T_RUN(to_connect_has_one);
		T_RUN(nobody_listens);
		T_RUN(server_dies_in_mid_call);
	}
	return matrix_end(stop);
}

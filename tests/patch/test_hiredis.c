/* SPDX-License-Identifier: MIT */
/* hiredis's blocking calls in many greenlets, against a real server. */
#include <gev/timeout.h>
#include <hiredis/hiredis.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "patch/patch.h"

#define CLIENTS 50

static char directory[] = "/tmp/gev-redis-XXXXXX";
static char path[64];
static pid_t server;

static redisContext *connected(void)
{
	redisContext *c = redisConnectUnix(path);

	for (int i = 0; i < 500 && (!c || c->err); i++) {
		redisFree(c);
		usleep(10000);
		c = redisConnectUnix(path);
	}
	return c;
}

/* Without patching still: the server comes up meanwhile. */
static bool serve(void)
{
	redisContext *c;
	bool up;

	if (!mkdtemp(directory))
		return false;
	snprintf(path, sizeof(path), "%s/socket", directory);
	server = fork();
	if (server == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execlp("redis-server", "redis-server", "--port", "0",
			"--unixsocket", path, "--save", "", "--dir", directory,
			"--logfile", "/dev/null", NULL);
		_exit(127);
	}
	c = connected();
	up = c && !c->err;
	redisFree(c);
	return up;
}

static void stop(void)
{
	kill(server, SIGTERM);
	waitpid(server, NULL, 0);
	unlink(path);
	rmdir(directory);
}

static bool push(int key)
{
	redisContext *c = connected();
	redisReply *r = redisCommand(c, "RPUSH list%d value%d", key, key);
	bool ok = r && r->type == REDIS_REPLY_INTEGER;

	freeReplyObject(r);
	redisFree(c);
	return ok;
}

static intptr_t pop(void *arg)
{
	int key = (int)(intptr_t)arg;
	redisContext *c = connected();
	char expected[32];
	redisReply *r;

	snprintf(expected, sizeof(expected), "value%d", key);
	enter();
	r = redisCommand(c, "BLPOP list%d 0", key);
	leave();
	t_ok(r && r->type == REDIS_REPLY_ARRAY && r->elements == 2);
	if (r && r->elements == 2)
		t_str(r->element[1]->str, expected);
	freeReplyObject(r);
	redisFree(c);
	return 0;
}

static void pops_overlap(void)
{
	gev_greenlet *g[CLIENTS];

	most_inside = inside = 0;
	for (int i = 0; i < CLIENTS; i++)
		g[i] = start(pop, i);
	while (inside < CLIENTS)
		usleep(1000);
	for (int i = CLIENTS - 1; i >= 0; i--)
		t_ok(push(i));
	for (int i = 0; i < CLIENTS; i++)
		join(g[i]);
	t_eq(most_inside, CLIENTS);
}

/* The library itself reports what ended the call. */
static intptr_t pop_in_vain(void *error)
{
	redisContext *c = connected();
	redisReply *r;

	enter();
	r = redisCommand(c, "BLPOP nothing 0");
	leave();
	*(int *)error = r ? 0 : errno;
	t_ok(!r && c->err == REDIS_ERR_IO);
	redisFree(c);
	return 0;
}

static void timeouts_reach_the_library(void)
{
	gev_timeout t;
	int error = 0;

	gev_timeout_start(&t, GEV_MS(50));
	pop_in_vain(&error);
	t_ok(gev_timeout_fired(&t));
	gev_timeout_cancel(&t);
	t_eq(error, ETIMEDOUT);
}

static void kills_reach_the_library(void)
{
	int error = 0;
	gev_greenlet *g = start(pop_in_vain, (intptr_t)&error);

	while (!inside)
		usleep(1000);
	usleep(1000);
	t_eq(gev_kill(g, GEV_FOREVER), 0);
	t_eq(error, ECANCELED);
	gev_unref(g);
}

static void without_a_server(void)
{
	t_skip("redis-server does not start here");
}

static void can_be_patched(void)
{
	if (patch(GEV_PATCH_ALL))
		t_eq(gev_unpatch_all(), 0);
}

int main(void)
{
	T_RUN(can_be_patched);
	if (t_skipped || t_failed_cases || !gev_hub_get())
		return t_done();
	if (!serve()) {
		T_RUN(without_a_server);
	} else {
		gev_patch_all(GEV_PATCH_ALL);
		T_RUN(pops_overlap);
		T_RUN(timeouts_reach_the_library);
		T_RUN(kills_reach_the_library);
		gev_unpatch_all();
	}
	stop();
	return t_done();
}

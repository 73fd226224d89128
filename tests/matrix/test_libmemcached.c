/* SPDX-License-Identifier: MIT */
/* libmemcached: values from memcached, which a proxy makes slow. */
#include <libmemcached/memcached.h>
#include "matrix/matrix.h"
#include "matrix/proxy.h"
#include "matrix/server.h"

static struct server server;
static struct proxy proxy;

static const char *serve(void)
{
	const char *why = server_open(&server);
	char port[16];

	snprintf(port, sizeof(port), "%d", server.port);
	if (!why)
		why = server_start(&server, (const char *[]){ "memcached", "-l",
			"127.0.0.1", "-p", port, "-U", "0", "-t", "1", NULL },
			NULL);
	if (!why)
		why = proxy_start(&proxy, &server, 50, "nobody");
	return why;
}

static void stop(void)
{
	proxy_stop(&proxy);
	server_stop(&server);
}

static memcached_st *connected(void)
{
	memcached_st *m = memcached_create(NULL);

	t_eq(memcached_server_add(m, "127.0.0.1", (in_port_t)proxy.port),
		MEMCACHED_SUCCESS);
	return m;
}

/* What was not fetched is "not found": the reason is the error before. */
static void get(memcached_st *m, const char *key, char *said)
{
	memcached_return_t r;
	size_t size;
	uint32_t flags;
	char *value;

	enter();
	value = memcached_get(m, key, strlen(key), &size, &flags, &r);
	leave();
	if (value)
		snprintf(said, MATRIX_SAID, "%.*s", (int)size, value);
	else
		snprintf(said, MATRIX_SAID, "%s, %s", memcached_strerror(m, r),
			strerror(memcached_last_error_errno(m)));
	free(value);
}

static void put_and_get(int i, char *said)
{
	memcached_st *m = connected();
	char key[16], value[64];

	snprintf(key, sizeof(key), "key%d", i);
	snprintf(value, sizeof(value), "the value of %d", i);
	t_eq(memcached_set(m, key, strlen(key), value, strlen(value), 0, 0),
		MEMCACHED_SUCCESS);
	get(m, key, said);
	memcached_free(m);
}

static void get_in_vain(int i, char *said)
{
	memcached_st *m = connected();

	(void)i;
	get(m, "nobody", said);
	memcached_free(m);
}

int main(void)
{
	struct matrix row = { .library = "libmemcached",
		.version = memcached_lib_version(),
		.calls = 20,
		.call = put_and_get,
		.stuck = get_in_vain,
		.at_timeout = "Connection timed out",
		.at_kill = "Operation canceled" };

	if (matrix_begin(serve))
		matrix_row(&row);
	return matrix_end(stop);
}

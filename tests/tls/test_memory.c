/* SPDX-License-Identifier: MIT */
/*
 * No memory: an allocation in a conversation fails, of OpenSSL's and of
 * ours, which are OpenSSL's too.  Nothing may crash, hang or leak.
 */
#include <openssl/crypto.h>
#include <openssl/err.h>
#include "tls/ends.h"

#define TRIES (t_under("valgrind") ? 20 : 250)

static long count;     /* of allocations */
static long fatal = -1; /* which of them fails; -1: none does */

static bool fails_now(void)
{
	return count++ == fatal;
}

static void *allocate(size_t size, const char *file, int line)
{
	(void)file, (void)line;
	return fails_now() ? NULL : malloc(size);
}

static void *reallocate(void *p, size_t size, const char *file, int line)
{
	(void)file, (void)line;
	return fails_now() ? NULL : realloc(p, size);
}

static void release(void *p, const char *file, int line)
{
	(void)file, (void)line;
	free(p);
}

static intptr_t echo_once(void *tls)
{
	char buf[16];
	ssize_t n = gev_tls_read(tls, buf, sizeof(buf));

	if (n > 0 && gev_tls_write(tls, buf, (size_t)n) == n &&
		gev_tls_shutdown(tls, SHUT_RDWR, SOON) == 0)
		return 0;
	gev_shutdown(gev_tls_fd(tls), SHUT_RDWR);
	return -1;
}

static bool talk(gev_tls *tls)
{
	struct gev_tls_info info;
	char buf[16];

	return gev_tls_handshake(tls, SOON) == 0 &&
	       gev_tls_write(tls, "hello", 5) == 5 &&
	       gev_tls_read(tls, buf, sizeof(buf)) == 5 &&
	       gev_tls_get_info(tls, &info) == 0 &&
	       strcmp(info.subject, "CN=good") == 0 &&
	       gev_tls_shutdown(tls, SHUT_RDWR, SOON) == 0;
}

static bool converse(gev_tls_context *c, gev_tls_context *s, int fds[2])
{
	gev_tls *client = gev_tls_client(fds[0], c, "localhost");
	gev_tls *server = client ? gev_tls_server(fds[1], s) : NULL;
	gev_greenlet *g;
	bool good;

	if (!server) {
		t_eq(errno, ENOMEM);
		gev_tls_free(client);
		return false;
	}
	g = gev_spawn(echo_once, server);
	good = talk(client);
	gev_shutdown(fds[0], SHUT_RDWR);
	gev_join(g, SOON);
	t_ok(gev_dead(g));
	good = good && gev_get(g, 0) == 0;
	gev_unref(g);
	gev_tls_free(client);
	gev_tls_free(server);
	return good;
}

static bool set_up(gev_tls_context *c, gev_tls_context *s)
{
	return c && s && gev_tls_context_set_alpn(c, "h2") == 0 &&
	       gev_tls_context_set_alpn(s, "h2") == 0 &&
	       gev_tls_context_load_ca(c, pki("ca.pem"), NULL) == 0 &&
	       gev_tls_context_load_cert(s, pki("good.pem"), NULL) == 0;
}

/* Whether all went well, though the @n-th allocation failed. */
static bool try(long n)
{
	gev_tls_context *c, *s;
	bool good;
	int fds[2];

	tcp_pair(fds);
	count = 0;
	fatal = n;
	c = gev_tls_context_new(GEV_TLS_CLIENT);
	s = gev_tls_context_new(GEV_TLS_SERVER);
	good = set_up(c, s) && converse(c, s, fds);
	fatal = -1;
	gev_tls_context_free(c);
	gev_tls_context_free(s);
	t_eq(ERR_peek_error(), 0);
	gev_close(fds[0]);
	gev_close(fds[1]);
	return good;
}

/* As many of them as there is time for; which, the process number decides. */
static void any_allocation_fails(void)
{
	long all, step;
	int bad = 0;

	t_ok(try(-1));
	t_ok(try(-1));
	all = count;
	step = all / TRIES + 1;
	printf("# each %ld. of %ld from %ld\n", step, all, getpid() % step);
	for (long n = getpid() % step; n < all; n += step)
		bad += !try(n);
	t_ok(bad > 0);
	t_ok(try(-1));
}

int main(void)
{
	CRYPTO_set_mem_functions(allocate, reallocate, release);
	pki_open();
	T_RUN(any_allocation_fails);
	pki_close();
	return t_done();
}

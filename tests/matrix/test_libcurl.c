/* SPDX-License-Identifier: MIT */
/*
 * libcurl's easy interface against nginx, which has it from a slow server.
 *
 * Debian's libcurl looks names up in a thread of its own for each, which wakes
 * the caller through a socket pair.
 */
#include <curl/curl.h>
#include <fcntl.h>
#include <gev/lock.h>
#include "matrix/matrix.h"
#include "matrix/nginx.h"

#define CALLS 20
#define BIG 300000

static char https[64]; /* the server with TLS, by a name of our own */
static char http[64];
static char resolve[64];

/* Big ones, each of which is full of its own letter. */
static const char *make_files(void)
{
	char name[16];
	static char text[BIG + 1];
	const char *why = NULL;

	for (int i = 0; i < CALLS && !why; i++) {
		memset(text, 'a' + i, BIG);
		snprintf(name, sizeof(name), "file/%d", i);
		why = server_file(&nginx.server, name, "%s", text);
	}
	return why;
}

static const char *serve(void)
{
	const char *why = nginx_start();

	/* A name of the hosts file: a thread looks it up. */
	snprintf(http, sizeof(http), "http://localhost:%d", nginx.server.port);
	snprintf(https, sizeof(https), "https://nginx.test:%d", nginx.tls_port);
	snprintf(resolve, sizeof(resolve), "nginx.test:%d:127.0.0.1",
		nginx.tls_port);
	return why ? why : make_files();
}

/* A handle, and what comes of it. */
struct transfer {
	CURL *curl;
	struct curl_slist *names;
	CURLcode code;
	long status, version;
	size_t size, sent;
	unsigned long sum;
	char body[64]; /* its beginning */
	char error[CURL_ERROR_SIZE];
};

static size_t take(char *data, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;

	n *= size;
	for (size_t i = 0; i < n; i++) {
		if (t->size + i < sizeof(t->body) - 1)
			t->body[t->size + i] = data[i];
		t->sum += (unsigned char)data[i];
	}
	t->size += n;
	return n;
}

static void begin(struct transfer *t)
{
	memset(t, 0, sizeof(*t));
	t->curl = curl_easy_init();
	t->names = curl_slist_append(NULL, resolve);
	curl_easy_setopt(t->curl, CURLOPT_ERRORBUFFER, t->error);
	curl_easy_setopt(t->curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(t->curl, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(t->curl, CURLOPT_RESOLVE, t->names);
	curl_easy_setopt(t->curl, CURLOPT_CAINFO, nginx.certificate);
	curl_easy_setopt(t->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(t->curl, CURLOPT_PROXY, "");
}

static void end(struct transfer *t)
{
	curl_easy_cleanup(t->curl);
	curl_slist_free_all(t->names);
}

static __attribute__((format(printf, 2, 3))) void perform(struct transfer *t,
	const char *format, ...)
{
	char url[128];
	va_list ap;

	va_start(ap, format);
	vsnprintf(url, sizeof(url), format, ap);
	va_end(ap);
	memset(t->body, 0, sizeof(t->body));
	t->size = t->sum = 0;
	curl_easy_setopt(t->curl, CURLOPT_URL, url);
	t->code = curl_easy_perform(t->curl);
	curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &t->status);
	curl_easy_getinfo(t->curl, CURLINFO_HTTP_VERSION, &t->version);
}

static void say(const struct transfer *t, char *said)
{
	if (t->code)
		snprintf(said, MATRIX_SAID, "%s",
			t->error[0] ? t->error : curl_easy_strerror(t->code));
	else
		snprintf(said, MATRIX_SAID, "%ld over %ld: %s", t->status,
			t->version, t->body);
}

/* As many as go on at a time meet at the server. */
static void call(const char *server, int i, char *said)
{
	int many = matrix_now.expected ? matrix_now.expected : 1;
	struct transfer t;

	begin(&t);
	enter();
	perform(&t, "%s/gate/%d/%d", server, many, i);
	leave();
	say(&t, said);
	end(&t);
}

static void stuck(const char *server, char *said)
{
	struct transfer t;

	begin(&t);
	enter();
	perform(&t, "%s/never", server);
	leave();
	say(&t, said);
	end(&t);
}

static void call_http(int i, char *said)
{
	call(http, i, said);
}

static void call_https(int i, char *said)
{
	call(https, i, said);
}

static void stuck_http(int i, char *said)
{
	(void)i;
	stuck(http, said);
}

static void stuck_https(int i, char *said)
{
	(void)i;
	stuck(https, said);
}

/* poll() has failed, and that is how libcurl says so. */
#define BAD "A libcurl function was given a bad argument"

static const struct matrix rows[] = {
	{ .library = "libcurl", .version = LIBCURL_VERSION, .calls = CALLS,
		.call = call_http, .stuck = stuck_http, .at_timeout = BAD,
		.at_kill = BAD },
	{ .library = "libcurl, HTTP/2 over TLS", .version = LIBCURL_VERSION,
		.calls = CALLS, .call = call_https, .stuck = stuck_https,
		.at_timeout = BAD, .at_kill = BAD },
};

/* @fn in so many greenlets, patched. */
static void in_greenlets(gev_fn *fn)
{
	gev_greenlet *g[CALLS];

	t_eq(gev_patch_all(GEV_PATCH_ALL), 0);
	for (int i = 0; i < CALLS; i++)
		g[i] = start(fn, i);
	for (int i = 0; i < CALLS; i++)
		join(g[i]);
	t_eq(gev_unpatch_all(), 0);
}

static void protocols_are_as_they_say(void)
{
	struct transfer t;

	begin(&t);
	perform(&t, "%s/late/a", http);
	t_eq(t.version, CURL_HTTP_VERSION_1_1);
	perform(&t, "%s/late/a", https);
	t_eq(t.version, CURL_HTTP_VERSION_2_0);
	t_str(t.body, "a, please");
	end(&t);
}

static intptr_t fetch_a_file(void *arg)
{
	int i = (int)(intptr_t)arg;
	struct transfer t;

	begin(&t);
	perform(&t, "%s/file/%d", i % 2 ? http : https, i);
	t_eq(t.code, CURLE_OK);
	t_eq(t.size, BIG);
	t_eq(t.sum, (unsigned long)BIG * (unsigned long)('a' + i));
	end(&t);
	return 0;
}

static void big_bodies_are_whole(void)
{
	in_greenlets(fetch_a_file);
}

static intptr_t time_out(void *arg)
{
	bool connecting = (intptr_t)arg % 2;
	struct transfer t;

	begin(&t);
	curl_easy_setopt(t.curl, CURLOPT_TIMEOUT_MS, 300L);
	curl_easy_setopt(t.curl, CURLOPT_NOSIGNAL, connecting ? 0L : 1L);
	perform(&t, "%s/never", connecting ? http : https);
	t_eq(t.code, CURLE_OPERATION_TIMEDOUT);
	t_ok(strstr(t.error, "timed out after 3") != NULL);
	end(&t);
	return 0;
}

static void its_own_timeout_works(void)
{
	in_greenlets(time_out);
}

/* Three requests on one connection. */
static intptr_t ask_thrice(void *arg)
{
	long connections, all = 0;
	struct transfer t;

	begin(&t);
	for (int i = 0; i < 3; i++) {
		perform(&t, "%s/file/%d", (intptr_t)arg % 2 ? http : https, i);
		t_eq(t.code, CURLE_OK);
		curl_easy_getinfo(t.curl, CURLINFO_NUM_CONNECTS, &connections);
		all += connections;
	}
	t_eq(all, 1);
	end(&t);
	return 0;
}

static void connections_are_reused(void)
{
	in_greenlets(ask_thrice);
}

static size_t give(char *data, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;

	n *= size;
	if (n > BIG - t->sent)
		n = BIG - t->sent;
	memset(data, 'u', n);
	t->sent += n;
	return n;
}

static intptr_t upload(void *arg)
{
	char expected[64];
	struct transfer t;

	begin(&t);
	curl_easy_setopt(t.curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(t.curl, CURLOPT_READFUNCTION, give);
	curl_easy_setopt(t.curl, CURLOPT_READDATA, &t);
	curl_easy_setopt(t.curl, CURLOPT_INFILESIZE, (long)BIG);
	perform(&t, "%s/file", (intptr_t)arg % 2 ? http : https);
	t_eq(t.code, CURLE_OK);
	snprintf(expected, sizeof(expected), "%d bytes, sum %d", BIG,
		BIG * 'u');
	t_str(t.body, expected);
	end(&t);
	return 0;
}

static void uploads_arrive(void)
{
	in_greenlets(upload);
}

static intptr_t ask_with_signals(void *arg)
{
	struct transfer t;

	begin(&t);
	curl_easy_setopt(t.curl, CURLOPT_NOSIGNAL, 0L);
	perform(&t, "%s/late/%d", http, (int)(intptr_t)arg);
	t_eq(t.code, CURLE_OK);
	end(&t);
	return 0;
}

static void signals_do_no_harm(void)
{
	in_greenlets(ask_with_signals);
}

/* One cache of names, sessions and connections for all. */
static CURLSH *share;
static gev_mutex locks[CURL_LOCK_DATA_LAST];
static int locked;

static void lock(CURL *curl, curl_lock_data data, curl_lock_access access,
	void *arg)
{
	(void)curl;
	(void)access;
	(void)arg;
	locked += gev_mutex_acquire(&locks[data], GEV_FOREVER) == 0;
}

static void unlock(CURL *curl, curl_lock_data data, void *arg)
{
	(void)curl;
	(void)arg;
	gev_mutex_release(&locks[data]);
}

static intptr_t ask_sharing(void *arg)
{
	struct transfer t;

	begin(&t);
	curl_easy_setopt(t.curl, CURLOPT_SHARE, share);
	for (int i = 0; i < 3; i++) {
		perform(&t, "%s/late/%d", (intptr_t)arg % 2 ? http : https, i);
		t_eq(t.code, CURLE_OK);
		t_eq(t.status, 200);
	}
	end(&t);
	return 0;
}

static void caches_are_shared(void)
{
	share = curl_share_init();
	for (int i = 0; i < CURL_LOCK_DATA_LAST; i++)
		gev_mutex_init(&locks[i]);
	curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
	curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
	curl_share_setopt(share, CURLSHOPT_LOCKFUNC, lock);
	curl_share_setopt(share, CURLSHOPT_UNLOCKFUNC, unlock);
	in_greenlets(ask_sharing);
	t_ok(locked > 0);
	t_eq(curl_share_cleanup(share), CURLSHE_OK);
}

/* Its connection is given up, and the handle makes another. */
static intptr_t ask_after_a_timeout(void *arg)
{
	gev_timeout limit;
	struct transfer t;

	begin(&t);
	perform(&t, "%s/file/1", (intptr_t)arg % 2 ? http : https);
	gev_timeout_start(&limit, GEV_MS(50));
	perform(&t, "%s/never", (intptr_t)arg % 2 ? http : https);
	t_ok(gev_timeout_cancel(&limit));
	t_eq(t.code, CURLE_BAD_FUNCTION_ARGUMENT);
	perform(&t, "%s/late/again", (intptr_t)arg % 2 ? http : https);
	t_eq(t.code, CURLE_OK);
	t_str(t.body, "again, please");
	end(&t);
	return 0;
}

static void handles_outlive_a_timeout(void)
{
	in_greenlets(ask_after_a_timeout);
}

static intptr_t ask_until_killed(void *arg)
{
	struct transfer t;

	begin(&t);
	do
		perform(&t, "%s/late/a", (intptr_t)arg % 2 ? http : https);
	while (t.code == CURLE_OK);
	end(&t);
	return 0;
}

static int open_files(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* While names are looked up, while TLS is agreed on, ... */
static void kills_may_come_at_any_time(void)
{
	gev_greenlet *g[CALLS];
	int before;

	t_eq(gev_patch_all(GEV_PATCH_ALL), 0);
	before = open_files();
	for (int i = 0; i < CALLS; i++) {
		g[i] = start(ask_until_killed, i);
		gev_sleep(GEV_US(700));
	}
	for (int i = 0; i < CALLS; i++) {
		t_eq(gev_kill(g[i], GEV_SEC(10)), 0);
		gev_unref(g[i]);
		gev_sleep(GEV_MS(1));
	}
	t_eq(open_files(), before);
	t_eq(gev_unpatch_all(), 0);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (matrix_begin(serve)) {
		matrix_row(&rows[0]);
		matrix_row(&rows[1]);
		T_RUN(protocols_are_as_they_say);
		T_RUN(big_bodies_are_whole);
		T_RUN(its_own_timeout_works);
		T_RUN(connections_are_reused);
		T_RUN(uploads_arrive);
		T_RUN(signals_do_no_harm);
		T_RUN(caches_are_shared);
		T_RUN(handles_outlive_a_timeout);
		T_RUN(kills_may_come_at_any_time);
	}
	curl_global_cleanup();
	return matrix_end(nginx_stop);
}

/* SPDX-License-Identifier: MIT */
/*
 * Names: libc's resolver and c-ares, asking a dnsmasq that asks a slow server.
 * All in a world of our own, where /etc/resolv.conf names it.
 */
#include <ares.h>
#include <gnu/libc-version.h>
#include <resolv.h>
#include <sys/select.h>
#include "matrix/matrix.h"
#include "matrix/slow_dns.h"

#define CALLS 20

static struct dnsmasq dnsmasq;
static const char *no_world;

static const char *serve(void)
{
	static char server[64];

	if (no_world)
		return no_world;
	slow_dns_start();
	snprintf(server, sizeof(server), "--server=/gate.test/127.0.0.1#%d",
		slow_dns.port);
	beyond = server;
	dnsmasq = start_dnsmasq(53);
	return dnsmasq.pid ? NULL : NO_DNSMASQ;
}

static void stop(void)
{
	stop_dnsmasq(&dnsmasq);
	slow_dns_stop();
}

/* As many as are asked for at a time are answered together. */
static void make_name(char *name, int i)
{
	sprintf(name, "g%d-%d.gate.test",
		matrix_now.expected ? matrix_now.expected : 1, i);
}

static void ask_libc(const char *name, char *said)
{
	struct addrinfo hints = { .ai_family = AF_INET,
		.ai_socktype = SOCK_STREAM }, *list = NULL;
	int r;

	enter();
	r = getaddrinfo(name, "80", &hints, &list);
	leave();
	if (r == 0)
		list_text(list, said);
	else
		snprintf(said, MATRIX_SAID, "%s", gai_strerror(r));
	if (r == 0)
		freeaddrinfo(list);
}

static void call_libc(int i, char *said)
{
	char name[64];

	make_name(name, i);
	ask_libc(name, said);
}

static void stuck_libc(int i, char *said)
{
	(void)i;
	ask_libc("never.gate.test", said);
}

/* A state of the caller's own: the oldest of the resolver's interfaces. */
static void ask_res(const char *name, char *said)
{
	struct __res_state state = { 0 };
	unsigned char answer[512];
	int n;

	res_ninit(&state);
	enter();
	n = res_nquery(&state, name, ns_c_in, ns_t_a, answer, sizeof(answer));
	leave();
	if (n < 0)
		snprintf(said, MATRIX_SAID, "%s", hstrerror(state.res_h_errno));
	else
		snprintf(said, MATRIX_SAID, "an answer that ends in %d",
			answer[n - 1]);
	res_nclose(&state);
}

static void call_res(int i, char *said)
{
	char name[64];

	make_name(name, i);
	ask_res(name, said);
}

static void stuck_res(int i, char *said)
{
	(void)i;
	ask_res("never.gate.test", said);
}

struct ares_answer {
	bool done;
	char *said;
};

static void take_answer(void *arg, int status, int timeouts,
	struct ares_addrinfo *list)
{
	struct ares_answer *a = arg;

	(void)timeouts;
	a->done = true;
	if (status != ARES_SUCCESS)
		snprintf(a->said, MATRIX_SAID, "%s", ares_strerror(status));
	else
		inet_ntop(AF_INET, &((struct sockaddr_in *)list->nodes->ai_addr)
			->sin_addr, a->said, MATRIX_SAID);
	ares_freeaddrinfo(list);
}

/* As ares_process(3) shows it. */
static void await_answer(ares_channel channel, const struct ares_answer *a)
{
	while (!a->done) {
		struct timeval most = { .tv_sec = 5 }, left;
		fd_set in, out;
		int n;

		FD_ZERO(&in);
		FD_ZERO(&out);
		n = ares_fds(channel, &in, &out);
		if (select(n, &in, &out, NULL,
			    ares_timeout(channel, &most, &left)) < 0) {
			ares_cancel(channel);
			return;
		}
		ares_process(channel, &in, &out);
	}
}

static void ask_ares(const char *name, char *said)
{
	struct ares_addrinfo_hints hints = { .ai_family = AF_INET };
	struct ares_answer a = { .said = said };
	ares_channel channel;

	t_eq(ares_init(&channel), ARES_SUCCESS);
	enter();
	ares_getaddrinfo(channel, name, NULL, &hints, take_answer, &a);
	await_answer(channel, &a);
	leave();
	ares_destroy(channel);
}

static void call_ares(int i, char *said)
{
	char name[64];

	make_name(name, i);
	ask_ares(name, said);
}

static void stuck_ares(int i, char *said)
{
	(void)i;
	ask_ares("never.gate.test", said);
}

static const struct matrix rows[] = {
	{ .library = "c-ares", .calls = CALLS, .call = call_ares,
		.stuck = stuck_ares, .at_timeout = "DNS query cancelled",
		.at_kill = "DNS query cancelled" },
	{ .library = "glibc's getaddrinfo", .calls = CALLS, .call = call_libc,
		.stuck = stuck_libc,
		.at_timeout = "Temporary failure in name resolution",
		.at_kill = "Temporary failure in name resolution" },
	{ .library = "glibc's res_nquery", .calls = CALLS, .call = call_res,
		.stuck = stuck_res, .at_timeout = "Host name lookup failure",
		.at_kill = "Host name lookup failure" },
};

static void run_row(struct matrix row, const char *version)
{
	row.version = version;
	matrix_row(&row);
}

static const char *const names[] = { "a.test", "b.test", "nosuch.test",
	"c1.test", "localhost", "big.test", "a.sub.test", "five", "10.1.2.3" };

#define NAMES (int)(sizeof(names) / sizeof(*names))

static char said_alone[NAMES][TEXT_SIZE];

static size_t host_size;

static int by_address(const void *a, const void *b)
{
	return memcmp(*(char *const *)a, *(char *const *)b, host_size);
}

/* The server has the addresses go round: they are put in order. */
static void host_says(const char *name, char *text)
{
	struct hostent host, *found = NULL;
	char data[TEXT_SIZE], address[64];
	size_t n = 0;
	int r, error = 0;

	r = gethostbyname_r(name, &host, data, sizeof(data), &found, &error);
	if (r || !found) {
		sprintf(text, "%s", hstrerror(error));
		return;
	}
	strcpy(text, host.h_name);
	while (host.h_addr_list[n])
		n++;
	host_size = host.h_length;
	qsort(host.h_addr_list, n, sizeof(char *), by_address);
	for (int i = 0; host.h_addr_list[i]; i++) {
		inet_ntop(host.h_addrtype, host.h_addr_list[i], address,
			sizeof(address));
		strcat(strcat(text, " "), address);
	}
}

static intptr_t ask_for_hosts(void *arg)
{
	char text[TEXT_SIZE];

	for (int i = 0; i < NAMES; i++) {
		int n = (i + (int)(intptr_t)arg) % NAMES;

		host_says(names[n], text);
		t_str(text, said_alone[n]);
	}
	return 0;
}

static void hosts_are_those_of_one_at_a_time(void)
{
	gev_greenlet *g[CALLS];

	for (int i = 0; i < NAMES; i++)
		host_says(names[i], said_alone[i]);
	t_eq(gev_patch_all(GEV_PATCH_ALL), 0);
	for (int i = 0; i < CALLS; i++)
		g[i] = start(ask_for_hosts, i);
	for (int i = 0; i < CALLS; i++)
		join(g[i]);
	t_eq(gev_unpatch_all(), 0);
}

static bool as_threads;

static void libc_takes_greenlets_for_threads(void)
{
	t_eq(gev_patch_all(GEV_PATCH_ALL), 0);
	as_threads = matrix_like_threads();
	t_eq(gev_unpatch_all(), 0);
	if (!as_threads)
		t_skip("greenlets share the thread's resolver");
}

int main(void)
{
	if (enter_world("nameserver 127.0.0.1\n") < 0)
		no_world = "no name spaces of one's own";
	if (matrix_begin(serve)) {
		run_row(rows[0], ARES_VERSION_STR);
		T_RUN(libc_takes_greenlets_for_threads);
	}
	if (as_threads) {
		run_row(rows[1], gnu_get_libc_version());
		run_row(rows[2], gnu_get_libc_version());
		T_RUN(hosts_are_those_of_one_at_a_time);
	}
	return matrix_end(stop);
}

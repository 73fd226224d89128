/* SPDX-License-Identifier: MIT */
/*
 * The parsers of addresses and of the hosts file: any bytes are read, and what
 * was understood is understood again.
 *
 *	CC=clang meson setup build-fuzz -Dfuzz=true -Db_sanitize=address
 *	ninja -C build-fuzz && build-fuzz/tests/fuzz/names tests/fuzz/names
 */
#include <stdlib.h>
#include <string.h>
#include <gev/address.h>
#include "net/hosts.h"
#include "operations.h"

/* A copy with a NUL, and nothing behind it. */
static char *text_of(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

/* Whether @a is read again from what is written of it. */
static bool comes_back(const gev_address *a)
{
	struct sockaddr_storage one, other;
	socklen_t size, again;
	char text[160];
	gev_address b;

	if (gev_address_sockaddr(a, &one, &size) < 0)
		return true; /* a name, or an interface that is not there */
	if (gev_address_format((struct sockaddr *)&one, size, text,
		    sizeof(text)) >= sizeof(text))
		return false;
	return gev_address_parse(&b, text, -1) == 0 &&
	       gev_address_sockaddr(&b, &other, &again) == 0 &&
	       size == again && memcmp(&one, &other, size) == 0;
}

static bool is_sound(const gev_address *a)
{
	return a->port >= 0 && a->port <= 65535 &&
	       memchr(a->host, '\0', sizeof(a->host)) &&
	       (a->family == AF_UNSPEC || a->host[0]) && comes_back(a);
}

static bool try_address(const char *text)
{
	gev_address a;

	if (gev_address_parse(&a, text, -1) == 0 && !is_sound(&a))
		return false;
	return gev_address_parse(&a, text, 80) < 0 || is_sound(&a);
}

/* Whether each name leads to the address of its line. */
static bool leads_back(struct gev__hosts *hosts, const struct gev__host *host)
{
	for (const char *n = host->names; *n; n += strlen(n) + 1) {
		struct gev__answer answer = { .name = NULL };
		bool found = false;
		int r = gev__hosts_find(hosts, "/dev/null", n, AF_UNSPEC,
			&answer);

		for (unsigned i = 0; i < answer.count; i++)
			found |= memcmp(&answer.addrs[i], &host->addr,
					 sizeof(host->addr)) == 0;
		gev__answer_fini(&answer);
		if (r || !found)
			return false;
	}
	return true;
}

/* The stamp says that it is what was read of /dev/null. */
static bool try_hosts(const uint8_t *data, size_t size)
{
	struct gev__hosts hosts = { .stamp = gev__stamp_of("/dev/null") };
	bool ok = gev__hosts_parse(&hosts, text_of(data, size), size) == 0;

	for (unsigned i = 0; ok && i < hosts.count && i < 16; i++)
		ok = leads_back(&hosts, &hosts.hosts[i]);
	gev__hosts_fini(&hosts);
	return ok;
}

int run_operations(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size);
	bool ok = try_address(text) && try_hosts(data, size);

	free(text);
	return ok ? 0 : -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (run_operations(data, size) < 0)
		abort();
	return 0;
}

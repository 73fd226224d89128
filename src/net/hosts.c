/* SPDX-License-Identifier: MIT */
/*
 *	127.0.0.1	localhost	# a comment
 *	::1		localhost ip6-localhost
 *
 * Read as glibc reads it: all lines that have a name count, the first gives
 * the canonical name, and ::1 is 127.0.0.1 for who wants IPv4.  Lines without
 * an address and a name are skipped.
 */
#include "net/hosts.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#define BLANKS " \t\r\f\v"

void gev__hosts_fini(struct gev__hosts *hosts)
{
	free(hosts->text);
	free(hosts->hosts);
	memset(hosts, 0, sizeof(*hosts));
}

static bool parse_inet6(char *s, struct sockaddr_in6 *in6)
{
	char *zone = strchr(s, '%');

	if (zone)
		*zone++ = '\0';
	in6->sin6_family = AF_INET6;
	in6->sin6_scope_id = zone ? if_nametoindex(zone) : 0;
	return inet_pton(AF_INET6, s, &in6->sin6_addr) == 1;
}

static bool parse_addr(char *s, union gev__addr *addr)
{
	memset(addr, 0, sizeof(*addr));
	addr->in.sin_family = AF_INET;
	if (inet_pton(AF_INET, s, &addr->in.sin_addr) == 1)
		return true;
	memset(addr, 0, sizeof(*addr));
	return parse_inet6(s, &addr->in6);
}

/*
 * Moves the words of @line together, each with its NUL, to one byte before it;
 * so there is room for another NUL after the last.
 */
static char *pack(char *line)
{
	char *names = line - 1, *to = names, *word;

	while ((word = strsep(&line, BLANKS))) {
		size_t size = strlen(word) + 1;

		if (size == 1)
			continue;
		memmove(to, word, size);
		to += size;
	}
	*to = '\0';
	return names;
}

/* Whether there is something in @line. */
static bool parse_line(char *line, struct gev__host *host)
{
	char *addr;

	line[strcspn(line, "#")] = '\0';
	line += strspn(line, BLANKS);
	addr = strsep(&line, BLANKS);
	if (!line || !parse_addr(addr, &host->addr))
		return false;
	host->names = pack(line);
	return *host->names;
}

static struct gev__host *make_room(struct gev__hosts *hosts)
{
	struct gev__host *more = hosts->hosts;

	if ((hosts->count & (hosts->count - 1)) == 0)
		more = reallocarray(hosts->hosts,
			hosts->count ? 2 * (size_t)hosts->count : 1,
			sizeof(*more));
	if (!more)
		return NULL;
	hosts->hosts = more;
	return &more[hosts->count];
}

int gev__hosts_parse(struct gev__hosts *hosts, char *text, size_t size)
{
	char *end = text + size, *next;

	hosts->text = text;
	for (char *line = text; line < end; line = next) {
		struct gev__host *host = make_room(hosts);

		if (!host)
			return EAI_MEMORY;
		next = memchr(line, '\n', (size_t)(end - line));
		next = next ? next + 1 : end + 1;
		next[-1] = '\0';
		hosts->count += parse_line(line, host);
	}
	return 0;
}

/* The whole file and a NUL; NULL if that can't be had, and *error set. */
static char *read_file(const char *path, size_t *size, int *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t room = 4096;
	char *text = NULL, *more;
	ssize_t n = fd < 0 ? -1 : 1;

	for (*size = 0; n > 0; *size += (size_t)n) {
		more = realloc(text, room + 1);
		if (!more)
			break;
		text = more;
		n = read(fd, text + *size, room - *size);
		if (n < 0)
			break;
		if (*size + (size_t)n == room)
			room *= 2;
	}
	*error = n == 0 ? 0 : -errno;
	if (fd >= 0)
		close(fd);
	if (n == 0) {
		text[*size] = '\0';
		return text;
	}
	free(text);
	return NULL;
}

/*
 * A file that is not there, or may not be read, knows nobody; but what there is
 * no descriptor or memory for may know anybody.
 */
static int read_again(struct gev__hosts *hosts, const char *path)
{
	struct gev__stamp stamp = hosts->stamp;
	size_t size;
	char *text;
	int r = 0;

	if (!gev__stamp_renew(&stamp, path))
		return 0;
	gev__hosts_fini(hosts);
	text = read_file(path, &size, &r);
	r = text ? gev__hosts_parse(hosts, text, size)
		 : gev__eai(gev__stamp_error(r));
	if (r)
		gev__hosts_fini(hosts);
	else
		hosts->stamp = stamp;
	return r;
}

static const char *next_name(const char *name)
{
	return name + strlen(name) + 1;
}

static bool has_name(const struct gev__host *host, const char *name)
{
	for (const char *n = host->names; *n; n = next_name(n))
		if (strcasecmp(n, name) == 0)
			return true;
	return false;
}

static int add_names(const struct gev__host *host, struct gev__answer *answer)
{
	int r = gev__answer_set_name(answer, host->names);

	for (const char *n = host->names; r == 0 && *n; n = next_name(n))
		r = gev__answer_add_alias(answer, n);
	return r;
}

/* Whether the address of a line is one of @family, and which. */
static bool is_of(const union gev__addr *addr, int family,
	union gev__addr *found)
{
	*found = *addr;
	if (family == AF_UNSPEC || addr->any.sa_family == family)
		return true;
	if (family != AF_INET || !IN6_IS_ADDR_LOOPBACK(&addr->in6.sin6_addr))
		return false;
	memset(found, 0, sizeof(*found));
	found->in.sin_family = AF_INET;
	found->in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return true;
}

int gev__hosts_find(struct gev__hosts *hosts, const char *path,
	const char *name, int family, struct gev__answer *answer)
{
	union gev__addr addr;
	int r = read_again(hosts, path);

	for (unsigned i = 0; r == 0 && i < hosts->count; i++) {
		const struct gev__host *host = &hosts->hosts[i];

		if (!has_name(host, name) ||
			!is_of(&host->addr, family, &addr))
			continue;
		r = add_names(host, answer);
		if (r == 0)
			r = gev__answer_add(answer, &addr.any);
	}
	if (r == 0 && answer->count == 0)
		r = EAI_NONAME;
	return r;
}

int gev__hosts_find_addr(struct gev__hosts *hosts, const char *path,
	const struct sockaddr *addr, struct gev__answer *answer)
{
	struct gev__answer wanted = { .name = NULL };
	int r = gev__answer_add(&wanted, addr);

	if (r == 0)
		r = read_again(hosts, path);
	for (unsigned i = 0; r == 0 && i < hosts->count; i++) {
		const struct gev__host *host = &hosts->hosts[i];

		if (memcmp(&host->addr, wanted.addrs, sizeof(host->addr)))
			continue;
		r = add_names(host, answer);
		if (r == 0)
			r = gev__answer_add(answer, addr);
		break;
	}
	gev__answer_fini(&wanted);
	return r == 0 && answer->count == 0 ? EAI_NONAME : r;
}

/* SPDX-License-Identifier: MIT */
/*
 * The order of RFC 6724, section 6: which address of a name to try first.
 *
 * What source address the kernel would take for a destination, an unsent
 * datagram tells.  Rules 3, 4 and 7, of deprecated, home and tunnelled
 * addresses, are left out: nothing portable tells of those.
 */
#include "net/answer.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SCOPE_LINK 2
#define SCOPE_SITE 5
#define SCOPE_GLOBAL 14

struct policy {
	uint8_t prefix[16];
	int bits;
	int precedence;
	int label;
};

/* Section 2.1; the longest prefixes first. */
static const struct policy policies[] = {
	{ { [15] = 1 }, 128, 50, 0 },
	{ { [10] = 0xff, 0xff }, 96, 35, 4 },
	{ { 0 }, 96, 1, 3 },
	{ { 0x20, 0x01 }, 32, 5, 5 },
	{ { 0x20, 0x02 }, 16, 30, 2 },
	{ { 0x3f, 0xfe }, 16, 1, 12 },
	{ { 0xfe, 0xc0 }, 10, 1, 11 },
	{ { 0xfc }, 7, 3, 13 },
	{ { 0 }, 0, 40, 1 },
};

/* An address, IPv4 mapped into IPv6, and what the rules ask of it. */
struct side {
	uint8_t bytes[16];
	int scope;
	int precedence;
	int label;
};

struct candidate {
	union gev__addr addr;
	unsigned index;          /* rule 10: the order they came in */
	bool usable;
	struct side destination;
	struct side source;
};

static int common_bits(const uint8_t *a, const uint8_t *b)
{
	int bits = 0;

	for (; bits < 128 && a[bits / 8] == b[bits / 8]; bits += 8)
		;
	if (bits == 128)
		return bits;
	return bits + __builtin_clz((unsigned)(a[bits / 8] ^ b[bits / 8])) - 24;
}

static bool is_mapped(const uint8_t *bytes)
{
	return common_bits(bytes, policies[1].prefix) >= 96;
}

static int scope_of(const uint8_t *b)
{
	bool link4 = b[12] == 127 || (b[12] == 169 && b[13] == 254);
	bool loopback = common_bits(b, policies[0].prefix) == 128;

	if (is_mapped(b))
		return link4 ? SCOPE_LINK : SCOPE_GLOBAL;
	if (b[0] == 0xff)
		return b[1] & 0xf;
	if (loopback || (b[0] == 0xfe && (b[1] & 0xc0) == 0x80))
		return SCOPE_LINK;
	return b[0] == 0xfe && (b[1] & 0xc0) == 0xc0 ? SCOPE_SITE
						     : SCOPE_GLOBAL;
}

static void look_at(struct side *side, const union gev__addr *addr)
{
	const struct policy *p = policies;

	memset(side, 0, sizeof(*side));
	if (addr->any.sa_family == AF_INET) {
		memset(side->bytes + 10, 0xff, 2);
		memcpy(side->bytes + 12, &addr->in.sin_addr, 4);
	} else {
		memcpy(side->bytes, &addr->in6.sin6_addr, 16);
	}
	while (common_bits(side->bytes, p->prefix) < p->bits)
		p++;
	side->scope = scope_of(side->bytes);
	side->precedence = p->precedence;
	side->label = p->label;
}

/* Whether there is a way to @addr, and from where. */
static bool find_source(const union gev__addr *addr, union gev__addr *source)
{
	int fd = socket(addr->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	union gev__addr to = *addr;
	socklen_t size = sizeof(*source);
	bool ok;

	if (fd < 0)
		return false;
	to.in.sin_port = htons(53); /* where sin6_port is, too */
	ok = connect(fd, &to.any, gev__addr_size(&to)) == 0 &&
	     getsockname(fd, &source->any, &size) == 0;
	close(fd);
	return ok;
}

static void examine(struct candidate *c, const union gev__addr *addr,
	unsigned index)
{
	union gev__addr source;

	c->addr = *addr;
	c->index = index;
	look_at(&c->destination, addr);
	c->usable = find_source(addr, &source);
	if (c->usable)
		look_at(&c->source, &source);
}

static bool scopes_match(const struct candidate *c)
{
	return c->usable && c->source.scope == c->destination.scope;
}

static bool labels_match(const struct candidate *c)
{
	return c->usable && c->source.label == c->destination.label;
}

/* Rule 9, which is for IPv6: that of IPv4 networks says little. */
static int shared_prefix(const struct candidate *c)
{
	if (!c->usable || is_mapped(c->destination.bytes))
		return 0;
	return common_bits(c->source.bytes, c->destination.bytes);
}

/* Below 0 if @a is the better one. */
static int compare(const void *one, const void *other)
{
	const struct candidate *a = one, *b = other;

	if (a->usable != b->usable)
		return b->usable - a->usable;
	if (scopes_match(a) != scopes_match(b))
		return scopes_match(b) - scopes_match(a);
	if (labels_match(a) != labels_match(b))
		return labels_match(b) - labels_match(a);
	if (a->destination.precedence != b->destination.precedence)
		return b->destination.precedence - a->destination.precedence;
	if (a->destination.scope != b->destination.scope)
		return a->destination.scope - b->destination.scope;
	if (a->addr.any.sa_family == b->addr.any.sa_family &&
		shared_prefix(a) != shared_prefix(b))
		return shared_prefix(b) - shared_prefix(a);
	return a->index < b->index ? -1 : 1;
}

/* Without memory for it, the order stays. */
void gev__answer_sort(struct gev__answer *answer)
{
	struct candidate *all;

	if (answer->count < 2)
		return;
	all = calloc(answer->count, sizeof(*all));
	if (!all)
		return;
	for (unsigned i = 0; i < answer->count; i++)
		examine(&all[i], &answer->addrs[i], i);
	qsort(all, answer->count, sizeof(*all), compare);
	for (unsigned i = 0; i < answer->count; i++)
		answer->addrs[i] = all[i].addr;
	free(all);
}

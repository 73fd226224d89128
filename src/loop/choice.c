/* SPDX-License-Identifier: MIT */
/*
 * Which backend a loop gets: the first that works of a list of names, which
 * comes from the program, else from the environment (GEV_LOOP, by base/host.h).
 * A backend that needs more than the freestanding layers is the host's.
 */
#include "base/error.h"
#include "base/host.h"
#include "base/lock.h"
#include "base/mem.h"
#include "loop/backend.h"

#define LIST_MAX 64

/* What gev_loop_set_default() was told. */
static struct {
	struct gev__lock lock;
	char names[LIST_MAX];
} chosen;

static bool is_separator(char c)
{
	return c == ' ' || c == ',';
}

/* The length of the first word of *list, which is moved to its start. */
static size_t next_word(const char **list)
{
	size_t n = 0;

	while (is_separator(**list))
		++*list;
	while ((*list)[n] && !is_separator((*list)[n]))
		n++;
	return n;
}

static bool is_named(const struct gev__backend *b, const char *name, size_t n)
{
	size_t i = 0;

	while (i < n && b->name[i] == name[i])
		i++;
	return i == n && !b->name[n];
}

static const struct gev__backend *find(const char *name, size_t n)
{
	const struct gev__backend *hosts = gev__host_backend();

	if (is_named(&gev__epoll, name, n))
		return &gev__epoll;
	if (is_named(&gev__io_uring, name, n))
		return &gev__io_uring;
	return hosts && is_named(hosts, name, n) ? hosts : NULL;
}

/* The system has it not, or does not allow it. */
static bool is_refusal(int error)
{
	return error == -ENOSYS || error == -EPERM || error == -EACCES;
}

static int open_one(gev_loop *loop, const struct gev__backend *b)
{
	int r;

	loop->backend = b;
	r = b->open(loop);
	if (r < 0)
		b->close(loop);
	return r;
}

static int open_first(gev_loop *loop, const char *list)
{
	int r = -ENOSYS;
	size_t n;

	for (; is_refusal(r) && (n = next_word(&list)); list += n) {
		const struct gev__backend *b = find(list, n);

		r = b ? open_one(loop, b) : -EINVAL;
	}
	return r;
}

static void get_chosen(char list[LIST_MAX])
{
	gev__lock(&chosen.lock);
	gev__copy(list, chosen.names, LIST_MAX);
	gev__unlock(&chosen.lock);
}

int gev__backend_open(gev_loop *loop)
{
	char names[LIST_MAX];
	const char *list = names;

	get_chosen(names);
	if (!next_word(&list))
		list = gev__host_loop();
	if (!list || !next_word(&list))
		return open_one(loop, &gev__epoll);
	return open_first(loop, list);
}

static int set_default(const char *list)
{
	const char *word = list;
	size_t n;

	if (gev__strlen(list) >= LIST_MAX)
		return -EINVAL;
	for (; (n = next_word(&word)); word += n)
		if (!find(word, n))
			return -EINVAL;
	gev__lock(&chosen.lock);
	gev__strcut(chosen.names, list, LIST_MAX);
	gev__unlock(&chosen.lock);
	return 0;
}

int gev_loop_set_default(const char *names)
{
	return gev__ret(set_default(names ? names : ""));
}

const char *gev_loop_backend(const gev_loop *loop)
{
	return loop ? loop->backend->name : NULL;
}

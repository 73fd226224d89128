/* SPDX-License-Identifier: MIT */
#include "calls/descriptor.h"
#include "base/lock.h"
#include "base/mem.h"
#include "calls/poller.h"
#include "loop/request.h"
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* All tables, for gev__fd_retire() to reach the other hubs. */
static struct {
	struct gev__lock lock;
	struct gev_list list;
	uint32_t next_id;
} tables;

static void on_edge(struct gev__edge *edge, int events)
{
	struct gev__fd_rec *rec = gev__container(edge, struct gev__fd_rec,
		edge);

	rec->ready |= events & (GEV_READ | GEV_WRITE);
	if (events & (GEV__HUP | GEV__URGENT))
		rec->uneven = true;
	if ((events & GEV_READ & ~rec->requested) && rec->reader)
		gev__wake(rec->reader, 0);
	if ((events & GEV_WRITE & ~rec->requested) && rec->writer && !rec->deaf)
		gev__wake(rec->writer, 0);
	if (__builtin_expect(rec->polled != NULL, 0))
		gev__polled_wake(rec->polled, events);
}

static struct gev__fd_rec *find(struct gev__fdtab *tab, int fd)
{
	struct gev__fd_rec *chunk = tab->chunks[fd >> GEV__FD_SHIFT];

	return chunk ? &chunk[fd & (GEV__FD_CHUNK - 1)] : NULL;
}

static void free_chunk(struct gev__fdtab *tab, int c)
{
	struct gev__fd_rec *chunk = tab->chunks[c];

	for (int i = 0; i < GEV__FD_CHUNK; i++)
		if (chunk[i].asked)
			gev__edge_drop(tab->hub->loop, c * GEV__FD_CHUNK + i);
	gev__unmap(chunk, GEV__FD_CHUNK * sizeof(*chunk));
}

static void free_table(struct gev__fdtab *tab)
{
	gev__lock(&tables.lock);
	gev__list_del(&tab->all);
	gev__unlock(&tables.lock);
	for (int c = 0; c < GEV__FD_CHUNKS; c++)
		if (tab->chunks[c])
			free_chunk(tab, c);
	gev__unmap(tab, sizeof(*tab));
}

/* In the child of a fork nobody waits, and there are no other hubs. */
static void forked(struct gev_hub *hub)
{
	struct gev__fdtab *tab = hub ? hub->fds : NULL;

	tables.lock = (struct gev__lock){ 0 };
	gev__list_init(&tables.list);
	if (!tab)
		return;
	gev__list_add(&tables.list, &tab->all);
	gev__requests_forked(hub->loop);
	for (int c = 0; c < GEV__FD_CHUNKS; c++)
		for (int i = 0; tab->chunks[c] && i < GEV__FD_CHUNK; i++) {
			tab->chunks[c][i].reader = NULL;
			tab->chunks[c][i].writer = NULL;
			tab->chunks[c][i].polled = NULL;
			gev__zero(tab->chunks[c][i].turns,
				sizeof(tab->chunks[c][i].turns));
			tab->chunks[c][i].requested = 0;
		}
}

static void end_requests(struct gev__tenant *tenant)
{
	struct gev__fdtab *tab =
		gev__container(tenant, struct gev__fdtab, tenant);

	gev__list_del(&tenant->node);
	gev__requests_finish(tab->hub->loop);
}

static struct gev__fdtab *make_table(struct gev_hub *hub)
{
	struct gev__fdtab *tab = gev__map_sparse(sizeof(*tab));

	if (!tab)
		return NULL;
	tab->hub = hub;
	gev__lock(&tables.lock);
	if (!tables.list.next)
		gev__list_init(&tables.list);
	tab->id = ++tables.next_id;
	gev__list_add(&tables.list, &tab->all);
	gev__fds_forked = forked;
	gev__unlock(&tables.lock);
	tab->tenant.end = end_requests;
	gev__list_add(&hub->tenants, &tab->tenant.node);
	hub->fds = tab;
	hub->fds_free = free_table;
	return tab;
}

static struct gev__fd_rec *make(struct gev_hub *hub, int fd)
{
	struct gev__fdtab *tab = hub->fds ? hub->fds : make_table(hub);
	struct gev__fd_rec *chunk;

	if (!tab)
		return NULL;
	if (!tab->chunks[fd >> GEV__FD_SHIFT]) {
		chunk = gev__map(GEV__FD_CHUNK * sizeof(*chunk));
		if (!chunk)
			return NULL;
		tab->chunks[fd >> GEV__FD_SHIFT] = chunk;
	}
	return find(tab, fd);
}

static void note_user(struct gev__number *number, uint32_t id)
{
	uint32_t nobody = 0;

	if (!atomic_compare_exchange_strong(&number->user, &nobody, id) &&
		nobody != id)
		number->shared = true;
}

/* Makes @rec a blank; the waits on it fail. */
static void blank(struct gev_hub *hub, struct gev__fd_rec *rec, int fd)
{
	struct gev_waiter *reader = rec->reader;
	struct gev_waiter *writer = rec->writer;
	struct gev__polled *polled = rec->polled;

	if (rec->asked)
		gev__edge_drop(hub->loop, fd);
	for (int i = 0; i < 2; i++)
		if (rec->turns[i].next)
			gev__wake_all(&rec->turns[i], -EBADF);
	*rec = (struct gev__fd_rec){ 0 };
	if (reader)
		gev__wake(reader, -EBADF);
	if (writer)
		gev__wake(writer, -EBADF);
	gev__polled_close(polled);
}

static void renew(struct gev_hub *hub, struct gev__fd_rec *rec, int fd,
	struct gev__number *number)
{
	note_user(number, hub->fds->id);
	blank(hub, rec, fd);
	rec->edge.fn = on_edge;
	rec->number = number;
	rec->ready = GEV_READ | GEV_WRITE;
	rec->generation = number->generation;
}

int gev__fd_kind_of(int domain, int type, int protocol)
{
	if ((type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != SOCK_STREAM)
		return GEV__FD_PACKET;
	if ((domain == AF_INET || domain == AF_INET6) &&
		(protocol == 0 || protocol == IPPROTO_TCP))
		return GEV__FD_TCP;
	return GEV__FD_STREAM;
}

static int ask_int(int fd, int option)
{
	int value = 0;
	socklen_t size = sizeof(value);

	gev__sys(SYS_getsockopt, fd, SOL_SOCKET, option, &value, &size);
	return value;
}

static int kind_of(int fd)
{
	struct stat st;

	st.st_mode = 0;
	gev__sys(SYS_fstat, fd, &st);
	switch (st.st_mode & S_IFMT) {
	case S_IFSOCK:
		return gev__fd_kind_of(ask_int(fd, SO_DOMAIN),
			ask_int(fd, SO_TYPE), ask_int(fd, SO_PROTOCOL));
	case S_IFREG:
	case S_IFDIR:
	case S_IFBLK:
		return GEV__FD_FILE;
	case S_IFIFO:
		return GEV__FD_PIPE;
	default:
		return GEV__FD_DEVICE;
	}
}

uint32_t gev__fd_families;

/* 0, or -EBADF. */
static int classify(struct gev__fd_rec *rec, int fd)
{
	long flags = gev__sys(SYS_fcntl, fd, F_GETFL);

	if (flags < 0)
		return (int)flags;
	if (!rec->number->listens)
		rec->number->nonblock = flags & O_NONBLOCK;
	rec->kind = (uint8_t)kind_of(fd);
	rec->number->made = 0;
	return 0;
}

void gev__fd_read_flags(struct gev__fd_rec *rec, int fd)
{
	rec->number->nonblock = gev__sys(SYS_fcntl, fd, F_GETFL) & O_NONBLOCK;
}

/* The record of @fd, of the present generation. */
static struct gev__fd_rec *current(struct gev_hub *hub, int fd)
{
	struct gev__fd_rec *rec = hub->fds ? find(hub->fds, fd) : NULL;
	struct gev__number *number = gev__number(fd);

	if (!rec)
		rec = make(hub, fd);
	if (!rec || !number)
		return NULL;
	if (__builtin_expect(rec->generation !=
			    atomic_load_explicit(&number->generation,
				    memory_order_relaxed), 0))
		renew(hub, rec, fd, number);
	return rec;
}

struct gev__fd_rec *gev__fd_look_up(struct gev_hub *hub, int fd, int *error)
{
	struct gev__fd_rec *rec;

	*error = -EBADF;
	if (fd < 0 || fd >= GEV__FD_MAX)
		return NULL;
	*error = -ENOMEM;
	rec = current(hub, fd);
	if (!rec)
		return NULL;
	*error = rec->kind == GEV__FD_UNKNOWN ? classify(rec, fd) : 0;
	return *error < 0 ? NULL : rec;
}

struct gev__fd_rec *gev__fd_peek(struct gev_hub *hub, int fd)
{
	struct gev__fd_rec *rec = NULL;

	if (hub && hub->fds && fd >= 0 && fd < GEV__FD_MAX)
		rec = find(hub->fds, fd);
	if (!rec || !rec->generation ||
		rec->generation != rec->number->generation)
		return NULL;
	return rec;
}

/* What @hub knows of @fd, if that is outdated. */
static void forget(struct gev_hub *hub, int fd)
{
	struct gev__fd_rec *rec = hub && hub->fds ? find(hub->fds, fd) : NULL;

	if (rec && rec->generation &&
		rec->generation != rec->number->generation)
		blank(hub, rec, fd);
}

static int forget_here(void *arg)
{
	forget(gev__hub_here(), (int)(intptr_t)arg);
	return 0;
}

static void forget_elsewhere(struct gev_hub *hub, int fd)
{
	struct gev_list *node;

	gev__lock(&tables.lock);
	gev__list_for_each(node, &tables.list) {
		struct gev__fdtab *tab =
			gev__container(node, struct gev__fdtab, all);

		if (tab->hub != hub)
			gev_hub_post(tab->hub, forget_here,
				(void *)(intptr_t)fd);
	}
	gev__unlock(&tables.lock);
}

/*
 * The number's users are cleared first: who comes to know it meanwhile is then
 * told in vain, but not overlooked the next time.
 */
void gev__fd_retire(struct gev_hub *hub, int fd)
{
	uint32_t self = hub && hub->fds ? hub->fds->id : 0;
	struct gev__number *number;
	uint32_t user;
	bool shared;

	if (fd < 0 || fd >= GEV__FD_MAX)
		return;
	number = gev__number(fd);
	if (!number || !number->user)
		return;
	user = atomic_exchange(&number->user, 0);
	shared = atomic_exchange(&number->shared, false);
	number->listens = false;
	number->copied = false;
	number->plain = false;
	number->generation++;
	forget(hub, fd);
	if (hub)
		gev__io_flush(hub->loop, true);
	if (shared || user != self)
		forget_elsewhere(hub, fd);
}

void gev__fd_fresh(struct gev_hub *hub, int fd, int kind, bool nonblock)
{
	struct gev__fd_rec *rec;

	gev__fd_retire(hub, fd);
	if (!hub || fd >= GEV__FD_MAX)
		return;
	rec = current(hub, fd);
	if (!rec)
		return;
	rec->kind = (uint8_t)kind;
	rec->number->nonblock = nonblock;
	rec->number->made = gev__fd_families;
}

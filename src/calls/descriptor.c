/* SPDX-License-Identifier: MIT */
#include "calls/descriptor.h"
#include "base/lock.h"
#include "base/mem.h"
#include "calls/generation.h"
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>

#define SHIFT 6
#define CHUNK (1 << SHIFT)
#define CHUNKS (GEV__FD_MAX / CHUNK)

struct gev__fdtab {
	struct gev_hub *hub;
	uint32_t id;               /* from 1; never used twice */
	struct gev_list all;       /* in the list of all tables */
	struct gev__fd_rec *chunks[CHUNKS]; /* mapped sparsely */
};

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
	if (events & GEV__HUP)
		rec->hung_up = true;
	if ((events & GEV_READ) && rec->reader)
		gev__wake(rec->reader, 0);
	if ((events & GEV_WRITE) && rec->writer)
		gev__wake(rec->writer, 0);
}

static struct gev__fd_rec *find(struct gev__fdtab *tab, int fd)
{
	struct gev__fd_rec *chunk = tab->chunks[fd >> SHIFT];

	return chunk ? &chunk[fd & (CHUNK - 1)] : NULL;
}

static void free_table(struct gev__fdtab *tab)
{
	gev__lock(&tables.lock);
	gev__list_del(&tab->all);
	gev__unlock(&tables.lock);
	for (int c = 0; c < CHUNKS; c++) {
		if (!tab->chunks[c])
			continue;
		for (int i = 0; i < CHUNK; i++)
			if (tab->chunks[c][i].asked)
				gev__edge_drop(tab->hub->loop, c * CHUNK + i);
		gev__unmap(tab->chunks[c], CHUNK * sizeof(struct gev__fd_rec));
	}
	gev__unmap(tab, sizeof(*tab));
}

/* In the child of a fork nobody waits, and there are no other hubs. */
static void fork_table(struct gev__fdtab *tab)
{
	tables.lock = (struct gev__lock){ 0 };
	gev__list_init(&tables.list);
	gev__list_init(&tab->all);
	gev__list_add(&tables.list, &tab->all);
	for (int c = 0; c < CHUNKS; c++)
		for (int i = 0; tab->chunks[c] && i < CHUNK; i++) {
			tab->chunks[c][i].reader = NULL;
			tab->chunks[c][i].writer = NULL;
		}
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
	gev__unlock(&tables.lock);
	hub->fds = tab;
	hub->fds_free = free_table;
	hub->fds_forked = fork_table;
	return tab;
}

static struct gev__fd_rec *make(struct gev_hub *hub, int fd)
{
	struct gev__fdtab *tab = hub->fds ? hub->fds : make_table(hub);
	struct gev__fd_rec *chunk;

	if (!tab)
		return NULL;
	if (!tab->chunks[fd >> SHIFT]) {
		chunk = gev__map(CHUNK * sizeof(*chunk));
		if (!chunk)
			return NULL;
		tab->chunks[fd >> SHIFT] = chunk;
	}
	return find(tab, fd);
}

static void note_user(struct gev__generation *g, uint32_t id)
{
	uint32_t nobody = 0;

	if (!atomic_compare_exchange_strong(&g->user, &nobody, id) &&
		nobody != id)
		atomic_store(&g->shared, true);
}

/* Ends the waits on @rec and makes it a blank of the present generation. */
static void renew(struct gev_hub *hub, struct gev__fd_rec *rec, int fd,
	const struct gev__generation *g, int result)
{
	struct gev_waiter *reader = rec->reader;
	struct gev_waiter *writer = rec->writer;

	if (rec->asked)
		gev__edge_drop(hub->loop, fd);
	*rec = (struct gev__fd_rec){ .edge.fn = on_edge,
		.ready = GEV_READ | GEV_WRITE,
		.generation = atomic_load(&g->count) };
	if (reader)
		gev__wake(reader, result);
	if (writer)
		gev__wake(writer, result);
}

/* 0, or -EBADF. */
static int classify(struct gev__fd_rec *rec, int fd)
{
	long flags = gev__sys(SYS_fcntl, fd, F_GETFL);
	int type = 0;
	socklen_t size = sizeof(type);
	struct stat st;

	if (flags < 0)
		return (int)flags;
	rec->nonblock = flags & O_NONBLOCK;
	if (gev__sys(SYS_getsockopt, fd, SOL_SOCKET, SO_TYPE, &type, &size) ==
		0) {
		rec->kind = type == SOCK_STREAM ? GEV__FD_STREAM :
						  GEV__FD_PACKET;
		return 0;
	}
	if (gev__sys(SYS_fstat, fd, &st) == 0 &&
		(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) ||
			S_ISBLK(st.st_mode)))
		rec->kind = GEV__FD_FILE;
	else
		rec->kind = GEV__FD_PIPE;
	return 0;
}

/* The record of @fd, of the present generation. */
static struct gev__fd_rec *current(struct gev_hub *hub, int fd)
{
	struct gev__fd_rec *rec = hub->fds ? find(hub->fds, fd) : NULL;
	struct gev__generation *g = gev__generation(fd);

	if (!rec)
		rec = make(hub, fd);
	if (!rec || !g)
		return NULL;
	if (__builtin_expect(rec->generation !=
			    atomic_load_explicit(&g->count,
				    memory_order_relaxed), 0)) {
		note_user(g, hub->fds->id);
		renew(hub, rec, fd, g, -EBADF);
	}
	return rec;
}

struct gev__fd_rec *gev__fd_get(struct gev_hub *hub, int fd, int *error)
{
	struct gev__fd_rec *rec = NULL;

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
		rec->generation != atomic_load(&gev__generation(fd)->count))
		return NULL;
	return rec;
}

static int retire_here(void *arg)
{
	int fd = (int)(intptr_t)arg;
	struct gev_hub *hub = gev__hub_here();
	struct gev__fd_rec *rec = hub->fds ? find(hub->fds, fd) : NULL;

	if (rec && rec->generation != atomic_load(&gev__generation(fd)->count)) {
		renew(hub, rec, fd, gev__generation(fd), -EBADF);
		rec->generation = 0;
	}
	return 0;
}

static void retire_elsewhere(struct gev_hub *hub, int fd)
{
	struct gev_list *node;

	gev__lock(&tables.lock);
	gev__list_for_each(node, &tables.list) {
		struct gev__fdtab *tab =
			gev__container(node, struct gev__fdtab, all);

		if (tab->hub != hub)
			gev_hub_post(tab->hub, retire_here,
				(void *)(intptr_t)fd);
	}
	gev__unlock(&tables.lock);
}

void gev__fd_retire(struct gev_hub *hub, int fd, int result)
{
	struct gev__generation *g;
	struct gev__fd_rec *rec;

	if (fd < 0 || fd >= GEV__FD_MAX)
		return;
	g = gev__generation(fd);
	if (!g || !atomic_load(&g->user))
		return;
	rec = hub && hub->fds ? find(hub->fds, fd) : NULL;
	atomic_fetch_add(&g->count, 1);
	atomic_store(&g->user, 0);
	if (rec && rec->generation) {
		renew(hub, rec, fd, g, result);
		rec->generation = 0;
	}
	if (atomic_exchange(&g->shared, false))
		retire_elsewhere(hub, fd);
}

void gev__fd_fresh(struct gev_hub *hub, int fd, int kind, bool nonblock)
{
	struct gev__fd_rec *rec;

	gev__fd_retire(hub, fd, -EBADF);
	if (!hub || fd >= GEV__FD_MAX)
		return;
	rec = current(hub, fd);
	if (!rec)
		return;
	rec->kind = (uint8_t)kind;
	rec->nonblock = nonblock;
}

static gev_time of_timeval(const struct timeval *tv)
{
	gev_time t = (gev_time)tv->tv_sec * 1000000000 + tv->tv_usec * 1000;

	return t ? t : GEV_FOREVER;
}

static gev_time read_timeo(int fd, int option)
{
	struct timeval tv = { 0 };
	socklen_t size = sizeof(tv);

	gev__sys(SYS_getsockopt, fd, SOL_SOCKET, option, &tv, &size);
	return of_timeval(&tv);
}

gev_time gev__fd_timeo(struct gev__fd_rec *rec, int fd, int side)
{
	if (!rec->timeo_known) {
		rec->rcvtimeo = read_timeo(fd, SO_RCVTIMEO);
		rec->sndtimeo = read_timeo(fd, SO_SNDTIMEO);
		rec->timeo_known = true;
	}
	return side == GEV_READ ? rec->rcvtimeo : rec->sndtimeo;
}

static void describe(const struct gev_waiter *w, void *text)
{
	gev__text_add(text, "on descriptor ");
	gev__text_num(text, (uint64_t)(uintptr_t)w->object);
}

/* Says in the caller's message who is in the way. */
static long busy(struct gev_hub *hub, const struct gev_waiter *w)
{
	gev_greenlet *g = hub->thread->current->greenlet;
	struct gev__text t;

	if (!g)
		return -EBUSY;
	t = gev__text_in(g->message, sizeof(g->message));
	describe(w, &t);
	gev__text_add(&t, " already waits ");
	gev__text_coro(&t, w->coro);
	gev__text_end(&t);
	return -EBUSY;
}

/* Subscribes to edges of @side; the first time the kernel tells the state. */
static long ask(struct gev_hub *hub, struct gev__fd_rec *rec, int fd, int side)
{
	int events = rec->asked | side;
	int r;

	if (events == rec->asked)
		return 0;
	r = gev__edge_add(hub->loop, fd, &rec->edge, events);
	if (r == 0)
		rec->asked = (uint8_t)events;
	else if (r == -EPERM)
		rec->kind = GEV__FD_FILE;
	return r;
}

long gev__fd_wait(struct gev_hub *hub, struct gev__fd_rec *rec, int fd,
	int side, gev_time timeout, bool *expired, const char *what)
{
	struct gev_waiter w = { .what = what,
		.object = (void *)(uintptr_t)fd,
		.describe = describe };
	long r;

	if ((side & GEV_READ) && rec->reader)
		return busy(hub, rec->reader);
	if ((side & GEV_WRITE) && rec->writer)
		return busy(hub, rec->writer);
	r = ask(hub, rec, fd, side);
	if (r < 0)
		return r;
	if (side & GEV_READ)
		rec->reader = &w;
	if (side & GEV_WRITE)
		rec->writer = &w;
	gev__hold(hub);
	r = gev__park(&w, timeout);
	gev__unhold(hub);
	if (rec->reader == &w)
		rec->reader = NULL;
	if (rec->writer == &w)
		rec->writer = NULL;
	if (expired)
		*expired = w.expired;
	return r;
}

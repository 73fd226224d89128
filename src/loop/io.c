/* SPDX-License-Identifier: MIT */
/*
 * The table of descriptors: who listens to which.
 *
 * A descriptor may have one edge (core's, edge-triggered) and any number of io
 * watchers (level-triggered), and the kernel is told of it once: with their
 * common set of events; edge-triggered as soon as there is an edge.  Its
 * watchers then see levels because each of them has the registration renewed
 * before it is called: whatever is left to read is reported again.
 */
#include "base/mem.h"
#include "base/sys.h"
#include "loop/backend.h"
#include "loop/watch.h"
#include <fcntl.h>

#define FIRST_ROOM 128u

static size_t table_size(unsigned room)
{
	return room * sizeof(struct gev__fd);
}

int gev__io_open(gev_loop *loop)
{
	loop->fds = gev__map(table_size(FIRST_ROOM));
	if (!loop->fds)
		return -ENOMEM;
	loop->fds_room = FIRST_ROOM;
	return gev__backend_open(loop);
}

void gev__io_close(gev_loop *loop)
{
	if (loop->backend)
		loop->backend->close(loop);
	if (loop->fds)
		gev__unmap(loop->fds, table_size(loop->fds_room));
}

/* Makes sure that there is a table entry for @fd. */
static int make_room(gev_loop *loop, int fd)
{
	unsigned room = loop->fds_room;
	void *fds;

	if (fd < 0)
		return -EBADF;
	if ((unsigned)fd < room)
		return 0;
	if (gev__sys(SYS_fcntl, fd, F_GETFD) < 0)
		return -EBADF;
	while (room <= (unsigned)fd)
		room *= 2;
	fds = gev__remap(loop->fds, table_size(loop->fds_room),
		table_size(room));
	if (!fds)
		return -ENOMEM;
	loop->fds = fds;
	loop->fds_room = room;
	return 0;
}

int gev__io_wanted(const struct gev__fd *f)
{
	int events = f->edge ? f->edge_events | GEV__ET : 0;

	for (gev_io_watcher *w = f->watchers; w; w = w->next)
		events |= w->events;
	return events;
}

/* Tells the kernel who listens to @fd now. */
static int update(gev_loop *loop, int fd)
{
	struct gev__fd *f = &loop->fds[fd];
	int events = gev__io_wanted(f);
	int r;

	f->generation++;
	r = loop->backend->watch(loop, fd, events);
	if (r == 0 || events == 0)
		f->registered = events != 0;
	else
		f->generation--;
	return r;
}

int gev__edge_add(gev_loop *loop, int fd, struct gev__edge *edge, int events)
{
	struct gev__fd *f;
	struct gev__edge *old_edge;
	uint8_t old_events;
	int r = make_room(loop, fd);

	if (r < 0)
		return r;
	f = &loop->fds[fd];
	old_edge = f->edge;
	old_events = f->edge_events;
	f->edge = edge;
	f->edge_events = events;
	r = update(loop, fd);
	if (r < 0) {
		f->edge = old_edge;
		f->edge_events = old_events;
	}
	return r;
}

void gev__edge_drop(gev_loop *loop, int fd)
{
	struct gev__fd *f;

	if (fd < 0 || (unsigned)fd >= loop->fds_room)
		return;
	f = &loop->fds[fd];
	f->edge = NULL;
	f->generation++;
	f->registered = false;
	if (loop->backend->forget)
		loop->backend->forget(loop, fd);
}

void gev__io_flush(gev_loop *loop, bool wholly)
{
	if (loop->backend->flush)
		loop->backend->flush(loop, wholly);
}

/*
 * For one that is there no longer, or is not what it was, there is nothing to
 * be done here: who uses it next is told.
 */
static bool is_lost(int error)
{
	return error == -EBADF || error == -EPERM;
}

int gev__io_remake(gev_loop *loop)
{
	int r;

	loop->backend->close(loop);
	loop->strays = 0;
	r = loop->backend->open(loop);
	for (unsigned fd = 0; r == 0 && fd < loop->fds_room; fd++) {
		struct gev__fd *f = &loop->fds[fd];

		f->registered = false;
		if (f->edge || f->watchers)
			r = update(loop, fd);
		if (is_lost(r))
			r = 0;
	}
	return r;
}

void gev__io_collect(struct gev__fd *f, int events)
{
	for (gev_io_watcher *w = f->watchers; w; w = w->next) {
		if (!(w->events & events))
			continue;
		w->w.revents |= w->events & events;
		gev__watcher_pend(&w->w);
	}
}

bool gev__io_ready(gev_watcher *w)
{
	int fd = ((gev_io_watcher *)w)->fd;

	if (w->loop->fds[fd].edge)
		update(w->loop, fd);
	return true;
}

void gev__io_stop(gev_watcher *w)
{
	gev_io_watcher *self = (gev_io_watcher *)w;
	gev_io_watcher **at = &w->loop->fds[self->fd].watchers;

	while (*at != self)
		at = &(*at)->next;
	*at = self->next;
	update(w->loop, self->fd);
}

static int io_problem(int fd, int events)
{
	if (events == 0 || events & ~(GEV_READ | GEV_WRITE))
		return -EINVAL;
	return fd < 0 ? -EBADF : 0;
}

int gev_io_init(gev_io_watcher *w, gev_loop *loop, int fd, int events)
{
	int r = gev__watcher_init((gev_watcher *)w, loop, GEV__IO,
		io_problem(fd, events));

	if (r < 0)
		return gev__ret(r);
	w->fd = fd;
	w->events = events;
	return 0;
}

int gev__io_start(gev_io_watcher *w, gev_watcher_fn *fn, void *arg)
{
	int r = gev__watcher_startable((gev_watcher *)w, fn);
	struct gev__fd *f;

	if (r == 0)
		r = make_room(w->w.loop, w->fd);
	if (r < 0)
		return r;
	f = &w->w.loop->fds[w->fd];
	w->next = f->watchers;
	f->watchers = w;
	r = update(w->w.loop, w->fd);
	if (r == 0)
		gev__watcher_begin(&w->w, fn, arg);
	else
		f->watchers = w->next;
	return r;
}

int gev_io_start(gev_io_watcher *w, gev_watcher_fn *fn, void *arg)
{
	return gev__ret(gev__io_start(w, fn, arg));
}

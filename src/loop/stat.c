/* SPDX-License-Identifier: MIT */
/*
 * Stat watchers: whenever inotify stirs, and every so often besides, they look
 * at their path and compare.
 *
 * A loop has one inotify descriptor.  A path that is not there has its
 * directory watched instead, and where there is none either, the timer is all
 * there is.  What inotify says is not read any closer than to find whose it is:
 * after each event the path is watched anew, before it is looked at.
 */
#include "base/mem.h"
#include "base/sys.h"
#include "loop/watch.h"
#include <fcntl.h>
#include <sys/inotify.h>

#define INTERVAL_DEFAULT GEV_SEC(5)
#define INTERVAL_MIN GEV_MS(100)
#define CHANGES                                                                \
	(IN_ATTRIB | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MODIFY |      \
		IN_MOVE_SELF | IN_MOVED_FROM | IN_MOVED_TO)

static gev_stat_watcher *watcher_of(struct gev_list *node)
{
	return (gev_stat_watcher *)gev__container(node, gev_watcher, link);
}

/* Those who watch @wd are to look; all, if it is -1 (events were lost). */
static void stir(gev_loop *loop, int wd)
{
	struct gev_list *node;

	gev__list_for_each(node, &loop->watchers[GEV__STAT]) {
		gev_stat_watcher *w = watcher_of(node);

		if (wd == -1 || w->wd == wd)
			gev__watcher_pend(&w->w);
	}
}

static void read_changes(struct gev__edge *edge, int events)
{
	gev_loop *loop = gev__container(edge, gev_loop, changes);
	_Alignas(struct inotify_event) char buf[2048];
	long n;

	(void)events;
	while ((n = gev__sys(SYS_read, loop->inotify, buf, sizeof(buf))) > 0) {
		const struct inotify_event *e;

		for (long i = 0; i < n; i += sizeof(*e) + e->len) {
			e = (const struct inotify_event *)(buf + i);
			stir(loop, e->wd);
		}
	}
}

static void open_inotify(gev_loop *loop)
{
	long fd = gev__sys(SYS_inotify_init1, IN_CLOEXEC | IN_NONBLOCK);

	if (fd < 0)
		return;
	loop->changes.fn = read_changes;
	if (gev__edge_add(loop, fd, &loop->changes, GEV_READ) < 0)
		gev__sys(SYS_close, fd);
	else
		loop->inotify = fd;
}

void gev__stats_close(gev_loop *loop)
{
	struct gev_list *node;

	if (loop->inotify < 0)
		return;
	gev__edge_drop(loop, loop->inotify);
	gev__sys(SYS_close, loop->inotify);
	loop->inotify = -1;
	gev__list_for_each(node, &loop->watchers[GEV__STAT])
		watcher_of(node)->wd = -1;
}

static int add_watch(const gev_loop *loop, const char *path)
{
	return gev__sys(SYS_inotify_add_watch, loop->inotify, path, CHANGES);
}

static int add_directory(const gev_loop *loop, const char *path)
{
	size_t n = gev__strlen(path);
	size_t room = n + 2;
	char *dir = gev__alloc(room);
	int wd;

	if (!dir)
		return -ENOMEM;
	while (n > 0 && path[n - 1] != '/')
		n--;
	gev__strcut(dir, n ? path : ".", n ? n + 1 : room);
	wd = add_watch(loop, dir);
	gev__free(dir, room);
	return wd;
}

/*
 * Another watcher of the same file has the same wd.  It then hears that this
 * is gone, and watches anew.
 */
static void set_wd(gev_stat_watcher *w, int wd)
{
	if (w->wd >= 0)
		gev__sys(SYS_inotify_rm_watch, w->w.loop->inotify, w->wd);
	w->wd = wd;
}

static void watch_path(gev_stat_watcher *w)
{
	gev_loop *loop = w->w.loop;
	int wd;

	if (loop->inotify < 0)
		open_inotify(loop);
	if (loop->inotify < 0)
		return;
	wd = add_watch(loop, w->path);
	if (wd < 0)
		wd = add_directory(loop, w->path);
	if (wd != w->wd)
		set_wd(w, wd < 0 ? -1 : wd);
}

static void look(const gev_stat_watcher *w, struct stat *st)
{
	if (gev__sys(SYS_newfstatat, AT_FDCWD, w->path, st, 0) < 0)
		gev__zero(st, sizeof(*st));
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_mode == b->st_mode && a->st_nlink == b->st_nlink &&
	       a->st_uid == b->st_uid && a->st_gid == b->st_gid &&
	       a->st_rdev == b->st_rdev && a->st_size == b->st_size &&
	       same_time(&a->st_atim, &b->st_atim) &&
	       same_time(&a->st_mtim, &b->st_mtim) &&
	       same_time(&a->st_ctim, &b->st_ctim);
}

bool gev__stat_ready(gev_watcher *w)
{
	gev_stat_watcher *self = (gev_stat_watcher *)w;
	struct stat now;

	watch_path(self);
	look(self, &now);
	if (is_same(&now, &self->attr))
		return false;
	gev__copy(&self->prev, &self->attr, sizeof(now));
	gev__copy(&self->attr, &now, sizeof(now));
	return true;
}

void gev__stat_stop(gev_watcher *w)
{
	gev_stat_watcher *self = (gev_stat_watcher *)w;

	gev__watcher_end(&self->timer.w);
	set_wd(self, -1);
}

static int on_tick(gev_watcher *w, int revents, void *arg)
{
	gev_stat_watcher *self = arg;

	(void)w;
	(void)revents;
	gev__watcher_pend(&self->w);
	return 0;
}

int gev_stat_init(gev_stat_watcher *w, gev_loop *loop, const char *path,
	gev_time interval)
{
	int r = gev__watcher_init((gev_watcher *)w, loop, GEV__STAT,
		path && *path && interval >= 0 ? 0 : -EINVAL);

	if (r < 0)
		return gev__ret(r);
	if (interval == 0)
		interval = INTERVAL_DEFAULT;
	else if (interval < INTERVAL_MIN)
		interval = INTERVAL_MIN;
	w->path = path;
	w->wd = -1;
	gev_timer_init(&w->timer, loop, interval, interval);
	w->timer.w.noref = true;
	look(w, &w->attr);
	gev__copy(&w->prev, &w->attr, sizeof(w->prev));
	return 0;
}

int gev_stat_start(gev_stat_watcher *w, gev_watcher_fn *fn, void *arg)
{
	int r = gev__watcher_startable((gev_watcher *)w, fn);

	if (r < 0)
		return gev__ret(r);
	w->timer.w.priority = w->w.priority;
	r = gev__timer_start(&w->timer, on_tick, w);
	if (r < 0)
		return gev__ret(r);
	watch_path(w);
	look(w, &w->attr);
	gev__copy(&w->prev, &w->attr, sizeof(w->prev));
	gev__watcher_begin(&w->w, fn, arg);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Reading and writing is one idea: try without waiting; on EAGAIN forget that
 * the descriptor was ready, park until the loop says it is again, try once
 * more.
 *
 * A read from a stream that came back short has drained it, so the next one
 * need not be tried in vain: the bit is cleared at once.  Not so when the end
 * or an error is still to be read, since no further edge announces it.
 */
#include "calls/transfer.h"

/* How long the next wait may be. */
static gev_time limit(struct gev_hub *hub, struct gev__fd_rec *rec,
	struct gev__transfer *t)
{
	gev_time timeo = GEV_FOREVER;
	gev_time left;

	if (!t->timed && gev__fd_is_socket(rec->kind))
		timeo = gev__fd_timeo(rec, t->fd, t->side);
	if (!t->timed && timeo == GEV_FOREVER)
		return GEV_FOREVER;
	if (!t->timed) {
		t->timed = true;
		t->expiry = -EAGAIN;
		t->deadline = gev_loop_update(hub->loop) + timeo;
	}
	left = t->deadline - gev_loop_update(hub->loop);
	return left > 0 ? left : 0;
}

/* 0 if it is worth trying again. */
static long wait_for(struct gev_hub *hub, struct gev__fd_rec *rec,
	struct gev__transfer *t)
{
	bool expired = false;
	long r = gev__fd_wait(hub, rec, t->fd, t->side, limit(hub, rec, t),
		&expired, t->name);

	if (r == -EPERM && rec->kind == GEV__FD_FILE)
		return 0;
	return expired ? t->expiry : r;
}

static void note_short(struct gev__fd_rec *rec, const struct gev__transfer *t,
	long n)
{
	if (t->side == GEV_READ && rec->kind == GEV__FD_STREAM && n > 0 &&
		(size_t)n < t->left && !t->vain && !rec->hung_up)
		rec->ready &= ~GEV_READ;
}

static void advance(struct gev__transfer *t, size_t done)
{
	t->left -= done;
	if (t->buf)
		t->buf = (char *)t->buf + done;
}

/* Whether the kernel would not have returned yet, after @r bytes. */
static bool goes_on(const struct gev__transfer *t,
	const struct gev__fd_rec *rec, long r)
{
	return t->whole && r > 0 && (size_t)r < t->left &&
	       rec->kind != GEV__FD_PACKET;
}

long gev__transfer(struct gev__transfer *t)
{
	int error;
	struct gev_hub *hub = gev__hub_get(&error);
	struct gev__fd_rec *rec = hub ? gev__fd_get(hub, t->fd, &error) : NULL;
	bool dontwait;
	long total = 0;
	long r;

	if (!rec)
		return error;
	dontwait = rec->nonblock || (t->flags & MSG_DONTWAIT);
	for (;;) {
		r = -EAGAIN;
		if ((rec->ready & t->side) || dontwait) {
			r = t->attempt(t, rec);
			note_short(rec, t, r);
		}
		if (r == -EAGAIN && !dontwait) {
			rec->ready &= ~t->side;
			r = wait_for(hub, rec, t);
			if (r == 0)
				continue;
		}
		if (!goes_on(t, rec, r) || dontwait)
			break;
		advance(t, (size_t)r);
		total += r;
	}
	gev__spend(hub);
	return r < 0 && total ? total : total + r;
}

long gev__transfer_rest(int fd, const struct iovec *iov, size_t n, long done,
	int flags, gev__put_fn *put)
{
	size_t skip = (size_t)done;

	for (size_t i = 0; i < n; i++) {
		size_t left = iov[i].iov_len;
		long r;

		if (skip >= left) {
			skip -= left;
			continue;
		}
		left -= skip;
		r = put(fd, (char *)iov[i].iov_base + skip, left, flags);
		skip = 0;
		if (r > 0)
			done += r;
		if (r < (long)left)
			break;
	}
	return done;
}

int gev__fd_kind(int fd)
{
	int error;
	struct gev_hub *hub = gev__hub_get(&error);
	struct gev__fd_rec *rec = hub ? gev__fd_get(hub, fd, &error) : NULL;

	return rec ? rec->kind : error;
}

bool gev__fd_blocks(int fd)
{
	struct gev__fd_rec *rec = gev__fd_peek(gev__hub_here(), fd);

	return !rec || !rec->nonblock;
}

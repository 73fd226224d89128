/* SPDX-License-Identifier: MIT */
/*
 * Reading, writing, accepting, connecting is one idea: try without waiting; on
 * EAGAIN forget that the descriptor was ready, park until the loop says it is
 * again, try once more.
 *
 * A read from a TCP socket that came back short has drained it, so the next
 * one need not be tried in vain: the bit is cleared at once.  Not so when the
 * end, an error or an urgent mark is still ahead, since no further edge
 * announces what lies behind it.  Other streams keep message boundaries of
 * their own (descriptors that are passed, records).
 */
#include "calls/transfer.h"
#include <poll.h>

/* How long the next wait may be. */
static gev_time limit(struct gev_hub *hub, struct gev__fd_rec *rec,
	struct gev__transfer *t)
{
	gev_time timeo = GEV_FOREVER;

	if (!t->timed) {
		if (gev__fd_is_socket(rec))
			timeo = gev__fd_timeo(rec, t->fd, t->side);
		t->deadline = gev__fd_deadline(hub, timeo);
		t->timed = true;
	}
	return gev__fd_left(hub, t->deadline);
}

static bool takes_requests(const struct gev_hub *hub,
	const struct gev__fd_rec *rec, const struct gev__transfer *t)
{
	return hub->loop->completes && !t->pause && gev__completable(rec, t);
}

/* 0 if it is done (t->answered), or worth trying again. */
static long wait_for(struct gev_hub *hub, struct gev__fd_rec *rec,
	struct gev__transfer *t)
{
	gev_time left = limit(hub, rec, t);
	bool pauses = t->pause && (left == GEV_FOREVER || t->pause < left);
	bool deaf = t->pause && t->side == GEV_WRITE && !rec->writer;
	bool expired = false;
	long r;

	if (deaf)
		rec->deaf = true;
	if (takes_requests(hub, rec, t))
		r = gev__complete(hub, rec, t, left, &expired);
	else
		r = gev__fd_wait(hub, rec, t->fd, t->side,
			pauses ? t->pause : left, &expired, t->name);
	if (deaf)
		rec->deaf = false;
	if (expired && pauses) {
		t->pause = gev__longer_pause(t->pause);
		return 0;
	}
	if (expired && t->patient) {
		t->answered = true;
		t->answer = 0;
		return 0;
	}
	if (expired)
		return t->expiry ? t->expiry : -EAGAIN;
	if (r == -EPERM && rec->kind == GEV__FD_FILE)
		return 0;
	return r;
}

static void note_short(struct gev__fd_rec *rec, const struct gev__transfer *t,
	long n)
{
	if (t->side == GEV_READ && rec->kind == GEV__FD_TCP && n > 0 &&
		(size_t)n < t->left && !t->vain && !rec->uneven)
		rec->ready &= ~GEV_READ;
}

static void advance(struct gev__transfer *t, size_t n)
{
	if (!t->done && t->msg) {
		t->iov = t->msg->msg_iov;
		t->iovcnt = (int)t->msg->msg_iovlen;
	}
	if (!t->done && t->iov)
		t->left = gev__iov_size(t->iov, t->iovcnt);
	if (t->buf)
		t->buf = (char *)t->buf + n;
	t->done += n;
	t->left -= n;
}

/* The kernel goes on with streams only; an error is left to the next call. */
static bool goes_on(struct gev__transfer *t, const struct gev__fd_rec *rec,
	long r)
{
	if (!t->whole || r <= 0 || rec->kind == GEV__FD_PACKET ||
		rec->kind == GEV__FD_FILE)
		return false;
	advance(t, (size_t)r);
	if (t->enough)
		return false;
	if (rec->uneven && !t->strict && gev__fd_is_socket(rec) &&
		gev__fd_poll(t->fd, 0) & POLLERR)
		return false;
	return t->left > 0;
}

/* Whether it waits, as other processes have it that share the file. */
static bool still_waits(struct gev__fd_rec *rec, const struct gev__transfer *t)
{
	gev__fd_read_flags(rec, t->fd);
	return !rec->number->nonblock && !(t->flags & MSG_DONTWAIT);
}

/* *at is the record, also when it has become another. */
static long run(struct gev_hub *hub, struct gev__fd_rec **at,
	struct gev__transfer *t)
{
	struct gev__fd_rec *rec = *at;
	bool waits = !gev__fd_nonblock(rec, t->fd) &&
		     !(t->flags & MSG_DONTWAIT);
	bool promising = !waits || (rec->ready & t->side);
	bool asks = gev__fd_may_be_shared(rec);
	long r;

	for (;;) {
		r = promising ? t->attempt(t, rec) : -EAGAIN;
		if (r == -EAGAIN && asks) {
			waits = still_waits(rec, t);
			asks = false;
			if (!waits && !promising)
				r = t->attempt(t, rec);
		}
		if (r == -EAGAIN && waits) {
			rec->ready &= ~t->side;
			r = wait_for(hub, rec, t);
			if (r == -EBADF)
				r = gev__fd_follow(hub, &t->fd, at);
			if (r < 0)
				return r;
			rec = *at;
			promising = true;
			if (!t->answered)
				continue;
			t->answered = false;
			r = t->answer;
		}
		note_short(rec, t, r);
		if (!goes_on(t, rec, r) || (!waits && !t->strict))
			return r;
		promising = rec->ready & t->side;
	}
}

long gev__transfer(struct gev__transfer *t)
{
	int error;
	struct gev_hub *hub = gev__hub_get(&error);
	struct gev__fd_rec *rec = hub ? gev__fd_get(hub, t->fd, &error) : NULL;
	long r;

	if (!rec)
		return error;
	r = run(hub, &rec, t);
	gev__fd_next(rec, t->side);
	gev__spend(hub);
	return t->done && (r >= 0 || !t->strict) ? (long)t->done : r;
}

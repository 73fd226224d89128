/* SPDX-License-Identifier: MIT */
/*
 * Handshake, read, write and shutdown are one idea: call OpenSSL; if it wants
 * something of the descriptor, wait for that, and call it again.
 *
 * A reader may have to write (to answer a handshake or a key update) and a
 * writer to read (a handshake that the peer began), so both may come to want
 * the same side of the descriptor, for which only one can wait.  The other then
 * sleeps until the first has waited and made its attempt, for that has moved
 * the connection on, and makes one itself.
 */
#include "tls/tls.h"
#include <stdio.h>
#include <string.h>
#include <gev/greenlet.h>
#include <gev/timeout.h>

#define TURN 64 /* attempts, of a record each */
#define MOVE 4 /* besides GEV_READ and GEV_WRITE: what another does */

struct call {
	/* 0, the sides to wait for, or -errno.  Sets @complete. */
	int (*attempt)(gev_tls *tls, struct call *call);
	int sides;     /* of the connection, that it uses alone */
	bool flushes;  /* is complete when all is sent */
	bool complete;
	char *buf;
	size_t size;   /* left of it */
	size_t done;
	bool lost;     /* so is what was done: it failed for good */
};

/* The connection is over: every further use gives that error. */
static int end_by_openssl(gev_tls *tls)
{
	tls->broken = gev__tls_error(tls->text, sizeof(tls->text), tls->ssl);
	gev__tls_flush(&tls->wire); /* there may be an alert to send */
	return -tls->broken;
}

static int end_by(gev_tls *tls, int error, const char *text)
{
	snprintf(tls->text, sizeof(tls->text), "%s", text);
	tls->broken = error;
	return -error;
}

static int outcome(gev_tls *tls, int r)
{
	switch (SSL_get_error(tls->ssl, r)) {
	case SSL_ERROR_NONE:
		return 0;
	case SSL_ERROR_WANT_READ:
		return GEV_READ;
	case SSL_ERROR_WANT_WRITE:
		return GEV_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		return end_by(tls, ECONNRESET, "closed in the handshake");
	default:
		if (tls->wire.error)
			return end_by(tls, tls->wire.error,
				strerror(tls->wire.error));
		return end_by_openssl(tls);
	}
}

static int attempt_handshake(gev_tls *tls, struct call *call)
{
	int r = SSL_do_handshake(tls->ssl);

	call->complete = r == 1;
	return outcome(tls, r);
}

static int attempt_read(gev_tls *tls, struct call *call)
{
	int r = SSL_read_ex(tls->ssl, call->buf, call->size, &call->done);

	call->complete = r == 1;
	if (r == 0 && SSL_get_error(tls->ssl, r) == SSL_ERROR_ZERO_RETURN) {
		call->complete = true;
		return 0;
	}
	return outcome(tls, r);
}

/*
 * While a reader is there, it is the one to go through with a handshake that
 * the peer has begun: data may come before its end, which SSL_write() would
 * not know what to do with.
 */
static bool is_renegotiating(const gev_tls *tls)
{
	return tls->established && SSL_in_init(tls->ssl) &&
	       (tls->busy & GEV_READ);
}

static int attempt_write(gev_tls *tls, struct call *call)
{
	int r = gev__tls_flush(&tls->wire);
	size_t n = 0;

	if (r != 0)
		return r;
	if (SSL_get_shutdown(tls->ssl) & SSL_SENT_SHUTDOWN)
		return -EPIPE;
	if (is_renegotiating(tls))
		return MOVE;
	r = SSL_write_ex(tls->ssl, call->buf, call->size, &n);
	call->buf += n;
	call->size -= n;
	call->done += n;
	call->complete = r == 1 && call->size == 0;
	return outcome(tls, r);
}

static int attempt_goodbye(gev_tls *tls, struct call *call)
{
	int r = 1;

	if (!tls->established)
		return -ENOTCONN;
	if (!(SSL_get_shutdown(tls->ssl) & SSL_SENT_SHUTDOWN))
		r = SSL_shutdown(tls->ssl);
	call->complete = r >= 0;
	return r >= 0 ? 0 : outcome(tls, r);
}

/* And throw away what comes, until the peer has said it too. */
static int attempt_goodbyes(gev_tls *tls, struct call *call)
{
	int r = attempt_goodbye(tls, call);

	if (!call->complete)
		return r;
	r = attempt_read(tls, call);
	call->complete = call->complete && call->done == 0;
	call->done = 0;
	return r;
}

/* To look first is cheaper than to clear what is empty. */
static void clear_errors(void)
{
	if (ERR_peek_error())
		ERR_clear_error();
}

static int attempt(gev_tls *tls, struct call *call)
{
	int r;

	clear_errors();
	tls->wire.error = 0;
	r = call->attempt(tls, call);
	if (r == 0)
		tls->established = true;
	gev__tls_stir(tls);
	return r;
}

static int sleep_until_moved(gev_tls *tls)
{
	int r;

	tls->sleepers++;
	r = gev_event_wait(&tls->moved, GEV_FOREVER);
	tls->sleepers--;
	return r < 0 ? -errno : 0;
}

/* Waits for what is wanted, unless another does. */
static int await(gev_tls *tls, int wants)
{
	int side = wants & GEV_WRITE ? GEV_WRITE : wants;
	int r;

	if (side == MOVE || (tls->awaited & side)) {
		r = sleep_until_moved(tls);
	} else {
		tls->awaited |= (uint8_t)side;
		r = gev__tls_wait(&tls->wire, side);
		tls->awaited &= (uint8_t)~side;
	}
	return tls->closed ? -EBADF : r;
}

/* What a call left in the queue, sent in a greenlet of its own. */
static intptr_t send_rest(void *arg)
{
	gev_tls *tls = arg;

	while (!tls->closed && gev__tls_flush(&tls->wire) == GEV_WRITE)
		if (await(tls, GEV_WRITE) < 0)
			break;
	tls->sends_rest = false;
	gev__tls_leave(tls, 0);
	return 0;
}

/* If it can't be spawned the next call is the one to send it. */
static void leave_rest(gev_tls *tls)
{
	if (tls->sends_rest || tls->awaited & GEV_WRITE)
		return;
	if (gev_go(send_rest, tls) < 0)
		return;
	tls->sends_rest = true;
	tls->users++;
}

/* That nothing more can be sent is for those to know who send. */
static int is_unsent(const struct call *call, int full)
{
	return full < 0 && call->sides == GEV_WRITE;
}

/* One attempt, and the wait it asks for: 0 or -errno. */
static int step(gev_tls *tls, struct call *call, bool *ended)
{
	int wants = call->complete ? 0 : attempt(tls, call);
	int full;

	if (wants < 0)
		return wants;
	full = gev__tls_flush(&tls->wire);
	if (is_unsent(call, full))
		return full;
	if (full > 0 && call->flushes)
		wants |= full;
	else if (full > 0)
		leave_rest(tls);
	*ended = call->complete && !wants;
	return wants ? await(tls, wants) : 0;
}

/* Others run now and then, also if the peer never lets us wait. */
static int take_turns(gev_tls *tls)
{
	if (++tls->attempts < TURN)
		return 0;
	tls->attempts = 0;
	if (gev_yield() < 0)
		return -errno;
	return tls->closed ? -EBADF : 0;
}

static int run(gev_tls *tls, struct call *call)
{
	bool ended = false;
	int r = 0;

	while (r == 0 && !ended) {
		r = take_turns(tls);
		if (r == 0)
			r = step(tls, call, &ended);
	}
	return r;
}

/* -1 and errno; and the words for it. */
static int fail(gev_tls *tls, int error)
{
	if (error == tls->broken)
		return (int)gev_fail(error, tls->text);
	snprintf(tls->text, sizeof(tls->text), "%s", strerror(error));
	errno = error;
	return -1;
}

static int run_within(gev_tls *tls, struct call *call, gev_time timeout)
{
	gev_timeout limit;
	int r;

	if (timeout == GEV_FOREVER)
		return run(tls, call);
	if (gev_timeout_start(&limit, timeout) < 0)
		return -errno;
	r = run(tls, call);
	gev_timeout_cancel(&limit);
	return r;
}

static int carry_out(gev_tls *tls, struct call *call, gev_time timeout)
{
	int r = gev__tls_enter(tls, call->sides);

	if (r < 0)
		return fail(tls, -r);
	r = run_within(tls, call, timeout);
	if (r < 0 && !tls->closed && gev__tls_flush(&tls->wire) > 0)
		leave_rest(tls);
	call->lost = tls->closed || tls->broken || tls->wire.dead;
	if (r < 0)
		r = fail(tls, -r);
	gev__tls_leave(tls, call->sides);
	return r;
}

int gev_tls_handshake(gev_tls *tls, gev_time timeout)
{
	struct call call = { .attempt = attempt_handshake,
		.sides = GEV_READ | GEV_WRITE, .flushes = true };

	if (!tls)
		return (int)gev__tls_ret(-EINVAL);
	return carry_out(tls, &call, timeout);
}

ssize_t gev_tls_read(gev_tls *tls, void *buf, size_t size)
{
	struct call call = { .attempt = attempt_read, .sides = GEV_READ,
		.buf = buf, .size = size };

	if (!tls || (!buf && size))
		return gev__tls_ret(-EINVAL);
	if (size == 0)
		return 0;
	if (carry_out(tls, &call, tls->timeout) < 0)
		return -1;
	return (ssize_t)call.done;
}

ssize_t gev_tls_write(gev_tls *tls, const void *buf, size_t size)
{
	struct call call = { .attempt = attempt_write, .sides = GEV_WRITE,
		.flushes = true, .buf = (char *)buf, .size = size };

	if (!tls || (!buf && size) || size > (size_t)PTRDIFF_MAX)
		return gev__tls_ret(-EINVAL);
	if (size == 0)
		return 0;
	if (carry_out(tls, &call, tls->timeout) < 0 &&
		(call.lost || call.done == 0))
		return -1;
	return (ssize_t)call.done;
}

int gev_tls_shutdown(gev_tls *tls, int how, gev_time timeout)
{
	char scraps[1024];
	struct call call = { .attempt = attempt_goodbye, .sides = GEV_WRITE,
		.flushes = true, .buf = scraps, .size = sizeof(scraps) };

	if (!tls || (how != SHUT_WR && how != SHUT_RDWR))
		return (int)gev__tls_ret(-EINVAL);
	if (how == SHUT_RDWR) {
		call.attempt = attempt_goodbyes;
		call.sides = GEV_READ | GEV_WRITE;
	}
	return carry_out(tls, &call, timeout);
}

int gev_tls_set_timeout(gev_tls *tls, gev_time timeout)
{
	if (!tls || timeout < GEV_FOREVER)
		return (int)gev__tls_ret(-EINVAL);
	tls->timeout = timeout;
	return 0;
}

/* Peeking has what was received but not looked at yet decrypted. */
size_t gev_tls_pending(gev_tls *tls)
{
	char first;
	size_t n;

	if (!tls)
		return 0;
	if (!tls->users && !tls->broken && tls->established) {
		clear_errors();
		SSL_peek_ex(tls->ssl, &first, 1, &n);
		clear_errors();
	}
	return (size_t)SSL_pending(tls->ssl);
}

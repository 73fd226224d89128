/* SPDX-License-Identifier: MIT */
/*
 * Between OpenSSL and the descriptor: a BIO that never waits, and the waiting.
 *
 * In.  What can be read at once goes straight to where OpenSSL wants it.  To
 * wait for more is a gev_recv(), which knows without asking the kernel whether
 * there is any use in trying.  It needs a place for what comes, and that is a
 * small one, held[], for each connection has it: the first bytes are taken from
 * there.  A message of less than that costs one system call.
 *
 * Out.  What the socket does not take is queued, and OpenSSL told that all of
 * it is gone.  So no record is ever half written as far as OpenSSL knows, and
 * reading, which may have to answer a key update, does not get in the way of a
 * write that waits.  A call that writes waits until the queue is empty; what
 * others leave there goes out by itself (call.c).  A peer that makes us answer,
 * but does not read, is stopped at QUEUE_MAX.  That nothing can be sent any
 * more does not keep us from reading the peer's last words.
 */
#include "tls/tls.h"
#include <openssl/bio.h>
#include <stdatomic.h>
#include <string.h>
#include <gev/io.h>
#include <gev/socket.h>

#define QUEUE_MAX (256 << 10)

static int retry_read(BIO *bio)
{
	BIO_set_retry_read(bio);
	return 0;
}

static size_t take_held(struct gev__tls_wire *wire, void *buf, size_t size)
{
	size_t n = (size_t)(wire->held_size - wire->held_at);

	n = n < size ? n : size;
	memcpy(buf, wire->held + wire->held_at, n);
	wire->held_at += (uint16_t)n;
	return n;
}

/* The rest of a record that began in held[] is likely to be there too. */
static ssize_t take(struct gev__tls_wire *wire, void *buf, size_t size)
{
	ssize_t n;

	if (wire->held_at < wire->held_size)
		return (ssize_t)take_held(wire, buf, size);
	if (wire->drained)
		return -EAGAIN;
	n = recv(wire->fd, buf, size, MSG_DONTWAIT);
	if (n < 0)
		return -errno;
	wire->drained = (size_t)n < size;
	wire->ended = n == 0;
	return n;
}

static int bio_read(BIO *bio, char *buf, size_t size, size_t *done)
{
	struct gev__tls_wire *wire = BIO_get_data(bio);
	ssize_t n;

	BIO_clear_retry_flags(bio);
	if (wire->ended)
		return 0;
	n = take(wire, buf, size);
	if (n == -EAGAIN)
		return retry_read(bio);
	if (n < 0)
		wire->error = (int)-n;
	*done = n > 0 ? (size_t)n : 0;
	return n > 0;
}

static int grow(struct gev__tls_wire *wire, size_t room)
{
	unsigned char *queue = OPENSSL_realloc(wire->queue, room);

	if (!queue)
		return -ENOMEM;
	wire->queue = queue;
	wire->queue_room = room;
	return 0;
}

static int enqueue(struct gev__tls_wire *wire, const char *buf, size_t size)
{
	size_t need = wire->queue_size + size;

	if (need > wire->queue_room && grow(wire, need) < 0)
		return -ENOMEM;
	memcpy(wire->queue + wire->queue_size, buf, size);
	wire->queue_size = need;
	return 0;
}

/* How much the socket takes at once: 0 if it is full; or -errno. */
static ssize_t give(struct gev__tls_wire *wire, const void *buf, size_t size)
{
	ssize_t n = send(wire->fd, buf, size, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	return n;
}

/* It never fails: what can't be sent any more is for gev__tls_flush() to tell. */
static int bio_write(BIO *bio, const char *buf, size_t size, size_t *done)
{
	struct gev__tls_wire *wire = BIO_get_data(bio);
	ssize_t n = 0;

	BIO_clear_retry_flags(bio);
	if (wire->queue_size > QUEUE_MAX) {
		BIO_set_retry_write(bio);
		return 0;
	}
	*done = size;
	if (wire->dead)
		return 1;
	if (wire->queue_size == 0)
		n = give(wire, buf, size);
	if (n >= 0 && (size_t)n < size)
		n = enqueue(wire, buf + n, size - (size_t)n);
	if (n < 0)
		wire->dead = (int)-n;
	return 1;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
	const struct gev__tls_wire *wire = BIO_get_data(bio);

	(void)number, (void)pointer;
	if (command == BIO_CTRL_EOF)
		return wire->ended;
	return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *make_method(void)
{
	int type = BIO_get_new_index();
	BIO_METHOD *method;

	if (type < 0)
		return NULL;
	method = BIO_meth_new(type | BIO_TYPE_SOURCE_SINK, "gev");
	if (method) {
		BIO_meth_set_read_ex(method, bio_read);
		BIO_meth_set_write_ex(method, bio_write);
		BIO_meth_set_ctrl(method, bio_ctrl);
	}
	return method;
}

static BIO_METHOD *the_method(void)
{
	static _Atomic(BIO_METHOD *) shared;
	BIO_METHOD *method = atomic_load(&shared), *other = NULL;

	if (method)
		return method;
	method = make_method();
	if (!method || atomic_compare_exchange_strong(&shared, &other, method))
		return method;
	BIO_meth_free(method);
	return other;
}

BIO *gev__tls_bio(struct gev__tls_wire *wire)
{
	BIO_METHOD *method = the_method();
	BIO *bio = method ? BIO_new(method) : NULL;

	if (!bio)
		return NULL;
	BIO_set_data(bio, wire);
	BIO_set_init(bio, 1);
	return bio;
}

static void empty_queue(struct gev__tls_wire *wire)
{
	OPENSSL_free(wire->queue);
	wire->queue = NULL;
	wire->queue_at = wire->queue_size = wire->queue_room = 0;
}

int gev__tls_flush(struct gev__tls_wire *wire)
{
	ssize_t n;

	while (!wire->dead && wire->queue_at < wire->queue_size) {
		n = give(wire, wire->queue + wire->queue_at,
			wire->queue_size - wire->queue_at);
		if (n == 0)
			return GEV_WRITE;
		if (n < 0)
			wire->dead = (int)-n;
		else
			wire->queue_at += (size_t)n;
	}
	if (wire->queue)
		empty_queue(wire);
	return -wire->dead;
}

/* Only where all that was held is used up. */
static int receive(struct gev__tls_wire *wire)
{
	ssize_t n = gev_recv(wire->fd, wire->held, sizeof(wire->held), 0);

	if (n < 0)
		return -errno;
	wire->held_at = 0;
	wire->held_size = (uint16_t)n;
	wire->drained = (size_t)n < sizeof(wire->held);
	wire->ended = n == 0;
	return 0;
}

int gev__tls_wait(struct gev__tls_wire *wire, int side)
{
	if (side == GEV_READ)
		return receive(wire);
	return gev_wait_fd(wire->fd, GEV_WRITE, GEV_FOREVER) < 0 ? -errno : 0;
}

void gev__tls_wire_fini(struct gev__tls_wire *wire)
{
	empty_queue(wire);
}

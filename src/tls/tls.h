/* SPDX-License-Identifier: MIT */
/*
 * What the files of this library share.
 *
 * OpenSSL never sees the descriptor.  It reads and writes through a BIO of
 * ours (wire.c) that moves what can be moved at once and never waits; who
 * called waits outside, in call.c, and tries again.  So no greenlet ever parks
 * with OpenSSL's code, or an entry of the thread's error queue, beneath it, and
 * a connection's SSL is never entered by two.
 */
#ifndef GEV_TLS_TLS_H
#define GEV_TLS_TLS_H

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <gev/event.h>
#include <gev/tls.h>

struct gev__tls_session;

/* Lives as long as its SSL_CTX, which is counted. */
struct gev_tls_context {
	SSL_CTX *ssl;
	int role;
	int verify;
	bool chosen_ca;      /* something was loaded, or is to be */
	bool system_ca;      /* to be loaded before the first connection */
	bool resumes;
	unsigned char *alpn; /* as on the wire */
	unsigned alpn_size;
	gev_tls_select_fn *select;
	void *select_arg;
	pthread_mutex_t lock; /* of what follows, and system_ca */
	struct gev__tls_session *sessions; /* to resume, the newest first */
};

/* What the BIO moves (wire.c). */
struct gev__tls_wire {
	int fd;
	int error;             /* of the last read; 0: none */
	int dead;              /* why nothing goes out any more; 0: it does */
	bool drained;          /* a read came back short: don't try another */
	bool ended;            /* by the peer */
	uint16_t held_at;      /* held[held_at..held_size] came, and wasn't */
	uint16_t held_size;    /* asked for yet */
	unsigned char *queue;  /* queue[queue_at..queue_size] is to go out */
	size_t queue_at;
	size_t queue_size;
	size_t queue_room;
	unsigned char held[512];
};

struct gev_tls {
	SSL *ssl;
	struct gev__tls_wire wire;
	char *server_name;     /* that a client asks for, or NULL */
	char *subject;         /* of the peer's certificate, once asked for */
	char *alpn;            /* likewise */
	gev_time timeout;      /* of reads and writes */
	gev_event moved;       /* somebody else did something */
	unsigned users;        /* calls under way */
	unsigned sleepers;     /* those that wait for @moved */
	int attempts;          /* since others were let run */
	int broken;            /* the errno that ended it */
	uint8_t busy;          /* GEV_READ, GEV_WRITE: what calls are under way */
	uint8_t awaited;       /* the sides of the descriptor they wait for */
	bool established;      /* a handshake was completed */
	bool closed;
	bool sends_rest;       /* a greenlet that sends what calls left */
	char text[160];        /* of the last error */
};

/* library.c: made once; 0 or -ENOMEM. */
int gev__tls_library(void);
gev_tls_context *gev__tls_context_of(const SSL *ssl);
gev_tls *gev__tls_of(const SSL *ssl);
int gev__tls_adopt_context(SSL_CTX *ssl, gev_tls_context *context);
int gev__tls_adopt(SSL *ssl, gev_tls *tls);

/* context.c: @context's end, when OpenSSL has dropped its SSL_CTX. */
void gev__tls_context_gone(gev_tls_context *context);
/* A connection is about to be made: 0 or -ENOMEM. */
int gev__tls_context_begin(gev_tls_context *context);

/* session.c: OpenSSL has a new session; 1 if it was kept. */
int gev__tls_remember(SSL *ssl, SSL_SESSION *session);
/* The handshake to come tries a session of that name, if there is one. */
void gev__tls_resume(gev_tls *tls, gev_tls_context *context);
void gev__tls_forget_sessions(gev_tls_context *context);

/*
 * error.c: the errno that the thread's error queue amounts to, its text in
 * @text; the queue is empty afterwards.
 */
int gev__tls_error(char *text, size_t size, const SSL *ssl);
/* The same for what has no connection: -1, errno and the greenlet's message. */
int gev__tls_fail(void);

/* wire.c: a BIO over @wire; NULL if there is no memory. */
BIO *gev__tls_bio(struct gev__tls_wire *wire);
/* Sends what is queued: 0; GEV_WRITE if it has to wait; -errno, for ever. */
int gev__tls_flush(struct gev__tls_wire *wire);
/* Waits until @side is ready, or has brought something: 0 or -errno. */
int gev__tls_wait(struct gev__tls_wire *wire, int side);
void gev__tls_wire_fini(struct gev__tls_wire *wire);

/* connection.c: a call begins, which uses @sides; 0 or -errno. */
int gev__tls_enter(gev_tls *tls, int sides);
/* It ends, and @tls too if that was closed meanwhile. */
void gev__tls_leave(gev_tls *tls, int sides);
/* Whoever waits for the other may look again. */
void gev__tls_stir(gev_tls *tls);

/* The edge: @r, or -1 and errno. */
static inline ssize_t gev__tls_ret(ssize_t r)
{
	if (r >= 0)
		return r;
	errno = (int)-r;
	return -1;
}

#endif

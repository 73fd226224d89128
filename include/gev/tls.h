/* SPDX-License-Identifier: MIT */
/*
 * gev/tls.h - TLS in plain blocking style.  Python's ssl, said in C.
 *
 *	gev_tls_context *context = gev_tls_context_new(GEV_TLS_CLIENT);
 *	gev_tls *tls = gev_tls_connect("example.org", 443, context, GEV_SEC(9));
 *
 *	gev_tls_write(tls, request, size);
 *	while ((n = gev_tls_read(tls, buf, sizeof(buf))) > 0)
 *		...
 *	gev_tls_close(tls);
 *	gev_tls_context_free(context);
 *
 * In a library of its own, libgev-tls (pkg-config gev-tls), on OpenSSL 3; not
 * part of <gev.h>.
 *
 * A function that waits parks the calling greenlet, and fails as gev_recv() or
 * gev_send() would (gev/io.h: ECANCELED, ETIMEDOUT, EBADF, ...).  Beyond that:
 *
 *   EPROTO        the peer does not speak TLS as it should, or said so of us;
 *   EKEYREJECTED  the peer's certificate is not trusted, not valid now, or not
 *                 that of the name; or it showed none;
 *   EACCES        the peer did not accept our certificate, or wants one;
 *   ECONNRESET    the connection ended without the peer's goodbye: what was
 *                 read may have been cut short by anyone;
 *   EBUSY         another greenlet is reading (or writing) already; one reader
 *                 and one writer at a time are fine.
 *
 * The errors of this list but the last are final: every further use gives the
 * same one.  gev_tls_error() tells them in words, and so does
 * gev_exception_message(gev_current()).
 */
#ifndef GEV_TLS_H
#define GEV_TLS_H

#include <sys/socket.h>
#include <sys/types.h>
#include <gev/tls_context.h>

GEV_BEGIN_DECLS

typedef struct gev_tls gev_tls;
struct gev_stream;
struct ssl_st; /* OpenSSL's SSL */

/*
 * gev_tls_client - TLS over @fd, a connected stream socket; we are the client.
 * gev_tls_server - and the server.
 *
 * @server_name is the name, or numeric address, whose certificate it has to be.
 * Nothing is sent yet.  TCP_NODELAY is set: records are not worth holding back.
 *
 * Returns   a connection; or NULL with errno EINVAL (the context is NULL or
 *           for the other side; no name, though it is to be verified; a name
 *           that is none), ENOMEM.
 * Context   each connection is used by one thread at a time.
 * Memory    @fd stays the caller's until gev_tls_close(), and is to be blocking
 *           or used by gev only.
 */
GEV_API gev_tls *gev_tls_client(int fd, gev_tls_context *context,
	const char *server_name);
GEV_API gev_tls *gev_tls_server(int fd, gev_tls_context *context);

/*
 * gev_tls_connect - a connection to @port of @host, after the handshake.
 *
 * gev_tcp_connect(), gev_tls_client() for that name, and gev_tls_handshake().
 *
 * Waits     at most @timeout for all of it.
 * Returns   a connection; or NULL with the errno of what failed.
 */
GEV_API gev_tls *gev_tls_connect(const char *host, int port,
	gev_tls_context *context, gev_time timeout);

/*
 * gev_tls_close - say goodbye if that needs no waiting, and close everything.
 * gev_tls_free - the same, but the descriptor stays open.
 *
 * Who is reading or writing fails with EBADF.  NULL is ignored.
 */
GEV_API void gev_tls_close(gev_tls *tls);
GEV_API void gev_tls_free(gev_tls *tls);

/*
 * gev_tls_handshake - agree with the peer on how to go on.
 *
 * Otherwise the first gev_tls_read() or gev_tls_write() does.
 *
 * Waits     at most @timeout.
 * Returns   0; or -1 with errno as above.  After a timeout it may be called
 *           again.
 */
GEV_API int gev_tls_handshake(gev_tls *tls, gev_time timeout);

/*
 * gev_tls_read - read at most @size bytes.
 *
 * Waits     until there is something.
 * Returns   how many; 0: the peer said goodbye; or -1 with errno.
 */
GEV_API ssize_t gev_tls_read(gev_tls *tls, void *buf, size_t size);

/*
 * gev_tls_write - write all of @size bytes.
 *
 * Waits     until the kernel has them.
 * Returns   @size; or if it fails after a part was accepted, the size of that
 *           part, which goes out by itself; or -1 with errno, EPIPE if the
 *           peer is gone or gev_tls_shutdown() was called.
 */
GEV_API ssize_t gev_tls_write(gev_tls *tls, const void *buf, size_t size);

/*
 * gev_tls_pending - how many bytes are there to be read without waiting.
 *
 * What gev_wait_fd() does not know of.  NULL: 0.
 */
GEV_API size_t gev_tls_pending(gev_tls *tls);

/*
 * gev_tls_set_timeout - from now on each read and write waits at most that.
 *
 * Returns   0; or -1 with errno EINVAL.  GEV_FOREVER is how it begins.
 */
GEV_API int gev_tls_set_timeout(gev_tls *tls, gev_time timeout);

/*
 * gev_tls_shutdown - say goodbye, which ends what the peer reads.
 *
 * With @how SHUT_WR that is all: reading goes on.  With SHUT_RDWR wait for the
 * peer's goodbye too; what it sends before that is thrown away.
 *
 * Waits     at most @timeout.
 * Returns   0; or -1 with errno, EINVAL (@how), ENOTCONN (no handshake yet).
 */
GEV_API int gev_tls_shutdown(gev_tls *tls, int how, gev_time timeout);

/* What is known of a connection.  Strings are its own, "" if there is none. */
struct gev_tls_info {
	const char *version;     /* "TLSv1.3" */
	const char *cipher;      /* "TLS_AES_256_GCM_SHA384" */
	const char *alpn;        /* the protocol agreed on */
	const char *server_name; /* that the client asked for */
	const char *subject;     /* of the peer's certificate, RFC 2253 */
	const char *verdict;     /* on it: "ok", or what is wrong */
	bool verified;           /* there is one, and it is ok */
	bool reused;             /* the session of an earlier connection */
	unsigned char fingerprint[32]; /* SHA-256 of it, or zeros */
};

/*
 * gev_tls_get_info - ask for it, after the handshake.
 *
 * Returns   0; or -1 with errno EINVAL, ENOTCONN (there was none), ENOMEM.
 */
GEV_API int gev_tls_get_info(gev_tls *tls, struct gev_tls_info *info);

/* gev_tls_error - what went wrong last, in words, or ""; @tls's memory. */
GEV_API const char *gev_tls_error(const gev_tls *tls);

/* gev_tls_fd, gev_tls_ssl - what it is made of.  NULL: -1 and NULL. */
GEV_API int gev_tls_fd(const gev_tls *tls);
GEV_API struct ssl_st *gev_tls_ssl(gev_tls *tls);

/*
 * gev_tls_stream - a buffered stream (gev/stream.h) over @tls.
 *
 * @flags are those of gev_stream_open_ops(); closing it is gev_tls_close().
 *
 * Returns   a stream; or NULL with errno EINVAL, ENOMEM.
 */
GEV_API struct gev_stream *gev_tls_stream(gev_tls *tls, unsigned flags);

/* What makes a server (gev/server.h) speak TLS. */
struct gev_tls_service {
	gev_tls_context *context;
	/* A connection after its handshake, in a greenlet of its own. */
	void (*handle)(gev_tls *tls, const struct sockaddr *peer,
		socklen_t size, void *arg);
	/* One whose handshake failed, with that errno; may be NULL. */
	void (*refused)(gev_tls *tls, int error, void *arg);
	void *arg;
	gev_time timeout; /* of the handshake; 0: 30 seconds */
};

/*
 * gev_tls_handle - a server's handler; its argument is a gev_tls_service.
 *
 *	.handle = gev_tls_handle, .arg = &service
 *
 * It does the handshake, calls the service's handler, and says goodbye.
 */
GEV_API void gev_tls_handle(int fd, const struct sockaddr *peer,
	socklen_t size, void *service);

GEV_END_DECLS

#endif

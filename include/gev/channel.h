/* SPDX-License-Identifier: MIT */
/*
 * gev/channel.h - channels: greenlets hand each other values.
 *
 * A channel of capacity 0 is a rendezvous: whoever sends waits for one who
 * receives, and the other way round.  One with a capacity keeps that many
 * elements for those who have yet to come.  Elements are copied, each of them
 * as large as was said when the channel was made.  Mirrors gevent's Channel
 * and Go's, with error codes in place of panics.
 *
 *	gev_chan *ch = gev_chan_new(sizeof(int), 0);
 *	gev_go(squares, ch);
 *	for (int n; gev_chan_recv(ch, &n, GEV_FOREVER) == 0;)
 *		printf("%d\n", n);
 *	gev_chan_free(ch);
 *
 * To wait for one of several channels there is gev_choose() (gev/choose.h).
 * A channel belongs to the thread that first uses it.
 */
#ifndef GEV_CHANNEL_H
#define GEV_CHANNEL_H

#include <gev/base.h>

GEV_BEGIN_DECLS

typedef struct gev_chan gev_chan;

/*
 * gev_chan_new - make a channel.
 *
 * Elements of 0 bytes are fine: what counts is that they come.
 *
 * Returns   the channel; or NULL with errno ENOMEM, EOVERFLOW (@capacity
 *           elements are more than there can be).
 * Context   any thread; needs no hub.
 * Memory    the caller owns it and gives it back with gev_chan_free().
 */
GEV_API gev_chan *gev_chan_new(size_t element_size, size_t capacity);

/*
 * gev_chan_free - give @ch back.
 *
 * Who waits on it fails with EPIPE.  Elements in its buffer are lost.
 *
 * Returns   0 (also for NULL); or -1 with errno EPERM, if greenlets of another
 *           thread wait on it; then it is still there.
 */
GEV_API int gev_chan_free(gev_chan *ch);

/*
 * gev_chan_send - hand over a copy of @element.
 *
 * @element may be NULL where elements have 0 bytes.
 *
 * Waits     at most @timeout until somebody takes it or there is room.
 * Returns   0; or -1 with errno EPIPE (@ch is closed, or was meanwhile),
 *           ETIMEDOUT, EAGAIN (@timeout is 0 and it would have to wait),
 *           ECANCELED, a thrown code, EDEADLK, EINVAL, EPERM, ENOMEM.  On
 *           error nobody got it.
 * Context   any greenlet; loop callbacks too, where they need not wait.
 * Memory    @element is read until the function returns.
 * Order     first come, first served.  At a rendezvous the receiver goes on
 *           before the sender does.
 */
GEV_API int gev_chan_send(gev_chan *ch, const void *element, gev_time timeout);

/*
 * gev_chan_recv - receive the next element into @element.
 *
 * NULL lets go of it.
 *
 * Waits     at most @timeout until there is one.
 * Returns   0; or -1 with errno EPIPE (@ch is closed, and nothing is left in
 *           it), or else as gev_chan_send().  On error nothing was received.
 * Context   any greenlet; loop callbacks too, where they need not wait.
 * Order     elements come as they were sent; first come, first served.
 */
GEV_API int gev_chan_recv(gev_chan *ch, void *element, gev_time timeout);

/*
 * gev_chan_close - nothing more is sent.
 *
 * Who waits to send fails with EPIPE.  What is in the buffer can still be
 * received; after that receivers fail with EPIPE too.
 *
 * Returns   0; or -1 with errno EALREADY (it was closed before), EINVAL (NULL),
 *           EPERM.
 * Context   any greenlet; loop callbacks too.
 */
GEV_API int gev_chan_close(gev_chan *ch);

/*
 * gev_chan_closed - whether it was closed.
 * gev_chan_len - elements in its buffer.
 * gev_chan_cap - elements that fit there.
 *
 * NULL counts as closed and empty.
 */
GEV_API bool gev_chan_closed(const gev_chan *ch);
GEV_API size_t gev_chan_len(const gev_chan *ch);
GEV_API size_t gev_chan_cap(const gev_chan *ch);

GEV_END_DECLS

#endif

/* SPDX-License-Identifier: MIT */
/*
 * A queue as a select sees it.  Its arm for a put waits in q->putters, with the
 * item as its value; the one for a get in q->getters, where it is given one.
 */
#ifndef GEV_SYNC_QUEUE_H
#define GEV_SYNC_QUEUE_H

#include <gev/queue.h>

/* 0; -EAGAIN: to be waited for; -EPIPE, -ENOMEM, -EINVAL, -EPERM. */
int gev__queue_try_put(gev_queue *q, void *item);
/* 0; -EAGAIN: to be waited for; -EPIPE, -EINVAL, -EPERM. */
int gev__queue_try_get(gev_queue *q, void **item);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Elements go from stack to stack: whoever finds a partner waiting copies from
 * or to the memory that one brought along, and wakes it.  So nobody can get in
 * between, and nothing is handed to those who wait no longer.
 *
 *	senders --> [ ring of elements ] --> receivers
 *
 * Senders wait only while the ring is full, receivers only while it is empty;
 * a rendezvous has a ring that is both.
 */
#include "sync/channel.h"
#include "base/mem.h"
#include "sync/sync.h"

typedef uint16_t __attribute__((may_alias, aligned(1))) word2;
typedef uint32_t __attribute__((may_alias, aligned(1))) word4;
typedef uint64_t __attribute__((may_alias, aligned(1))) word8;

/* Most elements are a number, a pointer or two. */
static inline void copy(void *to, const void *from, size_t size)
{
	switch (size) {
	case 1:
		*(char *)to = *(const char *)from;
		break;
	case 2:
		*(word2 *)to = *(const word2 *)from;
		break;
	case 4:
		*(word4 *)to = *(const word4 *)from;
		break;
	case 8:
		*(word8 *)to = *(const word8 *)from;
		break;
	case 16:
		((word8 *)to)[0] = ((const word8 *)from)[0];
		((word8 *)to)[1] = ((const word8 *)from)[1];
		break;
	default:
		gev__copy(to, from, size);
	}
}

/* To a receiver, who may not want it. */
static inline void deliver(const gev_chan *ch, void *to, const void *from)
{
	if (to)
		copy(to, from, ch->size);
}

static inline size_t behind(const gev_chan *ch, size_t offset)
{
	offset += ch->size;
	return offset == ch->capacity * ch->size ? 0 : offset;
}

static inline void put(gev_chan *ch, const void *element)
{
	copy(ch->buffer + ch->free, element, ch->size);
	ch->free = behind(ch, ch->free);
	ch->length++;
}

static inline void take(gev_chan *ch, void *element)
{
	deliver(ch, element, ch->buffer + ch->first);
	ch->first = behind(ch, ch->first);
	ch->length--;
}

static inline int try_send(gev_chan *ch, const void *element)
{
	struct gev_waiter *receiver = gev__sync_first(&ch->receivers);

	if (!element && ch->size)
		return -EINVAL;
	if (ch->closed)
		return -EPIPE;
	if (receiver) {
		deliver(ch, receiver->value, element);
		gev__wake(receiver, 0);
		return 0;
	}
	if (ch->length == ch->capacity)
		return -EAGAIN;
	put(ch, element);
	return 0;
}

static inline int try_recv(gev_chan *ch, void *element)
{
	struct gev_waiter *sender = gev__sync_first(&ch->senders);

	if (ch->length) {
		take(ch, element);
		if (sender)
			put(ch, sender->value);
	} else if (sender) {
		deliver(ch, element, sender->value);
	} else {
		return ch->closed ? -EPIPE : -EAGAIN;
	}
	if (sender)
		gev__wake(sender, 0);
	return 0;
}

int gev__chan_try_send(gev_chan *ch, const void *element)
{
	return try_send(ch, element);
}

int gev__chan_try_recv(gev_chan *ch, void *element)
{
	return try_recv(ch, element);
}

int gev__chan_enter(gev_chan *ch)
{
	return ch ? gev__sync_enter(&ch->hub) : -EINVAL;
}

static inline int enter(gev_chan *ch, gev_time timeout)
{
	return timeout < GEV_FOREVER ? -EINVAL : gev__chan_enter(ch);
}

/* The receiver that was waiting goes on first, unless the caller can't wait. */
static inline int after_you(const gev_chan *ch)
{
	return gev__can_park_last(ch->hub) ? gev_yield() : 0;
}

static __attribute__((noinline)) int park(gev_chan *ch,
	struct gev_list *waiters, const char *what, void *element,
	gev_time timeout)
{
	struct gev_waiter w = { .what = what, .object = ch, .value = element };

	gev__list_add_tail(waiters, &w.link);
	return (int)gev__ret(gev__park(&w, timeout));
}

static inline int wait(gev_chan *ch, struct gev_list *waiters,
	const char *what, void *element, gev_time timeout)
{
	if (timeout == GEV_FOREVER && gev__can_park_last(ch->hub))
		return gev__park_last(ch->hub, waiters, what, ch, NULL,
			element);
	return park(ch, waiters, what, element, timeout);
}

int gev_chan_send(gev_chan *ch, const void *element, gev_time timeout)
{
	int r = enter(ch, timeout);

	if (r == 0)
		r = try_send(ch, element);
	if (timeout != 0 && r == 0 && ch->capacity == 0)
		return after_you(ch);
	if (timeout != 0 && r == -EAGAIN)
		return wait(ch, &ch->senders, "chan send", (void *)element,
			timeout);
	return (int)gev__ret(r);
}

int gev_chan_recv(gev_chan *ch, void *element, gev_time timeout)
{
	int r = enter(ch, timeout);

	if (r == 0)
		r = try_recv(ch, element);
	if (timeout != 0 && r == -EAGAIN)
		return wait(ch, &ch->receivers, "chan recv", element, timeout);
	return (int)gev__ret(r);
}

static void end(gev_chan *ch)
{
	ch->closed = true;
	gev__wake_all(&ch->senders, -EPIPE);
	gev__wake_all(&ch->receivers, -EPIPE);
}

int gev_chan_close(gev_chan *ch)
{
	int r = gev__chan_enter(ch);

	if (r == 0 && ch->closed)
		r = -EALREADY;
	if (r == 0)
		end(ch);
	return (int)gev__ret(r);
}

/* False: more than there can be. */
static bool size_of(size_t element_size, size_t capacity, size_t *size)
{
	return !__builtin_mul_overflow(element_size, capacity, size) &&
	       !__builtin_add_overflow(*size, sizeof(gev_chan), size);
}

gev_chan *gev_chan_new(size_t element_size, size_t capacity)
{
	gev_chan *ch;
	size_t size;

	if (!size_of(element_size, capacity, &size))
		return gev__null(EOVERFLOW);
	ch = gev__alloc(size);
	if (!ch)
		return gev__null(ENOMEM);
	ch->size = element_size;
	ch->capacity = capacity;
	gev__list_init(&ch->senders);
	gev__list_init(&ch->receivers);
	return ch;
}

static bool has_waiters(const gev_chan *ch)
{
	return gev__sync_first(&ch->senders) || gev__sync_first(&ch->receivers);
}

int gev_chan_free(gev_chan *ch)
{
	size_t size;

	if (!ch)
		return 0;
	if (has_waiters(ch) && ch->hub != gev__hub_here())
		return (int)gev__ret(-EPERM);
	end(ch);
	size_of(ch->size, ch->capacity, &size);
	gev__free(ch, size);
	return 0;
}

bool gev_chan_closed(const gev_chan *ch)
{
	return !ch || ch->closed;
}

size_t gev_chan_len(const gev_chan *ch)
{
	return ch ? ch->length : 0;
}

size_t gev_chan_cap(const gev_chan *ch)
{
	return ch ? ch->capacity : 0;
}

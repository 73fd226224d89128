/* SPDX-License-Identifier: MIT */
#include "base/uring.h"
#include "base/host.h"
#include "base/mem.h"
#include "base/sys.h"
#include <errno.h>
#include <sys/mman.h>

#define NS_PER_S 1000000000
#define OPS 128

/* Both queues in one mapping, none lost, and waits that end (Linux 5.11). */
#define NEEDED                                                                 \
	(IORING_FEAT_SINGLE_MMAP | IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG)

union probe {
	struct io_uring_probe head;
	char room[sizeof(struct io_uring_probe) +
		OPS * sizeof(struct io_uring_probe_op)];
};

static void *map(int fd, size_t size, uint64_t offset, int *error)
{
	long p = gev__sys(SYS_mmap, 0, size, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_POPULATE, fd, offset);

	if (p >= 0 || p < -4095)
		return (void *)p;
	*error = (int)p;
	return NULL;
}

static void point_into(struct gev__uring *ring, char *base,
	const struct io_uring_params *p)
{
	unsigned *array = (unsigned *)(base + p->sq_off.array);

	ring->sq_head = (unsigned *)(base + p->sq_off.head);
	ring->sq_tail = (unsigned *)(base + p->sq_off.tail);
	ring->sq_flags = (unsigned *)(base + p->sq_off.flags);
	ring->cq_head = (unsigned *)(base + p->cq_off.head);
	ring->cq_tail = (unsigned *)(base + p->cq_off.tail);
	ring->cqes = (struct io_uring_cqe *)(base + p->cq_off.cqes);
	ring->sq_mask = p->sq_entries - 1;
	ring->cq_mask = p->cq_entries - 1;
	for (unsigned i = 0; i < p->sq_entries; i++)
		array[i] = i;
}

static size_t max(size_t a, size_t b)
{
	return a > b ? a : b;
}

static int map_all(struct gev__uring *ring, const struct io_uring_params *p)
{
	int r = 0;

	ring->map_size = max(p->sq_off.array + p->sq_entries * sizeof(unsigned),
		p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe));
	ring->map = map(ring->fd, ring->map_size, IORING_OFF_SQ_RING, &r);
	if (!ring->map)
		return r;
	ring->sqes_size = p->sq_entries * sizeof(struct io_uring_sqe);
	ring->sqes = map(ring->fd, ring->sqes_size, IORING_OFF_SQES, &r);
	if (ring->sqes)
		point_into(ring, ring->map, p);
	return r;
}

/* A kernel that does not tell what it knows is taken to know nothing. */
static void probe(struct gev__uring *ring)
{
	union probe p;

	gev__zero(&p, sizeof(p));
	if (gev__sys(SYS_io_uring_register, ring->fd, IORING_REGISTER_PROBE, &p,
		    OPS) < 0)
		return;
	for (unsigned i = 0; i < p.head.ops_len && i < OPS; i++)
		if (p.head.ops[i].flags & IO_URING_OP_SUPPORTED)
			ring->ops[i / 64] |= 1ULL << i % 64;
}

int gev__uring_open(struct gev__uring *ring, unsigned entries, unsigned flags)
{
	struct io_uring_params p;
	long fd;
	int r;

	gev__zero(ring, sizeof(*ring));
	gev__zero(&p, sizeof(p));
	p.flags = flags | IORING_SETUP_CQSIZE;
	p.cq_entries = 4 * entries;
	fd = gev__sys(SYS_io_uring_setup, entries, &p);
	ring->fd = fd < 0 ? -1 : gev__host_fd((int)fd);
	if (fd < 0)
		return (int)fd;
	ring->features = p.features;
	r = (p.features & NEEDED) == NEEDED ? map_all(ring, &p) : -ENOSYS;
	if (r < 0)
		gev__uring_close(ring);
	else
		probe(ring);
	return r;
}

void gev__uring_close(struct gev__uring *ring)
{
	if (ring->fd >= 0)
		gev__sys(SYS_close, ring->fd);
	if (ring->map)
		gev__unmap(ring->map, ring->map_size);
	if (ring->sqes)
		gev__unmap(ring->sqes, ring->sqes_size);
	ring->fd = -1;
	ring->map = NULL;
	ring->sqes = NULL;
}

struct io_uring_sqe *gev__uring_sqe(struct gev__uring *ring)
{
	struct io_uring_sqe *sqe;

	if (gev__uring_waiting(ring) > ring->sq_mask)
		return NULL;
	sqe = &ring->sqes[ring->tail++ & ring->sq_mask];
	gev__zero(sqe, sizeof(*sqe));
	return sqe;
}

static int enter(struct gev__uring *ring, unsigned n, unsigned flags,
	const struct io_uring_getevents_arg *arg)
{
	long r;

	__atomic_store_n(ring->sq_tail, ring->tail, __ATOMIC_RELEASE);
	r = gev__sys(SYS_io_uring_enter, ring->fd, gev__uring_waiting(ring), n,
		flags, arg, arg ? sizeof(*arg) : 0);
	return r < 0 && r != -ETIME ? (int)r : 0;
}

int gev__uring_submit(struct gev__uring *ring)
{
	return enter(ring, 0, 0, NULL);
}

int gev__uring_wait(struct gev__uring *ring, unsigned n, gev_time timeout)
{
	struct io_uring_getevents_arg arg = { .ts = 0 };
	struct __kernel_timespec ts;

	if (timeout == 0)
		return enter(ring, 0, IORING_ENTER_GETEVENTS, NULL);
	if (timeout == GEV_FOREVER)
		return enter(ring, n, IORING_ENTER_GETEVENTS, NULL);
	ts.tv_sec = timeout / NS_PER_S;
	ts.tv_nsec = timeout % NS_PER_S;
	arg.ts = (uintptr_t)&ts;
	return enter(ring, n, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG,
		&arg);
}

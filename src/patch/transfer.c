/* SPDX-License-Identifier: MIT */
/*
 * Reading and writing.  Files are left to the kernel: they never wait, and
 * libc reads its own with locks held.
 */
#include "calls/calls.h"
#include "calls/descriptor.h"
#include "patch/handlers.h"

static bool is_file(struct gev_hub *hub, long fd)
{
	int error;
	const struct gev__fd_rec *rec = gev__fd_get(hub, (int)fd, &error);

	return !rec || rec->kind == GEV__FD_FILE;
}

long gev__patch_read(struct gev_hub *hub, const long a[6])
{
	if (is_file(hub, a[0]))
		return GEV__PASS;
	return gev__call_read((int)a[0], (void *)a[1], (size_t)a[2]);
}

long gev__patch_write(struct gev_hub *hub, const long a[6])
{
	if (is_file(hub, a[0]))
		return GEV__PASS;
	return gev__call_write((int)a[0], (void *)a[1], (size_t)a[2]);
}

long gev__patch_readv(struct gev_hub *hub, const long a[6])
{
	if (is_file(hub, a[0]))
		return GEV__PASS;
	return gev__call_readv((int)a[0], (void *)a[1], (int)a[2]);
}

long gev__patch_writev(struct gev_hub *hub, const long a[6])
{
	if (is_file(hub, a[0]))
		return GEV__PASS;
	return gev__call_writev((int)a[0], (void *)a[1], (int)a[2]);
}

long gev__patch_recvfrom(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return gev__call_recvfrom((int)a[0], (void *)a[1], (size_t)a[2],
		(int)a[3], (void *)a[4], (void *)a[5]);
}

long gev__patch_recvmsg(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return gev__call_recvmsg((int)a[0], (void *)a[1], (int)a[2]);
}

long gev__patch_recvmmsg(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return gev__call_recvmmsg((int)a[0], (void *)a[1], (unsigned)a[2],
		(int)a[3], (void *)a[4]);
}

long gev__patch_sendto(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return gev__call_sendto((int)a[0], (void *)a[1], (size_t)a[2],
		(int)a[3], (void *)a[4], (socklen_t)a[5]);
}

long gev__patch_sendmsg(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return gev__call_sendmsg((int)a[0], (void *)a[1], (int)a[2]);
}

long gev__patch_sendmmsg(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return gev__call_sendmmsg((int)a[0], (void *)a[1], (unsigned)a[2],
		(int)a[3]);
}

long gev__patch_sendfile(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return gev__call_sendfile((int)a[0], (int)a[1], (void *)a[2],
		(size_t)a[3]);
}

long gev__patch_splice(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return gev__call_splice((int)a[0], (void *)a[1], (int)a[2],
		(void *)a[3], (size_t)a[4], (unsigned)a[5]);
}

long gev__patch_tee(struct gev_hub *hub, const long a[6])
{
	(void)hub;
	return gev__call_tee((int)a[0], (int)a[1], (size_t)a[2],
		(unsigned)a[3]);
}

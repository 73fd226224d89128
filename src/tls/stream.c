/* SPDX-License-Identifier: MIT */
#include "tls/tls.h"
#include <gev/stream.h>

static ssize_t read_tls(void *tls, void *buf, size_t size)
{
	return gev_tls_read(tls, buf, size);
}

static ssize_t write_tls(void *tls, const void *buf, size_t size)
{
	return gev_tls_write(tls, buf, size);
}

static int close_tls(void *tls)
{
	gev_tls_close(tls);
	return 0;
}

gev_stream *gev_tls_stream(gev_tls *tls, unsigned flags)
{
	static const struct gev_stream_ops ops = { read_tls, write_tls,
		close_tls };

	if (!tls) {
		errno = EINVAL;
		return NULL;
	}
	return gev_stream_open_ops(&ops, tls, flags);
}

/* SPDX-License-Identifier: MIT */
#include "calls/transfer.h"

size_t gev__iov_size(const struct iovec *iov, int n)
{
	size_t size = 0;

	for (int i = 0; i < n; i++)
		size += iov[i].iov_len;
	return size;
}

int gev__iov_piece(struct iovec window[GEV__WINDOW], const struct iovec *iov,
	int n, size_t skip, size_t max)
{
	int used = 0;

	for (int i = 0; i < n && used < GEV__WINDOW && max; i++) {
		size_t size = iov[i].iov_len;

		if (skip >= size) {
			skip -= size;
			continue;
		}
		size -= skip;
		if (size > max)
			size = max;
		window[used].iov_base = (char *)iov[i].iov_base + skip;
		window[used++].iov_len = size;
		skip = 0;
		max -= size;
	}
	return used;
}

/* SPDX-License-Identifier: MIT */
/* A library that leaves its work to another. */
#include "patch/objects/calls.h"

ssize_t needing_read(int fd, void *buf, size_t size)
{
	return object_read(fd, buf, size);
}

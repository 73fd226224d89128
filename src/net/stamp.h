/* SPDX-License-Identifier: MIT */
/*
 * Whether a file is what it was when it was last read.
 */
#ifndef GEV_NET_STAMP_H
#define GEV_NET_STAMP_H

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

struct gev__stamp {
	bool taken;
	bool missing;
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec modified;
	struct timespec changed;
};

static inline struct gev__stamp gev__stamp_of(const char *path)
{
	struct gev__stamp stamp;
	struct stat st;

	memset(&stamp, 0, sizeof(stamp)); /* the padding is compared too */
	stamp.taken = true;
	stamp.missing = stat(path, &st) < 0;
	if (stamp.missing)
		return stamp;
	stamp.dev = st.st_dev;
	stamp.ino = st.st_ino;
	stamp.size = st.st_size;
	stamp.modified = st.st_mtim;
	stamp.changed = st.st_ctim;
	return stamp;
}

/* Takes a new stamp, before the file is read again.  True the first time. */
static inline bool gev__stamp_renew(struct gev__stamp *stamp, const char *path)
{
	struct gev__stamp now = gev__stamp_of(path);

	if (memcmp(stamp, &now, sizeof(now)) == 0)
		return false;
	*stamp = now;
	return true;
}

/*
 * What a failure to read is: 0 where it is the file's own, which is then as if
 * it were not there (libc's list); or @error, which is not to be remembered.
 */
static inline int gev__stamp_error(int error)
{
	switch (error) {
	case -ENOENT:
	case -ENOTDIR:
	case -EISDIR:
	case -EACCES:
	case -EPERM:
	case -ELOOP:
		return 0;
	}
	return error;
}

#endif

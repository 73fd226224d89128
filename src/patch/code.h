/* SPDX-License-Identifier: MIT */
/* Memory that is run: making it, and changing what is there. */
#ifndef GEV_PATCH_CODE_H
#define GEV_PATCH_CODE_H

#include "patch/site.h"

/*
 * Fresh memory with the @size bytes of @bytes in it, which can be read and run
 * but not written, within reach of all of @o.  @bytes were made for @at, where
 * gev__code_room() found room.  0 or -errno, nothing left behind.
 */
int gev__code_room(const struct gev__object *o, size_t size, void **at);
int gev__code_make(void *at, const void *bytes, size_t size);

/*
 * Puts a jump to its stub at each site that has one and is not refused; or
 * takes it away.  All of them, or on an error (-errno) none.  Threads may run
 * meanwhile; if there are any, only windows of one instruction are replaced.
 */
int gev__code_patch(struct gev__sites *sites, const char **way);
int gev__code_unpatch(struct gev__sites *sites, const char **way);

/* More than the calling one, or it can't be told. */
bool gev__code_threads(void);

#endif

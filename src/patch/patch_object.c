/* SPDX-License-Identifier: MIT */
#include <gev/patch.h>
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include "base/error.h"
#include "patch/by_name.h"

#define MODES (GEV_PATCH_DEPS | GEV_PATCH_LATER)

int gev_patch_object(const char *name, unsigned flags)
{
	int r;

	if (!(flags & GEV_PATCH_ALL) || flags & ~(GEV_PATCH_ALL | MODES))
		return (int)gev__ret(-EINVAL);
	gev__patch_prepare();
	gev__lock(&gev__engine.lock);
	gev__engine.why = NULL;
	r = gev__by_name_ask(name ? name : "", flags);
	gev__unlock(&gev__engine.lock);
	return (int)gev__ret(r);
}

int gev_unpatch_object(const char *name)
{
	int r;

	gev__patch_prepare();
	gev__lock(&gev__engine.lock);
	r = gev__by_name_withdraw(name ? name : "");
	gev__unlock(&gev__engine.lock);
	return (int)gev__ret(r);
}

static const char *path_of(void *handle)
{
	struct link_map *map;

	if (!handle || dlinfo(handle, RTLD_DI_LINKMAP, &map) < 0)
		return NULL;
	return map->l_name;
}

int gev_patch_handle(void *handle, unsigned flags)
{
	const char *path = path_of(handle);

	if (!path)
		return (int)gev__ret(-EINVAL);
	return gev_patch_object(path, flags);
}

int gev_unpatch_handle(void *handle)
{
	const char *path = path_of(handle);

	if (!path)
		return (int)gev__ret(-EINVAL);
	return gev_unpatch_object(path);
}

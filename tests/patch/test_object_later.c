/* SPDX-License-Identifier: MIT */
/* Objects that are loaded after they were asked for, and once more. */
#include "patch/loaded.h"

#define IO GEV_PATCH_IO

/* Nobody else has it loaded, so that it comes and goes. */
static void patched_when_it_comes(void)
{
	void *handle;

	t_fails(gev_patch_object(SONAME("now"), IO), ENOENT);
	t_eq(gev_patch_object(SONAME("now"), IO | GEV_PATCH_LATER), 0);
	for (int i = 0; i < 2; i++) {
		handle = load(PATH("now"));
		t_ok(waits_in_call(handle, "object_read"));
		t_eq(dlclose(handle), 0);
		t_ok(dlopen(PATH("now"), RTLD_NOW | RTLD_NOLOAD) == NULL);
	}
	t_eq(gev_unpatch_object(SONAME("now")), 0);
	handle = load(PATH("now"));
	t_ok(!waits_in_call(handle, "object_read"));
	dlclose(handle);
}

static void with_what_it_needs(void)
{
	void *handle;

	t_eq(gev_patch_object(SONAME("needs"),
		     IO | GEV_PATCH_DEPS | GEV_PATCH_LATER), 0);
	handle = load(PATH("needs"));
	t_ok(waits_in_call(handle, "needing_read"));
	t_eq(gev_unpatch_object(SONAME("needs")), 0);
	t_ok(!waits_in_call(handle, "needing_read"));
	dlclose(handle);
}

static void every_object_is(void)
{
	void *handle, *by_another;
	void *(*open)(const char *path);

	t_eq(gev_patch_all(IO | GEV_PATCH_BY_NAME), 0);
	handle = load(PATH("now"));
	t_ok(waits_in_call(handle, "object_read"));
	*(void **)&open = function(handle, "object_open");
	by_another = open(PATH("noplt"));
	t_ok(waits_in_call(by_another, "object_read"));
	t_eq(gev_unpatch_all(), 0);
	t_ok(!waits_in_call(handle, "object_read"));
	t_ok(!waits_in_call(by_another, "object_read"));
	dlclose(by_another);
	dlclose(handle);
}

/* ld.so looks in the objects of whoever asks. */
static void the_loader_sees_who_asks(void)
{
	void *handle = load(PATH("now"));
	void *(*find)(const char *name);

	*(void **)&find = function(handle, "object_find");
	t_ok(find("object_nap") != NULL);
	t_ok(dlsym(RTLD_DEFAULT, "object_nap") == NULL);
	t_eq(gev_patch_handle(handle, IO | GEV_PATCH_LATER), 0);
	t_ok(find("object_nap") == function(handle, "object_nap"));
	t_ok(dlsym(RTLD_DEFAULT, "object_nap") == NULL);
	t_eq(gev_unpatch_handle(handle), 0);
	dlclose(handle);
}

/* A request for what is gone is still one. */
static void closed_while_patched(void)
{
	void *handle = load(PATH("now"));

	t_eq(gev_patch_handle(handle, IO), 0);
	dlclose(handle);
	t_eq(gev_unpatch_object(PATH("now")), 0);
	t_fails(gev_unpatch_object(PATH("now")), ENOENT);
	handle = load(PATH("now"));
	t_ok(!waits_in_call(handle, "object_read"));
	dlclose(handle);
}

static void the_report_tells(void)
{
	static char text[1 << 18];

	t_eq(gev_patch_all(GEV_PATCH_ALL | GEV_PATCH_BY_NAME), 0);
	gev_patch_report(text, sizeof(text));
	t_ok(strstr(text, "patched by name: io sleep dns process") == text);
	t_ok(strstr(text, "left alone, libc's calls to itself") != NULL);
	t_ok(strstr(text, " addresses replaced") != NULL);
	t_ok(strstr(text, " recvfrom ") != NULL);
	t_ok(strstr(text, "only libc is patched") == NULL);
	t_eq(gev_unpatch_all(), 0);
	gev_patch_report(text, sizeof(text));
	t_ok(strstr(text, "addresses replaced") == NULL);
}

int main(void)
{
	T_RUN(patched_when_it_comes);
	T_RUN(with_what_it_needs);
	T_RUN(every_object_is);
	T_RUN(the_loader_sees_who_asks);
	T_RUN(closed_while_patched);
	T_RUN(the_report_tells);
	return t_done();
}

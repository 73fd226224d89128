/* SPDX-License-Identifier: MIT */
#include "base/inject.h"
#include "base/mem.h"
#include "t.h"
#include <pthread.h>
#include <sys/syscall.h>

#define BLOCKS 300

static const size_t sizes[] = { 1, 16, 32, 33, 500, 4096, 16384, 16385, 70000 };

static bool is_zero(const char *p, size_t size)
{
	while (size--)
		if (*p++)
			return false;
	return true;
}

static void blocks_are_zeroed_and_aligned(void)
{
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		for (int again = 0; again < 2; again++) {
			char *p = gev__alloc(sizes[i]);

			t_ok(p && (uintptr_t)p % 16 == 0);
			t_ok(is_zero(p, sizes[i]));
			memset(p, 0xa5, sizes[i]);
			gev__free(p, sizes[i]);
		}
	}
	gev__free(NULL, 100);
}

/* Each of many blocks keeps what was written into it. */
static bool blocks_keep_apart(unsigned char mark)
{
	unsigned char *blocks[BLOCKS];
	bool good = true;

	for (int i = 0; i < BLOCKS; i++) {
		blocks[i] = gev__alloc(100);
		memset(blocks[i], mark + i, 100);
	}
	for (int i = 0; i < BLOCKS; i++) {
		for (int at = 0; at < 100; at++)
			good &= blocks[i][at] == (unsigned char)(mark + i);
		gev__free(blocks[i], 100);
	}
	return good;
}

static void blocks_do_not_overlap(void)
{
	t_ok(blocks_keep_apart(1));
}

static void *allocate(void *mark)
{
	bool good = true;

	for (int i = 0; i < 20; i++)
		good &= blocks_keep_apart((unsigned char)(uintptr_t)mark);
	return (void *)(uintptr_t)good;
}

static void any_thread_may_allocate(void)
{
	pthread_t threads[4];
	void *good;

	for (uintptr_t i = 0; i < 4; i++)
		t_eq(pthread_create(&threads[i], NULL, allocate,
			(void *)(i * 50)), 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], &good);
		t_ok(good);
	}
}

static void no_memory_is_null(void)
{
	gev__inject = (struct gev__inject){
		.nr = SYS_mmap, .error = -ENOMEM, .times = -1
	};
	t_ok(gev__map(4096) == NULL);
	t_ok(gev__map_sparse(4096) == NULL);
	t_ok(gev__alloc(100000) == NULL);
	t_ok(gev__alloc(2000) == NULL);
	gev__inject.nr = -1;
}

static void a_map_grows_with_its_content(void)
{
	char *p = gev__map(4096);

	strcpy(p, "content");
	p = gev__remap(p, 4096, 1 << 20);
	t_str(p, "content");
	p[(1 << 20) - 1] = 1;
	gev__unmap(p, 1 << 20);
}

static void strings(void)
{
	char buf[8] = "xxxxxxx";

	t_eq(gev__strlen(""), 0);
	t_eq(gev__strlen("four"), 4);
	gev__strcut(buf, "seven77", sizeof(buf));
	t_str(buf, "seven77");
	gev__strcut(buf, "much too long", sizeof(buf));
	t_str(buf, "much to");
	gev__strcut(buf, "", sizeof(buf));
	t_str(buf, "");
	gev__copy(buf, "abc", 4);
	t_str(buf, "abc");
	gev__zero(buf, sizeof(buf));
	t_ok(is_zero(buf, sizeof(buf)));
}

int main(void)
{
	T_RUN(no_memory_is_null);
	T_RUN(blocks_are_zeroed_and_aligned);
	T_RUN(blocks_do_not_overlap);
	T_RUN(any_thread_may_allocate);
	T_RUN(a_map_grows_with_its_content);
	T_RUN(strings);
	return t_done();
}

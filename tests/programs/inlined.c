/* SPDX-License-Identifier: MIT */
/* System calls that are not libc's: the program's own instructions. */
#include "program.h"

#if defined(__x86_64__)

static long call(long nr, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = 0;
	long r;

	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return r;
}

/* The kernel keeps vector registers over a call, and so must who waits there. */
static bool keeps_vectors(int fd, char *c)
{
	unsigned long in[4] = { 1, 2, 3, 4 }, out[4] = { 0 };
	long r = SYS_read;

	__asm__ volatile("vmovdqu %[in], %%ymm7\n\t"
			 "syscall\n\t"
			 "vmovdqu %%ymm7, %[out]"
			 : "+a"(r), [out] "=m"(out)
			 : "D"(fd), "S"(c), "d"(1), [in] "m"(in)
			 : "rcx", "r11", "memory", "xmm7");
	return r == 1 && !memcmp(in, out, sizeof(in));
}

#else

static long call(long nr, long a, long b, long c, long d)
{
	long r = syscall(nr, a, b, c, d);

	return r < 0 ? -errno : r;
}

static bool keeps_vectors(int fd, char *c)
{
	return read(fd, c, 1) == 1;
}

#endif

static int fds[2];
static volatile int ready;

static void *read_one(void *arg)
{
	char c = 0;

	(void)arg;
	ready = 1;
	return (void *)(intptr_t)(call(SYS_read, fds[0], (long)&c, 1, 0) == 1 &&
				  c == 'i');
}

static void *read_with_vectors(void *arg)
{
	char c = 0;

	(void)arg;
	ready = 1;
	return (void *)(intptr_t)(keeps_vectors(fds[0], &c) && c == 'v');
}

static void *clobber(void *arg)
{
	volatile double x[4] = { 1.5, 2.5, 3.5, 4.5 };

	(void)arg;
	for (int i = 0; i < 1000; i++)
		for (int j = 0; j < 4; j++)
			x[j] = x[j] * 1.001 + x[3 - j];
	return NULL;
}

int main(void)
{
	pthread_t t;

	say(pipe(fds) == 0, "a pipe");
	t = begin(read_one, NULL);
	await(&ready);
	pause_ms(20);
	say(write(fds[1], "i", 1) == 1 && finish(t) != NULL,
		"a call of the program's own waits like any");
	say(call(SYS_read, 999, 0, 0, 0) == -EBADF, "its errors are the kernel's");
	ready = 0;
	t = begin(read_with_vectors, NULL);
	await(&ready);
	finish(begin(clobber, NULL));
	say(write(fds[1], "v", 1) == 1 && finish(t) != NULL,
		"and keeps vector registers");
	return 0;
}

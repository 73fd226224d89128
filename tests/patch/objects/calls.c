/* SPDX-License-Identifier: MIT */
/* A library that blocks, linked in each way there is (meson.build). */
#include "patch/objects/calls.h"
#include <dlfcn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* As SQLite has them. */
static struct {
	const char *name;
	ssize_t (*read)(int fd, void *buf, size_t size);
} pointers = { "pointers", read };

ssize_t object_read(int fd, void *buf, size_t size)
{
	return read(fd, buf, size);
}

ssize_t object_read_by_pointer(int fd, void *buf, size_t size)
{
	__asm__ volatile("" ::"r"(&pointers) : "memory");
	return pointers.read(fd, buf, size);
}

/* With _FORTIFY_SOURCE it is checked: @size is not known before. */
ssize_t object_recv(int fd, void *buf, size_t size)
{
	char here[16];
	ssize_t n = recv(fd, here, size, 0);

	for (ssize_t i = 0; i < n; i++)
		((char *)buf)[i] = here[i];
	return n;
}

int object_nap(unsigned us)
{
	return usleep(us);
}

int object_lock(int fd)
{
	return lockf(fd, F_LOCK, 0);
}

int object_look_up(const char *name, struct addrinfo **list)
{
	return getaddrinfo(name, "80", NULL, list);
}

/* A child that borrows our memory closes a descriptor of its own. */
int object_vfork(int fd)
{
	int status = -1;
	pid_t pid = vfork();

	if (pid == 0) {
		close(fd);
		_exit(7);
	}
	waitpid(pid, &status, 0);
	return status;
}

void *object_find(const char *name)
{
	void *found = dlsym(RTLD_DEFAULT, name);

	/* No jump instead of the call: ld.so looks at who calls. */
	__asm__ volatile("" ::"r"(found) : "memory");
	return found;
}

void *object_open(const char *path)
{
	void *handle = dlopen(path, RTLD_NOW);

	__asm__ volatile("" ::"r"(handle) : "memory");
	return handle;
}

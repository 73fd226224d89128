/* SPDX-License-Identifier: MIT */
#ifndef TESTS_PATCH_OBJECTS_CALLS_H
#define TESTS_PATCH_OBJECTS_CALLS_H

#include <netdb.h>
#include <stddef.h>
#include <sys/types.h>

ssize_t object_read(int fd, void *buf, size_t size);
ssize_t object_read_by_pointer(int fd, void *buf, size_t size);
ssize_t object_recv(int fd, void *buf, size_t size);
int object_nap(unsigned us);
int object_lock(int fd);
int object_look_up(const char *name, struct addrinfo **list);
int object_vfork(int fd);
void *object_find(const char *name);
void *object_open(const char *path);

/* needs.c */
ssize_t needing_read(int fd, void *buf, size_t size);

#endif

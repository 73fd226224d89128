/* SPDX-License-Identifier: MIT */
/*
 * libc asks port 53 of what /etc/resolv.conf names.  So tests that compare gev
 * with it run in name spaces of their own, with files and a loopback of their
 * own.
 */
#ifndef TESTS_NET_WORLD_H
#define TESTS_NET_WORLD_H

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include "net/dns.h"

static T_UNUSED int write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) > 0;

	if (fd >= 0)
		close(fd);
	return ok ? 0 : -1;
}

/* Root of a user name space, where we are not root. */
static T_UNUSED int become_root(void)
{
	char map[32];

	sprintf(map, "0 %d 1", (int)geteuid());
	if (unshare(CLONE_NEWUSER) < 0)
		return -1;
	write_to("/proc/self/setgroups", "deny");
	return write_to("/proc/self/uid_map", map);
}

static T_UNUSED int raise_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), r;

	request.ifr_flags = IFF_UP | IFF_RUNNING;
	r = ioctl(fd, SIOCSIFFLAGS, &request);
	close(fd);
	return r;
}

/* @text is what is at @path from now on. */
static T_UNUSED int put_file(const char *path, const char *text)
{
	struct temp t = temp_file();
	int r;

	temp_write(&t, text);
	chmod(t.path, 0644);
	r = mount(t.path, path, "", MS_BIND, NULL);
	temp_free(&t);
	return r;
}

/* Where @resolv_conf holds, and a server can be at port 53. */
static T_UNUSED int enter_world(const char *resolv_conf)
{
	if (geteuid() && become_root() < 0)
		return -1;
	if (unshare(CLONE_NEWNS | CLONE_NEWNET) < 0 ||
		mount("", "/", "", MS_REC | MS_PRIVATE, NULL) < 0)
		return -1;
	if (raise_loopback() < 0 ||
		put_file("/etc/resolv.conf", resolv_conf) < 0)
		return -1;
	if (put_file("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n"
				   "10.3.0.1 five alias\n10.3.0.2 both\n"
				   "fd03::2 both\n10.3.0.3 both\n") < 0)
		return -1;
	return put_file("/etc/nsswitch.conf", "hosts: files dns\n"
					      "services: files\n");
}

static T_UNUSED void put_result(int r, const struct addrinfo *list, char *text)
{
	if (r) {
		sprintf(text, "EAI %d", r);
		return;
	}
	list_text(list, text);
	if (list->ai_canonname)
		sprintf(text + strlen(text), " (%s)", list->ai_canonname);
}

static T_UNUSED void libc_says(const char *name, const struct addrinfo *hints,
	char *text)
{
	struct addrinfo *list = NULL;
	int r = getaddrinfo(name, NULL, hints, &list);

	put_result(r, list, text);
	if (!r)
		freeaddrinfo(list);
}

static T_UNUSED void we_say(const char *name, const struct addrinfo *hints,
	char *text)
{
	struct addrinfo *list = NULL;
	int r = gev_getaddrinfo(name, NULL, hints, &list);

	put_result(r, list, text);
	if (!r)
		gev_freeaddrinfo(list);
}

#endif

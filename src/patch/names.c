/* SPDX-License-Identifier: MIT */
/*
 * By their second names too, and as _FORTIFY_SOURCE has them.  Files are read
 * with pread(), which never waits; popen(), system() and stdio call libc's
 * functions from within libc, where there is no name to replace.
 */
#include "patch/names.h"
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include "patch/stand_in.h"

#define ALWAYS GEV_PATCH_ALL
#define IO GEV_PATCH_IO
#define SLEEP GEV_PATCH_SLEEP
#define DNS GEV_PATCH_DNS
#define PROCESS GEV_PATCH_PROCESS

struct gev__originals gev__original;

const struct gev__name gev__names[] = {
	{ "__close", gev__by_name_close, ALWAYS, &gev__original.close },
	{ "__connect", gev__by_name_connect, IO, &gev__original.connect },
	{ "__dup2", gev__by_name_dup2, ALWAYS, &gev__original.dup2 },
	{ "__fcntl", gev__by_name_fcntl, ALWAYS, &gev__original.fcntl },
	{ "__libc_fcntl64", gev__by_name_fcntl, ALWAYS, &gev__original.fcntl },
	{ "__nanosleep", gev__by_name_nanosleep, SLEEP,
		&gev__original.nanosleep },
	{ "__pipe", gev__by_name_pipe, ALWAYS, &gev__original.pipe },
	{ "__poll", gev__by_name_poll, IO, &gev__original.poll },
	{ "__poll_chk", gev__by_name_poll_chk, IO, &gev__original.poll_chk },
	{ "__ppoll_chk", gev__by_name_ppoll_chk, IO, &gev__original.ppoll_chk },
	{ "__read", gev__by_name_read, IO, &gev__original.read },
	{ "__read_chk", gev__by_name_read_chk, IO, &gev__original.read_chk },
	{ "__recv", gev__by_name_recv, IO, &gev__original.recv },
	{ "__recv_chk", gev__by_name_recv_chk, IO, &gev__original.recv_chk },
	{ "__recvfrom_chk", gev__by_name_recvfrom_chk, IO,
		&gev__original.recvfrom_chk },
	{ "__sched_yield", gev__by_name_sched_yield, SLEEP,
		&gev__original.sched_yield },
	{ "__select", gev__by_name_select, IO, &gev__original.select },
	{ "__send", gev__by_name_send, IO, &gev__original.send },
	{ "__sendmmsg", gev__by_name_sendmmsg, IO, &gev__original.sendmmsg },
	{ "__socket", gev__by_name_socket, ALWAYS, &gev__original.socket },
	{ "__wait", gev__by_name_wait, PROCESS, &gev__original.wait },
	{ "__waitpid", gev__by_name_waitpid, PROCESS, &gev__original.waitpid },
	{ "__write", gev__by_name_write, IO, &gev__original.write },
	{ "accept", gev__by_name_accept, IO, &gev__original.accept },
	{ "accept4", gev__by_name_accept4, IO, &gev__original.accept4 },
	{ "clock_nanosleep", gev__by_name_clock_nanosleep, SLEEP,
		&gev__original.clock_nanosleep },
	{ "close", gev__by_name_close, ALWAYS, &gev__original.close },
	{ "close_range", gev__by_name_close_range, ALWAYS,
		&gev__original.close_range },
	{ "closefrom", gev__by_name_closefrom, ALWAYS,
		&gev__original.closefrom },
	{ "connect", gev__by_name_connect, IO, &gev__original.connect },
	{ "dlopen", gev__by_name_dlopen, GEV__LOADER, &gev__original.dlopen },
	{ "dlsym", gev__by_name_dlsym, GEV__LOADER, &gev__original.dlsym },
	{ "dlvsym", gev__by_name_dlvsym, GEV__LOADER, &gev__original.dlvsym },
	{ "dup", gev__by_name_dup, ALWAYS, &gev__original.dup },
	{ "dup2", gev__by_name_dup2, ALWAYS, &gev__original.dup2 },
	{ "dup3", gev__by_name_dup3, ALWAYS, &gev__original.dup3 },
	{ "epoll_pwait", gev__by_name_epoll_pwait, IO,
		&gev__original.epoll_pwait },
	{ "epoll_pwait2", gev__by_name_epoll_pwait2, IO,
		&gev__original.epoll_pwait2 },
	{ "epoll_wait", gev__by_name_epoll_wait, IO,
		&gev__original.epoll_wait },
	{ "fcntl", gev__by_name_fcntl, ALWAYS, &gev__original.fcntl },
	{ "fcntl64", gev__by_name_fcntl, ALWAYS, &gev__original.fcntl },
	{ "flock", gev__by_name_flock, IO, &gev__original.flock },
	{ "getaddrinfo", gev__by_name_getaddrinfo, DNS,
		&gev__original.getaddrinfo },
	{ "gethostbyaddr", gev__by_name_gethostbyaddr, DNS,
		&gev__original.gethostbyaddr },
	{ "gethostbyaddr_r", gev__by_name_gethostbyaddr_r, DNS,
		&gev__original.gethostbyaddr_r },
	{ "gethostbyname", gev__by_name_gethostbyname, DNS,
		&gev__original.gethostbyname },
	{ "gethostbyname2", gev__by_name_gethostbyname2, DNS,
		&gev__original.gethostbyname2 },
	{ "gethostbyname2_r", gev__by_name_gethostbyname2_r, DNS,
		&gev__original.gethostbyname2_r },
	{ "gethostbyname_r", gev__by_name_gethostbyname_r, DNS,
		&gev__original.gethostbyname_r },
	{ "getnameinfo", gev__by_name_getnameinfo, DNS,
		&gev__original.getnameinfo },
	{ "ioctl", gev__by_name_ioctl, ALWAYS, &gev__original.ioctl },
	{ "lockf", gev__by_name_lockf, IO, &gev__original.lockf },
	{ "lockf64", gev__by_name_lockf, IO, &gev__original.lockf },
	{ "nanosleep", gev__by_name_nanosleep, SLEEP,
		&gev__original.nanosleep },
	{ "pipe", gev__by_name_pipe, ALWAYS, &gev__original.pipe },
	{ "pipe2", gev__by_name_pipe2, ALWAYS, &gev__original.pipe2 },
	{ "poll", gev__by_name_poll, IO, &gev__original.poll },
	{ "ppoll", gev__by_name_ppoll, IO, &gev__original.ppoll },
	{ "pselect", gev__by_name_pselect, IO, &gev__original.pselect },
	{ "pthread_yield", gev__by_name_sched_yield, SLEEP,
		&gev__original.sched_yield },
	{ "read", gev__by_name_read, IO, &gev__original.read },
	{ "readv", gev__by_name_readv, IO, &gev__original.readv },
	{ "recv", gev__by_name_recv, IO, &gev__original.recv },
	{ "recvfrom", gev__by_name_recvfrom, IO, &gev__original.recvfrom },
	{ "recvmmsg", gev__by_name_recvmmsg, IO, &gev__original.recvmmsg },
	{ "recvmsg", gev__by_name_recvmsg, IO, &gev__original.recvmsg },
	{ "sched_yield", gev__by_name_sched_yield, SLEEP,
		&gev__original.sched_yield },
	{ "select", gev__by_name_select, IO, &gev__original.select },
	{ "send", gev__by_name_send, IO, &gev__original.send },
	{ "sendfile", gev__by_name_sendfile, IO, &gev__original.sendfile },
	{ "sendfile64", gev__by_name_sendfile, IO, &gev__original.sendfile },
	{ "sendmmsg", gev__by_name_sendmmsg, IO, &gev__original.sendmmsg },
	{ "sendmsg", gev__by_name_sendmsg, IO, &gev__original.sendmsg },
	{ "sendto", gev__by_name_sendto, IO, &gev__original.sendto },
	{ "setsockopt", gev__by_name_setsockopt, ALWAYS,
		&gev__original.setsockopt },
	{ "sleep", gev__by_name_sleep, SLEEP, &gev__original.sleep },
	{ "socket", gev__by_name_socket, ALWAYS, &gev__original.socket },
	{ "socketpair", gev__by_name_socketpair, ALWAYS,
		&gev__original.socketpair },
	{ "splice", gev__by_name_splice, IO, &gev__original.splice },
	{ "tee", gev__by_name_tee, IO, &gev__original.tee },
	{ "usleep", gev__by_name_usleep, SLEEP, &gev__original.usleep },
	{ "wait", gev__by_name_wait, PROCESS, &gev__original.wait },
	{ "wait3", gev__by_name_wait3, PROCESS, &gev__original.wait3 },
	{ "wait4", gev__by_name_wait4, PROCESS, &gev__original.wait4 },
	{ "waitid", gev__by_name_waitid, PROCESS, &gev__original.waitid },
	{ "waitpid", gev__by_name_waitpid, PROCESS, &gev__original.waitpid },
	{ "write", gev__by_name_write, IO, &gev__original.write },
	{ "writev", gev__by_name_writev, IO, &gev__original.writev },
};

#define COUNT (sizeof(gev__names) / sizeof(*gev__names))

const size_t gev__names_count = COUNT;

static atomic_bool resolved;

/* What addresses of it may be: itself, and what the program takes for it. */
static struct found {
	void *itself;
	void *seen;
} found[COUNT];

static bool vetoed[COUNT];

const struct gev__name *gev__name_find(const char *name)
{
	size_t low = 0, high = COUNT;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(name, gev__names[middle].name);

		if (order == 0)
			return &gev__names[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/*
 * In a program with fixed addresses a function may seem to be the program's
 * own entry for it in the PLT, which takes the slot that is to be replaced.
 */
static bool is_entry(void *function)
{
	ElfW(Sym) *symbol = NULL;
	Dl_info info;

	return dladdr1(function, &info, (void **)&symbol, RTLD_DL_SYMENT) &&
	       symbol && symbol->st_shndx == SHN_UNDEF;
}

static struct found look_up(const char *name)
{
	void *seen = dlsym(RTLD_DEFAULT, name);
	bool entry = seen && is_entry(seen);

	return (struct found){ entry ? dlsym(RTLD_NEXT, name) : seen, seen };
}

/* Backwards: second names, with underscores, come after first ones. */
void gev__names_resolve(void)
{
	if (resolved)
		return;
	for (size_t i = COUNT; i-- > 0;) {
		void **original = gev__names[i].original;
		struct found f = look_up(gev__names[i].name);

		found[i] = f;
		if (!*original)
			*original = f.itself;
	}
	pthread_atfork(NULL, NULL, gev__patch_forked);
	resolved = true;
}

void gev__names_veto(gev_patch_veto_fn *fn, void *arg)
{
	for (size_t i = 0; i < COUNT; i++)
		vetoed[i] = fn && gev__names[i].groups & GEV_PATCH_ALL &&
			    fn(gev__names[i].name, arg);
}

bool gev__name_vetoed(const struct gev__name *name)
{
	return vetoed[name - gev__names];
}

bool gev__name_is(const struct gev__name *name, uintptr_t address)
{
	const struct found *f = &found[name - gev__names];

	return f->itself && (address == (uintptr_t)f->itself ||
				    address == (uintptr_t)f->seen);
}

/* SPDX-License-Identifier: MIT */
/*
 * The functions of libc that wait, by name, and what stands in for each.
 */
#ifndef GEV_PATCH_NAMES_H
#define GEV_PATCH_NAMES_H

#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <gev/patch.h>

/* Besides GEV_PATCH_*: what loads other objects. */
#define GEV__LOADER (1u << 30)

typedef ssize_t gev__read_chk(int fd, void *buf, size_t size, size_t room);
typedef ssize_t gev__recv_chk(int fd, void *buf, size_t size, size_t room,
	int flags);
typedef ssize_t gev__recvfrom_chk(int fd, void *buf, size_t size, size_t room,
	int flags, struct sockaddr *addr, socklen_t *addrlen);
typedef int gev__poll_chk(struct pollfd *fds, nfds_t n, int ms, size_t room);
typedef int gev__ppoll_chk(struct pollfd *fds, nfds_t n,
	const struct timespec *timeout, const sigset_t *mask, size_t room);

/* Functions as the program would have called them: libc's, or another's. */
struct gev__originals {
	__typeof__(accept) *accept;
	__typeof__(accept4) *accept4;
	__typeof__(clock_nanosleep) *clock_nanosleep;
	__typeof__(close) *close;
	__typeof__(close_range) *close_range;
	__typeof__(closefrom) *closefrom;
	__typeof__(connect) *connect;
	__typeof__(dlopen) *dlopen;
	__typeof__(dlsym) *dlsym;
	__typeof__(dlvsym) *dlvsym;
	__typeof__(dup) *dup;
	__typeof__(dup2) *dup2;
	__typeof__(dup3) *dup3;
	__typeof__(epoll_pwait) *epoll_pwait;
	__typeof__(epoll_pwait2) *epoll_pwait2;
	__typeof__(epoll_wait) *epoll_wait;
	__typeof__(fcntl) *fcntl;
	__typeof__(flock) *flock;
	__typeof__(getaddrinfo) *getaddrinfo;
	__typeof__(gethostbyaddr) *gethostbyaddr;
	__typeof__(gethostbyaddr_r) *gethostbyaddr_r;
	__typeof__(gethostbyname) *gethostbyname;
	__typeof__(gethostbyname2) *gethostbyname2;
	__typeof__(gethostbyname2_r) *gethostbyname2_r;
	__typeof__(gethostbyname_r) *gethostbyname_r;
	__typeof__(getnameinfo) *getnameinfo;
	__typeof__(ioctl) *ioctl;
	__typeof__(lockf) *lockf;
	__typeof__(nanosleep) *nanosleep;
	__typeof__(pipe) *pipe;
	__typeof__(pipe2) *pipe2;
	__typeof__(poll) *poll;
	gev__poll_chk *poll_chk;
	__typeof__(ppoll) *ppoll;
	gev__ppoll_chk *ppoll_chk;
	__typeof__(pselect) *pselect;
	__typeof__(read) *read;
	gev__read_chk *read_chk;
	__typeof__(readv) *readv;
	__typeof__(recv) *recv;
	gev__recv_chk *recv_chk;
	__typeof__(recvfrom) *recvfrom;
	gev__recvfrom_chk *recvfrom_chk;
	__typeof__(recvmmsg) *recvmmsg;
	__typeof__(recvmsg) *recvmsg;
	__typeof__(sched_yield) *sched_yield;
	__typeof__(select) *select;
	__typeof__(send) *send;
	__typeof__(sendfile) *sendfile;
	__typeof__(sendmmsg) *sendmmsg;
	__typeof__(sendmsg) *sendmsg;
	__typeof__(sendto) *sendto;
	__typeof__(setsockopt) *setsockopt;
	__typeof__(sleep) *sleep;
	__typeof__(socket) *socket;
	__typeof__(socketpair) *socketpair;
	__typeof__(splice) *splice;
	__typeof__(tee) *tee;
	__typeof__(usleep) *usleep;
	__typeof__(wait) *wait;
	__typeof__(wait3) *wait3;
	__typeof__(wait4) *wait4;
	__typeof__(waitid) *waitid;
	__typeof__(waitpid) *waitpid;
	__typeof__(write) *write;
	__typeof__(writev) *writev;
};

extern struct gev__originals gev__original;

struct gev__name {
	const char *name;
	void *stand_in;
	unsigned groups;             /* any of these has it replaced */
	void *original;              /* in gev__original */
};

/* In order. */
extern const struct gev__name gev__names[];
extern const size_t gev__names_count;

/* Or NULL: nothing is known of @name. */
const struct gev__name *gev__name_find(const char *name);

/*
 * Looks up all originals, once.  Takes ld.so's lock, under which constructors
 * run: no other lock may be held.
 */
void gev__names_resolve(void);

/* Has @fn (or nobody) asked of each. */
void gev__names_veto(gev_patch_veto_fn *fn, void *arg);
bool gev__name_vetoed(const struct gev__name *name);

/* Whether @address is that of the function of that name. */
bool gev__name_is(const struct gev__name *name, uintptr_t address);

#endif

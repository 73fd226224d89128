/* SPDX-License-Identifier: MIT */
/*
 * What is called instead of libc's functions.  In a greenlet the answer is
 * that of the system call's handler (handlers.h), as if the call had been
 * caught; elsewhere the original function's.
 */
#ifndef GEV_PATCH_STAND_IN_H
#define GEV_PATCH_STAND_IN_H

#include "base/error.h"
#include "patch/handlers.h"
#include "patch/names.h"

/* stand_in_transfer.c */
__typeof__(read) gev__by_name_read;
__typeof__(write) gev__by_name_write;
__typeof__(readv) gev__by_name_readv;
__typeof__(writev) gev__by_name_writev;
__typeof__(recv) gev__by_name_recv;
__typeof__(recvfrom) gev__by_name_recvfrom;
__typeof__(recvmsg) gev__by_name_recvmsg;
__typeof__(recvmmsg) gev__by_name_recvmmsg;
__typeof__(send) gev__by_name_send;
__typeof__(sendto) gev__by_name_sendto;
__typeof__(sendmsg) gev__by_name_sendmsg;
__typeof__(sendmmsg) gev__by_name_sendmmsg;
__typeof__(sendfile) gev__by_name_sendfile;
__typeof__(splice) gev__by_name_splice;
__typeof__(tee) gev__by_name_tee;
gev__read_chk gev__by_name_read_chk;
gev__recv_chk gev__by_name_recv_chk;
gev__recvfrom_chk gev__by_name_recvfrom_chk;

/* stand_in_manage.c */
__typeof__(socket) gev__by_name_socket;
__typeof__(socketpair) gev__by_name_socketpair;
__typeof__(setsockopt) gev__by_name_setsockopt;
__typeof__(connect) gev__by_name_connect;
__typeof__(accept) gev__by_name_accept;
__typeof__(accept4) gev__by_name_accept4;
__typeof__(close) gev__by_name_close;
__typeof__(close_range) gev__by_name_close_range;
__typeof__(closefrom) gev__by_name_closefrom;
__typeof__(pipe) gev__by_name_pipe;
__typeof__(pipe2) gev__by_name_pipe2;
__typeof__(dup) gev__by_name_dup;
__typeof__(dup2) gev__by_name_dup2;
__typeof__(dup3) gev__by_name_dup3;
__typeof__(fcntl) gev__by_name_fcntl;
__typeof__(ioctl) gev__by_name_ioctl;
__typeof__(flock) gev__by_name_flock;
__typeof__(lockf) gev__by_name_lockf;

/* stand_in_wait.c */
__typeof__(poll) gev__by_name_poll;
__typeof__(ppoll) gev__by_name_ppoll;
__typeof__(select) gev__by_name_select;
__typeof__(pselect) gev__by_name_pselect;
__typeof__(epoll_wait) gev__by_name_epoll_wait;
__typeof__(epoll_pwait) gev__by_name_epoll_pwait;
__typeof__(epoll_pwait2) gev__by_name_epoll_pwait2;
gev__poll_chk gev__by_name_poll_chk;
gev__ppoll_chk gev__by_name_ppoll_chk;

/* stand_in_time.c */
__typeof__(sleep) gev__by_name_sleep;
__typeof__(usleep) gev__by_name_usleep;
__typeof__(nanosleep) gev__by_name_nanosleep;
__typeof__(clock_nanosleep) gev__by_name_clock_nanosleep;
__typeof__(sched_yield) gev__by_name_sched_yield;
__typeof__(wait) gev__by_name_wait;
__typeof__(wait3) gev__by_name_wait3;
__typeof__(wait4) gev__by_name_wait4;
__typeof__(waitid) gev__by_name_waitid;
__typeof__(waitpid) gev__by_name_waitpid;

/* stand_in_dns.c */
__typeof__(getaddrinfo) gev__by_name_getaddrinfo;
__typeof__(getnameinfo) gev__by_name_getnameinfo;
__typeof__(gethostbyname) gev__by_name_gethostbyname;
__typeof__(gethostbyname2) gev__by_name_gethostbyname2;
__typeof__(gethostbyaddr) gev__by_name_gethostbyaddr;
__typeof__(gethostbyname_r) gev__by_name_gethostbyname_r;
__typeof__(gethostbyname2_r) gev__by_name_gethostbyname2_r;
__typeof__(gethostbyaddr_r) gev__by_name_gethostbyaddr_r;

/* stand_in_loader.c */
__typeof__(dlopen) gev__by_name_dlopen;
__typeof__(dlsym) gev__by_name_dlsym;
__typeof__(dlvsym) gev__by_name_dlvsym;

#endif

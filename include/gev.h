/* SPDX-License-Identifier: MIT */
/* gev.h - all of gev: gevent for C.  Each topic has its own header. */
#ifndef GEV_H
#define GEV_H

#include <gev/base.h>
#include <gev/address.h>
#include <gev/async_result.h>
#include <gev/channel.h>
#include <gev/choose.h>
#include <gev/coro.h>
#include <gev/dns.h>
#include <gev/event.h>
#include <gev/file.h>
#include <gev/greenlet.h>
#include <gev/hub.h>
#include <gev/imap.h>
#include <gev/io.h>
#include <gev/libev.h>
#include <gev/link.h>
#include <gev/local.h>
#include <gev/lock.h>
#include <gev/loop.h>
#include <gev/os.h>
#include <gev/patch.h>
#include <gev/poll.h>
#include <gev/pool.h>
#include <gev/process.h>
#include <gev/queue.h>
#include <gev/scope.h>
#include <gev/server.h>
#include <gev/service.h>
#include <gev/signal.h>
#include <gev/sleep.h>
#include <gev/socket.h>
#include <gev/stream.h>
#include <gev/switches.h>
#include <gev/tcp.h>
#include <gev/thread.h>
#include <gev/thread_queue.h>
#include <gev/threadpool.h>
#include <gev/timeout.h>
#include <gev/wait.h>
#include <gev/waiter.h>
#include <gev/watcher.h>

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Writing jumps into code that may be running.
 *
 * On aarch64 a jump is a word, which is written at once.  On x86-64 it is
 * longer than what the processor is sure to read at once.  So the first byte
 * becomes a trap, then the others are written, then the first; in between all
 * processors are made to forget what they had read ahead (membarrier).  A
 * thread that comes by meanwhile traps, and the signal's handler sends it on to
 * the stub, which does the same as what it found.  A thread that blocks SIGTRAP
 * dies of that: have none when others run.
 *
 * A window of several instructions is replaced only if there is no other
 * thread, which might stand in the middle of it.
 */
#include "patch/code.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include "base/mem.h"
#include "base/signal.h"
#include "base/sys.h"
#include "patch/cpu.h"

struct writer {
	struct gev__sites *sites;
	bool threads;
	long mem;              /* /proc/self/mem, or -1: mprotect */
	bool to_jump;          /* or back to what was there */
	struct sigaction old;
};

/* Whose sites are just being written. */
static const struct gev__sites *written;
static struct sigaction former;

static void on_trap(int signum, siginfo_t *info, void *context)
{
	if (written && gev__cpu_detour(context, written))
		return;
	if (former.sa_flags & SA_SIGINFO) {
		former.sa_sigaction(signum, info, context);
	} else if (former.sa_handler != SIG_DFL &&
		   former.sa_handler != SIG_IGN) {
		former.sa_handler(signum);
	} else {
		gev__sigaction(SIGTRAP, &former, NULL);
		gev__sys(SYS_tgkill, gev__sys(SYS_getpid), gev__sys(SYS_gettid),
			SIGTRAP);
	}
}

static long count_threads(void)
{
	static const char field[] = "\nThreads:\t";
	char text[2048];
	long fd = gev__sys(SYS_openat, AT_FDCWD, "/proc/self/status",
		O_RDONLY | O_CLOEXEC);
	const char *at;
	long n;

	if (fd < 0)
		return fd;
	n = gev__sys(SYS_read, fd, text, sizeof(text) - 1);
	gev__sys(SYS_close, fd);
	if (n < 0)
		return n;
	text[n] = 0;
	at = strstr(text, field);
	return at && at[sizeof(field)] == '\n' ? at[sizeof(field) - 1] - '0' : 2;
}

/*
 * The kernel refuses that to a thread that is not alone, and else does nothing;
 * some sandboxes refuse it to all.
 */
bool gev__code_threads(void)
{
	long r = gev__sys(SYS_unshare, CLONE_THREAD);

	return r == -EINVAL || (r < 0 && count_threads() != 1);
}

static long start_trap(struct writer *w)
{
	struct sigaction action = { .sa_sigaction = on_trap,
		.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
	struct sigaction old;
	long r = 0;

	if (w->threads)
		r = gev__sys(SYS_membarrier,
			MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE, 0);
	if (r == 0)
		r = gev__sigaction(SIGTRAP, NULL, &old);
	if (r < 0)
		return r;
	if (old.sa_sigaction != on_trap)
		former = old;
	written = w->sites;
	return gev__sigaction(SIGTRAP, &action, &w->old);
}

/*
 * With other threads the handler stays: one of them may have trapped and not
 * have got its signal yet.
 */
static void end_trap(struct writer *w)
{
	if (gev__cpu_traps && !w->threads)
		gev__sigaction(SIGTRAP, &w->old, NULL);
}

static long protect(const struct writer *w, int prot)
{
	const struct gev__object *o = &w->sites->object;
	uintptr_t start = o->text & -(uintptr_t)GEV__PAGE;

	return gev__sys(SYS_mprotect, start, o->text_end - start, prot);
}

static long open_code(struct writer *w)
{
	long denied = protect(w, PROT_READ | PROT_WRITE | PROT_EXEC);
	long r;

	w->mem = -1;
	if (denied == 0)
		return 0;
	r = gev__sys(SYS_openat, AT_FDCWD, "/proc/self/mem",
		O_RDWR | O_CLOEXEC);
	if (r < 0)
		return r == -EMFILE || r == -ENFILE ? r : denied;
	w->mem = r;
	return 0;
}

static long close_code(const struct writer *w)
{
	if (w->mem < 0)
		return protect(w, PROT_READ | PROT_EXEC);
	return gev__sys(SYS_close, w->mem);
}

/* A word at once: another processor may be running it. */
static void store(const struct gev__piece *piece)
{
	uint8_t *at = (uint8_t *)piece->at;
	uint32_t word;

	if (piece->size == sizeof(word) && piece->at % sizeof(word) == 0) {
		memcpy(&word, piece->bytes, sizeof(word));
		*(volatile uint32_t *)at = word;
	} else {
		for (size_t i = 0; i < piece->size; i++)
			((volatile uint8_t *)at)[i] = piece->bytes[i];
	}
	__builtin___clear_cache((char *)at, (char *)at + piece->size);
}

static long put(const struct writer *w, const struct gev__piece *piece)
{
	long r;

	if (w->mem < 0) {
		store(piece);
		return 0;
	}
	r = gev__sys(SYS_pwrite64, w->mem, piece->bytes, piece->size,
		piece->at);
	if (r < 0)
		return r;
	return (size_t)r == piece->size ? 0 : -EFAULT;
}

static bool concerns(const struct writer *w, const struct gev__site *s)
{
	if (!s->stub || s->refused || s->patched == w->to_jump)
		return false;
	return !w->to_jump || !w->threads || s->instructions == 1;
}

static long sync_cores(const struct writer *w)
{
	if (!w->threads || !gev__cpu_traps)
		return 0;
	return gev__sys(SYS_membarrier,
		MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0);
}

static long write_step(const struct writer *w, enum gev__step step, bool jump)
{
	struct gev__piece piece;

	for (size_t i = 0; i < w->sites->n; i++) {
		const struct gev__site *s = &w->sites->site[i];
		long r = 0;

		if (concerns(w, s) && gev__cpu_piece(&piece, s, step, jump))
			r = put(w, &piece);
		if (r < 0)
			return r;
	}
	return sync_cores(w);
}

static long write_all(const struct writer *w, bool jump)
{
	long r = 0;

	for (enum gev__step step = GEV__STEP_HOP;
		r == 0 && step <= GEV__STEP_HEAD; step++)
		r = write_step(w, step, jump);
	return r;
}

/* Only who is alone can be sure that nobody stands there. */
static void clear(const struct writer *w)
{
	struct gev__piece piece;

	for (size_t i = 0; i < w->sites->n; i++) {
		const struct gev__site *s = &w->sites->site[i];

		if (s->stub && !s->patched &&
			gev__cpu_piece(&piece, s, GEV__STEP_CLEAR, false))
			put(w, &piece);
	}
}

static void mark(struct writer *w)
{
	for (size_t i = 0; i < w->sites->n; i++) {
		struct gev__site *s = &w->sites->site[i];

		if (concerns(w, s))
			s->patched = w->to_jump;
	}
}

static long write_or_not(struct writer *w)
{
	long r = open_code(w);

	if (r < 0)
		return r;
	r = write_all(w, w->to_jump);
	if (r < 0)
		write_all(w, !w->to_jump);
	else
		mark(w);
	if (!w->threads)
		clear(w);
	close_code(w);
	return r;
}

static int write_sites(struct gev__sites *sites, bool to_jump, const char **way)
{
	struct writer w = { .sites = sites,
		.threads = gev__code_threads(),
		.to_jump = to_jump };
	long r = 0;

	if (gev__cpu_traps)
		r = start_trap(&w);
	if (r < 0)
		return (int)r;
	r = write_or_not(&w);
	end_trap(&w);
	if (r == 0)
		*way = w.mem < 0 ? "mprotect" : "/proc/self/mem";
	return (int)r;
}

int gev__code_patch(struct gev__sites *sites, const char **way)
{
	return write_sites(sites, true, way);
}

int gev__code_unpatch(struct gev__sites *sites, const char **way)
{
	return write_sites(sites, false, way);
}

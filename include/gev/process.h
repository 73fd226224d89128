/* SPDX-License-Identifier: MIT */
/*
 * gev/process.h - running other programs.
 *
 *	char *argv[] = { "sort", "-n", NULL };
 *	struct gev_process_output o = { .limit = 1 << 20 };
 *
 *	if (gev_process_run(argv, NULL, text, size, &o, GEV_SEC(10)) < 0)
 *		return -1;
 *	fwrite(o.out, 1, o.out_size, stdout);
 *	free(o.out);
 *
 * That is all in one.  gev_process_spawn() gives an object instead, to talk to
 * the child through pipes, to wait for it and to end it.  An object belongs to
 * the hub of the thread that made it; from other threads it is EPERM to use it.
 * The child is reaped when it has ended, if the hub runs, by whatever way it
 * came to be known; if gev_waitpid(-1) gets it, that is known here too.
 *
 * To write to a child that reads no more is EPIPE, and the signal SIGPIPE as
 * ever: ignore it, unless it is only gev_process_communicate() that writes.
 * Children get its default back.
 *
 * Mirrors gevent.subprocess.
 */
#ifndef GEV_PROCESS_H
#define GEV_PROCESS_H

#include <sys/types.h>
#include <gev/base.h>
#include <gev/event.h>

GEV_BEGIN_DECLS

typedef struct gev_process gev_process;

/*
 * What a standard descriptor of the child is: a copy of this descriptor, if it
 * is positive, or one of these.
 */
#define GEV_STDIO_INHERIT 0 /* the caller's own */
#define GEV_STDIO_PIPE (-1) /* a pipe; its other end: gev_process_fd() */
#define GEV_STDIO_NULL (-2) /* /dev/null */
#define GEV_STDIO_OUT (-3)  /* for err: the same as out */

#define GEV_PROCESS_SESSION 1u  /* leads a new session */
#define GEV_PROCESS_GROUP 2u    /* leads a new process group */
#define GEV_PROCESS_KEEP_FDS 4u /* descriptors above 2 are not closed */

/* Choices at the start; zero means the default of each. */
struct gev_process_options {
	const char *file; /* the program; default argv[0] */
	char *const *env; /* "NAME=value", then NULL; default the caller's */
	const char *cwd;  /* the working directory */
	int in;
	int out;
	int err;
	const int *keep;  /* descriptors above 2 that are not closed */
	int n_keep;
	unsigned flags;   /* GEV_PROCESS_* */
};

/*
 * gev_process_spawn - start a program.
 *
 * If the name of the file has no slash it is looked for in PATH.  Does not
 * park: the thread waits until the program is loaded, or could not be.
 *
 * Returns   the process; or NULL with errno ENOENT, EACCES, ENOEXEC and others
 *           of execve(2) and chdir(2); EBADF (a descriptor is not open),
 *           EAGAIN (no more processes), EINVAL (no argv[0], unknown flags or
 *           numbers), ENOMEM, EMFILE, ENFILE.  Then there is no child.
 * Context   greenlets and loop callbacks.
 * Memory    all that is passed is borrowed; the process is ended by
 *           gev_process_free().
 */
GEV_API gev_process *gev_process_spawn(char *const argv[],
	const struct gev_process_options *options);

/*
 * gev_process_free - let go of the process.
 *
 * Its pipes are closed.  The child is not ended by that; one that still runs
 * is reaped when it ends, without keeping the loop running.  NULL is ignored.
 *
 * Returns   0; or -1 with errno EPERM.
 */
GEV_API int gev_process_free(gev_process *p);

/* gev_process_pid - its number, known to be its own until it was reaped. */
GEV_API pid_t gev_process_pid(const gev_process *p);

/*
 * gev_process_fd - our end of the pipe to its descriptor @which (0, 1, 2).
 * gev_process_take_fd - the same; it is the caller's from now on.
 * gev_process_close_fd - close it: its reading from 0 comes to an end.
 *
 * Returns   the descriptor, borrowed or the caller's; or 0.  -1 with errno
 *           EBADF (there is no pipe, or it was closed or taken), EPERM.
 */
GEV_API int gev_process_fd(gev_process *p, int which);
GEV_API int gev_process_take_fd(gev_process *p, int which);
GEV_API int gev_process_close_fd(gev_process *p, int which);

/*
 * gev_process_wait - wait for its end; its status as of waitpid(2).
 *
 * Waits     at most @timeout; 0 has a look.
 * Returns   0, with @status (unless NULL); or -1 with errno ETIMEDOUT,
 *           ECANCELED, a thrown code, EDEADLK, EINVAL, EPERM, ECHILD (somebody
 *           else than this hub has reaped it: its status is not known).
 * Context   any greenlet; with @timeout 0 loop callbacks too.
 */
GEV_API int gev_process_wait(gev_process *p, int *status, gev_time timeout);

/*
 * gev_process_event - set when it has ended; for gev_choose(), gev_iwait() and
 * gev_event_rawlink().
 *
 * Returns   borrowed, until gev_process_free(); NULL with errno EPERM.
 */
GEV_API gev_event *gev_process_event(gev_process *p);

/*
 * gev_process_signal - send it @signum.
 * gev_process_terminate - SIGTERM.  gev_process_kill - SIGKILL.
 *
 * Never reaches another process that got the same number.
 *
 * Returns   0; or -1 with errno ESRCH (it has ended), EINVAL, EPERM.
 */
GEV_API int gev_process_signal(gev_process *p, int signum);
GEV_API int gev_process_terminate(gev_process *p);
GEV_API int gev_process_kill(gev_process *p);

/* What a program wrote to pipes, and how it ended. */
struct gev_process_output {
	size_t limit;    /* set by the caller: most bytes of each; 0: any */
	int status;      /* as of waitpid(2) */
	char *out;       /* from malloc(3), ends with a NUL; NULL: no pipe */
	char *err;
	size_t out_size; /* without the NUL */
	size_t err_size;
};

/*
 * gev_process_communicate - write to its input, read all output, wait for it.
 *
 * All three at once, so that no pipe runs full; then its input is closed.  It
 * need not read its input.  If that fails, nothing is lost but time: called
 * once more, with the same @input, it goes on.
 *
 * Waits     at most @timeout for all of it.
 * Returns   0; or -1 with errno EMSGSIZE (more than output->limit), EBUSY
 *           (another greenlet uses a pipe), ENOMEM and as gev_process_wait().
 * Memory    @input is borrowed; the texts of @output (NULL: they are dropped)
 *           are the caller's, and NULL on error.
 */
GEV_API int gev_process_communicate(gev_process *p, const void *input,
	size_t size, struct gev_process_output *output, gev_time timeout);

/*
 * gev_process_run - gev_process_spawn(), communicate, free.
 *
 * Standard output goes to @output unless @options say otherwise; input comes
 * from @input unless that is NULL.  On error the child is killed, with all its
 * session or group if it leads one, and reaped.  How the program ended is no
 * error: see output->status.
 *
 * Waits     at most @timeout.
 * Returns   0; or -1 with errno as these three.
 * Memory    as for gev_process_communicate().
 */
GEV_API int gev_process_run(char *const argv[],
	const struct gev_process_options *options, const void *input,
	size_t size, struct gev_process_output *output, gev_time timeout);

GEV_END_DECLS

#endif
